// A gradient that is put together from parts arrives as a tensor of zeros with one part in it
// (slice_grad), to which the other parts are added in place. Parts that do not overlap are copied
// instead, and where they fill the tensor it need not be zero before. Then simplify() lets the
// parts be made in their place.
#include <algorithm>

#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"
#include "rush/kernels/attrs/movement.h"

namespace rush::graph {
namespace {

constexpr size_t kMostParts = 1024;

class Assembler {
 public:
  explicit Assembler(Program& program) : program_(program), uses_(uses_of(program)) {}

  void run() {
    for (size_t k = 0; k < program_.instructions.size(); ++k) {
      const Instruction& i = program_.instructions[k];
      if (i.form == Form::kKernel && i.op->name == "slice_grad") assemble(static_cast<int>(k));
    }
  }

 private:
  void assemble(int start) {
    Instruction& first = program_.instructions[start];
    const Operand whole = first.out[0];
    const Buffer& buffer = program_.buffers[whole.buffer];
    const BufferUses& uses = uses_[whole.buffer];
    if (buffer.kind != BufferKind::kTemporary || uses.writers[0] != start ||
        !covers(whole, buffer.bytes))
      return;
    std::vector<Operand> parts = {part_of(first)};
    int64_t filled = parts[0].layout.numel();
    for (size_t w = 1; w < uses.writers.size() && parts.size() < kMostParts; ++w) {
      const int writer = uses.writers[w];
      Instruction& i = program_.instructions[writer];
      const int given = added_input(i, whole.buffer);
      if (given < 0 || uses.readers.size() < w || uses.readers[w - 1] != writer) break;
      const Operand to = i.out[0];
      if (std::any_of(parts.begin(), parts.end(), [&](const Operand& p) { return overlap(p, to); }))
        break;
      parts.push_back(to);
      filled += to.layout.numel();
      make_copy(i, i.in[given], to);
    }
    if (filled == whole.layout.numel()) make_copy(first, first.in[0], parts[0]);
  }

  // Where slice_grad puts its input.
  static Operand part_of(const Instruction& i) {
    const auto& a = *static_cast<const SliceGradAttrs*>(i.attrs.data());
    Operand part = i.out[0];
    part.layout.shape = i.in[0].layout.shape;
    for (int d = 0; d < part.layout.rank(); ++d) {
      part.layout.offset += a.start[d] * part.layout.strides[d];
      part.layout.strides[d] *= a.step[d];
    }
    return part;
  }
  // Which input is added to a region of the buffer in place, or -1.
  static int added_input(const Instruction& i, BufferId b) {
    if (i.form != Form::kElementwise || i.op->name != "add" || i.refresh_attrs) return -1;
    for (int k = 0; k < 2; ++k)
      if (i.in[k] == i.out[0] && i.in[1 - k].buffer != b) return 1 - k;
    return -1;
  }
  static void make_copy(Instruction& i, const Operand& from, const Operand& to) {
    static const Op& clone = *find_op("clone");
    const Operand in = from;
    i.form = Form::kKernel;
    i.op = &clone;
    i.attrs = AttrBox();
    i.in = {in};
    i.out = {to};
  }

  Program& program_;
  std::vector<BufferUses> uses_;
};

}  // namespace

void assemble_parts(Program& program) { Assembler(program).run(); }

}  // namespace rush::graph
