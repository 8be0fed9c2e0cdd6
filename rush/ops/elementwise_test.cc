// What the rows of cases cannot say: exact integers, errors, ties, in-place forms, creation.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "rush/autograd/autograd.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

using Ints = std::vector<int64_t>;
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

template <typename T>
Tensor tensor(std::vector<T> v) {
  return Tensor::from(v);
}

TEST(Integers, DivideTowardsMinusInfinity) {
  const Tensor a = tensor<int64_t>({7, -7, 7, -7, kMin}), b = tensor<int64_t>({2, 2, -2, -2, -1});
  EXPECT_EQ(floor_divide(a, b).to_vector<int64_t>(), (Ints{3, -4, -4, 3, kMin}));
  EXPECT_EQ(remainder(a, b).to_vector<int64_t>(), (Ints{1, 1, -1, -1, 0}));
  EXPECT_EQ(fmod(a, b).to_vector<int64_t>(), (Ints{1, -1, 1, -1, 0}));
}

TEST(Integers, RefuseDivisionByZero) {
  const Tensor a = tensor<int32_t>({1, 2}), zero = tensor<int32_t>({1, 0});
  EXPECT_THROW(floor_divide(a, zero), Error);
  EXPECT_THROW(remainder(a, zero), Error);
  EXPECT_THROW(fmod(a, zero), Error);
}

TEST(Integers, WrapAround) {
  EXPECT_EQ((tensor<int8_t>({127}) + tensor<int8_t>({1})).to_vector<int64_t>(), Ints{-128});
  EXPECT_EQ((tensor<int32_t>({1 << 30}) * 4).to_vector<int64_t>(), Ints{0});
  EXPECT_EQ(abs(tensor<int64_t>({kMin})).to_vector<int64_t>(), Ints{kMin});
  EXPECT_EQ(neg(tensor<uint8_t>({1})).to_vector<int64_t>(), Ints{255});
}

TEST(Integers, HavePowersAndShiftsOutOfRange) {
  const Tensor base = tensor<int64_t>({3, -2, 2, 1, -1, 5});
  EXPECT_EQ(pow(base, tensor<int64_t>({4, 3, -1, -5, -3, 0})).to_vector<int64_t>(),
            (Ints{81, -8, 0, 1, -1, 1}));
  const Tensor x = tensor<int32_t>({-8, 8}), far = tensor<int32_t>({40, -1});
  EXPECT_EQ(bitwise_left_shift(x, far).to_vector<int64_t>(), (Ints{0, 0}));
  EXPECT_EQ(bitwise_right_shift(x, far).to_vector<int64_t>(), (Ints{-1, 0}));
}

TEST(Integers, KeepAllBitsOfANegation) {
  EXPECT_EQ(bitwise_not(tensor<uint8_t>({0, 1, 255})).to_vector<int64_t>(), (Ints{255, 254, 0}));
  EXPECT_EQ(bitwise_not(tensor<int16_t>({0, -1})).to_vector<int64_t>(), (Ints{-1, 0}));
  EXPECT_EQ(bitwise_not(cast(tensor<int16_t>({0, 1}), bool_)).to_vector<int64_t>(), (Ints{1, 0}));
}

TEST(Maximum, SpreadsNaNAndFmaxDoesNot) {
  const double nan = std::nan("");
  const Tensor a = tensor<double>({nan, 1, nan}), b = tensor<double>({2, nan, nan});
  for (double v : maximum(a, b).to_vector()) EXPECT_TRUE(std::isnan(v));
  const auto kept = fmax(a, b).to_vector();
  EXPECT_EQ(kept[0], 2);
  EXPECT_EQ(kept[1], 1);
  EXPECT_TRUE(std::isnan(kept[2]));
}

// The slope of f at x.
template <typename F>
double slope(F&& f, double x) {
  const Tensor t = tensor<double>({x});
  t.requires_grad_();
  return grad(f(t), t).item();
}

