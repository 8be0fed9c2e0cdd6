// What follows from the factors: generalised inverses, least squares, ranks, norms, powers.
#include <cmath>
#include <limits>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/linalg.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/linalg.h"
#include "rush/ops/linalg_parts.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::linalg {
namespace {

double rounding(DType t) {
  return t == DType::kFloat32 ? double(std::numeric_limits<float>::epsilon())
                              : std::numeric_limits<double>::epsilon();
}

double relative_tolerance(const Tensor& a, const Tolerance& t) {
  if (t.rtol || t.atol) return t.rtol.value_or(0);
  return double(std::max(a.size(-1), a.size(-2))) * rounding(a.dtype());
}

// Singular values above this count: [..., 1].
Tensor threshold(const Tensor& s, const Tensor& a, const Tolerance& t) {
  const double relative = relative_tolerance(a, t);
  const Tensor most =
      s.size(-1) == 0 ? zeros(batch_of(s.shape(), {1}, 1), s.dtype()) : amax(s, {-1}, true);
  return clamp(most * relative, t.atol.value_or(0));
}

// Golub and Pereyra's derivative of the generalised inverse p of a.
Tensor pinv_grad(const Tensor& dy, const Tensor& a, const Tensor& p) {
  const Tensor g = transposed(dy), pt = transposed(p);
  if (a.size(-2) <= a.size(-1)) {
    const Tensor k = matmul(g, p), kp = matmul(k, pt);
    return kp - transposed(matmul(p, k)) - matmul(matmul(a, p), kp) +
           matmul(matmul(pt, p), g - matmul(k, a));
  }
  const Tensor k = matmul(p, g), pk = matmul(pt, k);
  return matmul(matmul(g - matmul(a, k), p), pt) - transposed(matmul(k, p)) + pk -
         matmul(matmul(pk, p), a);
}

const Op& kPinv = Define("pinv", "Moore and Penrose's generalised inverse.")
                      .args({"a"})
                      .attrs<PinvAttrs>()
                      .dtypes({float32, float64})
                      .shape([](InferCall& c) {
                        want_real(c.op, c.dtype(0));
                        want_matrix(c.op, c.shape(0));
                        const Shape& a = c.shape(0);
                        c.result(batch_of(a, {a[a.size() - 1], a[a.size() - 2]}), c.dtype(0));
                      })
                      .grad([](Dy dy, X<> a, Y<> y) { return pinv_grad(dy, a, y); });

void check_tolerance(const char* op, const Tolerance& t) {
  if ((t.atol && !(*t.atol >= 0)) || (t.rtol && !(*t.rtol >= 0)))
    fail(op, ": tolerances must not be negative; got ", t.atol.value_or(0), " and ",
         t.rtol.value_or(0));
}

// The two axes of the matrices at the end.
Tensor matrices_last(const char* op, const Tensor& a, const Dims& axes) {
  want_real(op, a.dtype());
  want_matrix(op, a.shape());
  if (axes.size() != 2) fail<ShapeError>(op, ": takes two axes; got ", axes);
  const int i = normalize_axis(op, axes[0], a.rank()), j = normalize_axis(op, axes[1], a.rank());
  if (i == j) fail<ShapeError>(op, ": the two axes must differ; both are ", i);
  return movedim(a, Dims{i, j}, Dims{-2, -1});
}

Tensor with_axes(const Tensor& y, const Tensor& a, const Dims& axes, bool keepdim) {
  if (!keepdim) return y;
  Shape shape = a.shape();
  for (int64_t axis : axes) shape[normalize_axis("matrix_norm", axis, a.rank())] = 1;
  return reshape(y, shape);
}

}  // namespace

Tensor pinv(const Tensor& a, const Tolerance& tolerance) {
  check_tolerance("pinv", tolerance);
  want_matrix("pinv", a.shape());
  return apply(kPinv, {a}, PinvAttrs{tolerance.atol.value_or(0), relative_tolerance(a, tolerance)});
}

