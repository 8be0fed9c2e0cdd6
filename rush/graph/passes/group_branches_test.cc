#include <gtest/gtest.h>

#include "rush/graph/compile.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"

namespace rush::graph {
namespace {

using testing::Build;
using testing::is_close;

std::vector<int> groups_of(const Program& p) {
  std::vector<int> groups;
  for (const Instruction& i : p.instructions) groups.push_back(i.group);
  return groups;
}

TEST(GroupBranches, PutsProjectionsSideBySide) {
  Build b;
  const Operand x = b.argument({64, 128});
  std::vector<Operand> all;
  for (int k = 0; k < 3; ++k) {
    const Operand y = b.call("linear", {x, b.state(rand({128, 128})), Operand{}});
    b.result(b.rows("exp", {y}));
  }
  EXPECT_TRUE(is_close(b.program, group_branches, {rand({64, 128})}));
  EXPECT_EQ(groups_of(b.program), (std::vector<int>{0, 0, 0, -1, -1, -1})) << to_text(b.program);
}

TEST(GroupBranches, LeavesWhatDependsIsTinyOrLarge) {
  Build b;
  const Operand w = b.state(rand({128, 128}));
  Operand y = b.argument({64, 128});
  for (int k = 0; k < 3; ++k) y = b.call("linear", {y, w, Operand{}});
  b.result(y);
  const Operand tiny = b.argument({4, 4}), large = b.argument({512, 512});
  for (const Operand& o : {tiny, tiny, large, large}) b.result(b.call("matmul", {o, o}));
  EXPECT_TRUE(
      is_close(b.program, group_branches, {rand({64, 128}), rand({4, 4}), rand({512, 512})}));
  EXPECT_EQ(groups_of(b.program), std::vector<int>(7, -1));
}

TEST(GroupBranches, DoesNotMovePastAWrite) {
  Build b;
  const Operand x = b.argument({64, 128}), w = b.state(rand({128, 128}));
  b.result(b.call("matmul", {x, w}));
  b.add("neg", {w}, {w});
  b.result(b.call("matmul", {x, w}));
  EXPECT_TRUE(is_close(b.program, group_branches, {rand({64, 128})}));
  EXPECT_EQ(groups_of(b.program), std::vector<int>(3, -1));
}

TEST(GroupBranches, ThreadsGiveWhatEagerGives) {
  const Tensor w = rand({128, 128}), u = rand({128, 128});
  const auto f = [&](const Tensor& x) { return tanh(linear(x, w) * 0.1) + linear(x, u); };
  const auto compiled = compile(f);
  for (int k = 0; k < 5; ++k) {
    const Tensor x = rand({64, 128});
    EXPECT_TRUE(is_close(testing::bytes_of(compiled(x)), testing::bytes_of(f(x))));
  }
}

}  // namespace
}  // namespace rush::graph
