#include <gtest/gtest.h>

#include "rush/graph/compile.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"

namespace rush::graph {
namespace {

using testing::Build;
using testing::count;

TEST(AutocastBFloat16, CastsEveryValueOnce) {
  Build b;
  const Operand x = b.argument({64, 64}), w = b.state(rand({64, 64}));
  const Operand y = b.call("linear", {x, w, Operand{}});
  b.result(b.call("matmul", {Build::transposed(y), x}));
  b.result(b.call("matmul", {y, w}));
  b.add("add", {w, x}, {w});
  b.result(b.call("matmul", {x, w}));
  autocast_bfloat16(b.program);
  verify(b.program, "autocast");
  EXPECT_EQ(count(b.program, "cast"), 4 + 4) << to_text(b.program);  // x, w, y, w changed; outputs
  for (const Instruction& i : b.program.instructions)
    EXPECT_TRUE(i.name() != "matmul" || i.in[0].dtype == DType::kBFloat16);
}

TEST(AutocastBFloat16, LeavesOtherTypesAndSmallProducts) {
  Build b;
  const Operand x = b.argument({64, 64}, DType::kFloat64), y = b.argument({4, 4});
  b.result(b.call("matmul", {x, x}));
  b.result(b.call("matmul", {y, y}));
  autocast_bfloat16(b.program);
  EXPECT_EQ(b.program.instructions.size(), 2u);
}

struct Net {
  nn::Linear first{32, 128}, second{128, 64};
  Tensor operator()(const Tensor& x) const { return second(tanh(first(x))); }
};

double loss_after_training(const CompileOptions& options) {
  manual_seed(3);
  Net net;
  optim::Adam opt(parameters(net), {.lr = 1e-3});
  const Tensor x = randn({128, 32});
  const Tensor y = tanh(matmul(x, randn({32, 64})) * 0.2);
  const auto step = compile(
      [&](const Tensor& in, const Tensor& target) {
        const Tensor loss = mse_loss(net(in), target);
        opt.step(loss);
        return loss;
      },
      options);
  double loss = 0;
  for (int k = 0; k < 200; ++k) loss = step(x, y).item();
  return loss;
}

TEST(AutocastBFloat16, TrainsAsFloat32Does) {
  const double loss = loss_after_training({});
  const double narrow = loss_after_training({.autocast = bfloat16});
  EXPECT_LT(loss, 0.1);
  EXPECT_NEAR(narrow / loss, 1, 0.02);
  EXPECT_NE(narrow, loss);
}

}  // namespace
}  // namespace rush::graph