Tensor matrix_rank(const Tensor& a, const Tolerance& tolerance) {
  check_tolerance("matrix_rank", tolerance);
  want_real("matrix_rank", a.dtype());
  want_matrix("matrix_rank", a.shape());
  const Tensor s = svdvals(a.detach());
  return sum(gt(s, threshold(s, a, tolerance)), {-1});
}

Lstsq lstsq(const Tensor& a, const Tensor& b, const Tolerance& tolerance) {
  check_tolerance("lstsq", tolerance);
  want_real("lstsq", a.dtype());
  want_matrix("lstsq", a.shape());
  if (b.rank() < 2 || b.size(-2) != a.size(-2))
    fail<ShapeError>("lstsq: wants b: [..., M, K] for a: [..., M, N]; a is ", a.shape(), ", b is ",
                     b.shape());
  const Tensor x = matmul(pinv(a, tolerance), b);
  const Tensor s = svdvals(a.detach());
  const Tensor rank = sum(gt(s, threshold(s, a, tolerance)), {-1});
  Tensor residuals = zeros({0}, a.dtype());
  const bool is_tall = a.size(-2) > a.size(-1);
  if (is_tall && rank.has_data() && all(eq(rank, a.size(-1))).item<int64_t>() != 0)
    residuals = sum(square(matmul(a, x) - b), {-2});
  return {x, residuals, rank, s};
}

Tensor matrix_power(const Tensor& a, int64_t n) {
  want_square("matrix_power", a.shape());
  if (n == 0) return expand(identity_like(a), a.shape()).clone();
  if (n < 0) return matrix_power(inv(a), -n);
  Tensor y, base = a;
  for (int64_t rest = n; rest > 0; rest /= 2) {
    if (rest % 2 == 1) y = y.defined() ? matmul(y, base) : base;
    if (rest > 1) base = matmul(base, base);
  }
  return y;
}

Tensor vector_norm(const Tensor& x, double ord, const Dims& axes, bool keepdim) {
  return norm(x, ord, axes, keepdim);
}

Tensor matrix_norm(const Tensor& a, double ord, const Dims& axes, bool keepdim) {
  const char* op = "matrix_norm";
  const Tensor m = matrices_last(op, a, axes);
  const double size = std::abs(ord);
  if (size != 1 && size != 2 && !std::isinf(ord))
    fail(op, ": ord must be fro, nuc, 1, -1, 2, -2 or an infinity; got ", ord);
  Tensor sums;
  if (size == 2)
    sums = svdvals(m);
  else
    sums = sum(abs(m), {size == 1 ? -2 : -1});
  return with_axes(ord > 0 ? amax(sums, {-1}) : amin(sums, {-1}), a, axes, keepdim);
}

Tensor matrix_norm(const Tensor& a, std::string_view ord, const Dims& axes, bool keepdim) {
  const Tensor m = matrices_last("matrix_norm", a, axes);
  if (ord == "fro") return with_axes(norm(m, 2, {-2, -1}), a, axes, keepdim);
  if (ord != "nuc") fail("matrix_norm: ord must be fro, nuc or a number; got '", ord, "'");
  return with_axes(sum(svdvals(m), {-1}), a, axes, keepdim);
}

Tensor cond(const Tensor& a, std::optional<double> p) {
  want_real("cond", a.dtype());
  want_matrix("cond", a.shape());
  if (!p || std::abs(*p) == 2) {
    const Tensor s = svdvals(a);
    const Tensor ratio = amax(s, {-1}) / amin(s, {-1});
    return p && *p < 0 ? 1 / ratio : ratio;
  }
  want_square("cond", a.shape());
  return matrix_norm(a, *p) * matrix_norm(inv(a), *p);
}
Tensor cond(const Tensor& a, std::string_view p) {
  want_square("cond", a.shape());
  return matrix_norm(a, p) * matrix_norm(inv(a), p);
}

Tensor vecdot(const Tensor& x, const Tensor& y, int64_t axis) { return sum(x * y, {axis}); }

}  // namespace rush::linalg
