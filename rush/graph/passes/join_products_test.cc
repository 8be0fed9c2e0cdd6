#include <gtest/gtest.h>

#include "rush/graph/passes/passes.h"
#include "rush/graph/testing/build_program.h"

namespace rush::graph {
namespace {

using testing::Build;
using testing::count;
using testing::is_close;

// What training a recurrence of `steps` steps leaves: x_t, y_t made one by one, and the sum of the
// products and of the rows of x_t.
struct Recurrence {
  Build b;
  explicit Recurrence(int steps, bool in_one_buffer = false) {
    const Operand seed = b.argument({3, 4}), other = b.argument({3, 5});
    const Operand all = b.temporary({3 * steps, 4});
    Operand products, rows;
    for (int t = 0; t < steps; ++t) {
      Operand x = b.rows("mul", {seed, b.number(0.5 + t)});
      if (in_one_buffer) {
        const Operand block = Build::part(all, 0, 3 * t, 3 * t + 3);
        b.program.instructions.back().out[0] = block;
        x = block;
      }
      const Operand y = b.rows("mul", {other, b.number(1.5 - t)});
      const Operand p = b.call("matmul", {Build::transposed(x), y});
      const Operand r = b.call("sum_to", {x}, SumToAttrs{{4}});
      products = t == 0 ? p : b.rows("add", {products, p});
      rows = t == 0 ? r : b.rows("add", {rows, r});
    }
    b.result(products);
    b.result(rows);
  }
  bool check() { return is_close(b.program, join_products, {rand({3, 4}), rand({3, 5})}); }
};

TEST(JoinProducts, LaysMatricesTogether) {
  Recurrence r(6);
  EXPECT_TRUE(r.check());
  EXPECT_EQ(count(r.b.program, "matmul"), 1) << to_text(r.b.program);
  EXPECT_EQ(count(r.b.program, "sum_to"), 1);
  EXPECT_EQ(count(r.b.program, "add"), 0);
}

TEST(JoinProducts, TakesMatricesAsTheyLie) {
  Recurrence r(6, true);
  EXPECT_TRUE(r.check());
  EXPECT_EQ(count(r.b.program, "matmul"), 1) << to_text(r.b.program);
  EXPECT_EQ(count(r.b.program, "add"), 0);
}

TEST(JoinProducts, KeepsFewRowsAtATime) {
  Recurrence r(400);
  EXPECT_TRUE(r.check());
  EXPECT_EQ(count(r.b.program, "matmul"), 3);
  EXPECT_EQ(count(r.b.program, "sum_to"), 3);
  EXPECT_EQ(count(r.b.program, "add"), 4);
}

TEST(JoinProducts, LeavesTermsOfOtherKinds) {
  Build b;
  const Operand x = b.argument({3, 4}), y = b.argument({3, 4}), w = b.state(rand({4, 4}));
  const Operand p = b.call("matmul", {Build::transposed(x), y});
  const Operand q = b.call("matmul", {Build::transposed(y), x});
  b.result(b.rows("add", {b.rows("add", {p, w}), q}));
  EXPECT_TRUE(is_close(b.program, join_products, {rand({3, 4}), rand({3, 4})}));
  EXPECT_EQ(b.program.instructions.size(), 4u);
}

TEST(JoinProducts, LeavesMatricesThatChange) {
  Build b;
  const Operand x = b.argument({3, 4});
  const Operand y = b.rows("exp", {x}), z = b.rows("tanh", {x});
  const Operand p = b.call("matmul", {Build::transposed(y), z});
  b.add("neg", {y}, {y});
  const Operand u = b.rows("abs", {x}), v = b.rows("sigmoid", {x});
  const Operand q = b.call("matmul", {Build::transposed(u), v});
  b.result(b.rows("add", {p, q}));
  EXPECT_TRUE(is_close(b.program, join_products, {rand({3, 4})}));
  EXPECT_EQ(count(b.program, "matmul"), 2);
}

TEST(AssembleParts, MakesPartsInTheirPlace) {
  Build b;
  const Operand x = b.argument({3, 2});
  const Operand whole =
      b.call("slice_grad", {b.rows("exp", {x})}, SliceGradAttrs{{3, 6}, {0, 2}, {1, 1}});
  for (const int64_t at : {0, 4}) {
    const Operand part = Build::part(whole, 1, at, at + 2);
    b.add("add", {part, b.rows(at ? "tanh" : "neg", {x})}, {part});
  }
  b.result(whole);
  const auto pass = [](Program& p) {
    assemble_parts(p);
    verify(p, "assemble_parts");
    simplify(p);
  };
  EXPECT_TRUE(is_close(b.program, pass, {rand({3, 2})}));
  EXPECT_EQ(b.program.instructions.size(), 3u) << to_text(b.program);
}

TEST(AssembleParts, KeepsZerosBetweenPartsAndPartsThatOverlap) {
  Build b;
  const Operand x = b.argument({3, 2});
  const Operand whole =
      b.call("slice_grad", {b.rows("exp", {x})}, SliceGradAttrs{{3, 6}, {0, 2}, {1, 1}});
  for (const int64_t at : {4, 3}) {
    const Operand part = Build::part(whole, 1, at, at + 2);
    b.add("add", {part, b.rows("neg", {x})}, {part});
  }
  b.result(whole);
  EXPECT_TRUE(is_close(b.program, assemble_parts, {rand({3, 2})}));
  EXPECT_EQ(count(b.program, "slice_grad"), 1);
  EXPECT_EQ(count(b.program, "clone"), 1);
  EXPECT_EQ(count(b.program, "add"), 1);
}

}  // namespace
}  // namespace rush::graph
