// The largest and smallest elements, and where they are.
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/reduce_parts.h"

namespace rush {
namespace {

void infer_extreme(InferCall& c) {
  const auto& a = c.attributes<ReduceAttrs>();
  const Shape& x = c.shape(0);
  const Shape out = reduced_shape(c.op, x, a.axes, a.keepdim);
  for (int64_t axis : normalize_axes(c.op, a.axes, x.size()))
    if (x[axis] == 0 && numel(out) > 0)
      fail<ShapeError>(c.op, ": axis ", axis, " has no elements to choose from; x is ", x);
  c.result(out, c.dtype(0));
}

// Equal elements share.
Tensor extreme_grad(const Tensor& dy, const Tensor& x, const Tensor& y, const ReduceAttrs& a) {
  const Tensor chosen = cast(eq(x, restore_axes(y, x.shape(), a.axes, a.keepdim)), x.dtype());
  return chosen * (restore_axes(dy, x.shape(), a.axes, a.keepdim) / sum(chosen, a.axes, true));
}

const Op& kAmax =
    Define("amax", "Largest element over some axes, or over all; equal ones share the gradient.")
        .args({"x"})
        .attrs<ReduceAttrs>()
        .shape(infer_extreme)
        .grad(
            [](Dy dy, X<0> x, Y<0> y, const ReduceAttrs& a) { return extreme_grad(dy, x, y, a); });
const Op& kAmin =
    Define("amin", "Smallest element over some axes, or over all; equal ones share the gradient.")
        .args({"x"})
        .attrs<ReduceAttrs>()
        .shape(infer_extreme)
        .grad(
            [](Dy dy, X<0> x, Y<0> y, const ReduceAttrs& a) { return extreme_grad(dy, x, y, a); });

Shape along_axis_shape(InferCall& c) {
  const auto& a = c.attributes<ArgReduceAttrs>();
  const Shape& x = c.shape(0);
  const int axis = axis_in(c.op, a.axis, x.size());
  Shape out = x;
  if (x.empty()) return out;
  if (a.keepdim) {
    out[axis] = 1;
  } else {
    out.erase(axis);
  }
  if (x[axis] == 0 && numel(out) > 0)
    fail<ShapeError>(c.op, ": axis ", axis, " has no elements to choose from; x is ", x);
  return out;
}

void infer_argument(InferCall& c) { c.result(along_axis_shape(c), DType::kInt64); }
void infer_value_and_argument(InferCall& c) {
  const Shape out = along_axis_shape(c);
  c.result(out, c.dtype(0));
  c.result(out, DType::kInt64);
}

// The gradient goes to the element that was chosen.
Tensor chosen_grad(const Tensor& dy, const Tensor& index, const Shape& x, const ArgReduceAttrs& a) {
  if (x.empty()) return dy;
  const int axis = axis_in("max", a.axis, x.size());
  const Tensor wide_dy = a.keepdim ? dy : unsqueeze(dy, axis);
  const Tensor wide_index = a.keepdim ? index : unsqueeze(index, axis);
  return scatter_add(zeros(x, dy.dtype()), axis, wide_index, wide_dy);
}

const Op& kMax = Define("max", "Largest element along an axis, and the index of the first.")
                     .args({"x"})
                     .attrs<ArgReduceAttrs>()
                     .outputs(2)
                     .shape(infer_value_and_argument)
                     .grad([](Dy dy, XSpec<0> x, Y<1> index, const ArgReduceAttrs& a) {
                       return chosen_grad(dy, index, x.shape, a);
                     });
const Op& kMin = Define("min", "Smallest element along an axis, and the index of the first.")
                     .args({"x"})
                     .attrs<ArgReduceAttrs>()
                     .outputs(2)
                     .shape(infer_value_and_argument)
                     .grad([](Dy dy, XSpec<0> x, Y<1> index, const ArgReduceAttrs& a) {
                       return chosen_grad(dy, index, x.shape, a);
                     });
const Op& kArgmax = Define("argmax", "Index of the largest element along an axis, the first one.")
                        .args({"x"})
                        .attrs<ArgReduceAttrs>()
                        .shape(infer_argument);
const Op& kArgmin = Define("argmin", "Index of the smallest element along an axis, the first one.")
                        .args({"x"})
                        .attrs<ArgReduceAttrs>()
                        .shape(infer_argument);

Tensor argument(const Op& op, const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
  if (axis) return apply(op, {x}, ArgReduceAttrs{*axis, keepdim});
  const Tensor y = apply(op, {reshape(x, {-1})}, ArgReduceAttrs{0, false});
  return keepdim ? reshape(y, Dims::filled(x.rank(), 1)) : y;
}

ValuesIndices both(const Op& op, const Tensor& x, int64_t axis, bool keepdim) {
  Tensors y = apply_multi(op, {x}, ArgReduceAttrs{axis, keepdim});
  return {y[0], y[1]};
}

}  // namespace

Tensor amax(const Tensor& x, const Dims& axes, bool keepdim) {
  return apply(kAmax, {x}, ReduceAttrs{axes, keepdim});
}
Tensor amin(const Tensor& x, const Dims& axes, bool keepdim) {
  return apply(kAmin, {x}, ReduceAttrs{axes, keepdim});
}
Tensor max(const Tensor& x) { return amax(x); }
Tensor min(const Tensor& x) { return amin(x); }
ValuesIndices max(const Tensor& x, int64_t axis, bool keepdim) {
  return both(kMax, x, axis, keepdim);
}
ValuesIndices min(const Tensor& x, int64_t axis, bool keepdim) {
  return both(kMin, x, axis, keepdim);
}
Tensor argmax(const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
  return argument(kArgmax, x, axis, keepdim);
}
Tensor argmin(const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
  return argument(kArgmin, x, axis, keepdim);
}

Tensor Tensor::max() const { return amax(*this); }
Tensor Tensor::min() const { return amin(*this); }
Tensor Tensor::argmax(std::optional<int64_t> axis, bool keepdim) const {
  return rush::argmax(*this, axis, keepdim);
}

}  // namespace rush
