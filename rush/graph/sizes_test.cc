#include "rush/graph/sizes.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rush::graph {
namespace {

int64_t known(int64_t unknown) { return unknown == unknown_size("batch") ? 7 : 5; }

TEST(UnknownSize, IsReplacedInArithmetic) {
  const int64_t b = unknown_size("batch"), t = unknown_size("time");
  EXPECT_EQ(resolve_size(b * t * 64, known), 7 * 5 * 64);
  EXPECT_EQ(resolve_size(2 * b + 100, known), 114);
  EXPECT_EQ(resolve_size(-b, known), -7);
}

TEST(UnknownSize, IsToldFromQuotients) {
  const auto b = static_cast<double>(unknown_size("batch"));
  EXPECT_DOUBLE_EQ(resolve_size(1 / b, known), 1.0 / 7);
  EXPECT_DOUBLE_EQ(resolve_size(3 / b, known), 3.0 / 7);
  EXPECT_DOUBLE_EQ(resolve_size(1 / (b - 1), known), 1.0 / 6);
  EXPECT_DOUBLE_EQ(resolve_size(1 / (16 * b), known), 1.0 / 112);
  EXPECT_DOUBLE_EQ(resolve_size(std::sqrt(b), known), std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(resolve_size(1 / std::sqrt(b), known), 1 / std::sqrt(7.0));
  EXPECT_DOUBLE_EQ(resolve_size(b * b, known), 49);
}

TEST(UnknownSize, LeavesOtherNumbersAlone) {
  unknown_size("batch");
  const auto never = [](int64_t) -> int64_t {
    ADD_FAILURE();
    return 0;
  };
  for (double mantissa : {1.0, 2.0, 2.5, 3.0, 5.0, 7.5, 9.99, 1.0 / 3, 0.999, std::acos(-1.0)})
    for (int exponent = -12; exponent <= 12; ++exponent) {
      const double v = mantissa * std::pow(10.0, exponent);
      EXPECT_EQ(resolve_size(v, never), v);
    }
  for (int64_t v :
       {int64_t{0}, int64_t{784}, int64_t{-1}, int64_t{128256}, INT64_MAX, INT64_MIN + 1})
    EXPECT_EQ(resolve_size(v, never), v);
}

}  // namespace
}  // namespace rush::graph
