// Reading and writing by index tensors, and what is composed of that: whole entries of an axis,
// masks, take. The subscript x[...] is in subscript.cc, gather and scatter in gather.cc.
#include "rush/ops/index.h"

#include "rush/core/apply.h"
#include "rush/kernels/attrs/index.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/index_checks.h"
#include "rush/ops/movement.h"

namespace rush {

Tensor as_index(const char* op, const Tensor& index) {
  if (index.dtype() == DType::kInt64) return index;
  if (!is_integral(index.dtype()) || index.dtype() == DType::kUInt8)
    fail<TypeError>(op, ": an index tensor must hold integers; got ", index.dtype(),
                    index.dtype() == DType::kUInt8 ? " (masks are bool tensors)" : "");
  return cast(index, DType::kInt64);
}

void require_number(const InferCall& c, size_t input) {
  if (c.dtype(input) == DType::kBool)
    fail<TypeError>(c.op, ": truth values cannot be added; got ", c.in[input]);
}

void require_data(const char* op, const Tensor& x) {
  if (!x.has_data())
    fail(op, ": the size of the result depends on values, which a placeholder does not have yet");
}

Tensor zeros_of(const Spec& spec) { return expand(Tensor::scalar(0, spec.dtype), spec.shape); }

namespace {

bool are_rising_axes(const Dims& axes, int rank) {
  for (int i = 0; i < axes.size(); ++i)
    if (axes[i] < 0 || axes[i] >= rank || (i > 0 && axes[i] <= axes[i - 1])) return false;
  return !axes.empty();
}

// The shape of x[...] where the rows of `at` index `axes`.
Shape indexed_shape(const InferCall& c, const Dims& axes) {
  const Shape &x = c.shape(0), &at = c.shape(1);
  if (c.dtype(1) != DType::kInt64)
    fail<TypeError>(c.op, ": indices must be int64; got ", c.dtype(1));
  if (!are_rising_axes(axes, x.size()) || at.empty() || at[0] != axes.size())
    fail<ShapeError>(c.op, ": needs a row of indices for each of the axes ", axes, " of ", x,
                     "; indices are ", at);
  Shape out;
  for (int d = 0, next = 0; d < x.size(); ++d) {
    if (next < axes.size() && axes[next] == d)
      ++next;
    else
      out.push_back(x[d]);
  }
  for (int i = 1; i < at.size(); ++i) out.insert(index_position(axes) + i - 1, at[i]);
  return out;
}

void check_put(const InferCall& c, const Dims& axes) {
  const Shape part = indexed_shape(c, axes);
  if (c.shape(2) != part)
    fail<ShapeError>(c.op, ": values must have shape ", part, "; got ", c.shape(2));
  if (c.dtype(2) != c.dtype(0))
    fail<TypeError>(c.op, ": dtypes differ: x is ", c.in[0], ", values are ", c.in[2]);
}

const Op& kIndex =
    Define("index",
           "Elements by index tensors: each row of `at` indexes one of the axes, whose place the "
           "shape of a row takes. Negative indices count from the end.")
        .args({"x", "at"})
        .attrs<IndexAttrs>()
        .shape([](InferCall& c) {
          c.result(indexed_shape(c, c.attributes<IndexAttrs>().axes), c.dtype(0));
        })
        .grad([](Dy dy, X<1> at, XSpec<0> x, const IndexAttrs& a) {
          return index_put(zeros_of(x), at, dy, a.axes, true);
        })
        .grad(nullptr);

const Op& kIndexPut =
    Define("index_put",
           "x with the elements that `at` names replaced by values. Where an index repeats, the "
           "last value stays.")
        .args({"x", "at", "values"})
        .attrs<IndexAttrs>()
        .shape([](InferCall& c) {
          check_put(c, c.attributes<IndexAttrs>().axes);
          c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
        })
        .grad([](Dy dy, X<1> at, XSpec<2> values, const IndexAttrs& a) {
          return index_put(dy, at, zeros_of(values), a.axes, false);
        })
        .grad(nullptr)
        .grad([](Dy dy, X<1> at, const IndexAttrs& a) { return index(dy, at, a.axes); });

const Op& kIndexPutAdd =
    Define("index_put_add",
           "x with values added to the elements that `at` names. Where an index repeats, all are "
           "added, in order.")
        .args({"x", "at", "values"})
        .attrs<IndexAttrs>()
        .dtypes(kNumbers)
        .shape([](InferCall& c) {
          check_put(c, c.attributes<IndexAttrs>().axes);
          require_number(c, 0);
          c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
        })
        .grad([](Dy dy) { return Tensor(dy); })
        .grad(nullptr)
        .grad([](Dy dy, X<1> at, const IndexAttrs& a) { return index(dy, at, a.axes); });

const Op& kIndexPutInPlace =
    Define("index_put_", "Replaces elements of x itself, or adds to them, as index_put does.")
        .args({"x", "at", "values"})
        .attrs<IndexPutAttrs>()
        .mutates({0})
        .outputs(0)
        .shape([](InferCall& c) {
          const auto& a = c.attributes<IndexPutAttrs>();
          check_put(c, a.axes);
          if (a.accumulate) require_number(c, 0);
        });

// The one row of indices of a 1-d index tensor; the axis normalised.
struct AxisIndex {
  int axis;
  Tensor row;
};
AxisIndex axis_index(const char* op, const Tensor& x, int64_t axis, const Tensor& index) {
  if (x.rank() == 0) fail<ShapeError>(op, ": a 0-d tensor has no axis to index");
  if (index.rank() > 1) fail<ShapeError>(op, ": index must be 1-d; got ", index.shape());
  return {normalize_axis(op, axis, x.rank()), reshape(as_index(op, index), {-1})};
}

Tensor put_entries(const char* op, const Tensor& x, int64_t axis, const Tensor& index,
                   const Tensor& source, bool accumulate) {
  const AxisIndex i = axis_index(op, x, axis, index);
  Shape part = x.shape();
  part[i.axis] = i.row.numel();
  if (source.shape() != part && source.rank() != 0)
    fail<ShapeError>(op, ": source must have shape ", part, "; got ", source.shape());
  if (source.dtype() != x.dtype() && !source.is_weak())
    fail<TypeError>(op, ": dtypes differ: x is ", x.dtype(), ", source is ", source.dtype());
  return index_put(x, unsqueeze(i.row, 0), expand(cast(source, x.dtype()), part), {i.axis},
                   accumulate);
}

void check_mask(const char* op, const Tensor& mask) {
  if (mask.dtype() != DType::kBool) fail<TypeError>(op, ": mask must be bool; got ", mask.dtype());
}

}  // namespace

Tensor index(const Tensor& x, const Tensor& at, const Dims& axes) {
  return apply(kIndex, {x, at}, IndexAttrs{axes});
}
Tensor index_put(const Tensor& x, const Tensor& at, const Tensor& values, const Dims& axes,
                 bool accumulate) {
  return apply(accumulate ? kIndexPutAdd : kIndexPut, {x, at, values}, IndexAttrs{axes});
}
void index_put_(const Tensor& x, const Tensor& at, const Tensor& values, const Dims& axes,
                bool accumulate) {
  apply_multi(kIndexPutInPlace, {x, at, values}, IndexPutAttrs{axes, accumulate});
}

Tensor index_select(const Tensor& x, int64_t axis, const Tensor& index) {
  const AxisIndex i = axis_index("index_select", x, axis, index);
  return rush::index(x, unsqueeze(i.row, 0), Dims{i.axis});
}
Tensor index_add(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source) {
  return put_entries("index_add", x, axis, index, source, true);
}
Tensor index_copy(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source) {
  return put_entries("index_copy", x, axis, index, source, false);
}
Tensor index_fill(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& value) {
  if (value.rank() != 0)
    fail<ShapeError>("index_fill: value must be a single number; got shape ", value.shape());
  return put_entries("index_fill", x, axis, index, cast(value, x.dtype()), false);
}

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value) {
  check_mask("masked_fill", mask);
  if (value.rank() != 0)
    fail<ShapeError>("masked_fill: value must be a single number; got shape ", value.shape());
  return where(mask, cast(value, x.dtype()), x);
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check_mask("masked_select", mask);
  const Shape shape = broadcast_shapes("masked_select", x.shape(), mask.shape());
  return index(expand(x, shape), Indices{expand(mask, shape)});
}

Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source) {
  check_mask("masked_scatter", mask);
  if (source.dtype() != x.dtype())
    fail<TypeError>("masked_scatter: dtypes differ: x is ", x.dtype(), ", source is ",
                    source.dtype());
  const Shape shape = broadcast_shapes("masked_scatter", x.shape(), mask.shape());
  const Tensor where = nonzero(expand(mask, shape));
  const int64_t count = where.size(0);
  if (source.numel() < count)
    fail<ShapeError>("masked_scatter: the mask has ", count, " true elements, source only ",
                     source.numel());
  const Tensor values = slice(reshape(source, {-1}), 0, 0, count);
  return index_put(expand(x, shape), Indices{expand(mask, shape)}, values);
}

Tensor take(const Tensor& x, const Tensor& index) {
  return rush::index(reshape(x, {-1}), unsqueeze(as_index("take", index), 0), Dims{0});
}

Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<int64_t> axis) {
  if (!axis) return gather(reshape(x, {-1}), 0, reshape(index, {-1}));
  const int at = normalize_axis("take_along_dim", *axis, x.rank());
  if (x.rank() != index.rank())
    fail<ShapeError>("take_along_dim: x and index must have one rank; x is ", x.shape(),
                     ", index is ", index.shape());
  if (x.rank() == 0) return gather(x, 0, index);
  const Tensor i = as_index("take_along_dim", index);
  const Tensor from_start = where(lt(i, 0), i + x.shape()[at], i);
  // All axes but `at` broadcast.
  Shape x_shape = x.shape(), index_shape = index.shape();
  x_shape[at] = index_shape[at] = 1;
  const Shape common = broadcast_shapes("take_along_dim", x_shape, index_shape);
  x_shape = index_shape = common;
  x_shape[at] = x.shape()[at];
  index_shape[at] = index.shape()[at];
  return gather(expand(x, x_shape), at, expand(from_start, index_shape));
}

}  // namespace rush
