// Pools beyond the rows: indices, ties, NaN, layouts and error texts.
#include "rush/ops/pool.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "rush/ops/movement.h"

namespace rush {
namespace {

template <typename E = ShapeError, typename F>
std::string text_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "no error of that type";
}

Tensor image(const std::vector<float>& v, const Shape& shape) { return Tensor::from(v, shape); }

Tensor channels_last(const Tensor& x) {
  return permute(permute(x, {0, 2, 3, 1}).contiguous(), {0, 3, 1, 2});
}

TEST(MaxPool2d, GivesIndicesIntoThePlane) {
  const Tensor x = image({1, 2, 5, 3, 9, 4, 6, 7, 8}, {1, 1, 3, 3});
  const auto [y, indices] = max_pool2d_with_indices(x, 2, {.stride = 1});
  EXPECT_EQ(y.to_vector<float>(), (std::vector<float>{9, 9, 9, 9}));
  EXPECT_EQ(indices.to_vector<int64_t>(), (std::vector<int64_t>{4, 4, 4, 4}));
  EXPECT_EQ(indices.dtype(), int64);
}

TEST(MaxPool2d, TakesTheFirstOfEqualMaxima) {
  const Tensor x = image({7, 7, 7, 7}, {1, 1, 2, 2});
  EXPECT_EQ(max_pool2d_with_indices(x, 2).second.item<int64_t>(), 0);
  EXPECT_EQ(max_pool2d_with_indices(channels_last(x), 2).second.item<int64_t>(), 0);
}

TEST(MaxPool2d, PassesNanOn) {
  const float nan = std::nanf("");
  for (const std::vector<float>& v : {std::vector<float>{nan, 9, 1, 2}, {9, 1, nan, 2}}) {
    const Tensor x = image(v, {1, 1, 2, 2});
    EXPECT_TRUE(std::isnan(max_pool2d(x, 2).item()));
    const Tensor two = cat({x, x}, 1);
    EXPECT_TRUE(std::isnan(max_pool2d(channels_last(two), 2).to_vector<float>()[1]));
  }
}

TEST(MaxPool2d, HandlesMinusInfinity) {
  const float low = -std::numeric_limits<float>::infinity();
  const auto [y, at] = max_pool2d_with_indices(image({low, low, low, low}, {1, 1, 2, 2}), 2);
  EXPECT_EQ(y.item<float>(), low);
  EXPECT_EQ(at.item<int64_t>(), 0);
}

TEST(MaxPool3d, ReachesAllThreeAxes) {
  Tensor x = Tensor::empty({1, 1, 2, 2, 2}, float32);
  for (int i = 0; i < 8; ++i) x.data<float>()[i] = static_cast<float>(i == 6 ? 100 : i);
  const auto [y, at] = max_pool3d_with_indices(x, 2);
  EXPECT_EQ(y.item(), 100);
  EXPECT_EQ(at.item<int64_t>(), 6);
}

TEST(AvgPool3d, IsTheMean) {
  Tensor x = Tensor::empty({1, 1, 2, 2, 2}, float32);
  for (int i = 0; i < 8; ++i) x.data<float>()[i] = static_cast<float>(i);
  EXPECT_EQ(avg_pool3d(x, 2).item(), 3.5);
}

TEST(Pools, KeepTheLayout) {
  Tensor x = Tensor::empty({2, 3, 4, 6}, float32);
  for (int64_t i = 0; i < x.numel(); ++i) x.data<float>()[i] = static_cast<float>(i * 37 % 101);
  const Tensor last = channels_last(x);
  for (auto pool : {+[](const Tensor& t) { return max_pool2d(t, 2); },
                    +[](const Tensor& t) { return avg_pool2d(t, 2); },
                    +[](const Tensor& t) {
                      return adaptive_avg_pool2d(t, {3, 2});
                    }}) {
    const Tensor y = pool(x), z = pool(last);
    EXPECT_TRUE(y.is_contiguous());
    EXPECT_TRUE(is_channels_last(z.shape(), z.strides()));
    EXPECT_EQ(y.to_vector<float>(), z.to_vector<float>());
  }
}

TEST(Pools, TakeOneImageWithoutABatch) {
  const Tensor x = image({1, 2, 3, 4}, {1, 2, 2});
  EXPECT_EQ(max_pool2d(x, 2).shape(), (Shape{1, 1, 1}));
  EXPECT_EQ(avg_pool2d(x, 2).item(), 2.5);
  EXPECT_EQ(adaptive_max_pool1d(image({1, 3, 2}, {1, 3}), 1).item(), 3);
}

TEST(Pools, SayWhatIsWrong) {
  const Tensor x = Tensor::empty({1, 1, 4, 4}, float32);
  EXPECT_EQ(text_of([&] { max_pool2d(x, 5); }),
            "max_pool: the window is larger than the padded input: x is [1, 1, 4, 4], kernel "
            "[5, 5], padding [0, 0], dilation [1, 1]");
  EXPECT_EQ(text_of([&] { max_pool2d(x, 2, {.padding = 2}); }),
            "max_pool: padding must be at most half the kernel; got padding [2, 2], kernel [2, 2]");
  EXPECT_EQ(text_of([&] { avg_pool2d(x, 0); }), "avg_pool: kernel must be 1 or more; got [0, 0]");
  EXPECT_EQ(text_of([&] { avg_pool2d(x, 2, {.stride = -1}); }),
            "avg_pool: stride must be 1 or more; got [-1, -1]");
  EXPECT_EQ(text_of([&] {
              max_pool2d(Tensor::empty({4, 4}, float32), 2);
            }),
            "max_pool2d: x must have 4 dimensions, or 3 without a batch; got [4, 4]");
  EXPECT_EQ(text_of([&] {
              adaptive_avg_pool2d(x, {1, 2, 3});
            }),
            "adaptive_avg_pool2d: output_size takes 1 or 2 values; got [1, 2, 3]");
  EXPECT_EQ(text_of<TypeError>([&] {
              max_pool2d(Tensor::empty({1, 1, 4, 4}, int32), 2);
            }),
            "max_pool: wants a floating-point tensor; got int32");
}

TEST(MaxPoolGrad, RejectsIndicesOutsideTheInput) {
  PoolAttrs a;
  a.kernel = a.stride = {2, 2};
  a.padding = {0, 0};
  a.dilation = {1, 1};
  a.input_size = {2, 2};
  const Tensor dy = image({1, 1}, {1, 2, 1, 1});
  const Tensor indices = Tensor::from(std::vector<int32_t>{0, 4}, {1, 2, 1, 1});
  const Tensor plain = Tensor::empty({1, 2, 2, 2}, float32);
  EXPECT_EQ(text_of<IndexError>([&] { max_pool_pick(plain, indices, a); }),
            "max_pool: index 4 lies outside the input");
}

TEST(LpPool, IsTheNormOfTheWindow) {
  const Tensor x = image({3, 4, 0, 0}, {1, 1, 2, 2});
  EXPECT_NEAR(lp_pool2d(x, 2, 2).item(), 5, 1e-6);
}

}  // namespace
}  // namespace rush
