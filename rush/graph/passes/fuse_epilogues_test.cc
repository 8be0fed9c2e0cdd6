#include <gtest/gtest.h>

#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"

namespace rush::graph {
namespace {

using testing::Build;

TEST(FuseEpilogues, ProductsAreAddedByTheCallThatComputesThem) {
  Build b;
  const Operand x = b.argument({4, 6}), y = b.argument({6, 5});
  const Operand z = b.argument({4, 3}), w = b.argument({3, 5});
  const Operand first = b.call("matmul", {x, y});
  const Operand sum = b.rows("add", {first, b.call("matmul", {z, w})});
  b.result(b.rows("exp", {b.rows("add", {b.call("matmul", {x, y}), sum})}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse_epilogues,
                                  {randn({4, 6}), randn({6, 5}), randn({4, 3}), randn({3, 5})}));
  EXPECT_EQ(testing::count(b.program, "addmm_"), 2) << to_text(b.program);
  EXPECT_EQ(testing::count(b.program, "add"), 0);
}

TEST(FuseEpilogues, LeavesSumsThatOthersRead) {
  Build b;
  const Operand x = b.argument({4, 4});
  const Operand r = b.rows("exp", {x}), m = b.call("matmul", {x, x});
  b.result(b.rows("add", {r, m}));
  b.result(r);
  const Operand shared = b.call("matmul", {x, x});
  b.result(b.rows("add", {b.rows("tanh", {x}), shared}));
  b.result(b.rows("neg", {shared}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse_epilogues, {randn({4, 4})}));
  EXPECT_EQ(testing::count(b.program, "addmm_"), 0);
}

TEST(FuseEpilogues, LeavesProductsOfWhatChangesBeforeTheSum) {
  Build b;
  const Operand x = b.argument({4, 4}), w = b.state(ones({4, 4}));
  const Operand m = b.call("matmul", {x, w}), r = b.rows("exp", {x});
  b.add("add", {w, x}, {w});
  b.result(b.rows("add", {r, m}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse_epilogues, {randn({4, 4})}));
  EXPECT_EQ(testing::count(b.program, "addmm_"), 0);
}

TEST(FuseEpilogues, LeavesBatchesAndOtherTypes) {
  Build b;
  const Operand x = b.argument({2, 4, 4}), y = b.argument({4, 4}, float64);
  b.result(b.rows("add", {b.rows("exp", {x}), b.call("matmul", {x, x})}));
  b.result(b.rows("add", {b.rows("exp", {y}), b.call("matmul", {y, y})}));
  EXPECT_TRUE(
      testing::keeps_bits(b.program, fuse_epilogues, {randn({2, 4, 4}), randn({4, 4}, float64)}));
  EXPECT_EQ(testing::count(b.program, "addmm_"), 0);
}

}  // namespace
}  // namespace rush::graph
