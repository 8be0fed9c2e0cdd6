// Views that change shape and the order of axes: reshape, expand, permute, transpose, squeeze. They
// share storage, and their gradients are views too (expand's adds up what was repeated).
#include "rush/ops/movement.h"

#include "rush/core/apply.h"
#include "rush/core/vocabulary.h"
#include "rush/kernels/attrs/movement.h"

namespace rush {
namespace {

// `shape` with its -1, if any, replaced by what is left of `count` elements.
Shape resolve_shape(const char* op, const Shape& from, const Shape& shape) {
  const int64_t count = numel(from);
  int unknown = -1;
  Shape out = shape;
  for (int i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 0) continue;
    if (shape[i] < -1 || unknown >= 0)
      fail<ShapeError>(op, ": sizes must be 0 or more, one of them may be -1; got ", shape);
    unknown = i;
    out[i] = 1;
  }
  const int64_t known = checked_numel(out, 1, op);
  if (unknown >= 0) {
    if (known == 0)
      fail<ShapeError>(op, ": -1 could be any size here; give all sizes to reshape ", from, " to ",
                       shape);
    out[unknown] = count / known;
  }
  if (unknown >= 0 ? count % known != 0 : count != known)
    fail<ShapeError>(op, ": element counts differ: ", from, " has ", count, ", ", shape,
                     unknown >= 0 ? " needs a multiple of " : " has ", known);
  return out;
}

bool view_reshape(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const Shape shape = resolve_shape(op, in.shape, static_cast<const ReshapeAttrs*>(attrs)->shape);
  const std::optional<Strides> strides = reshape_strides(in, shape);
  if (!strides) return false;
  *out = Layout(shape, *strides, in.offset);
  return true;
}

bool view_expand(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const Shape& shape = static_cast<const ExpandAttrs*>(attrs)->shape;
  const int added = shape.size() - in.rank();
  if (added < 0) fail<ShapeError>(op, ": cannot drop axes: x is ", in.shape, ", asked for ", shape);
  *out = Layout(shape, Dims::filled(shape.size(), 0), in.offset);
  for (int i = 0; i < shape.size(); ++i) {
    const int64_t before = i < added ? 1 : in.shape[i - added];
    if (shape[i] == -1 && i >= added) out->shape[i] = before;
    const bool repeats = before == 1 && out->shape[i] != 1;
    if (out->shape[i] < 0 || (before != out->shape[i] && !repeats))
      fail<ShapeError>(op, ": only axes of size 1 can be repeated: x is ", in.shape, ", asked for ",
                       shape, " (-1 keeps the size of an axis)");
    if (i >= added && !repeats) out->strides[i] = in.strides[i - added];
  }
  checked_numel(out->shape, 1, op);
  return true;
}

// The permutation with its axes normalised.
Dims checked_permutation(const char* op, const Dims& axes, int rank) {
  if (axes.size() != rank)
    fail<ShapeError>(op, ": axes must name every axis once: x has rank ", rank, ", axes are ",
                     axes);
  Dims out;
  uint32_t seen = 0;
  for (int64_t axis : axes) {
    out.push_back(normalize_axis(op, axis, rank));
    const uint32_t bit = 1u << out.back();
    if (seen & bit) fail<ShapeError>(op, ": axis ", axis, " is named twice in ", axes);
    seen |= bit;
  }
  return out;
}

Dims inverse(const Dims& permutation) {
  Dims out = permutation;
  for (int i = 0; i < permutation.size(); ++i) out[static_cast<int>(permutation[i])] = i;
  return out;
}

bool view_permute(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const Dims axes =
      checked_permutation(op, static_cast<const PermuteAttrs*>(attrs)->axes, in.rank());
  *out = in;
  for (int i = 0; i < axes.size(); ++i) {
    out->shape[i] = in.shape[static_cast<int>(axes[i])];
    out->strides[i] = in.strides[static_cast<int>(axes[i])];
  }
  return true;
}

bool view_transpose(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const auto& a = *static_cast<const TransposeAttrs*>(attrs);
  const int axis0 = normalize_axis(op, a.axis0, in.rank());
  const int axis1 = normalize_axis(op, a.axis1, in.rank());
  *out = in;
  if (in.rank() == 0) return true;
  std::swap(out->shape[axis0], out->shape[axis1]);
  std::swap(out->strides[axis0], out->strides[axis1]);
  return true;
}

bool view_squeeze(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const Dims axes = normalize_axes(op, static_cast<const SqueezeAttrs*>(attrs)->axes, in.rank());
  *out = Layout({}, {}, in.offset);
  int next = 0;
  for (int i = 0; i < in.rank(); ++i) {
    const bool named = next < axes.size() && axes[next] == i;
    if (named) ++next;
    if (named && in.shape[i] == 1) continue;
    out->shape.push_back(in.shape[i]);
    out->strides.push_back(in.strides[i]);
  }
  return true;
}

bool view_unsqueeze(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const int axis =
      normalize_axis(op, static_cast<const UnsqueezeAttrs*>(attrs)->axis, in.rank() + 1);
  const int64_t stride = axis < in.rank() ? in.shape[axis] * in.strides[axis] : 1;
  *out = in;
  out->shape.insert(axis, 1);
  out->strides.insert(axis, stride);
  return true;
}

constexpr auto kReshapeBack = [](Dy dy, XSpec<0> x) { return reshape(dy, x.shape); };

const Op& kReshape = Define("reshape",
                            "The same elements in row-major order under another shape. One size "
                            "may be -1. A view where the layout of x allows it, a copy otherwise.")
                         .args({"x"})
                         .attrs<ReshapeAttrs>()
                         .view(view_reshape)
                         .grad(kReshapeBack);
const Op& kExpand = Define("expand",
                           "Repeats axes of size 1, and adds axes in front, without copying. -1 "
                           "keeps the size of an axis.")
                        .args({"x"})
                        .attrs<ExpandAttrs>()
                        .view(view_expand)
                        .grad([](Dy dy, XSpec<0> x) { return sum_to(dy, x.shape); });
const Op& kPermute =
    Define("permute", "The axes of x in another order.")
        .args({"x"})
        .attrs<PermuteAttrs>()
        .view(view_permute)
        .grad([](Dy dy, const PermuteAttrs& a) {
          return permute(dy, inverse(checked_permutation("permute", a.axes, dy.rank())));
        });
const Op& kTranspose =
    Define("transpose", "Exchanges two axes.")
        .args({"x"})
        .attrs<TransposeAttrs>()
        .view(view_transpose)
        .grad([](Dy dy, const TransposeAttrs& a) { return transpose(dy, a.axis0, a.axis1); });
const Op& kSqueeze =
    Define("squeeze", "Drops the named axes that have size 1, or all of size 1 if none is named.")
        .args({"x"})
        .attrs<SqueezeAttrs>()
        .view(view_squeeze)
        .grad(kReshapeBack);
const Op& kUnsqueeze = Define("unsqueeze", "Adds an axis of size 1 at the given place.")
                           .args({"x"})
                           .attrs<UnsqueezeAttrs>()
                           .view(view_unsqueeze)
                           .grad(kReshapeBack);

}  // namespace

