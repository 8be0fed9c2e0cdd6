// The invariants of programs (program.h), checked one instruction after another.
#include <algorithm>

#include "rush/graph/program.h"

namespace rush::graph {
namespace {

class Verifier {
 public:
  Verifier(const Program& program, const char* after)
      : program_(program), after_(after), written_(program.buffers.size()) {}

  void run() {
    for (size_t b = 0; b < program_.buffers.size(); ++b) check_buffer(static_cast<BufferId>(b));
    for (at_ = 0; at_ < static_cast<int>(program_.instructions.size()); ++at_) {
      const Instruction& i = program_.instructions[at_];
      check_operands(i);
      check_form(i);
      check_group(i);
      for_each_write(i, [&](const Operand& o) { note_write(o); });
    }
    at_ = -1;
    for (const Operand& o : program_.results) {
      check_region(o, "a result");
      check_has_value(o, "a result");
    }
  }

 private:
  template <typename... Parts>
  [[noreturn]] void broken(const Parts&... parts) const {
    if (at_ < 0) fail("verify after ", after_, ": ", parts...);
    fail("verify after ", after_, ": instruction ", at_, " (", program_.instructions[at_].name(),
         "): ", parts...);
  }
  void want(bool holds, const char* rule) const {
    if (!holds) broken(rule);
  }

  void check_buffer(BufferId b) const {
    const Buffer& buffer = program_.buffers[b];
    const bool lasts = (buffer.kind == BufferKind::kState && !buffer.grad_of) ||
                       buffer.kind == BufferKind::kConstant;
    if (lasts && (!buffer.storage || buffer.storage->bytes() < buffer.bytes))
      broken("buffer ", b, " has less storage than its ", buffer.bytes, " bytes");
    if (buffer.kind == BufferKind::kArgument &&
        (buffer.argument < 0 || buffer.argument >= program_.arguments))
      broken("buffer ", b, " is argument ", buffer.argument, " of ", program_.arguments);
  }

  void check_region(const Operand& o, const char* what) const {
    if (o.buffer < 0 || o.buffer >= static_cast<int>(program_.buffers.size()))
      broken(what, " names buffer ", o.buffer);
    if (o.layout.strides.size() != o.layout.shape.size())
      broken(what, " has shape ", o.layout.shape, ", but strides ", o.layout.strides);
    for (int64_t n : o.layout.shape)
      if (n < 0) broken(what, " has shape ", o.layout.shape);
    const ByteRange range = range_of(o);
    const auto bytes = static_cast<int64_t>(program_.buffers[o.buffer].bytes);
    if (range.begin < 0 || range.end > bytes)
      broken(what, " touches bytes ", range.begin, " to ", range.end, " of buffer ", o.buffer,
             ", which has ", bytes);
  }

  // First and last element must have been written; what lies between cannot be told cheaply.
  void check_has_value(const Operand& o, const char* what) const {
    if (program_.buffers[o.buffer].kind != BufferKind::kTemporary || o.layout.numel() == 0) return;
    const ByteRange range = range_of(o);
    for (int64_t byte : {range.begin, range.end - 1})
      if (!is_written(o.buffer, byte))
        broken(what, " reads buffer ", o.buffer, " at byte ", byte, " before it is written");
  }
  bool is_written(BufferId b, int64_t byte) const {
    for (const ByteRange& r : written_[b])
      if (r.begin <= byte && byte < r.end) return true;
    return false;
  }
  void note_write(const Operand& o) {
    ByteRange range = range_of(o);
    if (range.begin == range.end) return;
    std::erase_if(written_[o.buffer], [&](const ByteRange& r) {
      if (r.begin > range.end || range.begin > r.end) return false;
      range = {std::min(r.begin, range.begin), std::max(r.end, range.end)};
      return true;
    });
    written_[o.buffer].push_back(range);
  }

  void check_operands(const Instruction& i) const {
    want(i.writes_input.size() <= i.in.size(), "writes_input is longer than its inputs");
    for (const Operand& o : i.in) {
      if (o.buffer == kNoBuffer) continue;
      check_region(o, "an input");
      check_has_value(o, "an input");
    }
    for (const Operand& o : i.out) check_region(o, "an output");
    for_each_write(i, [&](const Operand& o) {
      const BufferKind kind = program_.buffers[o.buffer].kind;
      if (kind == BufferKind::kArgument || kind == BufferKind::kConstant)
        broken("writes buffer ", o.buffer, ", which is an argument or a constant");
      for (int d = 0; d < o.layout.rank(); ++d)
        if (o.layout.strides[d] == 0 && o.layout.shape[d] > 1)
          broken("writes a region that shows elements twice: shape ", o.layout.shape, ", strides ",
                 o.layout.strides);
    });
    for (size_t a = 0; a < i.out.size(); ++a)
      for (size_t b = 0; b < a; ++b)
        want(!overlap(i.out[a], i.out[b]), "two of its outputs overlap");
  }

