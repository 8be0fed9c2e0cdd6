// Looks at the instruction at which most memory is in use - in a training step, where the forward
// half ends. Values that were made before and are read after it, by cheap instructions whose inputs
// are kept anyway, are made again before they are read: then their memory is free in between. What
// costs more, the weights of attention, is made again only as long as much memory is in use.
#include <algorithm>

#include "rush/graph/passes/fusion_group.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"
#include "rush/kernels/attrs/binary.h"

namespace rush::graph {
namespace {

constexpr int64_t kLeastBytes = 64 << 10;  // values below are not worth an instruction
constexpr int64_t kMuchBytes = 4 << 20;
constexpr int64_t kShortInner = 128;  // multiplications an element of a product
constexpr size_t kMostCopies = 8;     // instructions that are run again for one value
constexpr int64_t kFewBytes = 16;     // inputs this many times smaller may be kept for it
constexpr double kEnough = 0.64;      // of the memory at the peak: no more is saved at a cost

// batch_norm again as element-wise ops on what it has found out: y = x scale + offset, where scale
// = inverse weight and offset = bias - mean scale, with skip added and relu where it has joined
// them. The same roundings as in the kernel.
bool can_normalize_again(const Instruction& i) {
  const auto is_there = [&](size_t k) { return i.in[k].buffer != kNoBuffer; };
  return (i.op->name == "batch_norm" || i.op->name == "batch_norm_relu") && is_there(3) &&
         is_there(4) && !is_half(i.in[0].dtype);
}
bool has_skip(const Instruction& i) { return i.in.size() > 5 && i.in[5].buffer != kNoBuffer; }

// The weights of attention, from queries and keys: a product whose result is much larger than what
// it is made of. It is worth the time only where there is much of it.
bool is_cheap_for_its_size(const Instruction& i) {
  const Layout& out = i.out[0].layout;
  if (out.numel() * static_cast<int64_t>(size_of(i.out[0].dtype)) < kMuchBytes) return false;
  if (i.op->name == "softmax") return true;
  if (i.op->name != "matmul") return false;
  const Layout &a = i.in[0].layout, &b = i.in[1].layout;
  return out.numel() >= 2 * std::max(a.numel(), b.numel()) && a.rank() > 0 &&
         a.shape.back() <= kShortInner;
}

bool is_nearly_free(const Instruction& i) {
  return fusion_role(i) == FusionRole::kStep || is_copy(i) || i.op->name == "layer_norm" ||
         can_normalize_again(i);
}

bool is_cheap(const Instruction& i) {
  if (i.refresh_attrs || i.form == Form::kFused) return false;
  if (is_cheap_for_its_size(i)) return true;
  return is_nearly_free(i);
}

// The operands that are read when an instruction is run again.
std::vector<Operand> read_again(const Instruction& i) {
  if (!can_normalize_again(i)) return i.in;
  std::vector<Operand> all{i.in[0], i.in[3], i.in[4], i.out[1], i.out[2]};
  if (has_skip(i)) all.push_back(i.in[5]);
  return all;
}
// Large results it takes to run it again.
size_t steps_again(const Instruction& i) {
  return i.op->name == "batch_norm_relu" ? 2 + has_skip(i) : 1;
}

class Rematerializer {
 public:
  explicit Rematerializer(Program& program)
      : program_(program),
        uses_(uses_of(program)),
        until_(program.buffers.size(), -1),
        again_(program.buffers.size(), -1),
        copy_(program.buffers.size(), kNoBuffer),
        plans_(program.instructions.size()) {}

  void run() {
    find_lives();
    const auto enough = static_cast<int64_t>(kEnough * static_cast<double>(in_use_));
    const int64_t before = in_use_;
    for (int i = 0; i < peak_; ++i)
      if (is_nearly_free(program_.instructions[i])) consider(i);
    for (int i = 0; i < peak_ && in_use_ > enough; ++i)
      if (!is_nearly_free(program_.instructions[i])) consider(i);
    if (in_use_ < before) rewrite();
  }

 private:
  int64_t bytes_of(BufferId b) const { return static_cast<int64_t>(program_.buffers[b].bytes); }
  bool is_temporary(BufferId b) const { return program_.buffers[b].kind == BufferKind::kTemporary; }

