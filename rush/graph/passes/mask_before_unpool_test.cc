#include <gtest/gtest.h>

#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"
#include "rush/kernels/attrs/pool.h"

namespace rush::graph {
namespace {

using testing::Build;

// Backward through max_pool(relu(x)); `stride` below 3 makes windows overlap.
Program pooled_relu(int64_t stride, bool reads_spread = false) {
  PoolAttrs attrs;
  attrs.kernel = {3, 3};
  attrs.stride = {stride, stride};
  attrs.padding = {1, 1};
  attrs.dilation = {1, 1};
  Build b;
  const Operand y = b.rows("relu", {b.argument({2, 3, 12, 12})});
  const auto pool = b.calls("max_pool", {y}, attrs);
  b.result(pool[0]);
  attrs.input_size = {12, 12};
  const Operand dy = b.rows("exp", {pool[0]});
  const Operand spread = b.call("max_pool_grad", {dy, pool[1]}, attrs);
  b.result(b.rows("relu_grad", {spread, y}));
  if (reads_spread) b.result(spread);
  return std::move(b.program);
}

TEST(MaskBeforeUnpool, MasksTheSmallGradient) {
  for (int64_t stride : {1, 2, 3}) {
    Program program = pooled_relu(stride);
    EXPECT_TRUE(testing::keeps_bits(program, mask_before_unpool, {randn({2, 3, 12, 12})}));
    EXPECT_EQ(program.instructions.back().name(), "max_pool_grad");
  }
}

TEST(MaskBeforeUnpool, LeavesGradientsThatOthersRead) {
  Program program = pooled_relu(2, true);
  EXPECT_TRUE(testing::keeps_bits(program, mask_before_unpool, {randn({2, 3, 12, 12})}));
  EXPECT_EQ(program.instructions.back().name(), "relu_grad");
}

}  // namespace
}  // namespace rush::graph
