#include "rush/graph/program.h"

#include <algorithm>

namespace rush::graph {

bool operator==(const Operand& a, const Operand& b) {
  return a.buffer == b.buffer && a.dtype == b.dtype && a.layout.offset == b.layout.offset &&
         a.layout.shape == b.layout.shape &&
         same_strides(a.layout.shape, a.layout.strides, b.layout.strides);
}

bool same_strides(const Shape& shape, const Strides& a, const Strides& b) {
  for (int d = 0; d < shape.size(); ++d)
    if (shape[d] != 1 && a[d] != b[d]) return false;
  return true;
}

bool covers(const Operand& operand, size_t bytes) {
  const Layout& l = operand.layout;
  return l.offset == 0 && static_cast<size_t>(l.numel()) * size_of(operand.dtype) == bytes &&
         is_dense(l.shape, l.strides);
}

ByteRange range_of(const Operand& operand) {
  const Layout& l = operand.layout;
  int64_t first = l.offset, last = l.offset;
  for (int d = 0; d < l.rank(); ++d) {
    if (l.shape[d] == 0) return {};
    const int64_t reach = (l.shape[d] - 1) * l.strides[d];
    (reach < 0 ? first : last) += reach;
  }
  const auto item = static_cast<int64_t>(size_of(operand.dtype));
  return {first * item, (last + 1) * item};
}

namespace {

// The elements of one period that a region touches, if its outer strides are multiples of `period`
// and the rest stays within one.
bool part_of_period(const Layout& l, int64_t period, int64_t& begin, int64_t& end) {
  begin = l.offset % period;
  end = begin + 1;
  for (int d = 0; d < l.rank(); ++d) {
    if (l.shape[d] == 1 || l.strides[d] % period == 0) continue;
    if (l.strides[d] < 0) return false;
    end += (l.shape[d] - 1) * l.strides[d];
  }
  return end <= period;
}

// Columns of one matrix: their ranges meet, but not their elements.
bool are_interleaved(const Operand& a, const Operand& b) {
  if (size_of(a.dtype) != size_of(b.dtype)) return false;
  for (int d = 0; d < a.layout.rank(); ++d) {
    const int64_t period = a.layout.strides[d];
    int64_t a_begin, a_end, b_begin, b_end;
    if (period > 1 && a.layout.shape[d] > 1 && part_of_period(a.layout, period, a_begin, a_end) &&
        part_of_period(b.layout, period, b_begin, b_end) && (a_end <= b_begin || b_end <= a_begin))
      return true;
  }
  return false;
}

}  // namespace

bool overlap(const Operand& a, const Operand& b) {
  if (a.buffer == kNoBuffer || a.buffer != b.buffer) return false;
  const ByteRange ra = range_of(a), rb = range_of(b);
  return ra.begin < rb.end && rb.begin < ra.end && !are_interleaved(a, b);
}

bool Instruction::has_effects(const std::vector<Buffer>& buffers) const {
  bool writes_state = false;
  for_each_write(*this, [&](const Operand& o) {
    writes_state |= buffers[o.buffer].kind == BufferKind::kState;
  });
  return is_random() || writes_state;
}

std::string Instruction::name() const {
  if (form != Form::kFused) return op->name;
  std::string text = "fused(";
  if (chain)
    for (const kernels::FusedStep& step : chain->steps)
      text += std::string(text.back() == '(' ? "" : ", ") + step.name;
  return text + (text.back() == '(' ? "sum)" : ")");
}

bool depend(const Instruction& a, const Instruction& b) {
  bool meet = false;
  const auto check = [&](const Instruction& writer, const Instruction& other) {
    for_each_write(writer, [&](const Operand& w) {
      for (const Operand& o : other.in) meet |= overlap(w, o);
      for (const Operand& o : other.out) meet |= overlap(w, o);
    });
  };
  check(a, b);
  check(b, a);
  return meet;
}

BufferId Program::add_buffer(BufferKind kind, size_t bytes) {
  Buffer& b = buffers.emplace_back();
  b.kind = kind;
  b.bytes = bytes;
  return static_cast<BufferId>(buffers.size()) - 1;
}

std::vector<BufferUses> uses_of(const Program& program) {
  std::vector<BufferUses> uses(program.buffers.size());
  std::vector<std::pair<size_t, size_t>> counts(program.buffers.size());  // written, read
  for (const Instruction& instruction : program.instructions) {
    for (const Operand& o : instruction.in)
      if (o.buffer != kNoBuffer) ++counts[o.buffer].second;
    for_each_write(instruction, [&](const Operand& o) { ++counts[o.buffer].first; });
  }
  for (size_t b = 0; b < uses.size(); ++b) {
    uses[b].writers.reserve(counts[b].first);
    uses[b].readers.reserve(counts[b].second);
  }
  const auto note = [](std::vector<int>& list, int i) {
    if (list.empty() || list.back() != i) list.push_back(i);
  };
  for (size_t k = 0; k < program.instructions.size(); ++k) {
    const Instruction& instruction = program.instructions[k];
    const int i = static_cast<int>(k);
    for (const Operand& o : instruction.in)
      if (o.buffer != kNoBuffer) note(uses[o.buffer].readers, i);
    for_each_write(instruction, [&](const Operand& o) { note(uses[o.buffer].writers, i); });
  }
  for (const Operand& o : program.results)
    if (o.buffer != kNoBuffer) uses[o.buffer].is_result = true;
  return uses;
}

}  // namespace rush::graph
