// Views of parts of a tensor: slice, select, diagonal, sliding windows, and splitting. Each has a
// reverse that puts the part back into zeros; view and reverse are each other's gradient.
#include <algorithm>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/movement.h"
#include "rush/ops/index_checks.h"
#include "rush/ops/movement.h"

namespace rush {
namespace {

struct Range {
  int axis;
  int64_t start, count;
};

// Python's rules: negative bounds count from the end, then both are clamped to the axis.
Range range_of(const char* op, const Shape& shape, const SliceAttrs& a) {
  if (shape.empty()) fail<IndexError>(op, ": a 0-d tensor has no axis to slice");
  const int axis = normalize_axis(op, a.axis, shape.size());
  if (a.step < 1)
    fail<IndexError>(op, ": step must be 1 or more; got ", a.step, " (flip reverses an axis)");
  const int64_t size = shape[axis];
  const auto clamp = [&](int64_t v) { return std::clamp<int64_t>(v < 0 ? v + size : v, 0, size); };
  const int64_t start = clamp(a.start), stop = std::max(start, clamp(a.stop));
  const int64_t length = stop - start;
  return {axis, start, length / a.step + (length % a.step != 0)};
}

bool view_slice(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const auto& a = *static_cast<const SliceAttrs*>(attrs);
  const Range r = range_of(op, in.shape, a);
  *out = in;
  out->shape[r.axis] = r.count;
  if (r.count > 0) out->offset += r.start * in.strides[r.axis];
  // With one element the step is never taken, and it may be too large to multiply.
  if (r.count > 1) out->strides[r.axis] = in.strides[r.axis] * a.step;
  return true;
}

Tensor slice_reverse(const Tensor& dy, const Shape& shape, const SliceAttrs& a) {
  const Range r = range_of("slice", shape, a);
  Dims start = Dims::filled(shape.size(), 0), step = Dims::filled(shape.size(), 1);
  start[r.axis] = r.start;
  step[r.axis] = r.count > 1 ? a.step : 1;
  return slice_grad(dy, shape, start, step);
}

int64_t checked_index(const char* op, int axis, int64_t index, int64_t size) {
  if (index < -size || index >= size)
    fail<IndexError>(op, ": index ", index, " is out of range for axis ", axis, " of size ", size);
  return index < 0 ? index + size : index;
}

int select_axis(const char* op, const Shape& shape, int64_t axis) {
  if (shape.empty()) fail<IndexError>(op, ": a 0-d tensor has no axis to select from");
  return normalize_axis(op, axis, shape.size());
}

bool view_select(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const auto& a = *static_cast<const SelectAttrs*>(attrs);
  const int axis = select_axis(op, in.shape, a.axis);
  const int64_t index = checked_index(op, axis, a.index, in.shape[axis]);
  *out = in;
  out->offset += index * in.strides[axis];
  out->shape.erase(axis);
  out->strides.erase(axis);
  return true;
}

Tensor select_reverse(const Tensor& dy, const Shape& shape, const SelectAttrs& a) {
  const int axis = select_axis("select", shape, a.axis);
  Dims start = Dims::filled(shape.size(), 0);
  start[axis] = checked_index("select", axis, a.index, shape[axis]);
  return slice_grad(unsqueeze(dy, axis), shape, start, Dims::filled(shape.size(), 1));
}

bool view_diagonal(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const auto& a = *static_cast<const DiagonalAttrs*>(attrs);
  if (in.rank() < 2) fail<ShapeError>(op, ": x must have rank 2 or more; got ", in.shape);
  const int axis1 = normalize_axis(op, a.axis1, in.rank());
  const int axis2 = normalize_axis(op, a.axis2, in.rank());
  if (axis1 == axis2)
    fail<ShapeError>(op, ": the two axes must differ; both are ", axis1, " of ", in.shape);
  const int64_t down = std::clamp<int64_t>(-std::max(a.offset, -INT64_MAX), 0, in.shape[axis1]);
  const int64_t right = std::clamp<int64_t>(a.offset, 0, in.shape[axis2]);
  const int64_t count = std::min(in.shape[axis1] - down, in.shape[axis2] - right);
  *out = in;
  if (count > 0) out->offset += down * in.strides[axis1] + right * in.strides[axis2];
  for (Dims* d : {&out->shape, &out->strides}) {
    d->erase(std::max(axis1, axis2));
    d->erase(std::min(axis1, axis2));
  }
  out->shape.push_back(count);
  out->strides.push_back(in.strides[axis1] + in.strides[axis2]);
  return true;
}

bool view_unfold(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const auto& a = *static_cast<const UnfoldAttrs*>(attrs);
  if (in.rank() == 0) fail<ShapeError>(op, ": a 0-d tensor has no axis to unfold");
  const int axis = normalize_axis(op, a.axis, in.rank());
  if (a.size < 0 || a.size > in.shape[axis] || a.step < 1)
    fail<ShapeError>(op, ": size must be 0 to ", in.shape[axis], " (axis ", axis, " of ", in.shape,
                     ") and step 1 or more; got size ", a.size, ", step ", a.step);
  *out = in;
  out->shape[axis] = (in.shape[axis] - a.size) / a.step + 1;
  if (out->shape[axis] > 1) out->strides[axis] *= a.step;
  out->shape.push_back(a.size);
  out->strides.push_back(in.strides[axis]);
  return true;
}

void check_box(const char* op, const Shape& part, const Shape& shape, const Dims& start,
               const Dims& step) {
  const int rank = shape.size();
  bool fits = part.size() == rank && start.size() == rank && step.size() == rank;
  for (int i = 0; fits && i < rank; ++i)
    fits = start[i] >= 0 && step[i] >= 1 &&
           (part[i] == 0 ||
            (start[i] < shape[i] && part[i] - 1 <= (shape[i] - 1 - start[i]) / step[i]));
  if (!fits)
    fail<ShapeError>(op, ": a part of shape ", part, " from ", start, " in steps of ", step,
                     " does not lie in ", shape);
}

void infer_slice_grad(InferCall& c) {
  const auto& a = c.attributes<SliceGradAttrs>();
  check_box(c.op, c.shape(0), a.shape, a.start, a.step);
  c.result(a.shape, c.dtype(0));
}

void infer_slice_put(InferCall& c) {
  const auto& a = c.attributes<SlicePutAttrs>();
  check_box(c.op, c.shape(1), c.shape(0), a.start, a.step);
  if (c.dtype(0) != c.dtype(1))
    fail<TypeError>(c.op, ": dtypes differ: x is ", c.in[0], ", value is ", c.in[1]);
  c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
}

void infer_diagonal_grad(InferCall& c) {
  const auto& a = c.attributes<DiagonalGradAttrs>();
  const DiagonalAttrs view{a.offset, a.axis1, a.axis2};
  Layout diagonal;
  view_diagonal(c.op, Layout(a.shape), &view, &diagonal);
  if (diagonal.shape != c.shape(0))
    fail<ShapeError>(c.op, ": the diagonal of ", a.shape, " is ", diagonal.shape, ", not ",
                     c.shape(0));
  c.result(a.shape, c.dtype(0));
}

void infer_unfold_grad(InferCall& c) {
  const auto& a = c.attributes<UnfoldGradAttrs>();
  const UnfoldAttrs view{a.axis, a.size, a.step};
  Layout windows;
  view_unfold(c.op, Layout(a.shape), &view, &windows);
  if (windows.shape != c.shape(0))
    fail<ShapeError>(c.op, ": the windows of ", a.shape, " are ", windows.shape, ", not ",
                     c.shape(0));
  require_number(c, 0);
  c.result(a.shape, c.dtype(0));
}

const Op& kSlice =
    Define("slice",
           "Elements start, start + step, ... before stop of one axis, as a view. "
           "Negative bounds count from the end; bounds outside are clamped.")
        .args({"x"})
        .attrs<SliceAttrs>()
        .view(view_slice)
        .grad([](Dy dy, XSpec<0> x, const SliceAttrs& a) { return slice_reverse(dy, x.shape, a); });
const Op& kSelect = Define("select", "One element of an axis, which is dropped, as a view.")
                        .args({"x"})
                        .attrs<SelectAttrs>()
                        .view(view_select)
                        .grad([](Dy dy, XSpec<0> x, const SelectAttrs& a) {
                          return select_reverse(dy, x.shape, a);
                        });
const Op& kDiagonal =
    Define("diagonal",
           "The diagonal of two axes as a new last axis, as a view; offset > 0 lies above it.")
        .args({"x"})
        .attrs<DiagonalAttrs>()
        .view(view_diagonal)
        .grad([](Dy dy, XSpec<0> x, const DiagonalAttrs& a) {
          return diagonal_grad(dy, x.shape, a.offset, a.axis1, a.axis2);
        });
const Op& kUnfold = Define("unfold",
                           "Windows of the given size along an axis, every `step` elements, as a "
                           "new last axis. A view: windows may overlap.")
                        .args({"x"})
                        .attrs<UnfoldAttrs>()
                        .view(view_unfold)
                        .grad([](Dy dy, XSpec<0> x, const UnfoldAttrs& a) {
                          return unfold_grad(dy, x.shape, a.axis, a.size, a.step);
                        });

const Op& kSliceGrad = Define("slice_grad",
                              "Zeros of the given shape with dy at start, start + step, ... of "
                              "every axis: the gradient of slice and select.")
                           .args({"dy"})
                           .attrs<SliceGradAttrs>()
                           .shape(infer_slice_grad)
                           .grad([](Dy g, XSpec<0> x, const SliceGradAttrs& a) {
                             return slice_box(g, a.start, x.shape, a.step);
                           });
const Op& kSlicePut =
    Define("slice_put", "x with a box replaced: from start, every step-th element of each axis.")
        .args({"x", "value"})
        .attrs<SlicePutAttrs>()
        .shape(infer_slice_put)
        .grad([](Dy dy, XSpec<1> value, const SlicePutAttrs& a) {
          const Tensor zeros = expand(Tensor::scalar(0, value.dtype), value.shape);
          return slice_put(dy, zeros, a.start, a.step);
        })
        .grad([](Dy dy, XSpec<1> value, const SlicePutAttrs& a) {
          return slice_box(dy, a.start, value.shape, a.step);
        });
const Op& kDiagonalGrad =
    Define("diagonal_grad",
           "Zeros of the given shape with dy on a diagonal: the gradient of diagonal.")
        .args({"dy"})
        .attrs<DiagonalGradAttrs>()
        .shape(infer_diagonal_grad)
        .grad([](Dy g, const DiagonalGradAttrs& a) {
          return diagonal(g, a.offset, a.axis1, a.axis2);
        });
const Op& kUnfoldGrad =
    Define("unfold_grad",
           "Adds windows back to where they were taken from: the gradient of unfold.")
        .args({"dy"})
        .attrs<UnfoldGradAttrs>()
        .dtypes(kNumbers)
        .shape(infer_unfold_grad)
        .grad([](Dy g, const UnfoldGradAttrs& a) { return unfold(g, a.axis, a.size, a.step); });

}  // namespace

Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step) {
  return apply(kSlice, {x}, SliceAttrs{axis, start, stop, step});
}

