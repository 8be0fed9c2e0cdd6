// relu and max_pool, going backward: max_pool_grad spreads a gradient over the large image, then
// relu_grad masks it by relu's output. Where a gradient arrives, that output is the maximum of its
// window, so the small gradient can be masked by the pool's output instead: less to read, and
// relu's output need not be kept.
#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"
#include "rush/tensor/layout.h"

namespace rush::graph {
namespace {

// The instruction that makes a value, or -1.
int maker_of(const Program& program, const std::vector<BufferUses>& uses, const Operand& o) {
  if (o.buffer == kNoBuffer || uses[o.buffer].writers.size() != 1 ||
      program.buffers[o.buffer].kind != BufferKind::kTemporary)
    return -1;
  return uses[o.buffer].writers[0];
}

// The mask that can go before `unpool`, or -1.
int mask_after(const Program& program, const std::vector<BufferUses>& uses, int unpool) {
  const Instruction& g = program.instructions[unpool];
  const Operand& spread = g.out[0];
  if (!is_value(program, uses, spread) || uses[spread.buffer].is_result ||
      uses[spread.buffer].readers.size() != 1)
    return -1;
  const int mask = uses[spread.buffer].readers[0];
  const Instruction& m = program.instructions[mask];
  if (mask < unpool || m.form != Form::kElementwise || m.op->name != "relu_grad" ||
      !(m.in[0] == spread) || !is_value(program, uses, m.out[0]) ||
      !same_strides(spread.layout.shape, spread.layout.strides, m.out[0].layout.strides))
    return -1;
  const int pool = maker_of(program, uses, g.in[1]);
  if (pool < 0) return -1;
  const Instruction& p = program.instructions[pool];
  const bool is_its_pool = p.op && p.op->name == "max_pool" && p.out[1] == g.in[1] &&
                           p.in[0] == m.in[1] && maker_of(program, uses, m.in[1]) >= 0 &&
                           is_value(program, uses, p.out[0]);
  return is_its_pool ? mask : -1;
}

}  // namespace

void mask_before_unpool(Program& program) {
  const std::vector<BufferUses> uses = uses_of(program);
  for (size_t k = 0; k < program.instructions.size(); ++k) {
    if (program.instructions[k].form != Form::kKernel ||
        program.instructions[k].op->name != "max_pool_grad")
      continue;
    const int mask = mask_after(program, uses, static_cast<int>(k));
    if (mask < 0) continue;
    Instruction &g = program.instructions[k], &m = program.instructions[mask];
    const Operand dy = g.in[0];
    const Shape& shape = dy.layout.shape;
    Operand masked = dy;
    masked.layout = Layout(shape, dense_strides_like(shape, dy.layout.strides), 0);
    masked.buffer = program.add_buffer(BufferKind::kTemporary,
                                       static_cast<size_t>(numel(shape)) * size_of(dy.dtype));
    const int pool = uses[g.in[1].buffer].writers[0];
    const Operand pooled = program.instructions[pool].out[0];
    // The mask takes the place of the pool's gradient, which takes that of the mask.
    g.in[0] = masked;
    g.out[0] = m.out[0];
    m.in = {dy, pooled};
    m.out = {masked};
    std::swap(g, m);
  }
}

}  // namespace rush::graph
