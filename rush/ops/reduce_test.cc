// What rows of cases cannot say about reductions and sorting: empty inputs, ties, NaN, accuracy,
// error texts.
#include "rush/ops/reduce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "rush/autograd/autograd.h"
#include "rush/base/testing/errors.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/sort.h"

namespace rush {
namespace {

const double kNan = std::nan("");

TEST(Sum, OfNothingIsZero) {
  EXPECT_EQ(sum(zeros({0, 3})).item(), 0);
  EXPECT_EQ(sum(zeros({0, 3}), {0}).to_vector(), std::vector<double>({0, 0, 0}));
  EXPECT_EQ(sum(zeros({2, 0}), {0}).numel(), 0);
  EXPECT_EQ(prod(zeros({0})).item(), 1);
}

TEST(Sum, OfNarrowIntegersDoesNotOverflow) {
  const Tensor x = full({1000}, Tensor(100), uint8);
  EXPECT_EQ(sum(x).dtype(), int64);
  EXPECT_EQ(sum(x).item<int64_t>(), 100000);
  EXPECT_EQ(sum(ones({300}, bool_)).item<int64_t>(), 300);
}

TEST(Sum, KeepsDigitsOverMillionsOfElements) {
  const int64_t n = 1 << 22;
  const double whole = static_cast<double>(0.1f) * static_cast<double>(n);
  const auto error = [&](const Shape& shape) {
    return std::fabs(sum(sum(full(shape, Tensor(0.1f), float32), {0})).item() / whole - 1);
  };
  EXPECT_LT(error({n}), 1e-6);
  EXPECT_LT(error({n, 1}), 1e-6);
  EXPECT_LT(error({n / 64, 64}), 1e-6);
  EXPECT_LT(error({n / 1024, 1024}), 1e-6);
}

TEST(Sum, ConvertsFirstWhenADtypeIsGiven) {
  EXPECT_EQ(sum(ones({3}, int32), {}, false, float64).dtype(), float64);
  EXPECT_EQ(sum(full({3}, 100, int8), {}, false, int8).item<int64_t>(), 300 - 256);
  EXPECT_EQ(mean(ones({4}, int64), {}, false, float32).item(), 1);
}

TEST(Sum, RefusesAxesThatAreNotThere) {
  EXPECT_NE(error_of<IndexError>([] { sum(zeros({2, 3}), {2}); }).find("sum"), std::string::npos);
  EXPECT_NE(error_of<ShapeError>([] {
              sum(zeros({2, 3}), {1, -1});
            }).find("sum"),
            std::string::npos);
}

TEST(Mean, RefusesIntegers) {
  EXPECT_EQ(error_of<TypeError>([] { mean(ones({3}, int64)); }),
            "mean: wants a floating dtype; got int64, say which one to compute in (dtype)");
}

TEST(Mean, OfNothingIsNan) { EXPECT_TRUE(std::isnan(mean(zeros({0})).item())); }

TEST(Amax, OfNothingIsAnErrorThatNamesTheAxis) {
  EXPECT_EQ(error_of<ShapeError>([] {
              amax(zeros({2, 0}), {1});
            }),
            "amax: axis 1 has no elements to choose from; x is [2, 0]");
  EXPECT_EQ(amax(zeros({2, 0}), {0}).shape(), Shape({0}));
}

TEST(Amax, SharesTheGradientAmongEqualElements) {
  const Tensor x = Tensor::from({3, 1, 3, 2});
  x.requires_grad_();
  amax(x).backward();
  EXPECT_EQ(x.grad().to_vector(), std::vector<double>({0.5, 0, 0.5, 0}));
}

TEST(Max, GivesTheGradientToTheFirstOfEqualElements) {
  const Tensor x = Tensor::from({3, 1, 3, 2});
  x.requires_grad_();
  const auto [value, index] = max(x, 0);
  EXPECT_EQ(index.item<int64_t>(), 0);
  value.backward();
  EXPECT_EQ(x.grad().to_vector(), std::vector<double>({1, 0, 0, 0}));
}

TEST(Max, NanWins) {
  for (int64_t n : {3, 40, 5000}) {
    std::vector<float> v(static_cast<size_t>(n), 1.0f);
    v[1] = std::nanf("");
    const Tensor x = Tensor::from(v);
    EXPECT_TRUE(std::isnan(amax(x).item())) << n;
    EXPECT_TRUE(std::isnan(amin(x).item())) << n;
    EXPECT_EQ(argmax(x).item<int64_t>(), 1) << n;
    EXPECT_EQ(argmin(x).item<int64_t>(), 1) << n;
  }
}

TEST(Argmax, WithoutAnAxisCountsInRowMajorOrder) {
  const Tensor x = Tensor::from(std::vector<double>{1, 5, 2, 9, 0, 3}, {2, 3});
  EXPECT_EQ(argmax(x).item<int64_t>(), 3);
  EXPECT_EQ(argmax(transpose(x, 0, 1)).item<int64_t>(), 1);
}

TEST(Prod, GradientsAreRightWhereElementsAreZero) {
  const Tensor x = Tensor::from({2, 0, 3});
  x.requires_grad_();
  prod(x).backward();
  EXPECT_EQ(x.grad().to_vector(), std::vector<double>({0, 6, 0}));
  const Tensor y = Tensor::from({2, 0, 3, 0});
  y.requires_grad_();
  prod(y).backward();
  EXPECT_EQ(y.grad().to_vector(), std::vector<double>({0, 0, 0, 0}));
}

TEST(Cumprod, GradientsAreRightWhereElementsAreZero) {
  const Tensor x = Tensor::from({2, 0, 3});
  x.requires_grad_();
  sum(cumprod(x, 0)).backward();
  EXPECT_EQ(x.grad().to_vector(), std::vector<double>({1, 8, 0}));
}

TEST(Std, OfEqualElementsHasGradientZero) {
  const Tensor x = full({4}, Tensor(2.0), float64);
  x.requires_grad_();
  std_dev(x).backward();
  EXPECT_EQ(x.grad().to_vector(), std::vector<double>({0, 0, 0, 0}));
}

TEST(Var, IsExactAroundALargeMean) {
  const Tensor x = Tensor::from(std::vector<float>{10000, 10001, 10002, 10003});
  EXPECT_FLOAT_EQ(var(x, {}, 0).item<float>(), 1.25f);
}

TEST(Logsumexp, NeitherOverflowsNorInventsNumbers) {
  EXPECT_EQ(logsumexp(Tensor::from({1000, 1000}), {0}).item(), 1000 + std::log(2.0f));
  EXPECT_EQ(logsumexp(Tensor::from({-HUGE_VAL, -HUGE_VAL}), {0}).item(), -HUGE_VAL);
}

TEST(Nansum, SkipsNan) {
  EXPECT_EQ(nansum(Tensor::from({1, kNan, 2})).item(), 3);
  EXPECT_EQ(nanmean(Tensor::from({1, kNan, 2})).item(), 1.5);
}

TEST(Sort, PutsNanLast) {
  const auto [values, indices] = sort(Tensor::from({kNan, 1, -HUGE_VAL, 0}));
  EXPECT_EQ(indices.to_vector<int64_t>(), std::vector<int64_t>({2, 3, 1, 0}));
  EXPECT_EQ(sort(Tensor::from({1, kNan, 2}), 0, true).indices.to_vector<int64_t>(),
            std::vector<int64_t>({1, 2, 0}));
}

TEST(Sort, KeepsTheOrderOfEqualElements) {
  const Tensor x = Tensor::from({0.0, -0.0, 1, 0.0});
  EXPECT_EQ(argsort(x).to_vector<int64_t>(), std::vector<int64_t>({0, 1, 3, 2}));
  EXPECT_EQ(argsort(x, 0, true).to_vector<int64_t>(), std::vector<int64_t>({2, 0, 1, 3}));
}

// Long lines are sorted by digits: stably, in both directions, in every dtype.
TEST(Sort, KeepsTheOrderOfEqualsInLongLines) {
  std::vector<double> x(1000);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i * 7919 % 201) - 100;
  for (const DType t : {float32, float64, float16, int8, int16, int32, int64})
    for (const bool descending : {false, true})
      for (const size_t n : {size_t{63}, size_t{128}, x.size()}) {
        std::vector<int64_t> order(n);
        std::iota(order.begin(), order.end(), int64_t{0});
        std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
          return descending ? x[a] > x[b] : x[a] < x[b];
        });
        const Tensor line = cast(slice(Tensor::from(x), 0, 0, static_cast<int64_t>(n)), t);
        const auto [values, indices] = sort(line, 0, descending);
        EXPECT_EQ(indices.to_vector<int64_t>(), order) << to_text(t) << " " << n;
        EXPECT_EQ(values.to_vector<double>(), index_select(line, 0, indices).to_vector<double>());
      }
}

TEST(Topk, RefusesMoreThanThereAre) {
  EXPECT_EQ(error_of<ShapeError>([] {
              topk(zeros({2, 3}), 4);
            }),
            "topk: k must be in [0, 3], the size of axis 1 of [2, 3]; got 4");
}

TEST(Median, IsNanWhereThereIsOne) {
  EXPECT_TRUE(std::isnan(median(Tensor::from({3, kNan, 1})).item()));
  EXPECT_EQ(median(Tensor::from({4, 3, 1, 2})).item(), 2);
}

}  // namespace
}  // namespace rush