Tensor narrow(const Tensor& x, int64_t axis, int64_t start, int64_t length) {
  const int at = select_axis("narrow", x.shape(), axis);
  const int64_t size = x.shape()[at];
  const int64_t from = start < 0 ? start + size : start;
  if (from < 0 || from > size || length < 0 || length > size - from)
    fail<IndexError>("narrow: start ", start, ", length ", length, " reach outside axis ", at,
                     " of size ", size);
  return slice(x, at, from, from + length);
}

Tensor select(const Tensor& x, int64_t axis, int64_t index) {
  return apply(kSelect, {x}, SelectAttrs{axis, index});
}
Tensor diagonal(const Tensor& x, int64_t offset, int64_t axis1, int64_t axis2) {
  return apply(kDiagonal, {x}, DiagonalAttrs{offset, axis1, axis2});
}
Tensor unfold(const Tensor& x, int64_t axis, int64_t size, int64_t step) {
  return apply(kUnfold, {x}, UnfoldAttrs{axis, size, step});
}

Tensors unbind(const Tensor& x, int64_t axis) {
  const int at = select_axis("unbind", x.shape(), axis);
  Tensors out;
  for (int64_t i = 0; i < x.shape()[at]; ++i) out.push_back(select(x, at, i));
  return out;
}

Tensors split_evenly(const Tensor& x, int64_t size, int64_t axis) {
  const int at = select_axis("split", x.shape(), axis);
  const int64_t total = x.shape()[at];
  if (size < 0 || (size == 0 && total > 0))
    fail<ShapeError>("split: size must be positive; got ", size, " for axis ", at, " of ",
                     x.shape());
  Tensors out;
  int64_t start = 0;
  do {  // at least one part: an empty axis gives one empty tensor
    const int64_t length = std::min(size, total - start);
    out.push_back(narrow(x, at, start, length));
    start += length;
  } while (start < total);
  return out;
}

