#include "rush/ops/join.h"

#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

int split_axis(const char* op, const Tensor& x, int least_rank, int axis) {
  if (x.rank() < least_rank)
    fail<ShapeError>(op, ": x must have rank ", least_rank, " or more; got ", x.shape());
  return axis;
}

Tensors split_equally(const char* op, const Tensor& x, int64_t sections, int axis) {
  if (sections < 1 || x.shape()[axis] % sections != 0)
    fail<ShapeError>(op, ": cannot cut axis ", axis, " of ", x.shape(), " into ", sections,
                     " equal parts");
  return split_into(x, sections, axis);
}

int horizontal(const char* op, const Tensor& x) { return split_axis(op, x, 1, x.rank() > 1); }

std::vector<Tensor> each(std::span<const Tensor> xs, Tensor (*f)(const Tensor&)) {
  std::vector<Tensor> out;
  for (const Tensor& x : xs) out.push_back(f(x));
  return out;
}

void want_some(const char* op, std::span<const Tensor> xs) {
  if (xs.empty()) fail<ShapeError>(op, ": needs at least one tensor");
}

}  // namespace

Tensors hsplit_evenly(const Tensor& x, int64_t sections) {
  return split_equally("hsplit", x, sections, horizontal("hsplit", x));
}
Tensors hsplit(const Tensor& x, const std::vector<int64_t>& indices) {
  return tensor_split(x, indices, horizontal("hsplit", x));
}
Tensors vsplit_evenly(const Tensor& x, int64_t sections) {
  return split_equally("vsplit", x, sections, split_axis("vsplit", x, 2, 0));
}
Tensors vsplit(const Tensor& x, const std::vector<int64_t>& indices) {
  return tensor_split(x, indices, split_axis("vsplit", x, 2, 0));
}
Tensors dsplit_evenly(const Tensor& x, int64_t sections) {
  return split_equally("dsplit", x, sections, split_axis("dsplit", x, 3, 2));
}
Tensors dsplit(const Tensor& x, const std::vector<int64_t>& indices) {
  return tensor_split(x, indices, split_axis("dsplit", x, 3, 2));
}

Tensor atleast_1d(const Tensor& x) { return x.rank() >= 1 ? x : reshape(x, {1}); }
Tensor atleast_2d(const Tensor& x) { return x.rank() >= 2 ? x : unsqueeze(atleast_1d(x), 0); }
Tensor atleast_3d(const Tensor& x) { return x.rank() >= 3 ? x : unsqueeze(atleast_2d(x), -1); }
Tensor hstack(std::span<const Tensor> xs) {
  want_some("hstack", xs);
  return cat(each(xs, atleast_1d), xs[0].rank() > 1 ? 1 : 0);
}
Tensor vstack(std::span<const Tensor> xs) { return cat(each(xs, atleast_2d), 0); }
Tensor dstack(std::span<const Tensor> xs) { return cat(each(xs, atleast_3d), 2); }
Tensor column_stack(std::span<const Tensor> xs) {
  return cat(each(xs, [](const Tensor& x) { return x.rank() > 1 ? x : reshape(x, {-1, 1}); }), 1);
}

Tensor block_diag(std::span<const Tensor> xs) {
  want_some("block_diag", xs);
  int64_t columns = 0, before = 0;
  for (const Tensor& x : xs) {
    if (x.rank() > 2) fail<ShapeError>("block_diag: wants matrices; got ", x.shape());
    columns += atleast_2d(x).shape()[1];
  }
  std::vector<Tensor> rows;
  for (const Tensor& x : xs) {
    const Tensor block = atleast_2d(x);
    const int64_t width = block.shape()[1];
    rows.push_back(pad(block, {before, columns - before - width}));
    before += width;
  }
  return cat(rows, 0);
}

