// What the rows of sorting, searching, joining and resampling cannot show: the edges, and the error
// texts.
#include <gtest/gtest.h>

#include <cmath>

#include "rush/base/testing/errors.h"
#include "rush/core/node.h"
#include "rush/graph/compile.h"
#include "rush/ops/cases/replay.h"
#include "rush/ops/create.h"
#include "rush/ops/image.h"
#include "rush/ops/join.h"
#include "rush/ops/matmul.h"
#include "rush/ops/random.h"
#include "rush/ops/search.h"
#include "rush/ops/sort.h"
#include "rush/ops/special.h"
#include "rush/ops/statistics.h"

namespace rush {
namespace {

using Values = std::vector<double>;
using Whole = std::vector<int64_t>;

TEST(Unique, CountsEachNaN) {
  const Unique u = unique(Tensor::from({1, NAN, 1, NAN}));
  EXPECT_EQ(u.counts.to_vector<int64_t>(), (Whole{2, 1, 1}));
  EXPECT_EQ(u.inverse.to_vector<int64_t>(), (Whole{0, 1, 0, 2}));
}

TEST(Unique, OfNothingIsNothing) {
  const Unique u = unique(zeros({0, 3}));
  EXPECT_EQ(u.values.shape(), Shape{0});
  EXPECT_EQ(u.inverse.shape(), (Shape{0, 3}));
  EXPECT_EQ(unique(Tensor::scalar(3, int64)).values.to_vector<int64_t>(), Whole{3});
}

TEST(Unique, RefusesPlaceholders) {
  const Tensor x = testing::placeholders_for({zeros({3})})[0];
  EXPECT_EQ(error_of([&] { unique(x); }),
            "unique: the size of the result depends on values, which a placeholder does not have "
            "yet");
  EXPECT_NE(error_of([&] { unique_consecutive(x); }), "no error");
  EXPECT_NE(error_of<IndexError>([&] { unique(zeros({3}), 2); }), "no error");
}

TEST(Unique, RefusesTraces) {
  const auto values = compile([](const Tensor& x) { return unique(x).values; });
  expect_error([&] { values(ones({2})); }, {"compile: ", "looks at the values"});
}

TEST(Isin, OfNothing) {
  const Tensor x = Tensor::from({1, NAN});
  EXPECT_EQ(isin(x, zeros({0})).to_vector<int64_t>(), (Whole{0, 0}));
  EXPECT_EQ(isin(x, x).to_vector<int64_t>(), (Whole{1, 0}));  // NaN equals nothing
}

TEST(Kthvalue, RefusesPlacesThatAreNotThere) {
  EXPECT_EQ(error_of<ShapeError>([] {
              kthvalue(zeros({2, 3}), 4);
            }),
            "kthvalue: k must be in [1, 3], the size of axis -1 of [2, 3]; got 4");
  EXPECT_NE(error_of<ShapeError>([] { kthvalue(zeros({2, 0}), 1); }), "no error");
  EXPECT_EQ(kthvalue(Tensor::scalar(3, float32), 1).values.item(), 3);
}

TEST(Mode, OfNothingIsRefused) {
  EXPECT_NE(error_of<ShapeError>([] { mode(zeros({2, 0})); }), "no error");
  EXPECT_EQ(mode(Tensor::scalar(3, float32)).values.item(), 3);
}

TEST(Nanmedian, OfNaNAloneIsNaN) {
  EXPECT_TRUE(std::isnan(nanmedian(Tensor::from({NAN, NAN})).item()));
  EXPECT_EQ(nanmedian(Tensor::from({NAN, 2, 1})).item(), 1);
}

TEST(Quantile, RefusesSharesOutsideAndWholeNumbers) {
  EXPECT_EQ(error_of([] { quantile(zeros({2}), 1.5); }), "quantile: q must be in [0, 1]; got 1.5");
  EXPECT_NE(error_of([] { quantile(zeros({2}), NAN); }), "no error");
  EXPECT_NE(error_of<TypeError>([] { quantile(zeros({2}, int64), 0.5); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { quantile(zeros({0}), 0.5); }), "no error");
  EXPECT_TRUE(std::isnan(nanquantile(Tensor::from({NAN}), 0.5).item()));
}

TEST(Histc, CountsOnlyWhatIsInside) {
  const Tensor x = Tensor::from({-1, 0, 0.5, 1, 2, NAN});
  EXPECT_EQ(histc(x, 2, 0, 1).to_vector(), (Values{1, 2}));
  EXPECT_EQ(histc(zeros({0}), 3).to_vector(), (Values{0, 0, 0}));
  EXPECT_EQ(histc(ones({4}), 2).to_vector(), (Values{0, 4}));  // a point becomes a range
  EXPECT_EQ(error_of<ShapeError>([&] { histc(x, 0); }), "histc: bins must be 1 or more; got 0");
  EXPECT_NE(error_of([&] { histc(x, 2, 1, 0); }), "no error");
  EXPECT_NE(error_of<TypeError>([] { histc(ones({2}, int64)); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] { histogram(x, Tensor::from({1})); }), "no error");
}

TEST(Statistics, RefuseWhatDoesNotFit) {
  EXPECT_NE(error_of<ShapeError>([] { diff(Tensor::scalar(1, float32)); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { diff(zeros({3}), -1); }), "no error");
  EXPECT_EQ(diff(zeros({3}), 5).shape(), Shape{0});
  EXPECT_NE(error_of<ShapeError>([] { trapezoid(zeros({3}), zeros({2})); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { cov(zeros({2, 2, 2})); }), "no error");
  EXPECT_NE(error_of<TypeError>([] { cov(zeros({2, 2}, int64)); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { cdist(zeros({2, 3}), zeros({2, 4})); }), "no error");
  EXPECT_NE(error_of([] { cdist(zeros({2, 3}), zeros({2, 3}), -1); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { pdist(zeros({3})); }), "no error");
  EXPECT_EQ(cdist(zeros({0, 3}), zeros({2, 3})).shape(), (Shape{0, 2}));
}

TEST(Join, RefusesWhatDoesNotFit) {
  EXPECT_EQ(error_of<ShapeError>([] {
              hsplit(zeros({2, 5}), 2);
            }),
            "hsplit: cannot cut axis 1 of [2, 5] into 2 equal parts");
  EXPECT_NE(error_of<ShapeError>([] { vsplit(zeros({5}), 5); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { dsplit(zeros({5, 2}), {1}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { hstack(std::vector<Tensor>{}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { block_diag({zeros({1, 1, 1})}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { cartesian_prod({zeros({2, 2})}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { channel_shuffle(zeros({1, 4, 2}), 3); }), "no error");
  EXPECT_EQ(combinations(zeros({2}), 3).shape(), (Shape{0, 3}));
  EXPECT_EQ(hstack({Tensor::scalar(1, float32), Tensor::scalar(2, float32)}).to_vector(),
            (Values{1, 2}));
}

TEST(WritingParts, RefusesOtherShapesAndTypes) {
  const Tensor x = zeros({3, 4});
  EXPECT_EQ(error_of<ShapeError>([&] { select_scatter(x, zeros({4}), 1, 0); }),
            "select_scatter: source must have shape [3]; got [4]");
  EXPECT_NE(error_of<TypeError>([&] { slice_scatter(x, zeros({3, 4}, int64)); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] { diagonal_scatter(x, zeros({4})); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] { put(x, zeros({2}, int64), zeros({3})); }), "no error");
  EXPECT_NE(error_of([&] {
              index_reduce(x, 0, zeros({1}, int64), zeros({1, 4}), "sum");
            }),
            "no error");
  EXPECT_NE(error_of<ShapeError>([&] { segment_reduce(x, "max", ones({2}, int64)); }), "no error");
  // An empty group gives what reducing nothing gives.
  const Tensor lengths = Tensor::from(Whole{0, 3});
  EXPECT_EQ(segment_reduce(ones({3}), "max", lengths).to_vector(), (Values{-INFINITY, 1}));
}

TEST(Blocks, RefuseWindowsThatDoNotFit) {
  EXPECT_EQ(error_of<ShapeError>([] {
              im2col(zeros({1, 1, 2, 2}), 3);
            }),
            "im2col: a window of 3 does not fit into size 2 with padding 0");
  EXPECT_NE(error_of<ShapeError>([] { im2col(zeros({2, 2}), 1); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] {
              im2col(zeros({1, 1, 2, 2}), 1, {.stride = 0});
            }),
            "no error");
  EXPECT_NE(error_of<ShapeError>([] { fold(zeros({1, 5, 4}), {3, 3}, 2); }), "no error");
}

TEST(Interpolate, RefusesOptionsThatDoNotGoTogether) {
  const Tensor x = zeros({1, 1, 4, 4});
  EXPECT_EQ(error_of<ShapeError>([&] { interpolate(x, {}); }),
            "interpolate: give size or scale_factor, one of them");
  EXPECT_NE(error_of<ShapeError>([&] { interpolate(x, {.size = {2, 2, 2}}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] { interpolate(x, {.size = {0}}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] { interpolate(x, {.scale_factor = {-1}}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] { interpolate(x, {.size = {2}, .mode = "linear"}); }),
            "no error");
  EXPECT_NE(error_of([&] { interpolate(x, {.size = {2}, .mode = "cubic"}); }), "no error");
  EXPECT_NE(error_of([&] { interpolate(x, {.size = {2}, .align_corners = true}); }), "no error");
  EXPECT_NE(error_of([&] { interpolate(x, {.size = {2}, .antialias = true}); }), "no error");
  EXPECT_NE(error_of<TypeError>([] {
              interpolate(zeros({1, 1, 2, 2}, int64), {.size = {4}, .mode = "bilinear"});
            }),
            "no error");
}

TEST(GridSample, PlacesFarAwayOrWithoutANumberAreOutside) {
  const Tensor x = ones({1, 1, 2, 2});
  const Tensor grid =
      Tensor::from(std::vector<float>{NAN, 0, INFINITY, 0, -1e30f, 1e30f, 0, 0}, {1, 1, 4, 2});
  EXPECT_EQ(grid_sample(x, grid).to_vector(), (Values{0, 0, 0, 1}));
  for (const char* padding : {"border", "reflection"})
    for (const char* mode : {"bilinear", "nearest", "bicubic"})
      EXPECT_NEAR(grid_sample(x, grid, {mode, padding}).to_vector()[1], 1, 1e-5) << mode << padding;
}

TEST(GridSample, RefusesWhatDoesNotFit) {
  const Tensor x = ones({1, 1, 2, 2});
  EXPECT_NE(error_of<ShapeError>([&] { grid_sample(x, zeros({1, 2, 2, 3})); }), "no error");
  EXPECT_NE(error_of<ShapeError>([&] { grid_sample(x, zeros({2, 2, 2, 2})); }), "no error");
  EXPECT_NE(error_of<TypeError>([&] { grid_sample(x, zeros({1, 2, 2, 2}, float64)); }), "no error");
  EXPECT_NE(error_of([&] { grid_sample(x, zeros({1, 2, 2, 2}), {"cubic"}); }), "no error");
  EXPECT_NE(error_of([&] {
              grid_sample(x, zeros({1, 2, 2, 2}), {"nearest", "wrap"});
            }),
            "no error");
  EXPECT_NE(error_of<ShapeError>([&] { affine_grid(zeros({1, 2, 2}), {1, 1, 2, 2}); }), "no error");
}

TEST(Products, RefuseWhatDoesNotFit) {
  EXPECT_EQ(error_of<ShapeError>([] {
              multi_dot({zeros({2, 3}), zeros({4, 2})});
            }),
            "multi_dot: inner sizes differ: matrix 0 is [2, 3], the next one [4, 2]");
  EXPECT_NE(error_of<ShapeError>([] { multi_dot({zeros({2, 3})}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { cross(zeros({2}), zeros({2})); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { renorm(zeros({2}), 2, 0, 1); }), "no error");
  EXPECT_NE(error_of([] { renorm(zeros({2, 2}), 0, 0, 1); }), "no error");
}

TEST(Special, EdgesOfTheDomain) {
  EXPECT_TRUE(std::isnan(ndtri(Tensor::from({1.5})).item()));
  EXPECT_EQ(ndtri(Tensor::from({0, 1})).to_vector(), (Values{-INFINITY, INFINITY}));
  EXPECT_NEAR(log_ndtr(Tensor::scalar(-40, float64)).item(), -804.60844201, 1e-7);
  EXPECT_NEAR(erfcx(Tensor::scalar(50, float64)).item(), 0.011281536265323773, 1e-15);
  EXPECT_NEAR(i0(Tensor::scalar(60, float64)).item() / 5.894077055609803e24, 1, 1e-13);
  EXPECT_EQ(gammainc(Tensor::scalar(2, float64), 0.0).item(), 0);
  EXPECT_TRUE(std::isnan(gammainc(Tensor::scalar(-1, float64), 1.0).item()));
  EXPECT_NEAR(ndtri(Tensor::scalar(1e-200, float64)).item(), -30.205594, 1e-5);
  EXPECT_EQ(entr(Tensor::from({0, -1})).to_vector(), (Values{0, -INFINITY}));
  EXPECT_EQ(gcd(Tensor::from(Whole{0, INT64_MIN}), Tensor::from(Whole{0, 6})).to_vector<int64_t>(),
            (Whole{0, 2}));
  EXPECT_EQ(lcm(Tensor::from(Whole{0}), Tensor::from(Whole{0})).item<int64_t>(), 0);
  EXPECT_NE(error_of([] { multigammaln(ones({1}), 0); }), "no error");
  EXPECT_NE(error_of<TypeError>([] { gcd(ones({1}), ones({1})); }), "no error");
}

TEST(Frexp, TakesNumbersApart) {
  const Frexp f = frexp(Tensor::from(Values{0, -8, 0.3, 5e-324, INFINITY}));
  const Values x = Values{0, -8, 0.3, 5e-324}, mantissa = f.mantissa.to_vector();
  const Whole exponent = f.exponent.to_vector<int64_t>();
  for (size_t i = 0; i < x.size(); ++i) {
    int e = 0;
    EXPECT_EQ(mantissa[i], std::frexp(x[i], &e));
    EXPECT_EQ(exponent[i], e);
  }
  EXPECT_EQ(mantissa[4], INFINITY);
}

TEST(Comparisons, OfWholeTensors) {
  const Tensor x = Tensor::from({1, 2});
  EXPECT_TRUE(allclose(x, x + 1e-9));
  EXPECT_FALSE(allclose(x, x + 1));
  EXPECT_TRUE(equal(x, x.clone()));
  EXPECT_FALSE(equal(x, ones({2, 1})));
}

}  // namespace
}  // namespace rush