  void find_lives() {
    const int end = static_cast<int>(program_.instructions.size());
    std::vector<int64_t> change(static_cast<size_t>(end) + 2);
    for (size_t b = 0; b < uses_.size(); ++b) {
      const BufferUses& u = uses_[b];
      if (!is_temporary(static_cast<BufferId>(b)) || u.writers.empty()) continue;
      until_[b] = std::max(u.writers.back(), u.readers.empty() ? -1 : u.readers.back());
      if (u.is_result) until_[b] = end;
      change[u.writers.front()] += bytes_of(static_cast<BufferId>(b));
      change[until_[b] + 1] -= bytes_of(static_cast<BufferId>(b));
    }
    int64_t now = 0, most = 0;
    for (int i = 0; i < end; ++i) {
      now += change[i];
      if (now > most) peak_ = i;
      most = std::max(most, now);
    }
    in_use_ = most;
  }

  // The first reader of b after the peak, or -1.
  int late_reader(BufferId b) const {
    for (int r : uses_[b].readers)
      if (r > peak_) return r;
    return -1;
  }

  // What it takes to make a value again before instruction `at`.
  struct Attempt {
    int at = 0;
    int64_t room = 0;  // bytes that inputs may take that would not be kept otherwise
    size_t steps = 0;
    std::vector<int> copies;  // instructions, in order
    std::vector<BufferId> kept;
  };

  bool has_value_until(BufferId b, int from, int at) const {
    const auto& writers = uses_[b].writers;
    return std::none_of(writers.begin(), writers.end(), [&](int w) { return w > from && w < at; });
  }

  // `index` is run again: are its inputs there?
  bool add_copy(Attempt& attempt, int index) const {
    if (std::count(attempt.copies.begin(), attempt.copies.end(), index) > 0) return true;
    const Instruction& i = program_.instructions[index];
    for (const Operand& o : read_again(i))
      if (o.buffer != kNoBuffer && !add_input(attempt, index, o.buffer)) return false;
    attempt.copies.push_back(index);
    attempt.steps += steps_again(i);
    return attempt.steps <= kMostCopies;
  }
  bool add_input(Attempt& attempt, int reader, BufferId b) const {
    if (is_temporary(b) && again_[b] >= 0 && again_[b] <= attempt.at && until_[b] >= attempt.at)
      return true;
    if (!has_value_until(b, reader, attempt.at)) return false;
    const bool is_kept = again_[b] < 0 && until_[b] >= attempt.at;
    if (!is_temporary(b) || is_kept) return true;
    if (bytes_of(b) * kFewBytes <= attempt.room) {
      attempt.room -= bytes_of(b);
      attempt.kept.push_back(b);
      return true;
    }
    return is_cheap_value(b) && add_copy(attempt, uses_[b].writers[0]);
  }
  bool is_cheap_value(BufferId b) const {
    if (uses_[b].writers.size() != 1) return false;
    const Instruction& i = program_.instructions[uses_[b].writers[0]];
    return !i.out.empty() && i.out[0].buffer == b && is_value(program_, uses_, i.out[0]) &&
           is_cheap(i);
  }

  // Decides whether the output of instruction `index` is made again.
  void consider(int index) {
    const Instruction& i = program_.instructions[index];
    if (i.out.empty() || i.out[0].buffer == kNoBuffer) return;
    const BufferId b = i.out[0].buffer;
    const int late = late_reader(b);
    if (late < 0 || uses_[b].is_result || bytes_of(b) < kLeastBytes || !is_cheap_value(b)) return;
    Attempt attempt{late, bytes_of(b), 0, {}, {}};
    if (!add_copy(attempt, index)) return;
    for (BufferId kept : attempt.kept) until_[kept] = std::max(until_[kept], late);
    again_[b] = late;
    in_use_ -= bytes_of(b);
    plans_[late].push_back(std::move(attempt.copies));
  }

  // ---- Writing it down -----------------------------------------------------------------------

