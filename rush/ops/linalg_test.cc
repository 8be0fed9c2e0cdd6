// What the rows of linear algebra cannot show: the edges, and the error texts.
#include "rush/ops/linalg.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rush/autograd/autograd.h"
#include "rush/base/testing/errors.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/special.h"

namespace rush {
namespace {

class Linalg : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!linalg::is_available()) GTEST_SKIP() << "this build has no LAPACK";
  }
};

Tensor matrix(const std::vector<double>& v, int64_t rows) {
  return Tensor::from(v).reshape({rows, -1});
}

TEST_F(Linalg, SingularMatricesAreNamed) {
  const Tensor a = stack({eye(2, {}, float64), matrix({1, 2, 2, 4}, 2)});
  EXPECT_EQ(error_of([&] { linalg::inv(a); }),
            "inv: matrix 1 of the batch is singular: pivot 1 (counted from 0) is zero");
  EXPECT_EQ(error_of([&] { linalg::solve(select(a, 0, 1), ones({2}, float64)); }),
            "solve: the matrix is singular: pivot 1 (counted from 0) is zero");
  EXPECT_EQ(error_of([&] {
              linalg::solve_triangular(zeros({2, 2}), ones({2, 1}), true);
            }),
            "solve_triangular: the matrix is singular: pivot 0 (counted from 0) is zero");
  EXPECT_EQ(error_of([&] { linalg::cholesky(a * -1.0); }),
            "cholesky: matrix 0 of the batch is not positive definite: pivot 0 (counted from 0) is "
            "not positive");
  EXPECT_EQ(linalg::det(a).to_vector(), (std::vector<double>{1, 0}));
  EXPECT_EQ(linalg::slogdet(a).logabsdet.to_vector()[1], -INFINITY);
}

TEST_F(Linalg, RefusesWhatIsNoMatrix) {
  EXPECT_EQ(error_of<ShapeError>([] {
              linalg::inv(zeros({2, 3}));
            }),
            "inv: wants square matrices [..., N, N]; got [2, 3]");
  EXPECT_EQ(error_of<ShapeError>([] { linalg::svd(zeros({3})); }),
            "svd: wants matrices [..., M, N]; got [3]");
  EXPECT_EQ(error_of<TypeError>([] {
              linalg::det(zeros({2, 2}, int64));
            }),
            "det: wants float32 or float64; got int64");
  EXPECT_NE(error_of<ShapeError>([] { linalg::solve(eye(2), zeros({3, 1})); }), "no error");
  EXPECT_NE(error_of<TypeError>([] { linalg::solve(eye(2), zeros({2, 1}, float64)); }), "no error");
  EXPECT_NE(error_of([] { linalg::qr(eye(2), "full"); }), "no error");
  EXPECT_NE(error_of([] { linalg::matrix_norm(eye(2), 3); }), "no error");
  EXPECT_NE(error_of([] { linalg::matrix_norm(eye(2), "l2"); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { linalg::lstsq(eye(2), zeros({3, 1})); }), "no error");
  EXPECT_NE(error_of([] { linalg::pinv(eye(2), {.rtol = -1}); }), "no error");
}

TEST_F(Linalg, RefusesWhatIsNotFinite) {
  EXPECT_EQ(error_of([] {
              linalg::svd(full({2, 2}, NAN));
            }),
            "svd: the matrix holds NaN or infinity");
  EXPECT_EQ(error_of([] {
              linalg::eigh(full({1, 2, 2}, INFINITY));
            }),
            "eigh: the matrix holds NaN or infinity");
}

TEST_F(Linalg, EmptyMatricesAndBatches) {
  EXPECT_EQ(linalg::inv(zeros({0, 2, 2})).shape(), (Shape{0, 2, 2}));
  EXPECT_EQ(linalg::det(zeros({3, 0, 0})).to_vector(), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(linalg::svd(zeros({0, 3}), false).vh.shape(), (Shape{0, 3}));
  EXPECT_EQ(linalg::qr(zeros({2, 0})).r.shape(), (Shape{0, 0}));
  EXPECT_EQ(linalg::cholesky(zeros({0, 0})).shape(), (Shape{0, 0}));
  EXPECT_EQ(linalg::pinv(zeros({2, 0})).shape(), (Shape{0, 2}));
  EXPECT_EQ(linalg::matrix_exp(zeros({0, 0})).shape(), (Shape{0, 0}));
}

// Of lower rank: the least of all solutions, no residuals.
TEST_F(Linalg, LeastSquaresOfLowerRank) {
  const Tensor a = matrix({1, 1, 1, 1, 1, 1}, 3), b = matrix({1, 2, 3}, 3);
  const linalg::Lstsq f = linalg::lstsq(a, b);
  EXPECT_NEAR(f.solution.to_vector()[0], 1, 1e-12);
  EXPECT_NEAR(f.solution.to_vector()[1], 1, 1e-12);
  EXPECT_EQ(f.rank.item<int64_t>(), 1);
  EXPECT_EQ(f.residuals.numel(), 0);
  const Tensor full_rank = matrix({1, 0, 0, 1, 1, 1}, 3);
  EXPECT_EQ(linalg::lstsq(full_rank, b).residuals.shape(), Shape{1});
}

// Equal singular values: the gradient of their sum exists, though that of the vectors does not.
TEST_F(Linalg, GradientsOfEqualValuesAreFinite) {
  const Tensor a = eye(3, {}, float64);
  a.requires_grad_();
  sum(linalg::svdvals(a)).backward();
  EXPECT_TRUE(allclose(a.grad(), eye(3, {}, float64)));
  const Tensor b = eye(3, {}, float64);
  b.requires_grad_();
  sum(linalg::eigvalsh(b)).backward();
  EXPECT_TRUE(allclose(b.grad(), eye(3, {}, float64)));
}

TEST_F(Linalg, LargeMatricesAgreeWithTheirFactors) {
  const Tensor x = (arange(2 * 40 * 40, float64) * 0.37).reshape({2, 40, 40});
  const Tensor a = sin(x) + eye(40, {}, float64) * 8;
  EXPECT_TRUE(
      allclose(matmul(a, linalg::inv(a)), eye(40, {}, float64).expand({2, 40, 40}), 1e-9, 1e-9));
  const linalg::SVD f = linalg::svd(a, false);
  EXPECT_TRUE(allclose(matmul(f.u * unsqueeze(f.s, -2), f.vh), a, 1e-9, 1e-9));
  const linalg::LU lu = linalg::lu(a);
  EXPECT_TRUE(allclose(matmul(lu.p, matmul(lu.l, lu.u)), a, 1e-9, 1e-9));
  EXPECT_TRUE(allclose(linalg::matrix_exp(a * 0.0), eye(40, {}, float64).expand({2, 40, 40})));
}

TEST(LinalgWithoutLibrary, SaysSo) {
  if (linalg::is_available()) GTEST_SKIP() << "this build has LAPACK";
  EXPECT_EQ(error_of([] { linalg::inv(eye(2)); }),
            "inv: this build has no LAPACK; install it (liblapack-dev) and configure with "
            "-DRUSH_LAPACK=ON");
}

}  // namespace
}  // namespace rush
