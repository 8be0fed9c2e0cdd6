#include <gtest/gtest.h>

#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"

namespace rush::graph {
namespace {

using testing::Build;
using testing::count;
using testing::keeps_bits;

TEST(MergeCommon, ComputesTheSameOnce) {
  Build b;
  const Operand x = b.argument({4});
  const Operand y = b.rows("exp", {b.rows("mul", {x, b.number(0.5)})});
  const Operand z = b.rows("exp", {b.rows("mul", {x, b.number(0.5)})});
  b.result(b.rows("add", {y, z}));
  EXPECT_TRUE(keeps_bits(b.program, merge_common, {rand({4})}));
  EXPECT_EQ(b.program.instructions.size(), 3u);
}

TEST(MergeCommon, TellsAttributesAndRegionsApart) {
  Build b;
  const Operand x = b.argument({4, 4});
  for (const int64_t axis : {0, 1, 0})
    b.result(b.rows("exp", {b.call("sum", {x}, ReduceAttrs{{axis}, false})}));
  b.result(b.rows("neg", {Build::part(x, 0, 0, 2)}));
  b.result(b.rows("neg", {Build::part(x, 0, 2, 4)}));
  EXPECT_TRUE(keeps_bits(b.program, merge_common, {rand({4, 4})}));
  EXPECT_EQ(count(b.program, "sum"), 2);
  EXPECT_EQ(count(b.program, "exp"), 3);  // each is a result of its own
  EXPECT_EQ(count(b.program, "neg"), 2);
}

TEST(MergeCommon, SeesWritesInBetween) {
  Build b;
  const Operand x = b.argument({4}), w = b.state(ones({4}));
  const Operand y = b.rows("exp", {w});
  b.add("add", {w, x}, {w});
  const Operand z = b.rows("exp", {w});
  b.result(b.rows("add", {y, z}));
  EXPECT_TRUE(keeps_bits(b.program, merge_common, {rand({4})}));
  EXPECT_EQ(count(b.program, "exp"), 2);
}

TEST(MergeCommon, LeavesValuesThatAreChangedLater) {
  Build b;
  const Operand x = b.argument({4});
  const Operand y = b.rows("exp", {x}), z = b.rows("exp", {x});
  b.add("add", {y, x}, {y});
  b.result(b.rows("mul", {y, z}));
  EXPECT_TRUE(keeps_bits(b.program, merge_common, {rand({4})}));
  EXPECT_EQ(count(b.program, "exp"), 2);
}

TEST(MergeCommon, LeavesRandomNumbersAndWhatIsComputedAgainOnPurpose) {
  Build b;
  const Operand x = b.argument({4});
  for (int k = 0; k < 2; ++k) {
    b.result(b.call("bernoulli", {x}));
    b.result(b.rows("neg", {b.rows("exp", {x})}));
    b.program.instructions[b.program.instructions.size() - 2].is_recomputed = true;
  }
  merge_common(b.program);
  EXPECT_EQ(b.program.instructions.size(), 6u);
}

}  // namespace
}  // namespace rush::graph