Tensor reshape(const Tensor& x, const Shape& shape) {
  return apply(kReshape, {x}, ReshapeAttrs{shape});
}

Tensor view(const Tensor& x, const Shape& shape) {
  const Shape resolved = resolve_shape("view", x.shape(), shape);
  if (x.has_data() && !x.is_contiguous() && !reshape_strides(x.layout(), resolved))
    fail<ShapeError>("view: ", shape, " cannot show the elements of ", x.shape(), " with strides ",
                     x.strides(), " without a copy; use reshape");
  return apply(kReshape, {x}, ReshapeAttrs{shape});
}

Tensor flatten(const Tensor& x, int64_t start_axis, int64_t end_axis) {
  const int from = normalize_axis("flatten", start_axis, x.rank());
  const int to = normalize_axis("flatten", end_axis, x.rank());
  if (from > to)
    fail<ShapeError>("flatten: start_axis ", start_axis, " comes after end_axis ", end_axis,
                     " for x of shape ", x.shape());
  if (x.rank() > 0 && from == to) return x;
  Shape shape;
  int64_t run = 1;
  for (int i = 0; i < x.rank(); ++i) {
    const bool inside = from <= i && i <= to;
    if (inside) run *= x.shape()[i];
    if (!inside || i == to) shape.push_back(inside ? run : x.shape()[i]);
  }
  if (x.rank() == 0) shape.push_back(1);
  return reshape(x, shape);
}

