// Linear algebra, as torch.linalg has it, by LAPACK. Matrices are the last two axes, [..., M, N];
// leading axes are batches. float32 and float64.
//
// A matrix that is singular or not positive definite raises Error naming the op, the matrix of the
// batch and the pivot. A build without LAPACK (is_available() is false) raises Error from every
// function that needs it.
#pragma once

#include <optional>
#include <string_view>

#include "rush/ops/matmul.h"
#include "rush/tensor/tensor.h"

namespace rush::linalg {

bool is_available();

// ---- Factors ----------------------------------------------------------------------------------

// The triangle L with a = L L^T (upper: U with a = U^T U); the other triangle of a is not read.
Tensor cholesky(const Tensor& a, bool upper = false);
struct QR {
  Tensor q, r;
};
// a = Q R. mode: "reduced", "complete" (Q is square) or "r" (Q is undefined).
QR qr(const Tensor& a, std::string_view mode = "reduced");
struct SVD {
  Tensor u, s, vh;
};
// a = U diag(S) Vh, S falling.
SVD svd(const Tensor& a, bool full_matrices = true);
Tensor svdvals(const Tensor& a);
struct Eigh {
  Tensor eigenvalues, eigenvectors;  // rising; columns
};
// Of a symmetric matrix, of which one triangle is read.
Eigh eigh(const Tensor& a, bool upper = false);
Tensor eigvalsh(const Tensor& a, bool upper = false);
struct LU {
  Tensor p, l, u;
};
LU lu(const Tensor& a);  // a = P L U
struct LUFactors {
  Tensor lu, pivots;  // L below the diagonal, U on and above it; int32, counted from 1
};
LUFactors lu_factor(const Tensor& a);

// ---- Systems ----------------------------------------------------------------------------------

// X with a X = b (left = false: X a = b). b: [..., N, K], or [..., N] with a's batch.
Tensor solve(const Tensor& a, const Tensor& b, bool left = true);
Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left = true,
                        bool unitriangular = false);
// X with a X = b for a = L L^T, and a's inverse, from the triangle L (upper: U).
Tensor cholesky_solve(const Tensor& b, const Tensor& factor, bool upper = false);
Tensor cholesky_inverse(const Tensor& factor, bool upper = false);
Tensor inv(const Tensor& a);
// Moore and Penrose's inverse; singular values below max(atol, rtol times the largest) count as 0.
struct Tolerance {
  std::optional<double> atol{}, rtol{};  // neither given: rtol = max(M, N) times rounding
};
Tensor pinv(const Tensor& a, const Tolerance& tolerance = {});
struct Lstsq {
  Tensor solution, residuals, rank, singular_values;
};
// The X of least norm among those that make |a X - b| least. Residuals are empty where a has not
// full rank, or not more rows than columns.
Lstsq lstsq(const Tensor& a, const Tensor& b, const Tolerance& tolerance = {});

Tensor det(const Tensor& a);
struct SignedLogarithm {
  Tensor sign, logabsdet;
};
SignedLogarithm slogdet(const Tensor& a);
Tensor logdet(const Tensor& a);  // NaN where det is negative

// ---- Functions and measures -------------------------------------------------------------------

Tensor matrix_exp(const Tensor& a);
Tensor matrix_power(const Tensor& a, int64_t n);
Tensor matrix_rank(const Tensor& a, const Tolerance& tolerance = {});  // int64
Tensor vector_norm(const Tensor& x, double ord = 2, const Dims& axes = {}, bool keepdim = false);
// ord: "fro", "nuc", or a number: infinities, 1, -1, 2, -2.
Tensor matrix_norm(const Tensor& a, std::string_view ord = "fro", const Dims& axes = {-2, -1},
                   bool keepdim = false);
Tensor matrix_norm(const Tensor& a, double ord, const Dims& axes = {-2, -1}, bool keepdim = false);
// The norm of a times that of its inverse; none: by singular values.
Tensor cond(const Tensor& a, std::optional<double> p = {});
Tensor cond(const Tensor& a, std::string_view p);
Tensor vecdot(const Tensor& x, const Tensor& y, int64_t axis = -1);

using rush::cross, rush::matmul, rush::multi_dot;

}  // namespace rush::linalg

// What torch has at its top level too.
namespace rush {
using linalg::cholesky_inverse, linalg::cholesky_solve, linalg::det, linalg::logdet,
    linalg::matrix_exp, linalg::matrix_power, linalg::slogdet;
inline Tensor inverse(const Tensor& a) { return linalg::inv(a); }
inline Tensor pinverse(const Tensor& a) { return linalg::pinv(a); }
}  // namespace rush
