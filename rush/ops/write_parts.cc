// Writes into parts of a tensor that give a new one, and reductions by groups of entries.
#include <cmath>

#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/index_checks.h"
#include "rush/ops/join.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

void check_source(const char* op, const Shape& part, const Tensor& source, DType dtype) {
  if (source.shape() != part)
    fail<ShapeError>(op, ": source must have shape ", part, "; got ", source.shape());
  if (source.dtype() != dtype)
    fail<TypeError>(op, ": dtypes differ: x is ", dtype, ", source is ", source.dtype());
}

// index [N] as an index tensor of `shape` along `axis`, for gather's kin.
Tensor spread(const Tensor& index, int axis, const Shape& shape) {
  Shape line = Dims::filled(shape.size(), 1);
  line[axis] = index.numel();
  return expand(reshape(index, line), shape);
}

}  // namespace

Tensor select_scatter(const Tensor& x, const Tensor& source, int64_t axis, int64_t index) {
  if (x.rank() == 0) fail<ShapeError>("select_scatter: a 0-d tensor has no axis to select from");
  const int at = normalize_axis("select_scatter", axis, x.rank());
  const int64_t size = x.shape()[at], i = index < 0 ? index + size : index;
  check_source("select_scatter", select(x, at, index).shape(), source, x.dtype());
  return slice_scatter(x, unsqueeze(source, at), at, i, i + 1);
}

Tensor slice_scatter(const Tensor& x, const Tensor& source, int64_t axis, int64_t start,
                     int64_t stop, int64_t step) {
  if (x.rank() == 0) fail<ShapeError>("slice_scatter: a 0-d tensor has no axis to slice");
  const int at = normalize_axis("slice_scatter", axis, x.rank());
  const Shape part = slice(x, at, start, stop, step).shape();
  check_source("slice_scatter", part, source, x.dtype());
  if (part[at] == 0) return x;
  const int64_t size = x.shape()[at];
  Dims from = Dims::filled(x.rank(), 0), steps = Dims::filled(x.rank(), 1);
  from[at] = start < 0 ? std::max<int64_t>(start + size, 0) : start;
  steps[at] = step;
  return slice_put(x, source, from, steps);
}

Tensor diagonal_scatter(const Tensor& x, const Tensor& source, int64_t offset, int64_t axis1,
                        int64_t axis2) {
  const Tensor part = diagonal(x, offset, axis1, axis2);
  check_source("diagonal_scatter", part.shape(), source, x.dtype());
  const Tensor is_part =
      diagonal_grad(full(part.shape(), true, DType::kBool), x.shape(), offset, axis1, axis2);
  return where(is_part, diagonal_grad(source, x.shape(), offset, axis1, axis2), x);
}

Tensor put(const Tensor& x, const Tensor& index, const Tensor& source, bool accumulate) {
  if (index.numel() != source.numel())
    fail<ShapeError>("put: index and source must have as many elements; index is ", index.shape(),
                     ", source is ", source.shape());
  if (source.dtype() != x.dtype())
    fail<TypeError>("put: dtypes differ: x is ", x.dtype(), ", source is ", source.dtype());
  const Tensor at = reshape(as_index("put", index), {1, -1});
  return reshape(index_put(reshape(x, {-1}), at, reshape(source, {-1}), {0}, accumulate),
                 x.shape());
}

Tensor index_reduce(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source,
                    std::string_view reduce, bool include_self) {
  if (x.rank() == 0) fail<ShapeError>("index_reduce: a 0-d tensor has no axis to index");
  const int at = normalize_axis("index_reduce", axis, x.rank());
  if (index.rank() != 1) fail<ShapeError>("index_reduce: index must be 1-d; got ", index.shape());
  if (reduce == "sum")
    fail("index_reduce: reduce must be prod, mean, amax or amin; index_add gives sums");
  Shape part = x.shape();
  part[at] = index.numel();
  check_source("index_reduce", part, source, x.dtype());
  const Tensor rows = spread(as_index("index_reduce", index), at, part);
  return scatter_reduce(x, at, rows, source, reduce, include_self);
}

Tensor segment_reduce(const Tensor& x, std::string_view reduce, const Tensor& lengths) {
  if (x.rank() == 0 || lengths.rank() != 1)
    fail<ShapeError>("segment_reduce: wants x: [N, ...] and lengths: [groups]; x is ", x.shape(),
                     ", lengths are ", lengths.shape());
  if (!is_floating(x.dtype()))
    fail<TypeError>("segment_reduce: wants a floating dtype; got ", x.dtype());
  require_data("segment_reduce", lengths);
  const Tensor group =
      repeat_interleave(arange(lengths.numel()), as_index("segment_reduce", lengths));
  if (group.numel() != x.shape()[0])
    fail<ShapeError>("segment_reduce: lengths must sum to ", x.shape()[0],
                     ", the size of axis 0 of ", x.shape(), "; they sum to ", group.numel());
  const bool is_max = reduce == "max", is_min = reduce == "min";
  double nothing = 0;
  if (is_max) nothing = -INFINITY;
  if (is_min) nothing = INFINITY;
  if (reduce == "prod") nothing = 1;
  if (reduce == "mean") nothing = NAN;
  Shape out = x.shape();
  out[0] = lengths.numel();
  const std::string_view name = is_max ? "amax" : is_min ? "amin" : reduce;
  return scatter_reduce(full(out, nothing, x.dtype()), 0, spread(group, 0, x.shape()), x, name,
                        false);
}

}  // namespace rush