TEST(Gradients, AtKinksArePyTorchs) {
  EXPECT_EQ(slope([](const Tensor& x) { return relu(x); }, 0), 0);
  EXPECT_EQ(slope([](const Tensor& x) { return abs(x); }, 0), 0);
  EXPECT_EQ(slope([](const Tensor& x) { return clamp(x, 0, 1); }, 0), 1);
  EXPECT_EQ(slope([](const Tensor& x) { return clamp(x, 0, 1); }, 1), 1);
  EXPECT_EQ(slope([](const Tensor& x) { return hardtanh(x); }, 1), 0);
  EXPECT_EQ(slope([](const Tensor& x) { return maximum(x, 2.0); }, 2), 0.5);
  EXPECT_EQ(slope([](const Tensor& x) { return elu(x, 0.5); }, 0), 0.5);
  EXPECT_EQ(slope([](const Tensor& x) { return leaky_relu(x, 0.25); }, 0), 0.25);
  EXPECT_EQ(slope([](const Tensor& x) { return pow(x, 0.0); }, 0), 0);
  EXPECT_EQ(slope([](const Tensor& x) { return pow(x, 1.0); }, 0), 1);
  EXPECT_EQ(slope([](const Tensor& x) { return elu(x); }, 1000), 1);
}

TEST(InPlace, WritesThroughViews) {
  const Tensor x = arange(6.0);
  const Tensor column = slice(x, 0, 0, 6, 2);
  column += 10;
  EXPECT_EQ(x.to_vector(), (std::vector<double>{10, 1, 12, 3, 14, 5}));
  x.copy_(tensor<int32_t>({7}));
  EXPECT_EQ(x.to_vector(), std::vector<double>(6, 7));
  EXPECT_THROW(x.copy_(ones({7})), ShapeError);
  EXPECT_THROW(tensor<int64_t>({1}) += 0.5, TypeError);
}

TEST(InPlace, CopiesFromAnOverlappingView) {
  const Tensor x = arange(5.0);
  slice(x, 0, 1, 5).copy_(slice(x, 0, 0, 4));
  EXPECT_EQ(x.to_vector(), (std::vector<double>{0, 0, 1, 2, 3}));
}

TEST(Create, CountsExactly) {
  EXPECT_EQ(arange(5).to_vector<int64_t>(), (Ints{0, 1, 2, 3, 4}));
  EXPECT_EQ(arange(5).dtype(), int64);
  EXPECT_EQ(arange(10, 0, -3).to_vector<int64_t>(), (Ints{10, 7, 4, 1}));
  EXPECT_EQ(arange(INT64_MAX - 2, INT64_MAX).to_vector<int64_t>(),
            (Ints{INT64_MAX - 2, INT64_MAX - 1}));
  EXPECT_EQ(arange(0.0, 1.0, 0.25).dtype(), float32);
  EXPECT_EQ(arange(3, 3).numel(), 0);
  EXPECT_THROW(arange(0, 5, 0), Error);
  EXPECT_THROW(arange(0, 5, -1), Error);
  EXPECT_THROW(arange(0.0, std::nan("")), Error);
  EXPECT_EQ(linspace(0, 1, 1).to_vector(), std::vector<double>{0});
  EXPECT_EQ(eye(2).to_vector(), (std::vector<double>{1, 0, 0, 1}));
}

TEST(Create, TakesTheDtypeOfTheValue) {
  EXPECT_EQ(full({2}, 1).dtype(), int64);
  EXPECT_EQ(full({2}, 1.5).dtype(), float32);
  EXPECT_EQ(full({2}, true).dtype(), bool_);
  EXPECT_EQ(full({2}, 0.1, float64).to_vector()[1], 0.1);
  const int64_t big = (int64_t{1} << 53) + 1;
  EXPECT_EQ(full({1}, big).to_vector<int64_t>(), Ints{big});
  EXPECT_EQ(zeros_like(full({2}, 1)).dtype(), int64);
  EXPECT_THROW(full({-1}, 0), ShapeError);
  EXPECT_THROW(full({2}, ones({2})), ShapeError);
}

TEST(Cast, RoundsHalvesToEven) {
  const Tensor x = tensor<float>({1 + 0x1p-11f, 1 + 3 * 0x1p-11f, 65520, 0x1p-25f});
  EXPECT_EQ(cast(x, float16).to_vector(),
            (std::vector<double>{1, 1 + 0x1p-9, std::numeric_limits<double>::infinity(), 0}));
  const Tensor y = tensor<float>({1 + 0x1p-8f, 1 + 3 * 0x1p-8f});
  EXPECT_EQ(cast(y, bfloat16).to_vector(), (std::vector<double>{1, 1 + 0x1p-6}));
}

}  // namespace
}  // namespace rush