Tensors split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis) {
  const int at = select_axis("split", x.shape(), axis);
  int64_t sum = 0;
  bool valid = true;
  for (int64_t size : sizes) {
    valid = valid && size >= 0 && size <= x.shape()[at] - sum;
    if (valid) sum += size;
  }
  if (!valid || sum != x.shape()[at])
    fail<ShapeError>("split: sizes must add up to ", x.shape()[at], ", the size of axis ", at,
                     "; got ", detail::attr_text(sizes));
  Tensors out;
  int64_t start = 0;
  for (int64_t size : sizes) {
    out.push_back(narrow(x, at, start, size));
    start += size;
  }
  return out;
}

// More parts than any program needs would take all memory before they are made.
void check_parts(const char* op, int64_t parts) {
  constexpr int64_t kMost = 1 << 24;
  if (parts < 1 || parts > kMost)
    fail<ShapeError>(op, ": the number of parts must be between 1 and ", kMost, "; got ", parts);
}

Tensors chunk(const Tensor& x, int64_t chunks, int64_t axis) {
  const int at = select_axis("chunk", x.shape(), axis);
  if (chunks < 1) fail<ShapeError>("chunk: there must be at least one chunk; got ", chunks);
  const int64_t size = x.shape()[at];
  if (size > 0) return split_evenly(x, size / chunks + (size % chunks != 0), at);
  check_parts("chunk", chunks);
  Tensors out;
  for (int64_t i = 0; i < chunks; ++i) out.push_back(narrow(x, at, 0, 0));
  return out;
}

