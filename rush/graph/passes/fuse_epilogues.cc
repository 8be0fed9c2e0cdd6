// A sum of products, as weights get it that are used at every step of a sequence: each product is
// added to the sum by the call that computes it (addmm_), instead of being written, read again and
// added.
//
//   m = matmul(a, b);  t = add(r, m)   ->   addmm_(r, a, b), and readers of t read r
//
// if m and r have no other reader. Other epilogues do not pay: see docs/performance.md.
#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"

namespace rush::graph {
namespace {

class EpilogueFuser {
 public:
  explicit EpilogueFuser(Program& program)
      : program_(program),
        uses_(uses_of(program)),
        is_removed_(program.instructions.size()),
        stands_for_(program.buffers.size()) {
    for (size_t b = 0; b < stands_for_.size(); ++b) stands_for_[b] = static_cast<BufferId>(b);
  }

  void run() {
    for (int i = 0; i < static_cast<int>(program_.instructions.size()); ++i) {
      const Instruction& add = program_.instructions[i];
      if (add.form == Form::kElementwise && add.op->name == "add" && !join(i, 0, 1)) join(i, 1, 0);
      rename(program_.instructions[i].in);
      rename(program_.instructions[i].out);
    }
    rename(program_.results);
    erase_marked(program_, is_removed_);
  }

 private:
  // Whether the operand is a value that instruction `reader` alone reads.
  bool is_only_for(const Operand& o, int reader) const {
    return is_value(program_, uses_, o) && !uses_[o.buffer].is_result &&
           uses_[o.buffer].readers == std::vector<int>{reader};
  }
  bool changes_between(const Operand& o, int begin, int end) const {
    for (const int w : uses_[o.buffer].writers)
      if (w > begin && w < end) return true;
    return false;
  }

  bool join(int index, size_t sum_input, size_t product_input) {
    Instruction& add = program_.instructions[index];
    const Operand sum = add.in[sum_input], product = add.in[product_input], out = add.out[0];
    if (!is_only_for(sum, index) || !is_only_for(product, index) || sum.buffer == product.buffer)
      return false;
    if (!is_value(program_, uses_, out) ||
        !same_strides(out.layout.shape, sum.layout.strides, out.layout.strides))
      return false;
    const int maker = uses_[product.buffer].writers[0];
    const Instruction& matmul = program_.instructions[maker];
    if (matmul.form != Form::kKernel || matmul.op->name != "matmul" ||
        uses_[sum.buffer].writers[0] > maker || !(matmul.out[0] == product))
      return false;
    const Operand a = matmul.in[0], b = matmul.in[1];
    const bool is_plain = sum.dtype == DType::kFloat32 && add.computing == sum.dtype &&
                          a.layout.rank() == 2 && b.layout.rank() == 2;
    if (!is_plain || changes_between(a, maker, index) || changes_between(b, maker, index))
      return false;
    Instruction joined;
    joined.op = find_op("addmm_");
    joined.origin = matmul.origin;
    joined.in = {sum, a, b};
    joined.writes_input = {true, false, false};
    joined.note = "adds its product to the sum";
    program_.instructions[index] = std::move(joined);
    is_removed_[maker] = true;
    stands_for_[out.buffer] = stands_for_[sum.buffer];
    return true;
  }

  void rename(std::vector<Operand>& operands) const {
    for (Operand& o : operands)
      if (o.buffer != kNoBuffer) o.buffer = stands_for_[o.buffer];
  }

  Program& program_;
  std::vector<BufferUses> uses_;  // of the program as it came
  std::vector<bool> is_removed_;
  std::vector<BufferId> stands_for_;  // whose memory holds what was written to this buffer
};

}  // namespace

void fuse_epilogues(Program& program) { EpilogueFuser(program).run(); }

}  // namespace rush::graph
