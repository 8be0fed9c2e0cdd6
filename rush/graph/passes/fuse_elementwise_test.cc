#include <gtest/gtest.h>

#include <random>

#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"

namespace rush::graph {
namespace {

using testing::Build;

void fuse(Program& program) { fuse_elementwise(program); }
int64_t size_of_list(const Program& p) { return static_cast<int64_t>(p.instructions.size()); }

TEST(FuseElementwise, JoinsAChainAndDropsWhatPassesBetween) {
  Build b;
  const Operand x = b.argument({30, 40}), bias = b.argument({40});
  const Operand sum = b.rows("add", {x, bias}), t = b.rows("tanh", {sum});
  b.result(b.rows("mul", {t, x}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({30, 40}), randn({40})}));
  ASSERT_EQ(size_of_list(b.program), 1);
  EXPECT_EQ(b.program.instructions[0].name(), "fused(add, tanh, mul)");
  EXPECT_EQ(b.program.instructions[0].out.size(), 1u);
}

TEST(FuseElementwise, KeepsWhatOthersRead) {
  Build b;
  const Operand x = b.argument({20, 20});
  const Operand y = b.rows("exp", {x}), z = b.rows("neg", {y});
  b.result(b.call("matmul", {y, z}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({20, 20})}));
  ASSERT_EQ(size_of_list(b.program), 2);
  EXPECT_EQ(b.program.instructions[0].out.size(), 2u);
}

TEST(FuseElementwise, LeavesSingleInstructionsAsTheyAre) {
  Build b;
  const Operand x = b.argument({8, 8});
  b.result(b.rows("exp", {b.call("matmul", {x, x})}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({8, 8})}));
  EXPECT_EQ(testing::count(b.program, "exp"), 1);
}

TEST(FuseElementwise, MovesInstructionsPastOthersWhereNothingDepends) {
  Build b;
  const Operand x = b.argument({8, 8}), w = b.argument({8, 8});
  const Operand y = b.rows("exp", {x}), other = b.call("matmul", {x, w});
  b.result(b.rows("neg", {y}));  // may move up past the product
  b.result(other);
  const Operand late = b.rows("relu", {x});
  b.result(b.rows("add", {late, other}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({8, 8}), randn({8, 8})}));
  EXPECT_EQ(testing::count(b.program, "exp"), 0);
  EXPECT_EQ(testing::count(b.program, "neg"), 0);
}

TEST(FuseElementwise, DoesNotJoinAcrossSomethingThatDependsOnBothEnds) {
  Build b;
  const Operand x = b.argument({8, 8});
  const Operand y = b.rows("exp", {x}), product = b.call("matmul", {y, y});
  b.result(b.rows("add", {product, y}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({8, 8})}));
  EXPECT_EQ(size_of_list(b.program), 3);
}

TEST(FuseElementwise, RespectsStatesWrittenInBetween) {
  Build b;
  const Operand x = b.argument({50}), s = b.state(randn({50}));
  const Operand before = b.rows("mul", {x, s});
  b.add("add", {s, x}, {s});  // in place
  const Operand after = b.rows("mul", {before, s});
  b.add("sub", {s, after}, {s});
  b.result(b.rows("neg", {after}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({50})}));
  EXPECT_EQ(size_of_list(b.program), 1);
}

TEST(FuseElementwise, KeepsPartsThatOverlapApart) {
  Build b;
  const Operand s = b.state(randn({51})), x = b.argument({50});
  const Operand head = Build::part(s, 0, 0, 50), tail = Build::part(s, 0, 1, 51);
  b.add("add", {head, x}, {head});
  b.result(b.rows("exp", {tail}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({50})}));
  EXPECT_EQ(size_of_list(b.program), 2);
}

TEST(FuseElementwise, TakesReshapedViewsAndBroadcasts) {
  Build b;
  const Operand x = b.argument({4, 6, 10}), column = b.argument({24, 1});
  const Operand y = b.rows("exp", {x});
  const Operand flat{y.buffer, y.dtype, Layout({24, 10})};
  b.result(b.rows("mul", {flat, column}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({4, 6, 10}), randn({24, 1})}));
  EXPECT_EQ(size_of_list(b.program), 1);
}

