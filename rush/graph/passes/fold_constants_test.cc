#include <gtest/gtest.h>

#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"

namespace rush::graph {
namespace {

using testing::Build;
using testing::keeps_bits;

void fold_and_prune(Program& p) {
  fold_constants(p);
  prune(p);
}

TEST(FoldConstants, ComputesOnceWhatConstantsGive) {
  Build b;
  const Operand x = b.argument({3, 3});
  const Operand mask = b.call("tril", {b.constant(rand({3, 3}))}, TriangleAttrs{});
  const Operand eye = b.call("eye", {}, EyeAttrs{3, 3});
  b.result(b.call("matmul", {x, b.rows("add", {mask, eye})}));
  EXPECT_TRUE(keeps_bits(b.program, fold_and_prune, {rand({3, 3})}));
  EXPECT_EQ(b.program.instructions.size(), 1u) << to_text(b.program);
  EXPECT_EQ(b.program.buffers.size(), 3u);
}

TEST(FoldConstants, ReadsEqualElementsThroughOne) {
  Build b;
  const Operand x = b.argument({64, 8});
  const Operand full = b.call("full", {b.number(3)}, FullAttrs{{64, 8}});
  const Operand like = b.call("full_like", {x, b.number(2)}, CastAttrs{});
  b.result(b.rows("add", {x, b.rows("mul", {full, like})}));
  EXPECT_TRUE(keeps_bits(b.program, fold_and_prune, {rand({64, 8})}));
  ASSERT_EQ(b.program.instructions.size(), 1u) << to_text(b.program);
  EXPECT_EQ(b.program.instructions[0].in[1].layout.strides, (Dims{0, 0}));
  EXPECT_EQ(b.program.buffers[b.program.instructions[0].in[1].buffer].bytes, 4u);
}

TEST(FoldConstants, LargeFullTensorsVanishToo) {
  Build b;
  const Operand x = b.argument({1 << 19});
  const Operand full = b.call("full", {b.number(3)}, FullAttrs{{1 << 19}});
  b.result(b.rows("add", {x, full}));
  EXPECT_TRUE(keeps_bits(b.program, fold_and_prune, {rand({1 << 19})}));
  EXPECT_EQ(b.program.instructions.size(), 1u);
}

TEST(FoldConstants, KernelsThatLookAtStridesGetWholeTensors) {
  Build b;
  const Operand x = b.argument({3, 3});
  const Operand full = b.call("full", {b.number(3)}, FullAttrs{{3, 3}});
  b.result(b.call("matmul", {x, full}));
  EXPECT_TRUE(keeps_bits(b.program, fold_and_prune, {rand({3, 3})}));
  ASSERT_EQ(b.program.instructions.size(), 1u);
  EXPECT_EQ(b.program.buffers[b.program.instructions[0].in[1].buffer].bytes, 36u);
}

TEST(FoldConstants, LeavesResultsStatesAndRandomNumbers) {
  Build b;
  const Operand w = b.state(ones({4}));
  b.result(b.call("full", {b.number(3)}, FullAttrs{{4}}));
  b.add("clone", {Build::expanded(b.number(0), {4})}, {w});
  b.result(b.rows("neg", {w}));
  b.call("uniform", {}, UniformAttrs{{4}});
  fold_and_prune(b.program);
  verify(b.program, "folding");
  EXPECT_EQ(b.program.instructions.size(), 4u) << to_text(b.program);
}

}  // namespace
}  // namespace rush::graph
