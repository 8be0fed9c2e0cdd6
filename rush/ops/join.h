// More ways to join, split and lay out tensors, all made of those in movement.h and index.h; and
// writes into parts that give a new tensor.
#pragma once

#include <concepts>
#include <span>
#include <string_view>

#include "rush/core/op.h"

namespace rush {

// Split along axis 1 (0 of a 1-d tensor), 0 and 2: into equal parts, or before the given indices.
Tensors hsplit_evenly(const Tensor& x, int64_t sections);
Tensors vsplit_evenly(const Tensor& x, int64_t sections);
Tensors dsplit_evenly(const Tensor& x, int64_t sections);
Tensors hsplit(const Tensor& x, const std::vector<int64_t>& indices);
Tensors vsplit(const Tensor& x, const std::vector<int64_t>& indices);
Tensors dsplit(const Tensor& x, const std::vector<int64_t>& indices);
// Templates, so that a list of one, hsplit(x, {3}), stays a list.
template <std::integral T>
Tensors hsplit(const Tensor& x, T sections) {
  return hsplit_evenly(x, sections);
}
template <std::integral T>
Tensors vsplit(const Tensor& x, T sections) {
  return vsplit_evenly(x, sections);
}
template <std::integral T>
Tensors dsplit(const Tensor& x, T sections) {
  return dsplit_evenly(x, sections);
}

// Join along axis 1 (0 of 1-d tensors), 0 and 2; missing axes are added as NumPy adds them.
Tensor atleast_1d(const Tensor& x);
Tensor atleast_2d(const Tensor& x);
Tensor atleast_3d(const Tensor& x);
Tensor hstack(std::span<const Tensor> xs);
Tensor vstack(std::span<const Tensor> xs);
Tensor dstack(std::span<const Tensor> xs);
Tensor column_stack(std::span<const Tensor> xs);    // 1-d tensors become columns
Tensor block_diag(std::span<const Tensor> xs);      // matrices on the diagonal, zeros elsewhere
Tensor cartesian_prod(std::span<const Tensor> xs);  // 1-d tensors -> all choices, [count, how many]
inline Tensor hstack(std::initializer_list<Tensor> xs) {
  return hstack(std::span(xs.begin(), xs.size()));
}
inline Tensor vstack(std::initializer_list<Tensor> xs) {
  return vstack(std::span(xs.begin(), xs.size()));
}
inline Tensor dstack(std::initializer_list<Tensor> xs) {
  return dstack(std::span(xs.begin(), xs.size()));
}
inline Tensor column_stack(std::initializer_list<Tensor> xs) {
  return column_stack(std::span(xs.begin(), xs.size()));
}
inline Tensor block_diag(std::initializer_list<Tensor> xs) {
  return block_diag(std::span(xs.begin(), xs.size()));
}
inline Tensor cartesian_prod(std::initializer_list<Tensor> xs) {
  return cartesian_prod(std::span(xs.begin(), xs.size()));
}
// All choices of r of the elements of a 1-d tensor, [count, r].
Tensor combinations(const Tensor& x, int64_t r = 2, bool with_replacement = false);

// Rows and columns of a triangle of a matrix, int64 [2, count].
Tensor tril_indices(int64_t rows, int64_t columns, int64_t offset = 0);
Tensor triu_indices(int64_t rows, int64_t columns, int64_t offset = 0);
Tensor diagflat(const Tensor& x, int64_t offset = 0);  // flattened, on a diagonal
Tensor vander(const Tensor& x, int64_t n = -1, bool increasing = false);  // powers, [N, n]

Tensor fliplr(const Tensor& x);
Tensor flipud(const Tensor& x);
Tensor ravel(const Tensor& x);
Tensor view_as(const Tensor& x, const Tensor& other);
Tensor reshape_as(const Tensor& x, const Tensor& other);
Tensor channel_shuffle(const Tensor& x, int64_t groups);  // [N, C, ...]

// x with a part replaced by `source`, whose shape is the part's.
Tensor select_scatter(const Tensor& x, const Tensor& source, int64_t axis, int64_t index);
Tensor slice_scatter(const Tensor& x, const Tensor& source, int64_t axis = 0, int64_t start = 0,
                     int64_t stop = INT64_MAX, int64_t step = 1);
Tensor diagonal_scatter(const Tensor& x, const Tensor& source, int64_t offset = 0,
                        int64_t axis1 = 0, int64_t axis2 = 1);
// x as if it were 1-d, with elements replaced (or added to).
Tensor put(const Tensor& x, const Tensor& index, const Tensor& source, bool accumulate = false);
// Entries of `source` combined into those of x that `index` names: prod, mean, amax or amin.
Tensor index_reduce(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source,
                    std::string_view reduce, bool include_self = true);
// Entries of the first axis reduced by groups of the given lengths, int64 [groups], whose sum is
// x's size: sum, mean, max, min or prod. An empty group gives what reducing nothing gives.
Tensor segment_reduce(const Tensor& x, std::string_view reduce, const Tensor& lengths);

}  // namespace rush
