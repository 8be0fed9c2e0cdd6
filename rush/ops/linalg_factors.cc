// Factorisations and their derivatives (Giles, "Collected matrix derivative results for forward and
// reverse mode algorithmic differentiation"; Seeger et al., "Auto-differentiating linear algebra").
#include "rush/core/apply.h"
#include "rush/kernels/attrs/linalg.h"
#include "rush/kernels/lapack.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/linalg.h"
#include "rush/ops/linalg_parts.h"
#include "rush/ops/unary.h"

namespace rush::linalg {

bool is_available() { return kernels::has_lapack(); }
Tensor identity_like(const Tensor& a) { return eye(a.size(-1), {}, a.dtype()); }

namespace {

constexpr std::initializer_list<DType> kReal = {float32, float64};

Tensor halved_diagonal(const Tensor& x) { return x * (1 - identity_like(x) * 0.5); }
Tensor column(const Tensor& v) { return unsqueeze(v, -1); }
Tensor row(const Tensor& v) { return unsqueeze(v, -2); }
Tensor on_diagonal(const Tensor& v) { return diag_embed(v); }

// X with X t = b for a triangle t.
Tensor right_solve(const Tensor& t, const Tensor& b, bool upper, bool unit = false) {
  return transposed(solve_triangular(transposed(t), transposed(b), !upper, true, unit));
}

void infer_square(InferCall& c) {
  want_real(c.op, c.dtype(0));
  want_square(c.op, c.shape(0));
  c.result(c.shape(0), c.dtype(0));
}

// With a = L L^T: L^-T P L^-1, made symmetric, where P is the lower triangle of L^T dL with half of
// its diagonal.
Tensor cholesky_grad(const Tensor& dl, const Tensor& l) {
  const Tensor p = halved_diagonal(tril(matmul(transposed(l), dl)));
  const Tensor g = right_solve(l, solve_triangular(transposed(l), p, true), false);
  return (g + transposed(g)) * 0.5;
}

const Op& kCholesky =
    Define("cholesky", "The triangle L (or U) with a = L L^T (or U^T U).")
        .args({"a"})
        .attrs<TriangleSideAttrs>()
        .dtypes(kReal)
        .shape(infer_square)
        .grad([](Dy dy, Y<> y, const TriangleSideAttrs& a) {
          return a.upper ? cholesky_grad(transposed(dy), transposed(y)) : cholesky_grad(dy, y);
        });

// ---- QR ---------------------------------------------------------------------------------------

void infer_qr(InferCall& c) {
  want_real(c.op, c.dtype(0));
  want_matrix(c.op, c.shape(0));
  const Shape& a = c.shape(0);
  const int64_t m = a[a.size() - 2], n = a[a.size() - 1];
  const int64_t q = c.attributes<FullMatricesAttrs>().full ? m : std::min(m, n);
  c.result(batch_of(a, {m, q}), c.dtype(0));
  c.result(batch_of(a, {q, n}), c.dtype(0));
}

// For m >= n: (dQ + Q copy(R dR^T - dQ^T Q)) R^-T, where copy takes the lower triangle above too.
Tensor tall_qr_grad(const Tensor& dq, const Tensor& dr, const Tensor& q, const Tensor& r) {
  const Tensor m = matmul(r, transposed(dr)) - matmul(transposed(dq), q);
  const Tensor both = tril(m) + transposed(tril(m, -1));
  return transposed(solve_triangular(r, transposed(dq + matmul(q, both)), true));
}

Tensor qr_grad(const Tensor& dq, const Tensor& dr, const Tensor& q, const Tensor& r, bool full) {
  const int64_t m = q.size(-2), n = r.size(-1);
  if (full && m > n)
    fail("qr: mode 'complete' has no gradient for more rows than columns; got ",
         batch_of(q.shape(), {m, n}));
  if (m >= n) return tall_qr_grad(dq, dr, q, r);
  // a = [X | Y] = Q [U | V]: Y = Q V gives its part of dQ.
  const Tensor u = slice(r, -1, 0, m), v = slice(r, -1, m);
  const Tensor du = slice(dr, -1, 0, m), dv = slice(dr, -1, m);
  const Tensor y = matmul(q, v);
  return cat({tall_qr_grad(dq + matmul(y, transposed(dv)), du, q, u), matmul(q, dv)}, -1);
}

const Op& kQr = Define("qr", "a = Q R with orthogonal columns and a triangle.")
                    .args({"a"})
                    .attrs<FullMatricesAttrs>()
                    .outputs(2)
                    .dtypes(kReal)
                    .shape(infer_qr)
                    .grad([](DyOf<0> dq, DyOf<1> dr, Y<0> q, Y<1> r, const FullMatricesAttrs& a) {
                      return qr_grad(dq, dr, q, r, a.full);
                    });

// ---- Singular values and eigenvalues ----------------------------------------------------------

void infer_svd(InferCall& c) {
  want_real(c.op, c.dtype(0));
  want_matrix(c.op, c.shape(0));
  const Shape& a = c.shape(0);
  const int64_t m = a[a.size() - 2], n = a[a.size() - 1], k = std::min(m, n);
  const bool full = c.attributes<FullMatricesAttrs>().full;
  c.result(batch_of(a, {m, full ? m : k}), c.dtype(0));
  c.result(batch_of(a, {k}), c.dtype(0));
  c.result(batch_of(a, {full ? n : k, n}), c.dtype(0));
}

// x over the differences d[j] - d[i], and 0 where they are 0: on the diagonal, and where equal
// values leave the vectors undetermined.
Tensor over_differences(const Tensor& x, const Tensor& d) {
  const Tensor gap = row(d) - column(d), is_zero = eq(gap, 0);
  return where(is_zero, 0.0, x / where(is_zero, 1.0, gap));
}
Tensor skew(const Tensor& x) { return x - transposed(x); }

Tensor svd_grad(const Tensor& du, const Tensor& ds, const Tensor& dvh, const Tensor& u,
                const Tensor& s, const Tensor& vh) {
  const int64_t m = u.size(-2), k = s.size(-1), n = vh.size(-1);
  if (u.size(-1) != k || vh.size(-2) != k)
    fail("svd: full matrices have no gradient; pass full_matrices = false");
  const Tensor s2 = square(s);
  const Tensor from_u = over_differences(skew(matmul(transposed(u), du)), s2) * row(s);
  const Tensor from_v = over_differences(skew(matmul(vh, transposed(dvh))), s2) * column(s);
  Tensor left = matmul(u, from_u + from_v + on_diagonal(ds));
  if (m > k) left = left + (du - matmul(u, matmul(transposed(u), du))) / row(s);
  Tensor g = matmul(left, vh);
  if (n > k) {
    const Tensor rest = dvh - matmul(matmul(dvh, transposed(vh)), vh);
    g = g + matmul(u, rest / column(s));
  }
  return g;
}

const Op& kSvd = Define("svd", "a = U diag(S) Vh with orthogonal columns, S falling.")
                     .args({"a"})
                     .attrs<FullMatricesAttrs>()
                     .outputs(3)
                     .dtypes(kReal)
                     .shape(infer_svd)
                     .grad([](DyOf<0> du, DyOf<1> ds, DyOf<2> dvh, Y<0> u, Y<1> s, Y<2> vh) {
                       return svd_grad(du, ds, dvh, u, s, vh);
                     });

const Op& kEigh = Define("eigh", "Eigenvalues, rising, and eigenvectors of symmetric matrices.")
                      .args({"a"})
                      .attrs<TriangleSideAttrs>()
                      .outputs(2)
                      .dtypes(kReal)
                      .shape([](InferCall& c) {
                        want_real(c.op, c.dtype(0));
                        want_square(c.op, c.shape(0));
                        const Shape& a = c.shape(0);
                        c.result(batch_of(a, {a[a.size() - 1]}), c.dtype(0));
                        c.result(a, c.dtype(0));
                      })
                      .grad([](DyOf<0> dw, DyOf<1> dv, Y<0> w, Y<1> v) {
                        const Tensor inner =
                            over_differences(matmul(transposed(v), dv), w) + on_diagonal(dw);
                        return matmul(matmul(v, inner), transposed(v));
                      });

// ---- LU ---------------------------------------------------------------------------------------

// P L^-T (tril(L^T dL, -1) + triu(dU U^T)) U^-T, with the rows of the factors in `order`.
Tensor lu_grad(const Tensor& dy, const Tensor& y, const Tensor& order) {
  if (y.size(-1) != y.size(-2))
    fail("lu_factor: only square matrices have a gradient; got ", y.shape());
  const Tensor l = tril(y, -1) + identity_like(y), u = triu(y);
  const Tensor inner =
      tril(matmul(transposed(l), tril(dy, -1)), -1) + triu(matmul(triu(dy), transposed(u)));
  const Tensor g =
      right_solve(transposed(u), solve_triangular(transposed(l), inner, true, true, true), false);
  // Row i of the factors came from row order[i] of a.
  return scatter(zeros_like(g), -2, expand(unsqueeze(order, -1), g.shape()), g);
}

const Op& kLuFactor =
    Define("lu_factor",
           "P L U in one matrix, the exchanges of rows (int32, from 1), and the order of rows that "
           "they make (int64).")
        .args({"a"})
        .outputs(3)
        .dtypes(kReal)
        .shape([](InferCall& c) {
          want_real(c.op, c.dtype(0));
          want_matrix(c.op, c.shape(0));
          const Shape& a = c.shape(0);
          const int64_t m = a[a.size() - 2], n = a[a.size() - 1];
          c.result(a, c.dtype(0));
          c.result(batch_of(a, {std::min(m, n)}), DType::kInt32);
          c.result(batch_of(a, {m}), DType::kInt64);
        })
        .grad([](Dy dy, Y<0> y, Y<2> order) { return lu_grad(dy, y, order); });

}  // namespace

Tensor cholesky(const Tensor& a, bool upper) {
  return apply(kCholesky, {a}, TriangleSideAttrs{upper});
}

QR qr(const Tensor& a, std::string_view mode) {
  if (mode != "reduced" && mode != "complete" && mode != "r")
    fail("qr: mode must be reduced, complete or r; got '", mode, "'");
  Tensors y = apply_multi(kQr, {a}, FullMatricesAttrs{mode == "complete"});
  return {mode == "r" ? Tensor() : y[0], y[1]};
}

SVD svd(const Tensor& a, bool full_matrices) {
  Tensors y = apply_multi(kSvd, {a}, FullMatricesAttrs{full_matrices});
  return {y[0], y[1], y[2]};
}
Tensor svdvals(const Tensor& a) { return svd(a, false).s; }

Eigh eigh(const Tensor& a, bool upper) {
  Tensors y = apply_multi(kEigh, {a}, TriangleSideAttrs{upper});
  return {y[0], y[1]};
}
Tensor eigvalsh(const Tensor& a, bool upper) { return eigh(a, upper).eigenvalues; }

LUFactors lu_factor(const Tensor& a) {
  Tensors y = apply_multi(kLuFactor, {a});
  return {y[0], y[1]};
}

LU lu(const Tensor& a) {
  Tensors y = apply_multi(kLuFactor, {a});
  const int64_t m = a.size(-2), k = std::min(m, a.size(-1));
  const Tensor p = transposed(one_hot(y[2], m));
  const Tensor l = tril(slice(y[0], -1, 0, k), -1) + eye(m, k, a.dtype());
  return {p.to(a.dtype()), l, triu(slice(y[0], -2, 0, k))};
}

}  // namespace rush::linalg
