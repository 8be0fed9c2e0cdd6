#include <gtest/gtest.h>

#include "rush/graph/compile.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"
#include "rush/kernels/attrs/norm.h"

namespace rush::graph {
namespace {

using testing::Build;
using testing::count;

const Shape kShape{3, 5, 4, 6};

// batch_norm of an argument, with running statistics.
struct Norm : Build {
  explicit Norm(DType type = float32) : type_(type) {
    manual_seed(3);
    x = argument(kShape, type);
    weight = state(cast(rand({5}) + 0.5, type));
    bias = state(cast(randn({5}), type));
    add_norm();
  }
  void add_norm() {
    out = calls(
        "batch_norm",
        {x, state(cast(randn({5}), type_)), state(cast(rand({5}) + 0.5, type_)), weight, bias},
        BatchNormAttrs{0.2, 1e-3});
  }
  Operand relu_of(const Operand& before) {
    const Operand y = rows("relu", {before});
    result(y);
    return y;
  }
  void gradient_of(const Operand& y) {
    const Operand d = argument(kShape, type_);
    const Operand g = rows("relu_grad", {d, y});
    for (const Operand& o :
         calls("batch_norm_grad", {x, g, weight, out[1], out[2]}, BatchNormAttrs{0.2, 1e-3}))
      result(o);
  }
  bool keeps_bits() {
    std::vector<Tensor> arguments;
    for (int i = 0; i < program.arguments; ++i)
      arguments.push_back(cast(randn(kShape) + 0.3, type_));
    return testing::keeps_bits(program, join_batch_norm, arguments);
  }
  Operand x, weight, bias;
  std::vector<Operand> out;

