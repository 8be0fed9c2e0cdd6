// torch.linalg: norms, powers and products; and what torch has of linear algebra at its top.
#include "function.h"
#include "linalg_parts.h"
#include "rows.h"
#include "rush/ops/create.h"
#include "rush/ops/linalg.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush::python {
namespace {

using Type = std::optional<DType>;

const NamedTuple kTopSlogdet("slogdet", {"sign", "logabsdet"});
const NamedTuple kTopQr("qr", {"Q", "R"});
const NamedTuple kTopSvd("svd", {"U", "S", "V"});
const NamedTuple kLuUnpack("lu_unpack", {"P", "L", "U"});
const NamedTuple kTriangular("triangular_solve", {"solution", "cloned_coefficient"});

void add_norms(const Rows& rows) {
  rows.add(
      "norm(A, ord=None, dim=None, keepdim=False, *, dtype=None)",
      [](const Tensor& a, const NormOrder& order, const Axes& axes, bool keepdim, Type t) {
        return norm_of(t ? a.to(*t) : a, order, axes, keepdim);
      },
      0, "The norm of vectors or matrices, as ord and dim say; of all elements without them.");
  rows.add(
      "vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None)",
      [](const Tensor& x, double order, const Axes& axes, bool keepdim, Type t) {
        return linalg::vector_norm(t ? x.to(*t) : x, order, axes, keepdim);
      },
      0, "(the sum of |x|^ord)^(1 / ord) over some axes, or over all.");
  rows.add(
      "matrix_norm(A, ord='fro', dim=(-2, -1), keepdim=False, *, dtype=None)",
      [](const Tensor& a, const NormOrder& order, const Dims& axes, bool keepdim, Type t) {
        const Tensor x = t ? a.to(*t) : a;
        return order.number ? linalg::matrix_norm(x, *order.number, axes, keepdim)
                            : linalg::matrix_norm(x, order.name, axes, keepdim);
      },
      0, "ord: 'fro', 'nuc', infinities, 1, -1, 2 or -2.");
  rows.add(
      "cond(A, p=None)",
      [](const Tensor& a, const NormOrder& p) {
        return p.name.empty() ? linalg::cond(a, p.number) : linalg::cond(a, p.name);
      },
      kFullPrecision, "The norm of A times that of its inverse.");
  constexpr const char* kRankDoc =
      "How many singular values are above max(atol, rtol times the largest).";
  rows.add(
      "matrix_rank(A, *, atol=None, rtol=None, hermitian=False)",
      [](const Tensor& a, std::optional<double> atol, std::optional<double> rtol, bool) {
        return linalg::matrix_rank(a, {atol, rtol});
      },
      kFullPrecision, kRankDoc);
  rows.add(
      "matrix_rank(A, tol, hermitian=False)",
      [](const Tensor& a, double tol, bool) {
        return linalg::matrix_rank(a, {tol, 0.0});
      },
      kFullPrecision, kRankDoc);
}

// Powers 0 .. n - 1 of x: [.., N] -> [.., N, n]
Tensor powers_of(const Tensor& x, std::optional<int64_t> count) {
  if (x.rank() == 0) fail<ShapeError>("vander: x must be a vector or several");
  const int64_t n = count.value_or(x.size(-1));
  if (n < 1) fail<ShapeError>("vander: N must be 1 or more; got ", n);
  Shape shape = x.shape();
  shape.push_back(n - 1);
  const Tensor column = unsqueeze(x, -1);
  const Tensor powers = cumprod(expand(column, shape), -1);
  return cat({ones_like(column.detach(), powers.dtype()), powers}, -1);
}

void add_products(const Rows& rows) {
  rows.add(
      "matrix_power(A, n)", [](const Tensor& a, int64_t n) { return linalg::matrix_power(a, n); },
      0, "A times itself n times; of the inverse where n is negative.");
  rows.add(
      "matrix_exp(A)", [](const Tensor& a) { return linalg::matrix_exp(a); }, 0,
      "The sum of A^k / k!.");
  rows.add(
      "multi_dot(tensors)", [](const std::vector<Tensor>& tensors) { return multi_dot(tensors); },
      0, "The product of matrices in the order that needs the fewest multiplications.");
  rows.add(
      "matmul(input, other)", [](const Tensor& a, const Tensor& b) { return matmul(a, b); },
      kLowerPrecision);
  rows.add(
      "cross(input, other, *, dim=-1)",
      [](const Tensor& a, const Tensor& b, int64_t axis) { return cross(a, b, axis); }, 0,
      "The cross product of vectors of three along dim.");
  rows.add(
      "vecdot(x, y, *, dim=-1)",
      [](const Tensor& x, const Tensor& y, int64_t axis) { return linalg::vecdot(x, y, axis); }, 0,
      "The sum of x y along dim.");
  rows.add(
      "diagonal(A, *, offset=0, dim1=-2, dim2=-1)",
      [](const Tensor& a, int64_t offset, int64_t axis1, int64_t axis2) {
        return diagonal(a, offset, axis1, axis2);
      },
      0, "A diagonal of matrices, as a view.");
  rows.add(
      "vander(x, *, N=None)",
      [](const Tensor& x, std::optional<int64_t> n) { return powers_of(x, n); }, 0,
      "Powers 0 .. N - 1 of x as rows.");
}

void add_top_factors(const Rows& rows) {
  rows.add(
      "cholesky(input, upper=False)",
      [](const Tensor& a, bool upper) { return linalg::cholesky(a, upper); }, kFullPrecision,
      "The triangle L with A = L L^T (upper: U with A = U^T U).");
  rows.add(
      "qr(input, some=True)",
      [](const Tensor& a, bool some) {
        auto [q, r] = linalg::qr(a, some ? "reduced" : "complete");
        return kTopQr({q, r});
      },
      kFullPrecision, "A = Q R; some=False: Q is square.");
  rows.add(
      "svd(input, some=True, compute_uv=True)",
      [](const Tensor& a, bool some, bool compute_uv) {
        if (compute_uv) {
          auto [u, s, vh] = linalg::svd(a, !some);
          return kTopSvd({u, s, transpose(vh, -2, -1)});
        }
        Shape u = a.shape(), v = a.shape();
        u[a.rank() - 1] = a.size(-2);
        v[a.rank() - 2] = a.size(-1);
        return kTopSvd({zeros(u, a.dtype()), linalg::svdvals(a), zeros(v, a.dtype())});
      },
      kFullPrecision, "A = U diag(S) V^T with falling S.");
  rows.add(
      "lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True)",
      [](const Tensor& lu, const Tensor& pivots, bool data, bool with_pivots) {
        const Tensor none = empty({0}, lu.dtype());
        const auto [l, u] = data ? unpacked_factors(lu) : std::pair(none, none);
        const Tensor p = with_pivots ? permutation_of(pivots, lu.size(-2), lu.dtype()) : none;
        return kLuUnpack({p, l, u});
      },
      kFullPrecision, "P, L and U from lu_factor's results.");
}

void add_top_systems(const Rows& rows) {
  rows.add(
      "cholesky_inverse(input, upper=False)",
      [](const Tensor& factor, bool upper) { return cholesky_inverse(factor, upper); },
      kFullPrecision, "The inverse of L L^T from L.");
  rows.add(
      "cholesky_solve(input, input2, upper=False)",
      [](const Tensor& b, const Tensor& factor, bool upper) {
        return cholesky_solve(b, factor, upper);
      },
      kFullPrecision, "X with L L^T X = input, from L = input2.");
  rows.add(
      "inverse(input)", [](const Tensor& a) { return inverse(a); }, kFullPrecision, "The inverse.");
  rows.add(
      "pinverse(input, rcond=1e-15)",
      [](const Tensor& a, double rcond) {
        return linalg::pinv(a, {0.0, rcond});
      },
      kFullPrecision, "Moore and Penrose's inverse.");
  rows.add(
      "det(input)", [](const Tensor& a) { return det(a); }, kFullPrecision, "The determinant.");
  rows.add(
      "logdet(input)", [](const Tensor& a) { return logdet(a); }, kFullPrecision,
      "The logarithm of the determinant; NaN where that is negative.");
  rows.add(
      "slogdet(input)",
      [](const Tensor& a) {
        auto [sign, logarithm] = slogdet(a);
        return kTopSlogdet({sign, logarithm});
      },
      kFullPrecision, "The determinant's sign and the logarithm of its size.");
  rows.add(
      "lu_solve(input, LU_data, LU_pivots)",
      [](const Tensor& b, const Tensor& lu, const Tensor& pivots) {
        return solved_by_factors(lu, pivots, b, true, false);
      },
      kFullPrecision, "X with A X = input, from lu_factor(A).");
  rows.add(
      "triangular_solve(input, A, upper=True, transpose=False, unitriangular=False)",
      [](const Tensor& b, const Tensor& a, bool upper, bool turns, bool unit) {
        const Tensor x = turns
                             ? linalg::solve_triangular(transpose(a, -2, -1), b, !upper, true, unit)
                             : linalg::solve_triangular(a, b, upper, true, unit);
        return kTriangular({x, a.clone()});
      },
      kFullPrecision, "X with A X = input for a triangle A.");
  rows.add(
      "orgqr(input, input2)",
      [](const Tensor& a, const Tensor& tau) { return householder_product(a, tau); },
      kFullPrecision, "linalg.householder_product.");
  rows.add("matrix_power(input, n)", [](const Tensor& a, int64_t n) { return matrix_power(a, n); });
  rows.add("matrix_exp(input)", [](const Tensor& a) { return matrix_exp(a); });
}

}  // namespace

void add_linalg_measure_rows() {
  const Rows rows("linalg"), torch("torch");
  add_norms(rows);
  add_products(rows);
  add_top_factors(torch);
  add_top_systems(torch);
}

}  // namespace rush::python
