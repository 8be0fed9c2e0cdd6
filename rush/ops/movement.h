// Moving elements about. Views share x's storage and cost nothing: reshape (where it can), view,
// transpose, permute, expand, squeeze, slice, select, diagonal, split, unfold and their kin. The
// rest copies: cat, stack, flip, roll, repeat, pad, tril, ...
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rush/core/op.h"

namespace rush {

// Views: shape.
Tensor reshape(const Tensor& x, const Shape& shape);  // one size may be -1; copies where it must
Tensor view(const Tensor& x, const Shape& shape);     // as reshape, ShapeError where it would copy
Tensor flatten(const Tensor& x, int64_t start_axis = 0, int64_t end_axis = -1);
Tensor unflatten(const Tensor& x, int64_t axis, const Shape& sizes);
Tensor squeeze(const Tensor& x);                    // drops every axis of size 1
Tensor squeeze(const Tensor& x, int64_t axis);      // drops the axis if its size is 1
Tensor squeeze(const Tensor& x, const Dims& axes);  // of these, drops those of size 1
Tensor unsqueeze(const Tensor& x, int64_t axis);    // a new axis of size 1, at `axis` of the result
Tensor expand(const Tensor& x, const Shape& shape);  // repeats axes of size 1; -1 keeps a size
Tensor broadcast_to(const Tensor& x, const Shape& shape);
Tensor expand_as(const Tensor& x, const Tensor& other);
Tensors broadcast_tensors(std::span<const Tensor> xs);
inline Tensors broadcast_tensors(std::initializer_list<Tensor> xs) {
  return broadcast_tensors(std::span(xs.begin(), xs.size()));
}

// Views: order of the axes.
Tensor permute(const Tensor& x, const Dims& axes);
Tensor transpose(const Tensor& x, int64_t axis0, int64_t axis1);
Tensor swapaxes(const Tensor& x, int64_t axis0, int64_t axis1);
Tensor t(const Tensor& x);  // x: [M, N] -> [N, M]; ranks 0 and 1 stay
Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination);
Tensor movedim(const Tensor& x, int64_t source, int64_t destination);

// Views: parts.
// Elements start, start + step, ... before stop; negative bounds count from the end, bounds outside
// are clamped as Python does. step >= 1.
Tensor slice(const Tensor& x, int64_t axis, int64_t start = 0, int64_t stop = INT64_MAX,
             int64_t step = 1);
Tensor narrow(const Tensor& x, int64_t axis, int64_t start, int64_t length);
Tensor select(const Tensor& x, int64_t axis, int64_t index);  // drops the axis
Tensor diagonal(const Tensor& x, int64_t offset = 0, int64_t axis1 = 0, int64_t axis2 = 1);
Tensor unfold(const Tensor& x, int64_t axis, int64_t size,
              int64_t step);  // windows, as a last axis
Tensors unbind(const Tensor& x, int64_t axis = 0);
Tensors split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis = 0);
Tensors split_evenly(const Tensor& x, int64_t size, int64_t axis = 0);  // the last may be shorter
Tensors chunk(const Tensor& x, int64_t chunks, int64_t axis = 0);       // at most that many parts
Tensors tensor_split(const Tensor& x, const std::vector<int64_t>& indices, int64_t axis = 0);
Tensors split_into(const Tensor& x, int64_t sections, int64_t axis = 0);  // exactly that many
// With a number: split(x, 3) cuts parts of size 3, tensor_split(x, 3) cuts into 3. Templates, so
// that a list of one, tensor_split(x, {3}), stays a list.
template <std::integral T>
Tensors split(const Tensor& x, T size, int64_t axis = 0) {
  return split_evenly(x, size, axis);
}
template <std::integral T>
Tensors tensor_split(const Tensor& x, T sections, int64_t axis = 0) {
  return split_into(x, sections, axis);
}

// Copies: joining. dtypes are promoted.
Tensor cat(std::span<const Tensor> xs, int64_t axis = 0);
Tensor stack(std::span<const Tensor> xs, int64_t axis = 0);
inline Tensor cat(std::initializer_list<Tensor> xs, int64_t axis = 0) {
  return cat(std::span(xs.begin(), xs.size()), axis);
}
inline Tensor stack(std::initializer_list<Tensor> xs, int64_t axis = 0) {
  return stack(std::span(xs.begin(), xs.size()), axis);
}

// Copies: reordering and repeating.
Tensor flip(const Tensor& x, const Dims& axes);
Tensor roll(const Tensor& x, const Dims& shifts, const Dims& axes = {});  // no axes: flattened
Tensor rot90(const Tensor& x, int64_t k = 1, int64_t axis0 = 0, int64_t axis1 = 1);
Tensor repeat(const Tensor& x, const Dims& repeats);  // at least x.rank() of them
Tensor tile(const Tensor& x, const Dims& repeats);    // missing ones in front are 1
Tensor repeat_interleave(const Tensor& x, int64_t repeats, std::optional<int64_t> axis = {});
Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<int64_t> axis = {});
Tensors meshgrid(std::span<const Tensor> xs, std::string_view indexing = "ij");
Tensor pixel_shuffle(const Tensor& x, int64_t factor);    // [.., C*r*r, H, W] -> [.., C, H*r, W*r]
Tensor pixel_unshuffle(const Tensor& x, int64_t factor);  // the reverse

// Copies: padding and triangles. `sizes` lists (before, after) for the last axis, then the one
// before it, and so on, as PyTorch's pad. Modes: constant, reflect, replicate, circular.
Tensor pad(const Tensor& x, const Dims& sizes, std::string_view mode = "constant",
           double value = 0);
Tensor tril(const Tensor& x, int64_t diagonal = 0);  // x: [..., M, N]
Tensor triu(const Tensor& x, int64_t diagonal = 0);
Tensor diag(const Tensor& x, int64_t diagonal = 0);  // [N] -> [N, N] and [M, N] -> its diagonal
Tensor diag_embed(const Tensor& x, int64_t offset = 0, int64_t axis1 = -2, int64_t axis2 = -1);

// A box of x as a view: `size[i]` elements of axis i from `start[i]` in steps of `step[i]`.
Tensor slice_box(const Tensor& x, const Dims& start, const Shape& size, const Dims& step);
// x with such a box replaced by `value`, whose shape is the box's.
Tensor slice_put(const Tensor& x, const Tensor& value, const Dims& start, const Dims& step);

// The reverses of views, for gradients: x's elements in a tensor of zeros of `shape`.
Tensor slice_grad(const Tensor& dy, const Shape& shape, const Dims& start, const Dims& step);
Tensor diagonal_grad(const Tensor& dy, const Shape& shape, int64_t offset, int64_t axis1,
                     int64_t axis2);
Tensor unfold_grad(const Tensor& dy, const Shape& shape, int64_t axis, int64_t size, int64_t step);

}  // namespace rush
