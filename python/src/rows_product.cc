// Products of matrices and vectors, and what is made of them.
#include "function.h"
#include "rows.h"
#include "rush/ops/matmul.h"
#include "rush/ops/softmax.h"

namespace rush::python {
namespace {

void add_products(const Rows& rows) {
  rows.add(
      "matmul(input, other)", [](const Tensor& a, const Tensor& b) { return matmul(a, b); },
      kLowerPrecision);
  rows.add(
      "mm(input, mat2)", [](const Tensor& a, const Tensor& b) { return mm(a, b); }, kLowerPrecision,
      "The product of two matrices.");
  rows.add(
      "bmm(input, mat2)", [](const Tensor& a, const Tensor& b) { return bmm(a, b); },
      kLowerPrecision, "The products of two lists of matrices.");
  rows.add(
      "mv(input, vec)", [](const Tensor& a, const Tensor& x) { return mv(a, x); }, kLowerPrecision,
      "A matrix times a vector.");
  rows.add(
      "dot(input, tensor)", [](const Tensor& x, const Tensor& y) { return dot(x, y); }, 0,
      "The sum of the products of two vectors' elements.");
  rows.add(
      "vdot(input, other)", [](const Tensor& x, const Tensor& y) { return vdot(x, y); }, 0,
      "As dot: there are no complex numbers.");
  rows.add(
      "inner(input, other)", [](const Tensor& x, const Tensor& y) { return inner(x, y); }, 0,
      "The sum of products over the last axis of both.");
  rows.add(
      "outer(input, vec2)", [](const Tensor& x, const Tensor& y) { return outer(x, y); }, 0,
      "All products of two vectors' elements, [M, N].");
  rows.alias("ger", "outer");
  rows.add(
      "kron(input, other)", [](const Tensor& x, const Tensor& y) { return kron(x, y); }, 0,
      "Every element of input times other.");
  rows.add(
      "cross(input, other, dim=None)",
      [](const Tensor& a, const Tensor& b, std::optional<int64_t> axis) {
        if (axis) return cross(a, b, *axis);
        for (int i = 0; i < a.rank(); ++i)  // the first axis of three
          if (a.shape()[i] == 3) return cross(a, b, i);
        fail<ShapeError>("cross: no axis of size 3 in ", a.shape());
      },
      0, "The cross products of vectors of three along an axis.");
}

// input plus a product, each weighted.
void add_sums_of_products(const Rows& rows) {
  using T = const Tensor&;
  constexpr unsigned kFlags = kInPlace | kLowerPrecision;
  rows.add(
      "addmm(input, mat1, mat2, *, beta=1, alpha=1)",
      [](T x, T a, T b, double beta, double alpha) {
        return addmm(x, a, b, {beta, alpha});
      },
      kFlags, "beta input + alpha (mat1 @ mat2).");
  rows.add(
      "baddbmm(input, batch1, batch2, *, beta=1, alpha=1)",
      [](T x, T a, T b, double beta, double alpha) {
        return baddbmm(x, a, b, {beta, alpha});
      },
      kFlags, "beta input + alpha (batch1 @ batch2), for lists of matrices.");
  rows.add(
      "addbmm(input, batch1, batch2, *, beta=1, alpha=1)",
      [](T x, T a, T b, double beta, double alpha) {
        return addbmm(x, a, b, {beta, alpha});
      },
      kFlags, "beta input + alpha times the sum of the products of two lists of matrices.");
  rows.add(
      "addmv(input, mat, vec, *, beta=1, alpha=1)",
      [](T x, T a, T v, double beta, double alpha) {
        return addmv(x, a, v, {beta, alpha});
      },
      kFlags, "beta input + alpha (mat @ vec).");
  rows.add(
      "addr(input, vec1, vec2, *, beta=1, alpha=1)",
      [](T x, T a, T b, double beta, double alpha) {
        return addr(x, a, b, {beta, alpha});
      },
      kInPlace, "beta input + alpha times the outer product of two vectors.");
}

void add_contractions(const Rows& rows) {
  rows.add("tensordot(a, b, dims=2)",
           [](const Tensor& a, const Tensor& b, int64_t axes) { return tensordot(a, b, axes); });
  rows.add("tensordot(a, b, dims)",
           [](const Tensor& a, const Tensor& b, const std::vector<Dims>& axes) {
             if (axes.size() != 2)
               fail<ShapeError>("tensordot: dims is a number or two lists of axes");
             return tensordot(a, b, axes[0], axes[1]);
           });
  rows.add(
      "einsum(equation, *operands)",
      [](const std::string& equation, const std::vector<Tensor>& operands) {
        return einsum(equation, operands);
      },
      0, "Einstein's summation: einsum('bij,bjk->bik', a, b).");
  rows.add(
      "chain_matmul(*matrices)",
      [](const std::vector<Tensor>& matrices) { return multi_dot(matrices); }, 0,
      "The product of matrices in the order that needs the fewest multiplications.");
  rows.add(
      "renorm(input, p, dim, maxnorm)",
      [](const Tensor& x, double p, int64_t axis, double most) { return renorm(x, p, axis, most); },
      kInPlace, "Entries of an axis whose norm is above maxnorm are scaled down to it.");
}

void add_softmax(const Rows& rows) {
  using Type = std::optional<DType>;
  rows.add("softmax(input, dim, dtype=None)",
           [](const Tensor& x, int64_t axis, Type t) { return softmax(t ? x.to(*t) : x, axis); });
  rows.add("log_softmax(input, dim, dtype=None)", [](const Tensor& x, int64_t axis, Type t) {
    return log_softmax(t ? x.to(*t) : x, axis);
  });
}

}  // namespace

void add_product_rows() {
  const Rows rows("torch");
  add_products(rows);
  add_sums_of_products(rows);
  add_contractions(rows);
  add_softmax(rows);
}

}  // namespace rush::python
