// torch.linalg: factors, systems of equations and inverses.
#include "function.h"
#include "linalg_parts.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/linalg.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush::python {
namespace {

const NamedTuple kQr("linalg_qr", {"Q", "R"});
const NamedTuple kSvd("linalg_svd", {"U", "S", "Vh"});
const NamedTuple kEigh("linalg_eigh", {"eigenvalues", "eigenvectors"});
const NamedTuple kLu("linalg_lu", {"P", "L", "U"});
const NamedTuple kLuFactor("linalg_lu_factor", {"LU", "pivots"});
const NamedTuple kLuFactorEx("linalg_lu_factor_ex", {"LU", "pivots", "info"});
const NamedTuple kLstsq("linalg_lstsq", {"solution", "residuals", "rank", "singular_values"});
const NamedTuple kSlogdet("linalg_slogdet", {"sign", "logabsdet"});
const NamedTuple kInvEx("linalg_inv_ex", {"inverse", "info"});
const NamedTuple kCholeskyEx("linalg_cholesky_ex", {"L", "info"});
const NamedTuple kSolveEx("linalg_solve_ex", {"result", "info"});

bool is_upper(const std::string& name) {
  if (name == "U" || name == "u") return true;
  if (name == "L" || name == "l") return false;
  fail("linalg: UPLO is 'L' or 'U', the triangle that is read; got '", name, "'");
}

void check_pivot(bool pivot) {
  if (!pivot) fail("linalg: pivot=False is not supported; rows are swapped to keep numbers small");
}

// What PyTorch leaves out for a driver of LAPACK is left out; all drivers compute the same here.
NamedTuple::Parts least_squares(const Tensor& a, const Tensor& b, std::optional<double> rcond,
                                const std::string& driver) {
  if (driver != "gels" && driver != "gelsd" && driver != "gelss" && driver != "gelsy")
    fail("lstsq: driver is 'gels', 'gelsy', 'gelsd' or 'gelss'; got '", driver, "'");
  const auto r = linalg::lstsq(a, b, {.atol = {}, .rtol = rcond});
  const bool has_values = driver == "gelsd" || driver == "gelss";
  return kLstsq({r.solution, driver == "gelsy" ? empty({0}, a.dtype()) : r.residuals,
                 driver == "gels" ? empty({0}, DType::kInt64) : r.rank,
                 has_values ? r.singular_values : empty({0}, a.dtype())});
}

void add_factors(const Rows& rows) {
  rows.add(
      "cholesky(A, *, upper=False)",
      [](const Tensor& a, bool upper) { return linalg::cholesky(a, upper); }, kFullPrecision,
      "The triangle L with A = L L^T (upper: U with A = U^T U).");
  rows.add(
      "cholesky_ex(A, *, upper=False, check_errors=False)",
      [](const Tensor& a, bool upper, bool check_errors) {
        auto [l, info] =
            with_info([](const Tensor& m, const Tensor&) { return linalg::cholesky(m); }, a, {},
                      check_errors);
        return kCholeskyEx({upper ? transpose(l, -2, -1) : l, info});
      },
      kFullPrecision, "cholesky, and int32 that are not 0 where a matrix is not positive.");
  rows.add(
      "qr(A, mode='reduced')",
      [](const Tensor& a, const std::string& mode) {
        auto [q, r] = linalg::qr(a, mode);
        return kQr({q.defined() ? q : empty({0}, a.dtype()), r});
      },
      kFullPrecision, "A = Q R. mode: reduced, complete (Q is square) or r (no Q).");
  rows.add(
      "svd(A, full_matrices=True, *, driver=None)",
      [](const Tensor& a, bool full, const std::optional<std::string>&) {
        auto [u, s, vh] = linalg::svd(a, full);
        return kSvd({u, s, vh});
      },
      kFullPrecision, "A = U diag(S) Vh with falling S.");
  rows.add(
      "svdvals(A, *, driver=None)",
      [](const Tensor& a, const std::optional<std::string>&) { return linalg::svdvals(a); },
      kFullPrecision, "The singular values, falling.");
  rows.add(
      "eigh(A, UPLO='L')",
      [](const Tensor& a, const std::string& triangle) {
        auto [values, vectors] = linalg::eigh(a, is_upper(triangle));
        return kEigh({values, vectors});
      },
      kFullPrecision, "Eigenvalues, rising, and eigenvectors of a symmetric matrix.");
  rows.add(
      "eigvalsh(A, UPLO='L')",
      [](const Tensor& a, const std::string& triangle) {
        return linalg::eigvalsh(a, is_upper(triangle));
      },
      kFullPrecision, "Eigenvalues of a symmetric matrix, rising.");
  rows.add(
      "lu(A, *, pivot=True)",
      [](const Tensor& a, bool pivot) {
        check_pivot(pivot);
        auto [p, l, u] = linalg::lu(a);
        return kLu({p, l, u});
      },
      kFullPrecision, "A = P L U: a permutation and two triangles.");
  rows.add(
      "lu_factor(A, *, pivot=True)",
      [](const Tensor& a, bool pivot) {
        check_pivot(pivot);
        auto [lu, pivots] = linalg::lu_factor(a);
        return kLuFactor({lu, pivots});
      },
      kFullPrecision, "L and U of lu in one matrix, and the rows that were swapped, from 1.");
  rows.add(
      "lu_factor_ex(A, *, pivot=True, check_errors=False)",
      [](const Tensor& a, bool pivot, bool) {
        check_pivot(pivot);
        auto [lu, pivots] = linalg::lu_factor(a);
        const Tensor diagonals = diagonal(lu, 0, -2, -1);
        return kLuFactorEx({lu, pivots, any(eq(diagonals, 0), {-1}).to(DType::kInt32)});
      },
      kFullPrecision, "lu_factor, and int32 that are not 0 where a matrix is singular.");
  rows.add(
      "householder_product(A, tau)",
      [](const Tensor& a, const Tensor& tau) { return householder_product(a, tau); },
      kFullPrecision, "The first columns of the product of Householder's reflections.");
}

void add_systems(const Rows& rows) {
  rows.add(
      "solve(A, B, *, left=True)",
      [](const Tensor& a, const Tensor& b, bool left) { return linalg::solve(a, b, left); },
      kFullPrecision, "X with A X = B (left=False: X A = B).");
  rows.add(
      "solve_ex(A, B, *, left=True, check_errors=False)",
      [](const Tensor& a, const Tensor& b, bool left, bool check_errors) {
        const auto from_left = [](const Tensor& m, const Tensor& y) { return linalg::solve(m, y); };
        const auto from_right = [](const Tensor& m, const Tensor& y) {
          return linalg::solve(m, y, false);
        };
        auto [x, info] = left ? with_info(from_left, a, b, check_errors)
                              : with_info(from_right, a, b, check_errors);
        return kSolveEx({x, info});
      },
      kFullPrecision, "solve, and int32 that are not 0 where a matrix is singular.");
  rows.add(
      "solve_triangular(A, B, *, upper, left=True, unitriangular=False)",
      [](const Tensor& a, const Tensor& b, bool upper, bool left, bool unit) {
        return linalg::solve_triangular(a, b, upper, left, unit);
      },
      kFullPrecision, "X with A X = B for a triangle A.");
  rows.add(
      "lu_solve(LU, pivots, B, *, left=True, adjoint=False)",
      [](const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left, bool adjoint) {
        return solved_by_factors(lu, pivots, b, left, adjoint);
      },
      kFullPrecision, "X with A X = B from lu_factor(A).");
  rows.add(
      "inv(A)", [](const Tensor& a) { return linalg::inv(a); }, kFullPrecision, "The inverse.");
  rows.add(
      "inv_ex(A, *, check_errors=False)",
      [](const Tensor& a, bool check_errors) {
        auto [x, info] = with_info([](const Tensor& m, const Tensor&) { return linalg::inv(m); }, a,
                                   {}, check_errors);
        return kInvEx({x, info});
      },
      kFullPrecision, "inv, and int32 that are not 0 where a matrix is singular.");
  constexpr const char* kPinvDoc =
      "Moore and Penrose's inverse; singular values below max(atol, rtol times the largest) count "
      "as 0.";
  rows.add(
      "pinv(A, *, atol=None, rtol=None, hermitian=False)",
      [](const Tensor& a, std::optional<double> atol, std::optional<double> rtol, bool) {
        return linalg::pinv(a, {atol, rtol});
      },
      kFullPrecision, kPinvDoc);
  rows.add(
      "pinv(A, rcond, hermitian=False)",
      [](const Tensor& a, double rtol, bool) {
        return linalg::pinv(a, {0.0, rtol});
      },
      kFullPrecision, kPinvDoc);
  rows.add(
      "lstsq(A, B, rcond=None, *, driver=None)",
      [](const Tensor& a, const Tensor& b, std::optional<double> rcond,
         const std::optional<std::string>& driver) {
        return least_squares(a, b, rcond, driver.value_or("gelsy"));
      },
      kFullPrecision, "The X of least norm among those that make |A X - B| least.");
  rows.add(
      "tensorinv(A, ind=2)",
      [](const Tensor& a, int64_t ind) {
        if (ind <= 0 || ind >= a.rank())
          fail<ShapeError>("tensorinv: ind must be between 0 and the rank; got ", ind);
        Shape shape(a.shape().data() + ind, static_cast<size_t>(a.rank() - ind));
        const int64_t n = numel(shape);
        for (int64_t i = 0; i < ind; ++i) shape.push_back(a.size(i));
        return reshape(linalg::inv(reshape(a, {-1, n})), shape);
      },
      kFullPrecision, "The inverse of a tensor as a map from its last axes to its first ind.");
  rows.add(
      "tensorsolve(A, B, dims=None)",
      [](const Tensor& a, const Tensor& b, const Axes& dims) {
        Dims last;
        for (int i = 0; i < dims.size(); ++i) last.push_back(a.rank() - dims.size() + i);
        const Tensor moved = movedim(a, dims, last);
        const int rest = a.rank() - b.rank();
        if (rest < 0) fail<ShapeError>("tensorsolve: B has more axes than A");
        const Shape shape(moved.shape().data() + b.rank(), static_cast<size_t>(rest));
        const Tensor square = reshape(moved, {b.numel(), numel(shape)});
        return reshape(linalg::solve(square, flatten(b)), shape);
      },
      kFullPrecision, "X with tensordot(A, X, X.ndim) = B.");
}

}  // namespace

void add_linalg_rows() {
  const Rows rows("linalg");
  add_factors(rows);
  add_systems(rows);
  rows.add(
      "det(A)", [](const Tensor& a) { return linalg::det(a); }, kFullPrecision, "The determinant.");
  rows.add(
      "slogdet(A)",
      [](const Tensor& a) {
        auto [sign, logarithm] = linalg::slogdet(a);
        return kSlogdet({sign, logarithm});
      },
      kFullPrecision, "The determinant's sign and the logarithm of its size.");
}

}  // namespace rush::python
