// What is made of matmul: products with fewer or fixed dimensions, and sums over chosen axes.
#include "rush/base/error.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush {
namespace {

void check_rank(const char* op, const char* name, const Tensor& x, int rank) {
  if (x.rank() != rank)
    fail<ShapeError>(op, ": ", name, " must have ", rank, " dimensions; got ", x.shape());
}

}  // namespace

Tensor mm(const Tensor& a, const Tensor& b) {
  check_rank("mm", "a", a, 2);
  check_rank("mm", "b", b, 2);
  return matmul(a, b);
}

Tensor bmm(const Tensor& a, const Tensor& b) {
  check_rank("bmm", "a", a, 3);
  check_rank("bmm", "b", b, 3);
  if (a.shape()[0] != b.shape()[0])
    fail<ShapeError>("bmm: batch sizes differ: a is ", a.shape(), ", b is ", b.shape());
  return matmul(a, b);
}

Tensor mv(const Tensor& a, const Tensor& x) {
  check_rank("mv", "a", a, 2);
  check_rank("mv", "x", x, 1);
  return matmul(a, x);
}

Tensor dot(const Tensor& x, const Tensor& y) {
  check_rank("dot", "x", x, 1);
  check_rank("dot", "y", y, 1);
  return matmul(x, y);
}

Tensor outer(const Tensor& x, const Tensor& y) {
  check_rank("outer", "x", x, 1);
  check_rank("outer", "y", y, 1);
  return unsqueeze(x, 1) * unsqueeze(y, 0);
}

namespace {

Tensor scaled_sum(const Tensor& input, Tensor product, const AddmmOptions& o) {
  if (o.alpha != 1) product = product * o.alpha;
  if (o.beta == 0) return product;  // what input holds must not matter, NaN included
  return (o.beta == 1 ? input : input * o.beta) + product;
}

}  // namespace

Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, AddmmOptions options) {
  return scaled_sum(input, mm(a, b), options);
}

Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, AddmmOptions options) {
  return scaled_sum(input, bmm(a, b), options);
}

Tensor addbmm(const Tensor& input, const Tensor& a, const Tensor& b, AddmmOptions options) {
  check_rank("addbmm", "a", a, 3);
  check_rank("addbmm", "b", b, 3);
  return scaled_sum(input, sum(bmm(a, b), {0}), options);
}

Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& x, AddmmOptions options) {
  return scaled_sum(input, mv(a, x), options);
}

Tensor addr(const Tensor& input, const Tensor& x, const Tensor& y, AddmmOptions options) {
  return scaled_sum(input, outer(x, y), options);
}

Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& axes_a, const Dims& axes_b) {
  if (axes_a.size() != axes_b.size())
    fail<ShapeError>("tensordot: as many axes of a as of b; got ", axes_a, " and ", axes_b);
  Dims left, right, summed_a, summed_b;
  bool used_a[kMaxRank] = {}, used_b[kMaxRank] = {};
  for (int i = 0; i < axes_a.size(); ++i) {
    const int u = normalize_axis("tensordot", axes_a[i], a.rank());
    const int v = normalize_axis("tensordot", axes_b[i], b.rank());
    if (used_a[u] || used_b[v])
      fail<ShapeError>("tensordot: an axis is named twice: ", axes_a, " of a, ", axes_b, " of b");
    if (a.shape()[u] != b.shape()[v])
      fail<ShapeError>("tensordot: axis ", u, " of a and axis ", v, " of b differ: a is ",
                       a.shape(), ", b is ", b.shape());
    used_a[u] = used_b[v] = true;
    summed_a.push_back(u);
    summed_b.push_back(v);
  }
  int64_t rows = 1, cols = 1, inner = 1;
  Shape out;
  for (int d = 0; d < a.rank(); ++d) {
    if (used_a[d]) continue;
    left.push_back(d);
    out.push_back(a.shape()[d]);
    rows *= a.shape()[d];
  }
  for (int d = 0; d < b.rank(); ++d) {
    if (used_b[d]) continue;
    right.push_back(d);
    out.push_back(b.shape()[d]);
    cols *= b.shape()[d];
  }
  for (int64_t d : summed_a) {
    left.push_back(d);
    inner *= a.shape()[static_cast<int>(d)];
  }
  for (int64_t d : right) summed_b.push_back(d);
  return reshape(matmul(reshape(permute(a, left), {rows, inner}),
                        reshape(permute(b, summed_b), {inner, cols})),
                 out);
}

Tensor tensordot(const Tensor& a, const Tensor& b, int64_t axes) {
  if (axes < 0 || axes > a.rank() || axes > b.rank())
    fail<ShapeError>("tensordot: cannot sum over ", axes, " axes: a is ", a.shape(), ", b is ",
                     b.shape());
  Dims last, first;
  for (int i = 0; i < static_cast<int>(axes); ++i) {
    last.push_back(a.rank() - axes + i);
    first.push_back(i);
  }
  return tensordot(a, b, last, first);
}

}  // namespace rush