  Operand renamed(Operand o, int at) const {
    if (o.buffer != kNoBuffer && o.buffer < static_cast<BufferId>(again_.size()) &&
        again_[o.buffer] >= 0 && again_[o.buffer] <= at && copy_[o.buffer] != kNoBuffer)
      o.buffer = copy_[o.buffer];
    return o;
  }
  Operand fresh(Operand o) {
    o.buffer = program_.add_buffer(BufferKind::kTemporary,
                                   static_cast<size_t>(o.layout.numel()) * size_of(o.dtype));
    o.layout.offset = 0;
    return o;
  }

  void rewrite() {
    std::vector<Instruction> out;
    for (int k = 0; k < static_cast<int>(plans_.size()); ++k) {
      for (const std::vector<int>& copies : plans_[k]) make_again(copies, k, out);
      Instruction& i = out.emplace_back(std::move(program_.instructions[k]));
      originals_.push_back(static_cast<int>(out.size()) - 1);
      for (Operand& o : i.in) o = renamed(o, k);
    }
    program_.instructions = std::move(out);
  }

  void make_again(const std::vector<int>& copies, int at, std::vector<Instruction>& out) {
    std::vector<std::pair<BufferId, BufferId>> local;  // what is made here
    const auto seen = [&](const Operand& from) {
      for (const auto& [original, copy] : local)
        if (original == from.buffer) return Operand{copy, from.dtype, from.layout};
      return renamed(from, at);
    };
    for (int index : copies) {
      Instruction i = out[originals_[index]];  // as it was: outputs keep their buffers
      const BufferId made = i.out[0].buffer;
      const size_t first = out.size();
      if (can_normalize_again(i)) {
        for (Operand& o : i.in) o = seen(o);
        normalize_again(i, out);
      } else {
        for (Operand& o : i.in) o = seen(o);
        for (Operand& o : i.out) o = fresh(o);
        out.push_back(std::move(i));
      }
      for (size_t k = first; k < out.size(); ++k) {
        out[k].is_recomputed = true;
        out[k].note = "made again";
      }
      local.emplace_back(made, out.back().out[0].buffer);
    }
    copy_[local.back().first] = local.back().second;
  }

  void normalize_again(const Instruction& i, std::vector<Instruction>& out) {
    const auto add = [&](const char* op, std::vector<Operand> in, Operand to, AttrBox attrs) {
      Instruction& step = out.emplace_back();
      step.form = Form::kElementwise;
      step.origin = i.origin;
      step.op = find_op(op);
      step.computing = to.dtype;
      step.in = std::move(in);
      step.out = {to};
      step.attrs = std::move(attrs);
      return to;
    };
    const Shape& shape = i.in[0].layout.shape;
    const auto along_channels = [&](Operand o) {
      Strides strides = Dims::filled(shape.size(), 0);
      strides[1] = o.layout.strides[0];
      o.layout = Layout(shape, strides, o.layout.offset);
      return o;
    };
    const Operand scale = add("mul", {i.out[2], i.in[3]}, fresh(i.out[2]), {});
    const Operand offset =
        add("addcmul", {i.in[4], i.out[1], scale}, fresh(i.out[1]), AttrBox(AddcAttrs{-1}));
    const Operand y = add("addcmul", {along_channels(offset), along_channels(scale), i.in[0]},
                          fresh(i.out[0]), AttrBox(AddcAttrs{1}));
    if (i.op->name == "batch_norm") return;
    const Operand sum = has_skip(i) ? add("add", {y, i.in[5]}, fresh(i.out[0]), {}) : y;
    add("relu", {sum}, fresh(i.out[0]), {});
  }

  Program& program_;
  std::vector<BufferUses> uses_;
  std::vector<int> until_;      // the last instruction at which a temporary is kept
  std::vector<int> again_;      // where it is made again
  std::vector<BufferId> copy_;  // and the buffer that holds it from there on
  std::vector<std::vector<std::vector<int>>> plans_;  // by instruction: what is run before it
  std::vector<int> originals_;
  int peak_ = 0;
  int64_t in_use_ = 0;  // bytes of temporaries there
};

}  // namespace

void rematerialize(Program& program) { Rematerializer(program).run(); }

}  // namespace rush::graph
