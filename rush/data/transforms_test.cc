#include "rush/data/transforms.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "rush/base/error.h"

namespace rush::data {
namespace {

Tensor ramp(const Shape& shape) {
  std::vector<float> values(static_cast<size_t>(numel(shape)));
  std::iota(values.begin(), values.end(), 1.0f);
  return Tensor::from(values, shape);
}

std::vector<float> values(const Tensor& t) { return t.to_vector<float>(); }

TEST(ToFloat, ScalesPixels) {
  Random random(0);
  const Tensor x = Tensor::from(std::vector<uint8_t>{0, 51, 255}, {1, 1, 1, 3});
  const auto scaled = values(ToFloat()(x, random));
  EXPECT_EQ(scaled[0], 0);
  EXPECT_FLOAT_EQ(scaled[1], 0.2f);
  EXPECT_EQ(scaled[2], 1);
  EXPECT_EQ(values(ToFloat{2}(x, random)), (std::vector<float>{0, 102, 510}));
}

TEST(Normalize, WorksByChannelOnFloatsAndBytes) {
  Random random(0);
  const Tensor x = ramp({1, 2, 1, 2});
  EXPECT_EQ(values(Normalize{{1, 3}, {1, 0.5}}(x, random)), (std::vector<float>{0, 1, 0, 2}));
  const Tensor bytes = Tensor::from(std::vector<uint8_t>{0, 255}, {1, 1, 1, 2});
  EXPECT_EQ(values(Normalize{{0.5}, {0.25}}(bytes, random)), (std::vector<float>{-2, 2}));
}

TEST(Normalize, RejectsMisuse) {
  Random random(0);
  EXPECT_THROW((Normalize{{0, 0, 0}, {1}}(ramp({1, 2, 1, 1}), random)), ShapeError);
  EXPECT_THROW((Normalize{{0}, {0}}(ramp({1, 1, 1, 1}), random)), Error);
  EXPECT_THROW((Normalize{{0}, {1}}(ramp({2, 2}), random)), ShapeError);
}

TEST(RandomCrop, ShowsAWindowOfTheImageWithABorderOfZeros) {
  const Tensor x = ramp({1, 1, 3, 3});
  Random random(1);
  std::set<std::vector<float>> seen;
  for (int i = 0; i < 400; ++i) seen.insert(values(RandomCrop{2, 2, 1}(x, random)));
  EXPECT_EQ(seen.size(), 16u);  // 4 x 4 places for a window of 2 in 5 x 5
  EXPECT_TRUE(seen.count({0, 0, 0, 1}));
  EXPECT_TRUE(seen.count({5, 6, 8, 9}));
  EXPECT_TRUE(seen.count({9, 0, 0, 0}));
  EXPECT_THROW((RandomCrop{6, 2, 1}(x, random)), ShapeError);
}

TEST(RandomFlip, MirrorsAllChannelsOfAnImageTogether) {
  Random random(1);
  const Tensor x = ramp({1, 2, 1, 2});
  EXPECT_EQ(values(RandomFlip{1.0}(x, random)), (std::vector<float>{2, 1, 4, 3}));
  EXPECT_EQ(values(RandomFlip{0.0}(x, random)), values(x));
  EXPECT_EQ(values(RandomFlip{1.0, true}(ramp({1, 1, 2, 2}), random)),
            (std::vector<float>{3, 4, 1, 2}));
  EXPECT_THROW((RandomFlip{1.5}(x, random)), Error);
}

TEST(RandomAffine, DoesNothingWithoutOptionsAndKeepsConstants) {
  Random random(1);
  const Tensor x = ramp({2, 1, 4, 5});
  EXPECT_EQ(values(RandomAffine{}(x, random)), values(x));
  const Tensor ones = Tensor::from(std::vector<float>(16, 1.0f), {1, 1, 4, 4});
  for (float v : values(RandomAffine{30, 2, 0.8, 1.2, 1.0f}(ones, random)))
    EXPECT_NEAR(v, 1.0f, 1e-5);
}

TEST(RandomAffine, TurnsByTheAngleGiven) {
  // A bright pixel right of the centre stays at its distance wherever it is turned to.
  Tensor x = Tensor::from(std::vector<float>(81, 0.0f), {1, 1, 9, 9});
  x.data<float>()[4 * 9 + 7] = 1;
  Random random(2);
  for (int i = 0; i < 20; ++i) {
    const auto turned = values(RandomAffine{.degrees = 90}(x, random));
    double sum = 0, cx = 0, cy = 0;
    for (int k = 0; k < 81; ++k) {
      sum += turned[k];
      cx += turned[k] * (k % 9 - 4);
      cy += turned[k] * (k / 9 - 4);
    }
    EXPECT_NEAR(std::hypot(cx / sum, cy / sum), 3.0, 0.3);
    EXPECT_GT(cx / sum, -0.3);
  }
}

TEST(Compose, AppliesInOrder) {
  Random random(1);
  const auto both = compose(ToFloat{1.0}, Normalize{{1}, {2}});
  const Tensor x = Tensor::from(std::vector<uint8_t>{1, 5}, {1, 1, 1, 2});
  EXPECT_EQ(values(both(x, random)), (std::vector<float>{0, 2}));
}

}  // namespace
}  // namespace rush::data