TEST(FuseElementwise, TakesCastsComparisonsAndDropout) {
  Build b;
  const Operand x = b.argument({16, 33}), key = b.argument({2}, DType::kInt64);
  const Operand wide = b.call("cast", {x}, CastAttrs{DType::kFloat64});
  const Operand back = b.call("cast", {b.rows("exp", {wide})}, CastAttrs{DType::kFloat32});
  const Operand dropped = b.call("dropout", {back, key}, DropoutAttrs{0.5});
  const Operand positive = b.rows("gt", {x, b.number(0)});
  b.result(b.rows("where", {positive, dropped, x}));
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({16, 33}), randint(100, {2})}));
  EXPECT_EQ(size_of_list(b.program), 1);
}

TEST(FuseElementwise, AddsUpSumsAtTheEnd) {
  const Tensor x = randn({64, 48}), y = randn({64, 48});
  Build b;
  const Operand product = b.rows("mul", {b.argument({64, 48}), b.argument({64, 48})});
  const Operand all = b.call("sum", {product}, ReduceAttrs{});
  b.result(all);
  b.result(b.call("mean", {product}, ReduceAttrs{{1}, true}));
  b.result(b.call("sum_to", {product}, SumToAttrs{{48}}));
  b.result(b.rows("neg", {all}));
  const auto run = [&] { return testing::run(b.program, {x, y}); };
  const auto before = run();
  fuse(b.program);
  verify(b.program, "fuse_elementwise");
  const auto after = run();
  ASSERT_EQ(size_of_list(b.program), 2);
  EXPECT_EQ(b.program.instructions[0].out.size(), 3u);
  for (size_t r = 0; r < before.size(); ++r)
    for (size_t i = 0; i < before[r].size(); i += sizeof(float)) {
      float want, got;
      std::memcpy(&want, &before[r][i], sizeof want);
      std::memcpy(&got, &after[r][i], sizeof got);
      ASSERT_NEAR(got, want, 1e-4 + 1e-5 * std::abs(want));
    }
}

TEST(FuseElementwise, LeavesSumsAloneWhenAskedTo) {
  Build b;
  const Operand x = b.argument({64, 48});
  b.result(b.call("sum", {b.rows("exp", {x})}, ReduceAttrs{}));
  const auto exactly = [](Program& p) { fuse_elementwise(p, false); };
  EXPECT_TRUE(testing::keeps_bits(b.program, exactly, {randn({64, 48})}));
  EXPECT_EQ(size_of_list(b.program), 2);
}

TEST(FuseElementwise, StopsAtTheLongestChain) {
  Build b;
  Operand v = b.argument({100});
  for (int i = 0; i < 80; ++i) v = b.rows(i % 2 ? "sin" : "cos", {v});
  b.result(v);
  EXPECT_TRUE(testing::keeps_bits(b.program, fuse, {randn({100})}));
  EXPECT_EQ(size_of_list(b.program), 3);
}

// Random programs over few buffers: states changed in place, parts, transposes, products.
TEST(FuseElementwise, KeepsTheBitsOfRandomPrograms) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
    manual_seed(seed);
    Build b;
    std::vector<Operand> values = {b.argument({6, 6}), b.argument({6, 6}), b.argument({6}),
                                   b.state(randn({6, 6})), b.state(randn({6, 6}))};
    const std::vector<Operand> states = {values[3], values[4]};
    for (int k = 0; k < 25; ++k) {
      Operand x = values[below(values.size())], y = values[below(values.size())];
      if (below(5) == 0 && y.layout.rank() == 2) y = Build::transposed(y);
      const char* const two[] = {"add", "sub", "mul", "maximum"};
      const char* const one[] = {"tanh", "neg", "relu", "sigmoid"};
      const size_t kind = below(10);
      if (kind < 5) {
        values.push_back(b.rows(two[below(4)], {x, y}));
      } else if (kind < 7) {
        values.push_back(b.rows(one[below(4)], {x}));
      } else if (kind == 7 && x.layout.rank() == 2 && y.layout.rank() == 2) {
        values.push_back(b.call("matmul", {x, y}));
        values.push_back(b.rows("tanh", {values.back()}));
      } else {
        const Operand s = states[below(2)];
        const Operand in = Build::expanded(x, {6, 6});
        if (in.buffer != s.buffer || in.layout.strides == s.layout.strides)
          b.add(two[below(4)], {s, in}, {s});
      }
    }
    b.result(values.back());
    b.result(values[values.size() - 2]);
    ASSERT_TRUE(testing::keeps_bits(b.program, fuse, {randn({6, 6}), randn({6, 6}), randn({6})}))
        << "seed " << seed;
  }
}

}  // namespace
}  // namespace rush::graph