Tensor unflatten(const Tensor& x, int64_t axis, const Shape& sizes) {
  if (x.rank() == 0) fail<ShapeError>("unflatten: x must have at least one axis; got a 0-d tensor");
  const int at = normalize_axis("unflatten", axis, x.rank());
  const Shape parts = resolve_shape("unflatten", {x.shape()[at]}, sizes);
  Shape shape;
  for (int i = 0; i < x.rank(); ++i) {
    if (i != at) shape.push_back(x.shape()[i]);
    if (i == at)
      for (int64_t size : parts) shape.push_back(size);
  }
  return reshape(x, shape);
}

Tensor squeeze(const Tensor& x) { return apply(kSqueeze, {x}, SqueezeAttrs{}); }
Tensor squeeze(const Tensor& x, int64_t axis) { return squeeze(x, Dims{axis}); }
Tensor squeeze(const Tensor& x, const Dims& axes) {
  return apply(kSqueeze, {x}, SqueezeAttrs{axes});
}
Tensor unsqueeze(const Tensor& x, int64_t axis) {
  return apply(kUnsqueeze, {x}, UnsqueezeAttrs{axis});
}

Tensor expand(const Tensor& x, const Shape& shape) {
  return apply(kExpand, {x}, ExpandAttrs{shape});
}
Tensor broadcast_to(const Tensor& x, const Shape& shape) { return expand(x, shape); }
Tensor expand_as(const Tensor& x, const Tensor& other) { return expand(x, other.shape()); }

Tensors broadcast_tensors(std::span<const Tensor> xs) {
  Shape shape;
  for (const Tensor& x : xs) shape = broadcast_shapes("broadcast_tensors", shape, x.shape());
  Tensors out;
  for (const Tensor& x : xs) out.push_back(expand(x, shape));
  return out;
}

Tensor permute(const Tensor& x, const Dims& axes) {
  return apply(kPermute, {x}, PermuteAttrs{axes});
}
Tensor transpose(const Tensor& x, int64_t axis0, int64_t axis1) {
  return apply(kTranspose, {x}, TransposeAttrs{axis0, axis1});
}
Tensor swapaxes(const Tensor& x, int64_t axis0, int64_t axis1) {
  return transpose(x, axis0, axis1);
}
Tensor t(const Tensor& x) {
  if (x.rank() > 2)
    fail<ShapeError>("t: x must have rank 2 or less; got ", x.shape(),
                     " (transpose exchanges any two axes)");
  return x.rank() < 2 ? x : transpose(x, 0, 1);
}

Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination) {
  if (source.size() != destination.size())
    fail<ShapeError>("movedim: source and destination must be equally long; got ", source, " and ",
                     destination);
  Dims axes = Dims::filled(x.rank(), -1);
  uint32_t moved = 0;
  for (int i = 0; i < source.size(); ++i) {
    const int from = normalize_axis("movedim", source[i], x.rank());
    const int to = normalize_axis("movedim", destination[i], x.rank());
    if (x.rank() == 0) return x;
    if ((moved >> from) & 1 || axes[to] >= 0)
      fail<ShapeError>("movedim: an axis is named twice: source ", source, ", destination ",
                       destination);
    axes[to] = from;
    moved |= 1u << from;
  }
  int next = 0;
  for (int i = 0; i < x.rank(); ++i) {
    if (axes[i] >= 0) continue;
    while ((moved >> next) & 1) ++next;
    axes[i] = next++;
  }
  return permute(x, axes);
}
Tensor movedim(const Tensor& x, int64_t source, int64_t destination) {
  return movedim(x, Dims{source}, Dims{destination});
}

}  // namespace rush