Tensor cartesian_prod(std::span<const Tensor> xs) {
  want_some("cartesian_prod", xs);
  for (const Tensor& x : xs)
    if (x.rank() != 1) fail<ShapeError>("cartesian_prod: wants 1-d tensors; got ", x.shape());
  if (xs.size() == 1) return xs[0];
  std::vector<Tensor> grids;
  for (const Tensor& grid : meshgrid(xs)) grids.push_back(reshape(grid, {-1}));
  return stack(grids, 1);
}

Tensor combinations(const Tensor& x, int64_t r, bool with_replacement) {
  if (x.rank() != 1) fail<ShapeError>("combinations: x must be 1-d; got ", x.shape());
  if (r < 0) fail<ShapeError>("combinations: r must not be negative; got ", r);
  const int64_t n = x.numel();
  std::vector<int64_t> at, all;
  for (int64_t i = 0; i < r; ++i) at.push_back(with_replacement ? 0 : i);
  int64_t count = 0;
  for (bool more = r > 0 && (with_replacement ? n > 0 : r <= n); more; ++count) {
    all.insert(all.end(), at.begin(), at.end());
    // The last place that can still move on, and all after it behind.
    int64_t k = r - 1;
    while (k >= 0 && at[k] == (with_replacement ? n - 1 : n - r + k)) --k;
    more = k >= 0;
    if (more) ++at[k];
    for (int64_t j = k + 1; more && j < r; ++j) at[j] = with_replacement ? at[k] : at[j - 1] + 1;
  }
  if (r == 0) return empty({0}, x.dtype());
  return take(x, Tensor::from(all, {count, r}));
}

namespace {

// Places of a triangle: all (row, column) with keep(column - row).
template <typename Keep>
Tensor triangle(const char* op, int64_t rows, int64_t columns, Keep keep) {
  if (rows < 0 || columns < 0)
    fail<ShapeError>(op, ": sizes must not be negative; got ", rows, " and ", columns);
  std::vector<int64_t> row, column;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      if (!keep(j - i)) continue;
      row.push_back(i);
      column.push_back(j);
    }
  }
  const auto count = static_cast<int64_t>(row.size());
  row.insert(row.end(), column.begin(), column.end());
  return Tensor::from(row, {2, count});
}

}  // namespace

Tensor tril_indices(int64_t rows, int64_t columns, int64_t offset) {
  return triangle("tril_indices", rows, columns, [=](int64_t d) { return d <= offset; });
}
Tensor triu_indices(int64_t rows, int64_t columns, int64_t offset) {
  return triangle("triu_indices", rows, columns, [=](int64_t d) { return d >= offset; });
}
Tensor diagflat(const Tensor& x, int64_t offset) {
  return diag_embed(reshape(x, {-1}), offset, 0, 1);
}
Tensor vander(const Tensor& x, int64_t n, bool increasing) {
  if (x.rank() != 1) fail<ShapeError>("vander: x must be 1-d; got ", x.shape());
  const int64_t count = n < 0 ? x.numel() : n;
  const Tensor powers = arange(count);
  return pow(unsqueeze(x, 1), increasing ? powers : flip(powers, {0}));
}

Tensor fliplr(const Tensor& x) { return flip(x, {split_axis("fliplr", x, 2, 1)}); }
Tensor flipud(const Tensor& x) { return flip(x, {split_axis("flipud", x, 1, 0)}); }
Tensor ravel(const Tensor& x) { return reshape(x, {-1}); }
Tensor view_as(const Tensor& x, const Tensor& other) { return view(x, other.shape()); }
Tensor reshape_as(const Tensor& x, const Tensor& other) { return reshape(x, other.shape()); }

Tensor channel_shuffle(const Tensor& x, int64_t groups) {
  if (x.rank() < 3 || groups < 1 || x.shape()[1] % groups != 0)
    fail<ShapeError>("channel_shuffle: groups must divide the channels of x: [N, C, ...]; x is ",
                     x.shape(), ", groups ", groups);
  Shape apart = x.shape();
  apart[1] /= groups;
  apart.insert(1, groups);
  return reshape(transpose(reshape(x, apart), 1, 2), x.shape());
}

}  // namespace rush