Tensors split_into(const Tensor& x, int64_t sections, int64_t axis) {
  const int at = select_axis("tensor_split", x.shape(), axis);
  check_parts("tensor_split", sections);
  const int64_t size = x.shape()[at], longer = size % sections;
  Tensors out;
  int64_t start = 0;
  for (int64_t i = 0; i < sections; ++i) {
    const int64_t length = size / sections + (i < longer);
    out.push_back(narrow(x, at, start, length));
    start += length;
  }
  return out;
}

Tensors tensor_split(const Tensor& x, const std::vector<int64_t>& indices, int64_t axis) {
  const int at = select_axis("tensor_split", x.shape(), axis);
  Tensors out;
  int64_t start = 0;
  for (int64_t stop : indices) {
    out.push_back(slice(x, at, start, stop));
    start = stop;
  }
  out.push_back(slice(x, at, start));
  return out;
}

Tensor slice_box(const Tensor& x, const Dims& start, const Shape& size, const Dims& step) {
  check_box("slice_box", size, x.shape(), start, step);
  Tensor part = x;
  for (int i = 0; i < size.size(); ++i) {
    if (size[i] == x.shape()[i]) continue;
    const int64_t stop = size[i] > 0 ? start[i] + (size[i] - 1) * step[i] + 1 : 0;
    part = slice(part, i, start[i], stop, step[i]);
  }
  return part;
}
Tensor slice_put(const Tensor& x, const Tensor& value, const Dims& start, const Dims& step) {
  return apply(kSlicePut, {x, value}, SlicePutAttrs{start, step});
}
Tensor slice_grad(const Tensor& dy, const Shape& shape, const Dims& start, const Dims& step) {
  return apply(kSliceGrad, {dy}, SliceGradAttrs{shape, start, step});
}
Tensor diagonal_grad(const Tensor& dy, const Shape& shape, int64_t offset, int64_t axis1,
                     int64_t axis2) {
  return apply(kDiagonalGrad, {dy}, DiagonalGradAttrs{shape, offset, axis1, axis2});
}
Tensor unfold_grad(const Tensor& dy, const Shape& shape, int64_t axis, int64_t size, int64_t step) {
  return apply(kUnfoldGrad, {dy}, UnfoldGradAttrs{shape, axis, size, step});
}

}  // namespace rush
