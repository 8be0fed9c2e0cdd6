// Contractions close under differentiation: the gradient of a product is two products, with the
// operands transposed as views.
#include "rush/ops/matmul.h"

#include "rush/core/apply.h"
#include "rush/core/op.h"
#include "rush/core/vocabulary.h"
#include "rush/ops/movement.h"

namespace rush {
namespace {

constexpr std::initializer_list<DType> kNumbers = {
    DType::kUInt8,   DType::kInt8,     DType::kInt16,   DType::kInt32,  DType::kInt64,
    DType::kFloat16, DType::kBFloat16, DType::kFloat32, DType::kFloat64};

void check_types(const InferCall& c, const char* first, const char* second, size_t i) {
  if (c.dtype(0) == DType::kBool)
    fail<TypeError>(c.op, ": wants numbers; ", first, " is bool (cast it first)");
  if (c.dtype(0) != c.dtype(i))
    fail<TypeError>(c.op, ": operands must have one dtype; ", first, " is ", c.dtype(0), ", ",
                    second, " is ", c.dtype(i));
}

void infer_matmul(InferCall& c) {
  const Shape &a = c.shape(0), &b = c.shape(1);
  check_types(c, "a", "b", 1);
  if (a.size() < 2 || b.size() < 2)
    fail<ShapeError>(c.op, ": wants at least 1 dimension; a is ", a, ", b is ", b);
  const int ra = a.size(), rb = b.size();
  if (a[ra - 1] != b[rb - 2])
    fail<ShapeError>(c.op, ": inner sizes differ: a is ", a, ", b is ", b);
  Shape out;
  if (ra > 2 || rb > 2)
    out = broadcast_shapes(c.op, Shape(a.data(), ra - 2), Shape(b.data(), rb - 2));
  out.push_back(a[ra - 2]);
  out.push_back(b[rb - 1]);
  c.result(out, c.dtype(0));
}

// The leading dimensions of x as one.
Tensor as_rows(const Tensor& x) {
  if (x.rank() == 2) return x;
  const int64_t cols = x.shape().back();
  int64_t rows = 1;
  for (int d = 0; d < x.rank() - 1; ++d) rows *= x.shape()[d];
  return reshape(x, {rows, cols});
}

Tensor transposed(const Tensor& x) { return transpose(x, -2, -1); }

const Op& kMatmul =
    Define(
        "matmul",
        "Matrix product. a: [..., M, K], b: [..., K, N] give [..., M, N]; leading dimensions "
        "broadcast. A 1-d operand counts as a row (a) or a column (b), and its dimension is left "
        "out of the result.")
        .args({"a", "b"})
        .dtypes(kNumbers)
        .shape(infer_matmul)
        .grad([](Dy dy, X<1> b, XSpec<0> a) { return sum_to(matmul(dy, transposed(b)), a.shape); })
        .grad([](Dy dy, X<0> a, XSpec<1> b) {
          // One b for a whole batch: the sum over the batch is part of the product.
          if (b.shape.size() == 2) return matmul(transposed(as_rows(a)), as_rows(dy));
          return sum_to(matmul(transposed(a), dy), b.shape);
        });

void infer_linear(InferCall& c) {
  const Shape &x = c.shape(0), &w = c.shape(1);
  check_types(c, "x", "weight", 1);
  if (x.empty()) fail<ShapeError>("linear: x must have at least 1 dimension; got ", x);
  if (w.size() != 2) fail<ShapeError>("linear: weight must be [out, in]; got ", w);
  if (x.back() != w[1])
    fail<ShapeError>("linear: x has ", x.back(), " features, weight expects ", w[1], ": x is ", x,
                     ", weight is ", w);
  if (c.is_present(2)) {
    check_types(c, "x", "bias", 2);
    if (c.shape(2).size() != 1 || c.shape(2)[0] != w[0])
      fail<ShapeError>("linear: bias must be [", w[0], "] for weight ", w, "; got ", c.shape(2));
  }
  Shape out = x;
  out[out.size() - 1] = w[0];
  c.result(out, c.dtype(0));
}

const Op& kLinear =
    Define("linear",
           "x times the transposed weight, plus bias. x: [..., in], weight: [out, in], bias: [out] "
           "or none give [..., out].")
        .args({"x", "weight", "bias?"})
        .dtypes(kNumbers)
        .shape(infer_linear)
        .grad([](Dy dy, X<1> w) { return matmul(dy, w); })
        .grad([](Dy dy, X<0> x) {
          return x.rank() == 1 ? matmul(unsqueeze(dy, 1), unsqueeze(x, 0))
                               : matmul(transposed(as_rows(dy)), as_rows(x));
        })
        .grad([](Dy dy, XSpec<0> x) {
          return x.shape.size() == 1 ? Tensor(dy) : sum_to(as_rows(dy), {dy.shape().back()});
        });

const Op& kAddmmInPlace =
    Define("addmm_", "Adds the product of a: [M, K] and b: [K, N] to x: [M, N] itself.")
        .args({"x", "a", "b"})
        .dtypes({DType::kFloat32, DType::kFloat64})
        .mutates({0})
        .outputs(0)
        .shape([](InferCall& c) {
          check_types(c, "x", "a", 1);
          check_types(c, "x", "b", 2);
          if (c.dtype(0) != DType::kFloat32 && c.dtype(0) != DType::kFloat64)
            fail<TypeError>(c.op, ": works in float32 and float64; x is ", c.dtype(0));
          const Shape &x = c.shape(0), &a = c.shape(1), &b = c.shape(2);
          const bool fits = a.size() == 2 && b.size() == 2 && a[1] == b[0];
          if (!fits || !(x == Shape{a[0], b[1]}))
            fail<ShapeError>(c.op, ": x must have the shape of the product; x is ", x, ", a is ", a,
                             ", b is ", b);
        });

}  // namespace

const Tensor& addmm_(const Tensor& x, const Tensor& a, const Tensor& b) {
  apply_multi(kAddmmInPlace, {x, a, b});
  return x;
}

Tensor matmul(const Tensor& a, const Tensor& b) {
  if (a.rank() >= 2 && b.rank() >= 2) return apply(kMatmul, {a, b});
  if (a.rank() == 0 || b.rank() == 0)
    fail<ShapeError>("matmul: wants at least 1 dimension; a is ", a.shape(), ", b is ", b.shape());
  if (a.shape().back() != b.shape()[b.rank() == 1 ? 0 : b.rank() - 2])
    fail<ShapeError>("matmul: inner sizes differ: a is ", a.shape(), ", b is ", b.shape());
  const Tensor row = a.rank() == 1 ? unsqueeze(a, 0) : a;
  const Tensor column = b.rank() == 1 ? unsqueeze(b, 1) : b;
  Tensor y = apply(kMatmul, {row, column});
  if (b.rank() == 1) y = squeeze(y, -1);
  if (a.rank() == 1) y = squeeze(y, b.rank() == 1 ? -1 : -2);
  return y;
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return apply(kLinear, {x, weight, bias});
}

}  // namespace rush
