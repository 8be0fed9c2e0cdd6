// Batch norm in training, the sum after it and relu in one call, which writes what they would have
// written one after another only once:
//
//   b, m, v = batch_norm(x, ...);  [t = add(b, s);]  y = relu(b or t)
//     ->  y, m, v = batch_norm_relu(x, ..., s)
//   g = relu_grad(d, y);  dx, dw, db = batch_norm_grad(x, g, w, m, v)
//     ->  dx, dw, db = batch_norm_relu_grad(x, d, w, m, v, bias), where nothing was added
//
// The gradient finds the sign of y from x again, with the roundings of the forward half. So results
// are the same to the bit.
#include "rush/graph/passes/passes.h"
#include "rush/graph/passes/readers.h"

namespace rush::graph {
namespace {

bool lie_alike(const Operand& a, const Operand& b) {
  return a.dtype == b.dtype && a.layout.shape == b.layout.shape &&
         same_strides(a.layout.shape, a.layout.strides, b.layout.strides);
}

// What both directions ask. Nothing of it changes by joining other instructions of one direction.
class Joiner {
 public:
  explicit Joiner(Program& program)
      : program_(program), uses_(uses_of(program)), is_removed_(program.instructions.size()) {}

 protected:
  int size() const { return static_cast<int>(program_.instructions.size()); }
  Instruction& at(int i) { return program_.instructions[i]; }
  const Instruction& at(int i) const { return program_.instructions[i]; }
  bool is(int i, Form form, const char* name) const {
    return i >= 0 && !is_removed_[i] && at(i).form == form && at(i).op->name == name;
  }
  // Who makes a value that instruction `reader` alone reads, and that lies like `like`; or -1.
  int maker_for(int reader, const Operand& o, const Operand& like) const {
    const bool is_for_it = is_value(program_, uses_, o) && !uses_[o.buffer].is_result &&
                           uses_[o.buffer].readers == std::vector<int>{reader} &&
                           lie_alike(o, like);
    return is_for_it ? uses_[o.buffer].writers[0] : -1;
  }
  bool changes_between(const Operand& o, int begin, int end) const {
    if (o.buffer == kNoBuffer) return false;
    const std::vector<int>& writers = uses_[o.buffer].writers;
    return std::any_of(writers.begin(), writers.end(), [&](int w) { return w > begin && w < end; });
  }

  Program& program_;
  std::vector<BufferUses> uses_;  // of the program as it came
  std::vector<bool> is_removed_;
};

class ForwardJoiner : Joiner {
 public:
  using Joiner::Joiner;

  void run() {
    for (int i = 0; i < size(); ++i)
      if (is(i, Form::kElementwise, "relu")) join(i);
    erase_marked(program_, is_removed_);
  }

 private:
  void join(int relu) {
    const Operand y = at(relu).out[0];
    const bool is_plain = y.dtype == DType::kFloat32 || y.dtype == DType::kFloat64;
    if (!is_plain || !is_value(program_, uses_, y)) return;
    const int before = maker_for(relu, at(relu).in[0], y);
    if (is(before, Form::kKernel, "batch_norm")) join(before, relu);
    if (!is(before, Form::kElementwise, "add")) return;
    const Operand terms[] = {at(before).in[0], at(before).in[1]};
    int makers[] = {maker_for(before, terms[0], y), maker_for(before, terms[1], y)};
    for (int& maker : makers)
      if (!is(maker, Form::kKernel, "batch_norm")) maker = -1;
    const int later = makers[1] > makers[0];  // so that what was made earlier may go
    if (makers[later] >= 0) join(makers[later], relu, before, terms[1 - later]);
  }

  // batch_norm moves to where relu is, past `add` if there is one.
  void join(int norm, int relu, int add = -1, const Operand& skip = {}) {
    const Operand y = at(relu).out[0];
    const bool may_add = skip.buffer != at(norm).out[0].buffer && lie_alike(skip, y) &&
                         !changes_between(skip, add, relu);
    if (add >= 0 && !may_add) return;
    for (int k = norm + 1; k < relu; ++k)
      if (k != add && !is_removed_[k] && depend(at(norm), at(k))) return;
    Instruction joined = std::move(at(norm));
    joined.op = find_op("batch_norm_relu");
    joined.in.push_back(skip);
    joined.out[0] = y;
    joined.note = add >= 0 ? "with add and relu" : "with relu";
    at(relu) = std::move(joined);
    is_removed_[norm] = true;
    if (add >= 0) is_removed_[add] = true;
  }
};

class BackwardJoiner : Joiner {
 public:
  using Joiner::Joiner;

  void run() {
    for (int i = 0; i < size(); ++i)
      if (is(i, Form::kKernel, "batch_norm_grad")) join(i);
    erase_marked(program_, is_removed_);
  }

 private:
  void join(int gradient) {
    Instruction& i = at(gradient);
    const Operand g = i.in[1];
    const int mask = maker_for(gradient, g, i.out[0]);
    if (!is(mask, Form::kElementwise, "relu_grad")) return;
    const Operand d = at(mask).in[0], y = at(mask).in[1];
    if (!lie_alike(d, g) || changes_between(d, mask, gradient)) return;
    if (!is_value(program_, uses_, y)) return;
    const int forward = uses_[y.buffer].writers[0];
    if (!is_forward_of(i, forward, y)) return;
    const Operand bias = at(forward).in[4];
    for (const Operand& o : {i.in[0], i.in[2], i.in[3], i.in[4], bias})
      if (changes_between(o, forward, gradient)) return;
    i.op = find_op("batch_norm_relu_grad");
    i.in[1] = d;
    i.in.push_back(bias);
    i.note = "with relu_grad";
    is_removed_[mask] = true;
  }
  // Whether y is relu of what the gradient belongs to, and of nothing else.
  bool is_forward_of(const Instruction& gradient, int forward, const Operand& y) const {
    if (!is(forward, Form::kKernel, "batch_norm_relu")) return false;
    const Instruction& f = at(forward);
    return f.out[0] == y && f.in[5].buffer == kNoBuffer && f.in[0] == gradient.in[0] &&
           f.in[3] == gradient.in[2] && f.out[1] == gradient.in[3] && f.out[2] == gradient.in[4];
  }
};

}  // namespace

void join_batch_norm(Program& program) {
  ForwardJoiner(program).run();
  BackwardJoiner(program).run();
}

}  // namespace rush::graph
