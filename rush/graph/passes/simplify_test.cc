#include <gtest/gtest.h>

#include <cmath>

#include "rush/autograd/autograd.h"
#include "rush/graph/compile.h"
#include "rush/graph/passes/compose_layout.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"
#include "rush/ops/attention.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"

namespace rush::graph {
namespace {

using testing::Build;
using testing::count;
using testing::keeps_bits;

void simplify_and_prune(Program& p) {
  simplify(p);
  prune(p);
}

TEST(Simplify, ReadersOfACopyReadTheOriginal) {
  Build b;
  const Operand x = b.argument({4, 6});
  b.result(b.rows("exp", {b.call("clone", {Build::transposed(x)})}));
  b.result(b.call("matmul", {Build::transposed(b.call("clone", {x})), b.call("contiguous", {x})}));
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({4, 6})}));
  EXPECT_EQ(b.program.instructions.size(), 2u) << to_text(b.program);
}

TEST(Simplify, FollowsViewsOfTheCopy) {
  Build b;
  const Operand x = b.argument({4, 6, 8});
  const Operand y = b.call("contiguous", {Build::transposed(x)});  // [4, 8, 6]
  b.result(b.rows("exp", {Build::part(Build::transposed(y), 2, 2, 5)}));
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({4, 6, 8})}));
  EXPECT_EQ(count(b.program, "contiguous"), 0);
  EXPECT_EQ(b.program.instructions[0].in[0].layout.strides, (Dims{48, 8, 1}));
}

TEST(Simplify, KeepsACopyWhoseOriginalChanges) {
  Build b;
  const Operand x = b.argument({4}), w = b.state(ones({4}));
  const Operand y = b.call("clone", {w});
  b.add("add", {w, x}, {w});
  b.result(b.rows("mul", {y, w}));
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({4})}));
  EXPECT_EQ(count(b.program, "clone"), 1);
}

TEST(Simplify, DropsACopyReadBeforeTheOriginalChanges) {
  Build b;
  const Operand x = b.argument({4}), w = b.state(ones({4}));
  const Operand y = b.call("clone", {w});
  b.result(b.rows("mul", {y, x}));
  b.add("add", {w, x}, {w});
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({4})}));
  EXPECT_EQ(count(b.program, "clone"), 0);
}

TEST(Simplify, KeepsCopiesForKernelsThatLookAtStrides) {
  Build b;
  const Operand x = b.argument({4, 6}), w = b.argument({4, 3});
  const Operand y = b.call("contiguous", {Build::transposed(x)});
  b.result(b.call("matmul", {y, w}));
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({4, 6}), rand({4, 3})}));
  EXPECT_EQ(count(b.program, "contiguous"), 1);
}

TEST(Simplify, WritesRightIntoStates) {
  Build b;
  const Operand x = b.argument({4}), w = b.state(ones({4}));
  const Operand moved = b.rows("sub", {w, b.rows("mul", {x, b.number(0.1)})});
  b.add("clone", {moved}, {w});
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({4})}));
  ASSERT_EQ(b.program.instructions.size(), 2u) << to_text(b.program);
  EXPECT_EQ(b.program.instructions[1].out[0].buffer, b.program.instructions[1].in[0].buffer);
}

TEST(Simplify, KeepsACopyIntoWhatItsMakerReads) {
  Build b;
  const Operand x = b.argument({4, 4}), w = b.state(rand({4, 4}));
  b.add("clone", {b.call("matmul", {w, x})}, {w});
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({4, 4})}));
  EXPECT_EQ(count(b.program, "clone"), 1);
}

TEST(Simplify, KeepsACopyOverWhatIsReadInBetween) {
  Build b;
  const Operand x = b.argument({4}), w = b.state(rand({4}));
  const Operand y = b.rows("exp", {x});
  b.result(b.rows("neg", {w}));
  b.add("clone", {y}, {w});
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({4})}));
  EXPECT_EQ(count(b.program, "clone"), 1);
}

TEST(Simplify, WritesPartsOfATensorInPlaceOfCopyingThem) {
  Build b;
  const Operand x = b.argument({3, 4});
  const Operand whole = b.temporary({6, 4});
  b.add("clone", {b.rows("exp", {x})}, {Build::part(whole, 0, 0, 3)});
  b.add("clone", {b.call("matmul", {x, b.constant(rand({4, 4}))})}, {Build::part(whole, 0, 3, 6)});
  b.result(whole);
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({3, 4})}));
  EXPECT_EQ(count(b.program, "clone"), 0);
}