  void check_form(const Instruction& i) const {
    if (i.form == Form::kFused) {
      want(i.chain != nullptr, "has no chain");
      check_fused(i);
      return;
    }
    want(i.op != nullptr, "has no op");
    want(!i.op->attrs || (i.attrs.data() && i.attrs.ref().type == i.op->attrs),
         "lacks the attributes of its op");
    if (i.form == Form::kElementwise)
      check_elementwise(i);
    else
      check_kernel(i);
  }

  void check_fused(const Instruction& i) const {
    want(i.in.size() == i.chain->inputs.size(), "has another number of inputs than its chain");
    want(i.out.size() == i.chain->outputs.size(), "has another number of outputs than its chain");
    for (size_t k = 0; k < i.in.size(); ++k)
      want(i.in[k].buffer == kNoBuffer || i.in[k].dtype == i.chain->inputs[k],
           "has an input of another dtype than its chain");
    for (const Operand& o : i.out) check_aliases(i, o);
  }

  void check_elementwise(const Instruction& i) const {
    want(i.op->is_elementwise, "is no element-wise op");
    want(i.out.size() == 1 && i.in.size() < kernels::kMaxOperands, "has too many operands");
    const kernels::Entry* entry = kernels::table(Device::kCpu).find(i.op->name);
    want(entry && entry->rows[static_cast<int>(i.computing)], "has no row function for its type");
    const Operand& out = i.out[0];
    want(out.dtype == (i.op->types == Types::kCompare ? DType::kBool : i.computing),
         "has an output of the wrong dtype");
    const size_t first = i.op->types == Types::kSelect ? 1 : 0;
    for (size_t k = 0; k < i.in.size(); ++k) {
      const Operand& o = i.in[k];
      if (o.buffer == kNoBuffer) continue;
      if (!(o.layout.shape == out.layout.shape))
        broken("input ", k, " has shape ", o.layout.shape, ", the output ", out.layout.shape);
      if (o.dtype != (k < first ? DType::kBool : i.computing))
        broken("input ", k, " is ", o.dtype, ", but it computes in ", i.computing);
    }
    check_aliases(i, out);
  }
  // An element-wise result may replace exactly one input.
  void check_aliases(const Instruction& i, const Operand& out) const {
    for (const Operand& o : i.in)
      if (overlap(o, out) && !(o == out)) broken("its output overlaps an input, but is not it");
  }

  void check_kernel(const Instruction& i) const {
    want(!i.op->is_elementwise, "is an element-wise op in the form of a kernel");
    for (const Operand& out : i.out)
      for (const Operand& o : i.in) want(!overlap(o, out), "an output overlaps an input");
    if (i.op->is_view) {
      Layout layout;
      want(i.in.size() == 1 && i.out.size() == 1, "is a copy with more than two operands");
      want(i.op->view(i.op->name.c_str(), Layout(i.in[0].layout.shape), i.attrs.data(), &layout) &&
               layout.shape == i.out[0].layout.shape,
           "has an output of the wrong shape");
    } else if (i.op->infer) {
      check_shapes(i);
    }
  }
  void check_shapes(const Instruction& i) const {
    InlineVec<Spec, 4> specs;
    InlineVec<bool, 8> present;
    for (const Operand& o : i.in) {
      present.push_back(o.buffer != kNoBuffer);
      specs.push_back({o.layout.shape, o.dtype});
    }
    InlineVec<OutSpec, 2> out;
    InferCall call{i.op->name.c_str(), specs, present, i.attrs.data(), out};
    try {
      i.op->infer(call);
    } catch (const Error& e) {
      broken(e.what());
    }
    if (out.size() != i.out.size()) broken("has ", i.out.size(), " outputs for ", out.size());
    for (size_t k = 0; k < out.size(); ++k) {
      // Filling a tensor with random numbers takes its dtype from there.
      const bool same_type = out[k].dtype == i.out[k].dtype || i.is_random();
      if (!same_type || !(out[k].shape == i.out[k].layout.shape))
        broken("output ", k, " is ", Spec{i.out[k].layout.shape, i.out[k].dtype}, " instead of ",
               static_cast<const Spec&>(out[k]));
    }
  }

  void check_group(const Instruction& i) {
    if (i.group < 0) return;
    if (at_ == 0 || program_.instructions[at_ - 1].group != i.group) {
      want(std::find(groups_.begin(), groups_.end(), i.group) == groups_.end(),
           "stands apart from its group");
      groups_.push_back(i.group);
      group_begin_ = at_;
    }
    for (int k = group_begin_; k < at_; ++k)
      want(!depend(program_.instructions[k], i), "depends on another one of its group");
  }

  const Program& program_;
  const char* after_;
  std::vector<std::vector<ByteRange>> written_;  // of each buffer: separate ranges
  std::vector<int> groups_;
  int group_begin_ = 0;
  int at_ = -1;
};

}  // namespace

void verify(const Program& program, const char* after) { Verifier(program, after).run(); }

}  // namespace rush::graph