 private:
  DType type_;
};

TEST(JoinBatchNorm, KeepsBitsForwardAndBackward) {
  for (const DType type : {float32, float64}) {
    Norm n(type);
    n.gradient_of(n.relu_of(n.out[0]));
    EXPECT_TRUE(n.keeps_bits());
    ASSERT_EQ(n.program.instructions.size(), 2u) << to_text(n.program);
    EXPECT_EQ(n.program.instructions[0].name(), "batch_norm_relu");
    EXPECT_EQ(n.program.instructions[1].name(), "batch_norm_relu_grad");
  }
}

TEST(JoinBatchNorm, TakesWhatIsAdded) {
  for (const bool comes_first : {true, false}) {
    Norm n;
    const Operand skip = n.rows("exp", {n.argument(kShape)});
    n.gradient_of(
        n.relu_of(comes_first ? n.rows("add", {skip, n.out[0]}) : n.rows("add", {n.out[0], skip})));
    EXPECT_TRUE(n.keeps_bits());
    EXPECT_EQ(count(n.program, "batch_norm_relu"), 1) << to_text(n.program);
    EXPECT_EQ(count(n.program, "add") + count(n.program, "relu"), 0);
    EXPECT_EQ(count(n.program, "relu_grad"), 1);  // its mask is not that of the norm alone
    EXPECT_EQ(count(n.program, "batch_norm_grad"), 1);
  }
}

TEST(JoinBatchNorm, TakesTheLaterOfTwo) {
  Norm n;
  const Operand first = n.out[0];
  n.add_norm();
  n.relu_of(n.rows("add", {n.out[0], first}));
  EXPECT_TRUE(n.keeps_bits());
  ASSERT_EQ(n.program.instructions.size(), 2u);
  EXPECT_EQ(n.program.instructions[0].name(), "batch_norm");
  EXPECT_EQ(n.program.instructions[1].in[5], first);
}

TEST(JoinBatchNorm, LeavesWhatOthersRead) {
  Norm read;
  read.relu_of(read.out[0]);
  read.result(read.rows("exp", {read.out[0]}));
  EXPECT_TRUE(read.keeps_bits());
  EXPECT_EQ(count(read.program, "batch_norm"), 1);

  Norm sum;
  const Operand added = sum.rows("add", {sum.out[0], sum.argument(kShape)});
  sum.relu_of(added);
  sum.result(added);
  EXPECT_TRUE(sum.keeps_bits());
  EXPECT_EQ(count(sum.program, "batch_norm"), 1);

  Norm twice;
  twice.relu_of(twice.rows("add", {twice.out[0], twice.out[0]}));
  EXPECT_TRUE(twice.keeps_bits());
  EXPECT_EQ(count(twice.program, "batch_norm"), 1);
}

TEST(JoinBatchNorm, LeavesMasksThatOthersRead) {
  Norm n;
  const Operand y = n.relu_of(n.out[0]);
  n.gradient_of(y);
  n.result(n.program.instructions.back().in[1]);
  EXPECT_TRUE(n.keeps_bits());
  EXPECT_EQ(count(n.program, "batch_norm_relu"), 1);
  EXPECT_EQ(count(n.program, "batch_norm_grad"), 1);
}

TEST(JoinBatchNorm, LeavesSumsOfOtherShapesAndHalfTypes) {
  Norm broadcast;
  broadcast.relu_of(broadcast.rows("add", {broadcast.out[0], broadcast.number(0.5)}));
  EXPECT_TRUE(broadcast.keeps_bits());
  EXPECT_EQ(count(broadcast.program, "batch_norm"), 1);

  Norm half(bfloat16);  // what is added is added to a rounded number
  half.relu_of(half.out[0]);
  EXPECT_TRUE(half.keeps_bits());
  EXPECT_EQ(count(half.program, "batch_norm"), 1);
}

TEST(JoinBatchNorm, LeavesWhatChangesInBetween) {
  Norm forward;  // the running mean is read before relu
  const Operand mean = forward.program.instructions[0].in[1];
  forward.result(forward.rows("neg", {mean}));
  forward.relu_of(forward.out[0]);
  EXPECT_TRUE(forward.keeps_bits());
  EXPECT_EQ(count(forward.program, "batch_norm"), 1);

  Norm backward;  // the bias has another value when the gradient is computed
  const Operand y = backward.relu_of(backward.out[0]);
  backward.add("add", {backward.bias, backward.bias}, {backward.bias}).computing = float32;
  backward.gradient_of(y);
  EXPECT_TRUE(backward.keeps_bits());
  EXPECT_EQ(count(backward.program, "relu_grad"), 1);
}

// Blocks as residual networks have them, with images in planes or, by way of convolutions, with
// channels innermost.
struct Residual {
  bool has_convolutions = true;
  nn::Conv2d conv1{3, 6, 3, {.padding = 1}}, conv2{6, 6, 3, {.padding = 1}}, conv3{3, 6, 1, {}};
  nn::BatchNorm2d norm1{6}, norm2{6}, norm3{6}, plain1{3}, plain2{3};
  Tensor operator()(const Tensor& x) const {
    if (!has_convolutions) return relu(plain2(relu(plain1(x)) * 2) + x);
    const Tensor skip = norm3(conv3(x));
    const Tensor y = relu(norm2(conv2(relu(norm1(conv1(x))))) + skip);
    return relu(norm2(conv2(y)) + y);
  }
};

// Losses of steps and everything that the network keeps, after them.
std::vector<std::vector<char>> trained(bool has_convolutions, bool compiles, DType type) {
  manual_seed(5);
  Residual net{.has_convolutions = has_convolutions};
  rush::to(net, type);
  optim::SGD opt(parameters(net), {.lr = 0.1, .momentum = 0.9});
  const auto step = [&](const Tensor& x) {
    const Tensor loss = mean(square(net(x) - 0.5));
    opt.step(loss);
    return loss;
  };
  const auto compiled = compile(step, {.exact = true});
  std::vector<std::vector<char>> all;
  for (int i = 0; i < 5; ++i) {
    const Tensor x = cast(randn({4, 3, 6, 5}), type);
    all.push_back(testing::bytes_of(compiles ? compiled(x) : step(x)));
  }
  for (const auto& [name, value] : rush::state(net)) all.push_back(testing::bytes_of(value));
  if (compiles) {
    EXPECT_NE(compiled.explain().find("batch_norm_relu_grad"), std::string::npos);
    EXPECT_NE(compiled.explain().find("with add and relu"), std::string::npos);
  }
  return all;
}

TEST(JoinBatchNorm, TrainsAsEagerStepsDo) {
  for (const bool has_convolutions : {true, false})
    for (const DType type : {float32, float64})
      EXPECT_EQ(trained(has_convolutions, true, type), trained(has_convolutions, false, type))
          << has_convolutions << " " << to_text(type);
}

}  // namespace
}  // namespace rush::graph
