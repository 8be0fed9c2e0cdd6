// Products of vectors and chains of matrices.
#include <limits>

#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush {

Tensor inner(const Tensor& a, const Tensor& b) {
  if (a.rank() == 0 || b.rank() == 0) return a * b;
  return tensordot(a, b, Dims{-1}, Dims{-1});
}
Tensor vdot(const Tensor& x, const Tensor& y) { return dot(x, y); }
Tensor ger(const Tensor& x, const Tensor& y) { return outer(x, y); }

Tensor kron(const Tensor& a, const Tensor& b) {
  const int rank = std::max(a.rank(), b.rank());
  // Axes of a and b alternate, with ones where a rank is short.
  Shape of_a, of_b, out;
  for (int d = 0; d < rank; ++d) {
    const int i = d - (rank - a.rank()), j = d - (rank - b.rank());
    const int64_t m = i < 0 ? 1 : a.shape()[i], n = j < 0 ? 1 : b.shape()[j];
    of_a.push_back(m);
    of_a.push_back(1);
    of_b.push_back(1);
    of_b.push_back(n);
    out.push_back(m * n);
  }
  return reshape(reshape(a, of_a) * reshape(b, of_b), out);
}

Tensor cross(const Tensor& a, const Tensor& b, int64_t axis) {
  const Shape shape = broadcast_shapes("cross", a.shape(), b.shape());
  if (a.rank() != b.rank() || a.rank() == 0)
    fail<ShapeError>("cross: a and b must have one rank; a is ", a.shape(), ", b is ", b.shape());
  const int at = normalize_axis("cross", axis, a.rank());
  if (a.shape()[at] != 3 || b.shape()[at] != 3)
    fail<ShapeError>("cross: axis ", at, " must have size 3; a is ", a.shape(), ", b is ",
                     b.shape());
  const Tensor x = expand(a, shape), y = expand(b, shape);
  return roll(x, {-1}, {at}) * roll(y, {1}, {at}) - roll(x, {1}, {at}) * roll(y, {-1}, {at});
}

namespace {

// Matrix i of a chain has sizes[i] rows and sizes[i + 1] columns. best[i][j] is the cheapest way to
// multiply matrices i to j, cut after split[i][j].
struct Chain {
  std::vector<Tensor> matrices;
  std::vector<std::vector<size_t>> split;

  explicit Chain(std::vector<Tensor> all) : matrices(std::move(all)) {
    const size_t n = matrices.size();
    std::vector<double> sizes{double(matrices[0].shape()[0])};
    for (const Tensor& m : matrices) sizes.push_back(double(m.shape()[1]));
    std::vector<std::vector<double>> best(n, std::vector<double>(n, 0));
    split.assign(n, std::vector<size_t>(n, 0));
    for (size_t length = 2; length <= n; ++length) {
      for (size_t i = 0; i + length <= n; ++i) {
        const size_t j = i + length - 1;
        best[i][j] = std::numeric_limits<double>::infinity();
        for (size_t k = i; k < j; ++k) {
          const double cost = best[i][k] + best[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1];
          if (cost < best[i][j]) {
            best[i][j] = cost;
            split[i][j] = k;
          }
        }
      }
    }
  }
  Tensor product(size_t i, size_t j) const {
    if (i == j) return matrices[i];
    return matmul(product(i, split[i][j]), product(split[i][j] + 1, j));
  }
};

}  // namespace

Tensor multi_dot(std::span<const Tensor> matrices) {
  if (matrices.size() < 2) fail<ShapeError>("multi_dot: needs two matrices or more");
  std::vector<Tensor> all(matrices.begin(), matrices.end());
  const bool row = all.front().rank() == 1, column = all.back().rank() == 1;
  if (row) all.front() = unsqueeze(all.front(), 0);
  if (column) all.back() = unsqueeze(all.back(), 1);
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].rank() != 2)
      fail<ShapeError>("multi_dot: matrix ", static_cast<int64_t>(i),
                       " must have 2 dimensions; got ", matrices[i].shape());
    if (i > 0 && all[i - 1].shape()[1] != all[i].shape()[0])
      fail<ShapeError>("multi_dot: inner sizes differ: matrix ", static_cast<int64_t>(i - 1),
                       " is ", matrices[i - 1].shape(), ", the next one ", matrices[i].shape());
  }
  const Chain chain(std::move(all));
  Tensor y = chain.product(0, chain.matrices.size() - 1);
  if (row) y = squeeze(y, 0);
  return column ? squeeze(y, -1) : y;
}

Tensor renorm(const Tensor& x, double p, int64_t axis, double maxnorm) {
  if (x.rank() < 2) fail<ShapeError>("renorm: x must have rank 2 or more; got ", x.shape());
  const int at = normalize_axis("renorm", axis, x.rank());
  if (!(p > 0) || !(maxnorm >= 0))
    fail("renorm: p must be positive and maxnorm not negative; got ", p, " and ", maxnorm);
  Dims others;
  for (int d = 0; d < x.rank(); ++d)
    if (d != at) others.push_back(d);
  const Tensor size = norm(x, p, others, true);
  constexpr double kTiny = 1e-7;  // as PyTorch has it
  return x * where(gt(size, maxnorm), maxnorm / (size + kTiny), 1.0);
}

}  // namespace rush
