#include "rush/graph/program.h"

#include <gtest/gtest.h>

#include "rush/graph/testing/build_program.h"

namespace rush::graph {
namespace {

using testing::Build;

std::string error_of(const Program& p) {
  try {
    verify(p, "test");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Operand, KnowsItsRange) {
  const Operand o{0, DType::kFloat32, Layout({2, 3}, {10, 2}, 5)};
  EXPECT_EQ(range_of(o).begin, 20);
  EXPECT_EQ(range_of(o).end, 80);
  const Operand backward{0, DType::kFloat32, Layout({4}, {-1}, 3)};
  EXPECT_EQ(range_of(backward).begin, 0);
  EXPECT_EQ(range_of(backward).end, 16);
  EXPECT_FALSE(covers(o, 24));
  EXPECT_TRUE(covers({0, DType::kFloat32, Layout({3, 2}, {1, 3}, 0)}, 24));
}

TEST(Operand, ColumnsOfAMatrixDoNotOverlap) {
  const auto columns = [](int64_t from, int64_t n) {
    return Operand{0, DType::kFloat32, Layout({4, n}, {10, 1}, from)};
  };
  EXPECT_FALSE(overlap(columns(0, 3), columns(3, 7)));
  EXPECT_FALSE(overlap(columns(3, 7), columns(0, 3)));
  EXPECT_TRUE(overlap(columns(0, 4), columns(3, 7)));
  const Operand cell{0, DType::kFloat32, Layout({}, {}, 13)};
  EXPECT_FALSE(overlap(columns(0, 3), cell));
  EXPECT_TRUE(overlap(columns(0, 4), cell));
  EXPECT_TRUE(overlap(columns(8, 4), columns(0, 2)));  // around the end of a row
}

TEST(Program, ListsUses) {
  Build b;
  const Operand x = b.argument({2});
  const Operand y = b.rows("neg", {x});
  b.add("add", {y, x}, {y});
  b.result(y);
  const std::vector<BufferUses> uses = uses_of(b.program);
  EXPECT_EQ(uses[x.buffer].readers, (std::vector<int>{0, 1}));
  EXPECT_EQ(uses[y.buffer].writers, (std::vector<int>{0, 1}));
  EXPECT_EQ(uses[y.buffer].readers, (std::vector<int>{1}));
  EXPECT_TRUE(uses[y.buffer].is_result);
  EXPECT_FALSE(uses[x.buffer].is_result);
}

TEST(Program, PrintsAnInstructionALine) {
  Build b;
  const Operand x = b.argument({2, 3}), w = b.state(ones({4, 3}));
  const Operand y = b.call("linear", {x, w, Operand{}});
  const Operand z = b.rows("mul", {Build::transposed(y), b.number(0.5)});
  b.add("add", {z, z}, {z});
  b.result(z);
  EXPECT_EQ(to_text(b.program),
            "%2 f32[2, 4] = linear(arg0, state1, none)\n"
            "%4 f32[4, 2] = mul(%2[4, 2]:[1, 4], 0.5)\n"
            "%4 f32[4, 2] = add(%4!, %4!)\n"
            "results: %4\n");
  const std::string dot = to_dot(b.program);
  EXPECT_NE(dot.find("i0 -> i1"), std::string::npos) << dot;
  EXPECT_NE(dot.find("i2 -> result0"), std::string::npos) << dot;
}

TEST(Verify, AcceptsASoundProgram) {
  Build b;
  const Operand x = b.argument({2, 3});
  const Operand y = b.rows("add", {x, b.number(1)});
  b.add("add", {y, x}, {y});
  b.result(b.call("sum", {y}, ReduceAttrs{}));
  EXPECT_EQ(error_of(b.program), "");
}

TEST(Verify, NamesPassAndInstruction) {
  Build b;
  const Operand x = b.argument({2}), y = b.temporary({2});
  b.add("neg", {y}, {b.temporary({2})});
  b.add("neg", {x}, {y});
  EXPECT_EQ(
      error_of(b.program),
      "verify after test: instruction 0 (neg): an input reads buffer 1 at byte 0 before it is "
      "written");
}

TEST(Verify, RefusesRegionsOutsideTheirBuffer) {
  Build b;
  Operand x = b.argument({2});
  x.layout.offset = 1;
  b.add("neg", {x}, {b.temporary({2})});
  EXPECT_NE(error_of(b.program).find("touches bytes 4 to 12 of buffer 0, which has 8"),
            std::string::npos);
}

TEST(Verify, RefusesWritesToConstants) {
  Build b;
  const Operand x = b.argument({2}), c = b.constant(ones({2}));
  b.add("neg", {x}, {c});
  EXPECT_NE(error_of(b.program).find("which is an argument or a constant"), std::string::npos);
}

TEST(Verify, ChecksShapesByTheRecord) {
  Build b;
  const Operand x = b.argument({2, 3});
  b.add("matmul", {x, x}, {b.temporary({2, 3})});
  EXPECT_NE(error_of(b.program).find("inner sizes differ"), std::string::npos);

  Build wrong;
  const Operand a = wrong.argument({2, 3});
  wrong.add("matmul", {a, Build::transposed(a)}, {wrong.temporary({3, 2})});
  EXPECT_NE(error_of(wrong.program).find("output 0 is float32[3, 2] instead of float32[2, 2]"),
            std::string::npos);
}

TEST(Verify, RefusesOverlapThatIsNoReplacement) {
  Build b;
  const Operand x = b.argument({4}), y = b.rows("neg", {x});
  b.add("neg", {Build::part(y, 0, 0, 3)}, {Build::part(y, 0, 1, 4)});
  EXPECT_NE(error_of(b.program).find("overlaps an input, but is not it"), std::string::npos);
}

TEST(Verify, RefusesMissingAttributesAndShapesThatDiffer) {
  Build b;
  const Operand x = b.argument({4});
  b.add("sum", {x}, {b.temporary({})});
  EXPECT_NE(error_of(b.program).find("lacks the attributes"), std::string::npos);

  Build differ;
  const Operand one = differ.argument({4});
  differ.add("add", {one, Build::part(one, 0, 0, 2)}, {differ.temporary({4})});
  EXPECT_NE(error_of(differ.program).find("input 1 has shape [2], the output [4]"),
            std::string::npos);
}

TEST(Verify, RefusesGroupsWhoseMembersDepend) {
  Build b;
  const Operand x = b.argument({4}), y = b.rows("neg", {x});
  b.rows("neg", {y});
  for (Instruction& i : b.program.instructions) i.group = 0;
  EXPECT_NE(error_of(b.program).find("depends on another one of its group"), std::string::npos);
}

TEST(Verify, RefusesResultsWithoutValues) {
  Build b;
  b.result(b.temporary({4}));
  EXPECT_NE(error_of(b.program).find("a result reads buffer 0"), std::string::npos);
}

}  // namespace
}  // namespace rush::graph
