// Moments and limits of the random numbers that are formulas in uniform ones.
#include <gtest/gtest.h>

#include <cmath>

#include "rush/base/testing/errors.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/special.h"

namespace rush {
namespace {

constexpr int64_t kMany = 20000;

void expect_moments(const Tensor& x, double mean_wanted, double var_wanted) {
  const double error = 5 * std::sqrt(var_wanted / kMany);
  EXPECT_NEAR(mean(x).item(), mean_wanted, error);
  EXPECT_NEAR(var(x).item(), var_wanted, 0.15 * var_wanted);
}

TEST(Distributions, HaveTheirMoments) {
  manual_seed(7);
  const Tensor x = zeros({kMany}, float64);
  expect_moments(exponential_like(x, 2), 0.5, 0.25);
  expect_moments(geometric_like(x, 0.25), 4, 12);
  expect_moments(poisson(x + 3), 3, 3);
  expect_moments(poisson(x + 1000), 1000, 1000);
  expect_moments(normal(x + 1, 2.0), 1, 4);
  expect_moments(log_normal_like(x, 0, 0.5), std::exp(0.125),
                 (std::exp(0.25) - 1) * std::exp(0.25));
  EXPECT_NEAR(mean(lt(cauchy_like(x, 1, 2), 1).to(float64)).item(), 0.5, 0.02);
}

TEST(Distributions, RefuseParametersOutOfRange) {
  const Tensor x = zeros({2});
  EXPECT_EQ(error_of([&] { exponential_like(x, 0); }),
            "exponential_like: lambd must be positive; got 0");
  EXPECT_NE(error_of([&] { geometric_like(x, 1); }), "no error");
  EXPECT_NE(error_of([&] { cauchy_like(x, 0, -1); }), "no error");
  EXPECT_NE(error_of([&] { log_normal_like(x, 0, -1); }), "no error");
  EXPECT_NE(error_of<TypeError>([] { poisson(zeros({2}, int64)); }), "no error");
  EXPECT_TRUE(std::isnan(poisson(full({1}, -1.0)).item()));
  EXPECT_NE(error_of<ShapeError>([] { normal(zeros({2}), zeros({3})); }), "no error");
  EXPECT_EQ(randint_like(zeros({2, 3}), 0, 5).dtype(), float32);
}

TEST(Distributions, GivePyTorchsNumbersForASeed) {
  manual_seed(5);
  const auto waiting = exponential_like(zeros({3}), 2).to_vector();
  const double wanted[] = {0.5136321187019348, 0.15038900077342987, 0.22379054129123688};
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(waiting[i], wanted[i], 1e-7);
  EXPECT_EQ(geometric_like(zeros({3}), 0.3).to_vector(), (std::vector<double>{4, 4, 1}));
  EXPECT_NEAR(cauchy_like(zeros({1}, float64), 1, 2).item(), 1.508811870794565, 1e-12);
}

TEST(Multinomial, GivesPyTorchsNumbersForASeed) {
  manual_seed(5);
  const Tensor p = arange(1.0, 9.0);
  EXPECT_EQ(multinomial(p, 4).to_vector<int64_t>(), (std::vector<int64_t>{4, 3, 6, 2}));
  EXPECT_EQ(multinomial(p, 1).item<int64_t>(), 6);
  EXPECT_EQ(multinomial(p, 6, true).to_vector<int64_t>(), (std::vector<int64_t>{4, 4, 6, 5, 6, 4}));
}

TEST(Multinomial, DrawsInProportion) {
  manual_seed(8);
  const Tensor p = Tensor::from({1, 0, 3});
  const Tensor drawn = multinomial(p, kMany, true);
  const auto counts = bincount(drawn, {}, 3).to_vector<int64_t>();
  EXPECT_NEAR(double(counts[0]) / kMany, 0.25, 0.02);
  EXPECT_EQ(counts[1], 0);
}

TEST(Multinomial, WithoutReplacementDrawsEachOnce) {
  manual_seed(9);
  const Tensor p = ones({100, 4});
  const Tensor drawn = multinomial(p, 4);
  EXPECT_EQ(drawn.shape(), (Shape{100, 4}));
  EXPECT_TRUE(equal(sum(drawn, {1}), full({100}, int64_t{6})));
  const Tensor first = multinomial(Tensor::from({0, 1, 0}), 1);
  EXPECT_EQ(first.item<int64_t>(), 1);
}

TEST(Multinomial, RefusesWhatIsNoProbability) {
  EXPECT_EQ(error_of([] {
              multinomial(Tensor::from({0.5, -1}), 1);
            }),
            "multinomial: probabilities must be finite, not negative, and sum to more than 0");
  EXPECT_NE(error_of([] { multinomial(zeros({3}), 1); }), "no error");
  EXPECT_NE(error_of([] { multinomial(Tensor::from({1, NAN}), 1); }), "no error");
  EXPECT_EQ(error_of<ShapeError>([] { multinomial(ones({3}), 4); }),
            "multinomial: cannot draw 4 of 3 categories without replacement");
  EXPECT_NE(error_of<ShapeError>([] { multinomial(ones({2, 2, 2}), 1); }), "no error");
  EXPECT_NE(error_of<TypeError>([] { multinomial(ones({2}, int64), 1); }), "no error");
}

}  // namespace
}  // namespace rush
