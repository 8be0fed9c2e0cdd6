// Systems of equations, inverses and determinants.
#include <cmath>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/linalg.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/linalg.h"
#include "rush/ops/linalg_parts.h"
#include "rush/ops/unary.h"

namespace rush::linalg {
namespace {

constexpr std::initializer_list<DType> kReal = {float32, float64};

void infer_system(InferCall& c) {
  want_real(c.op, c.dtype(0));
  want_square(c.op, c.shape(0));
  want_matrix(c.op, c.shape(1));
  if (c.dtype(0) != c.dtype(1))
    fail<TypeError>(c.op, ": dtypes differ: a is ", c.in[0], ", b is ", c.in[1]);
  const Shape &a = c.shape(0), &b = c.shape(1);
  bool fits = a.size() == b.size() && a[a.size() - 1] == b[b.size() - 2];
  for (int d = 0; fits && d < a.size() - 2; ++d) fits = a[d] == b[d];
  if (!fits)
    fail<ShapeError>(c.op, ": b must have as many rows as a has columns; a is ", a, ", b is ", b);
  c.result(b, c.dtype(0));
}

// Of a X = b: db = a^-T dX and da = -db X^T.
const Op& kSolve = Define("solve", "X with a X = b. a: [..., N, N], b: [..., N, K].")
                       .args({"a", "b"})
                       .dtypes(kReal)
                       .shape(infer_system)
                       .grad([](Dy dy, X<0> a, Y<> x) {
                         return neg(matmul(solve(transposed(a), dy), transposed(x)));
                       })
                       .grad([](Dy dy, X<0> a) { return solve(transposed(a), dy); });

Tensor solve_turned(const Tensor& a, const Tensor& dy, const SolveTriangularAttrs& attrs) {
  return solve_triangular(transposed(a), dy, !attrs.upper, true, attrs.unitriangular);
}
const Op& kSolveTriangular =
    Define("solve_triangular", "X with a X = b for a triangle a, whose other half is not read.")
        .args({"a", "b"})
        .attrs<SolveTriangularAttrs>()
        .dtypes(kReal)
        .shape(infer_system)
        .grad([](Dy dy, X<0> a, Y<> x, const SolveTriangularAttrs& attrs) {
          const Tensor g = neg(matmul(solve_turned(a, dy, attrs), transposed(x)));
          const int64_t beside = attrs.unitriangular ? 1 : 0;
          return attrs.upper ? triu(g, beside) : tril(g, -beside);
        })
        .grad([](Dy dy, X<0> a, const SolveTriangularAttrs& attrs) {
          return solve_turned(a, dy, attrs);
        });

const Op& kInv =
    Define("inv", "The inverse of square matrices.")
        .args({"a"})
        .dtypes(kReal)
        .shape([](InferCall& c) {
          want_real(c.op, c.dtype(0));
          want_square(c.op, c.shape(0));
          c.result(c.shape(0), c.dtype(0));
        })
        .grad([](Dy dy, Y<> y) { return neg(matmul(transposed(y), matmul(dy, transposed(y)))); });

void infer_determinant(InferCall& c) {
  want_real(c.op, c.dtype(0));
  want_square(c.op, c.shape(0));
  c.result(batch_of(c.shape(0), {}), c.dtype(0));
}
Tensor as_matrix(const Tensor& v) { return unsqueeze(unsqueeze(v, -1), -1); }

const Op& kDet =
    Define("det", "The determinant of square matrices.")
        .args({"a"})
        .dtypes(kReal)
        .shape(infer_determinant)
        .grad([](Dy dy, X<> a, Y<> y) { return as_matrix(dy * y) * transposed(inv(a)); });
const Op& kSlogdet =
    Define("slogdet", "The sign of the determinant, and the logarithm of its size.")
        .args({"a"})
        .outputs(2)
        .dtypes(kReal)
        .shape([](InferCall& c) {
          infer_determinant(c);
          infer_determinant(c);
        })
        .grad([](DyOf<1> dy, X<> a) { return as_matrix(dy) * transposed(inv(a)); });

// d exp(a) in the direction of dy is the upper right block of exp([[a^T, dy], [0, a^T]]).
Tensor matrix_exp_grad(const Tensor& dy, const Tensor& a) {
  const int64_t n = a.size(-1);
  const Tensor at = transposed(a);
  const Tensor wide = cat({cat({at, dy}, -1), cat({zeros_like(at), at}, -1)}, -2);
  return slice(slice(matrix_exp(wide), -2, 0, n), -1, n);
}
const Op& kMatrixExp = Define("matrix_exp", "The sum of a^k / k! over all k.")
                           .args({"a"})
                           .dtypes(kReal)
                           .shape([](InferCall& c) {
                             want_real(c.op, c.dtype(0));
                             want_square(c.op, c.shape(0));
                             c.result(c.shape(0), c.dtype(0));
                           })
                           .grad([](Dy dy, X<> a) { return matrix_exp_grad(dy, a); });

// Both with a common batch.
struct System {
  Tensor a, b;
};
System together(const char* op, const Tensor& a, const Tensor& b) {
  want_square(op, a.shape());
  want_matrix(op, b.shape());
  const Shape batch = broadcast_shapes(op, batch_of(a.shape(), {}), batch_of(b.shape(), {}));
  const auto widened = [&](const Tensor& t) {
    Shape shape = batch;
    shape.push_back(t.size(-2));
    shape.push_back(t.size(-1));
    return t.shape() == shape ? t : expand(t, shape);
  };
  return {widened(a), widened(b)};
}

}  // namespace

Tensor solve(const Tensor& a, const Tensor& b, bool left) {
  want_square("solve", a.shape());
  // A vector for each matrix.
  const Shape vectors = batch_of(a.shape(), {a.size(-1)});
  if (b.rank() == 1 || b.shape() == vectors) return squeeze(solve(a, unsqueeze(b, -1), left), -1);
  if (!left) return transposed(solve(transposed(a), transposed(b)));
  const System s = together("solve", a, b);
  return apply(kSolve, {s.a, s.b});
}

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left,
                        bool unitriangular) {
  want_square("solve_triangular", a.shape());
  want_matrix("solve_triangular", b.shape());
  if (!left)
    return transposed(solve_triangular(transposed(a), transposed(b), !upper, true, unitriangular));
  const System s = together("solve_triangular", a, b);
  return apply(kSolveTriangular, {s.a, s.b}, SolveTriangularAttrs{upper, unitriangular});
}

Tensor cholesky_solve(const Tensor& b, const Tensor& factor, bool upper) {
  want_square("cholesky_solve", factor.shape());
  const Tensor l = upper ? transposed(factor) : factor;
  return solve_triangular(transposed(l), solve_triangular(l, b, false), true);
}
Tensor cholesky_inverse(const Tensor& factor, bool upper) {
  want_square("cholesky_inverse", factor.shape());
  return cholesky_solve(expand(identity_like(factor), factor.shape()), factor, upper);
}

Tensor inv(const Tensor& a) { return apply(kInv, {a}); }
Tensor det(const Tensor& a) { return apply(kDet, {a}); }
SignedLogarithm slogdet(const Tensor& a) {
  Tensors y = apply_multi(kSlogdet, {a});
  return {y[0], y[1]};
}
Tensor logdet(const Tensor& a) {
  const SignedLogarithm s = slogdet(a);
  return where(lt(s.sign, 0), NAN, s.logabsdet);
}
Tensor matrix_exp(const Tensor& a) { return apply(kMatrixExp, {a}); }

}  // namespace rush::linalg
