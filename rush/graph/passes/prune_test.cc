#include <gtest/gtest.h>

#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"

namespace rush::graph {
namespace {

using testing::Build;
using testing::keeps_bits;

TEST(Prune, DropsWhatNobodyReads) {
  Build b;
  const Operand x = b.argument({4});
  const Operand y = b.rows("exp", {x});
  b.rows("log", {b.rows("neg", {y})});
  b.result(y);
  EXPECT_TRUE(keeps_bits(b.program, prune, {ones({4})}));
  EXPECT_EQ(b.program.instructions.size(), 1u);
  EXPECT_EQ(b.program.buffers.size(), 2u);
}

TEST(Prune, KeepsWritesOfStates) {
  Build b;
  const Operand x = b.argument({4}), w = b.state(ones({4}));
  b.add("add", {w, x}, {w});
  EXPECT_TRUE(keeps_bits(b.program, prune, {ones({4})}));
  EXPECT_EQ(b.program.instructions.size(), 1u);
}

TEST(Prune, DropsWhatIsOverwrittenUnread) {
  Build b;
  const Operand x = b.argument({4}), w = b.state(ones({4}));
  const Operand y = b.rows("exp", {x});
  b.add("neg", {x}, {w});
  b.add("exp", {x}, {w});
  b.add("neg", {Build::part(x, 0, 0, 2)},
        {Build::part(y, 0, 0, 2)});  // dead: only the other half is read
  b.result(Build::part(y, 0, 2, 4));
  EXPECT_TRUE(keeps_bits(b.program, prune, {ones({4})}));
  EXPECT_EQ(b.program.instructions.size(), 2u) << to_text(b.program);
}

TEST(Prune, KeepsInPlaceChainsAndPartialWrites) {
  Build b;
  const Operand x = b.argument({4});
  const Operand y = b.rows("exp", {x});
  b.add("neg", {Build::part(y, 0, 0, 2)}, {Build::part(y, 0, 0, 2)});
  b.add("add", {y, x}, {y});
  b.result(y);
  EXPECT_TRUE(keeps_bits(b.program, prune, {ones({4})}));
  EXPECT_EQ(b.program.instructions.size(), 3u);
}

TEST(Prune, KeepsRandomNumbers) {
  Build b;
  b.call("uniform", {}, UniformAttrs{{4}});
  prune(b.program);
  EXPECT_EQ(b.program.instructions.size(), 1u);
}

TEST(RenameOverwrites, GivesEveryValueItsBuffer) {
  Build b;
  const Operand x = b.argument({4});
  const Operand y = b.rows("exp", {x});
  const Operand z = b.rows("neg", {y});
  b.add("add", {y, x}, {y});
  b.add("clone", {x}, {z});
  b.add("neg", {Build::part(z, 0, 0, 2)}, {Build::part(z, 0, 0, 2)});  // not the whole
  b.result(y);
  b.result(z);
  EXPECT_TRUE(keeps_bits(b.program, rename_overwrites, {ones({4})}));
  EXPECT_EQ(b.program.buffers.size(), 5u);
  const auto& list = b.program.instructions;
  EXPECT_EQ(list[2].in[0].buffer, y.buffer);
  EXPECT_NE(list[2].out[0].buffer, y.buffer);
  EXPECT_EQ(list[4].in[0].buffer, list[3].out[0].buffer);
  EXPECT_EQ(list[4].out[0].buffer, list[3].out[0].buffer);
  EXPECT_EQ(b.program.results[0].buffer, list[2].out[0].buffer);
}

TEST(RenameOverwrites, LeavesStatesAndListsWrittenInPlace) {
  Build b;
  const Operand x = b.argument({4}), w = b.state(ones({4}));
  b.add("add", {w, x}, {w});
  const Operand y = b.rows("exp", {x});
  b.add("scale_list", {y}, {}, ScaleListAttrs{2});
  b.result(y);
  EXPECT_TRUE(keeps_bits(b.program, rename_overwrites, {ones({4})}));
  EXPECT_EQ(b.program.buffers.size(), 3u);
}

}  // namespace
}  // namespace rush::graph
