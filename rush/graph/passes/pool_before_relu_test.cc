#include <gtest/gtest.h>

#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"
#include "rush/kernels/attrs/pool.h"

namespace rush::graph {
namespace {

using testing::Build;

PoolAttrs pairs() {
  PoolAttrs a;
  a.kernel = {2, 2};
  a.stride = {2, 2};
  a.padding = {0, 0};
  a.dilation = {1, 1};
  return a;
}

TEST(PoolBeforeRelu, KeepsBitsForwardAndBackward) {
  Build b;
  const Operand x = b.argument({2, 3, 6, 6}), d = b.argument({2, 3, 3, 3});
  const Operand shifted = b.rows("sub", {x, b.number(0.5)}), y = b.rows("relu", {shifted});
  const std::vector<Operand> pooled = b.calls("max_pool", {y}, pairs());
  PoolAttrs back = pairs();
  back.input_size = {6, 6};
  const Operand spread = b.call("max_pool_grad", {d, pooled[1]}, back);
  b.result(pooled[0]);
  b.result(b.rows("relu_grad", {spread, y}));
  EXPECT_TRUE(
      testing::keeps_bits(b.program, pool_before_relu, {randn({2, 3, 6, 6}), randn({2, 3, 3, 3})}));
  ASSERT_EQ(b.program.instructions.size(), 5u);
  EXPECT_EQ(b.program.instructions[1].name(), "max_pool") << to_text(b.program);
  EXPECT_EQ(b.program.instructions[4].name(), "max_pool_grad");
}

TEST(PoolBeforeRelu, LeavesWhatOthersRead) {
  Build b;
  const Operand x = b.argument({1, 2, 4, 4});
  const Operand y = b.rows("relu", {b.rows("neg", {x})});
  b.result(b.calls("max_pool", {y}, pairs())[0]);
  b.result(b.rows("exp", {y}));
  EXPECT_TRUE(testing::keeps_bits(b.program, pool_before_relu, {randn({1, 2, 4, 4})}));
  EXPECT_EQ(b.program.instructions[1].name(), "relu");
}

}  // namespace
}  // namespace rush::graph
