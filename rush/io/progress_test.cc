#include "rush/io/progress.h"

#include <gtest/gtest.h>

namespace rush::io {
namespace {

TEST(Progress, NumbersAreForReaders) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(-1234567), "-1,234,567");
  EXPECT_EQ(fixed(0.12345, 3), "0.123");
  EXPECT_EQ(duration(7.4), "0:07");
  EXPECT_EQ(duration(754), "12:34");
  EXPECT_EQ(duration(3723), "1:02:03");
  EXPECT_EQ(duration(-1), "0:00");
}

TEST(Progress, WritesNothingWhereNoLineCanBeRedrawn) {
  testing::internal::CaptureStdout();
  Progress progress(false);
  progress.start("epoch", 2);
  progress.update(1, "loss 3", true);
  progress.erase();
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

}  // namespace
}  // namespace rush::io