TEST(Simplify, PartsOfACatAreMadeInTheirPlace) {
  Build b;
  const Operand x = b.argument({2, 4});
  Operand h = b.rows("exp", {x});
  std::vector<Operand> all;
  for (int k = 0; k < 3; ++k) {
    h = b.call("matmul", {h, b.constant(rand({4, 4}))});
    b.add("add", {h, x}, {h});
    all.push_back(h);
  }
  b.result(b.call("cat", all, CatAttrs{0}));
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({2, 4})}));
  EXPECT_EQ(count(b.program, "cat"), 0);
  EXPECT_EQ(b.program.instructions.back().out[0].layout.offset, 16);
}

TEST(Simplify, GradientsOfAttentionAreMadeInThoseOfTheProductTheyShare) {
  const Tensor w = randn({32, 96}).requires_grad_();
  const auto step = [&](const Tensor& x, const Tensor& dy) {
    const Tensor qkv = matmul(x, w);
    const auto part = [&](int64_t k) {
      return transpose(reshape(slice(qkv, 2, 32 * k, 32 * k + 32), {2, 16, 2, 16}), 1, 2);
    };
    const Tensor y = scaled_dot_product_attention(part(0), part(1), part(2), {.is_causal = true});
    return grad({y}, {w}, {dy})[0];
  };
  const auto compiled = compile(step, {.exact = true});
  const Tensor x = randn({2, 16, 32}), dy = randn({2, 2, 16, 16});
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(compiled(x, dy).to_vector(), step(x, dy).to_vector()) << "run " << i;
  const std::string plan = compiled.explain();
  EXPECT_NE(plan.find("scaled_dot_product_attention_grad"), std::string::npos) << plan;
  EXPECT_EQ(plan.find("clone"), std::string::npos) << plan;
}

TEST(Simplify, KeepsACatOfWhatIsJoinedTwiceOrChangesLater) {
  Build b;
  const Operand x = b.argument({2, 4}), y = b.rows("exp", {x}), z = b.rows("neg", {x});
  b.result(b.call("cat", {y, y}, CatAttrs{0}));
  b.result(b.call("cat", {z, y}, CatAttrs{0}));
  b.add("add", {z, x}, {z});
  b.result(b.rows("exp", {z}));
  b.result(b.call("cat", {b.rows("abs", {x}), b.rows("tanh", {x})}, CatAttrs{1}));  // no blocks
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {rand({2, 4})}));
  EXPECT_EQ(count(b.program, "cat"), 3);
}

// Numbers on which a careless rewrite shows: both zeros, infinities, NaN.
Tensor odd_numbers() {
  return Tensor::from({0.0, -0.0, 1.5, -2.25, HUGE_VAL, -HUGE_VAL, std::nan(""), 1e-42});
}

TEST(Simplify, DropsNeutralArithmetic) {
  Build b;
  Operand y = b.argument({8});
  y = b.rows("mul", {y, b.number(1)});
  y = b.rows("mul", {b.number(1), y});
  y = b.rows("div", {y, b.number(1)});
  y = b.rows("sub", {y, b.number(0)});
  y = b.rows("add", {y, b.number(-0.0)});
  y = b.rows("pow", {y, b.number(1)});
  y = b.rows("neg", {b.rows("neg", {y})});
  y = b.rows("where", {b.number(1, DType::kBool), y, b.number(3)});
  y = b.rows("relu", {b.rows("relu", {y})});
  b.result(b.rows("exp", {y}));
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {odd_numbers()}));
  EXPECT_EQ(b.program.instructions.size(), 2u) << to_text(b.program);
}

TEST(Simplify, KeepsArithmeticThatChangesABit) {
  Build b;
  const Operand x = b.argument({8});
  b.result(b.rows("reciprocal", {b.rows("add", {x, b.number(0)})}));     // -0 + 0 is 0
  b.result(b.rows("reciprocal", {b.rows("sub", {x, b.number(-0.0)})}));  // so is -0 - -0
  b.result(b.rows("reciprocal", {b.rows("mul", {x, b.number(-1)})}));
  const size_t before = b.program.instructions.size();
  EXPECT_TRUE(keeps_bits(b.program, simplify_and_prune, {odd_numbers()}));
  EXPECT_EQ(b.program.instructions.size(), before);
}

TEST(ComposeLayout, RefusesWhatStridesCannotSay) {
  const Layout copy({6, 4}), original({6, 4}, {1, 6}, 3);
  EXPECT_FALSE(compose_layout(Layout({24}), copy, original));
  EXPECT_FALSE(compose_layout(Layout({5}, {1}, 2), copy, original));  // over the end of a row
  const std::optional<Layout> column = compose_layout(Layout({2}, {8}, 5), copy, original);
  ASSERT_TRUE(column);
  EXPECT_EQ(column->offset, 3 + 1 + 6);
  EXPECT_EQ(column->strides, (Dims{2}));
}

}  // namespace
}  // namespace rush::graph
