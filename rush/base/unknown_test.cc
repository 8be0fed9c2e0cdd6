#include "rush/base/unknown.h"

#include <gtest/gtest.h>

#include "rush/base/shape.h"

namespace rush {
namespace {

TEST(UnknownSize, HasOneStandInForAName) {
  EXPECT_EQ(unknown_size("batch"), unknown_size("batch"));
  EXPECT_NE(unknown_size("batch"), unknown_size("time"));
  EXPECT_EQ(unknown_size(0), unknown_size(0));
  EXPECT_TRUE(is_anonymous_size(unknown_size(1)));
  EXPECT_FALSE(is_anonymous_size(unknown_size("batch")));
}

TEST(UnknownSize, IsToldFromArithmetic) {
  const int64_t b = unknown_size("batch"), t = unknown_size("time");
  EXPECT_EQ(size_text(b), "batch");
  EXPECT_EQ(size_text(3 * b), "3*batch");
  EXPECT_EQ(size_text(b - 2), "batch-2");
  EXPECT_EQ(size_text(b * t * 64), "64*batch*time");
  EXPECT_EQ(size_text(unknown_size(0)), "?");
  EXPECT_EQ(to_text(Shape{b, 28}), "[batch, 28]");
  EXPECT_EQ(with_size_names("a is " + std::to_string(2 * b) + " of 784"), "a is 2*batch of 784");
}

}  // namespace
}  // namespace rush
