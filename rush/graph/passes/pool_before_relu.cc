// max_pool(relu(x)) is relu(max_pool(x)): relu keeps the order, so it may come after the pool,
// where there is less to do, and what it was given need not be kept for the gradient:
//
//   y = relu(x);  p, at = max_pool(y)  ...  e = relu_grad(max_pool_grad(d, at), y)
//   q, at = max_pool(x);  p = relu(q)  ...  e = max_pool_grad(relu_grad(d, p), at)
//
// Where a window holds nothing positive the two may choose different places, but no gradient goes
// there. So results are the same to the bit.
#include <algorithm>
#include <utility>

#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"

namespace rush::graph {
namespace {

class Sinker {
 public:
  explicit Sinker(Program& program)
      : program_(program), uses_(uses_of(program)), is_removed_(program.instructions.size()) {}

  void run() {
    for (int i = 0; i < size(); ++i)
      if (is(i, Form::kElementwise, "relu")) sink(i);
    if (added_.empty()) return;
    std::vector<Instruction> all;
    size_t next = 0;
    std::sort(added_.begin(), added_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    for (int i = 0; i < size(); ++i) {
      for (; next < added_.size() && added_[next].first < 4 * i; ++next)
        all.push_back(std::move(added_[next].second));
      if (!is_removed_[i]) all.push_back(std::move(program_.instructions[i]));
    }
    for (; next < added_.size(); ++next) all.push_back(std::move(added_[next].second));
    program_.instructions = std::move(all);
  }

 private:
  int size() const { return static_cast<int>(program_.instructions.size()); }
  Instruction& at(int i) { return program_.instructions[i]; }
  bool is(int i, Form form, const char* name) const {
    const Instruction& k = program_.instructions[i];
    return k.form == form && k.op->name == name;
  }
  bool is_inner(const Operand& o) const {
    return is_value(program_, uses_, o) && !uses_[o.buffer].is_result;
  }

  void sink(int relu) {
    const Operand x = at(relu).in[0], y = at(relu).out[0];
    if (!is_inner(y) || !is_value(program_, uses_, x) ||
        !same_strides(x.layout.shape, x.layout.strides, y.layout.strides))
      return;
    const std::vector<int>& readers = uses_[y.buffer].readers;
    if (readers.empty() || readers.size() > 2 || !is(readers[0], Form::kKernel, "max_pool")) return;
    const int pool = readers[0];
    const Operand p = at(pool).out[0], indices = at(pool).out[1];
    if (!(at(pool).in[0] == y) || !is_value(program_, uses_, p) ||
        !(uses_[indices.buffer].readers.empty() || is_inner(indices)))
      return;
    if (readers.size() == 2 ? !sink_gradient(readers[1], y, p, indices)
                            : !uses_[indices.buffer].readers.empty())
      return;
    Instruction after = at(relu);
    after.in[0] = temporary_like(p);
    after.out[0] = p;
    at(pool).in[0] = x;
    at(pool).out[0] = after.in[0];
    is_removed_[relu] = true;
    added_.emplace_back(4 * pool + 1, std::move(after));
  }

  bool sink_gradient(int relu_grad, const Operand& y, const Operand& p, const Operand& indices) {
    if (!is(relu_grad, Form::kElementwise, "relu_grad")) return false;
    const Operand d = at(relu_grad).in[0], e = at(relu_grad).out[0];
    if (!(at(relu_grad).in[1] == y) || !is_inner(d) || !is_value(program_, uses_, e) ||
        uses_[d.buffer].readers.size() != 1 ||
        !same_strides(d.layout.shape, d.layout.strides, e.layout.strides))
      return false;
    const int pool_grad = uses_[d.buffer].writers[0];
    Instruction& scatter = at(pool_grad);
    if (!is(pool_grad, Form::kKernel, "max_pool_grad") || !(scatter.in[1] == indices) ||
        uses_[indices.buffer].readers != std::vector<int>{pool_grad})
      return false;
    Instruction before = at(relu_grad);
    before.in = {scatter.in[0], p};
    before.out[0] = temporary_like(p);
    scatter.in[0] = before.out[0];
    scatter.out[0] = e;
    is_removed_[relu_grad] = true;
    added_.emplace_back(4 * pool_grad - 1, std::move(before));
    return true;
  }

  Operand temporary_like(const Operand& o) {
    Operand copy = o;
    copy.buffer = program_.add_buffer(BufferKind::kTemporary, program_.buffers[o.buffer].bytes);
    return copy;
  }

  Program& program_;
  std::vector<BufferUses> uses_;
  std::vector<bool> is_removed_;
  // By place: 4 i is that of instruction i.
  std::vector<std::pair<int, Instruction>> added_;
};

}  // namespace

void pool_before_relu(Program& program) { Sinker(program).run(); }

}  // namespace rush::graph
