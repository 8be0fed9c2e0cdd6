// Views: other shapes, orders and parts of the same elements.
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/join.h"
#include "rush/ops/movement.h"
#include "strided.h"

namespace rush::python {
namespace {

// Convolutions and pools give channels-last memory unasked, and programs written for PyTorch say
// x.view(batch, -1) after them: that copies, where any other view that cannot be is an error.
Tensor viewed(const Tensor& x, const Dims& shape) {
  const bool is_ours = !x.is_contiguous() && is_channels_last(x.shape(), x.strides());
  return is_ours ? reshape(x, shape) : view(x, shape);
}

void add_shapes(const Rows& rows) {
  const Rows methods("tensor");
  rows.add("reshape(input, *shape)", [](const Tensor& x, const Dims& s) { return reshape(x, s); });
  rows.add("flatten(input, start_dim=0, end_dim=-1)",
           [](const Tensor& x, int64_t from, int64_t to) { return flatten(x, from, to); });
  rows.add("unflatten(input, dim, sizes)", [](const Tensor& x, int64_t axis, const Dims& sizes) {
    return unflatten(x, axis, sizes);
  });
  rows.add(
      "ravel(input)", [](const Tensor& x) { return ravel(x); }, 0, "All elements in one row.");
  rows.add(
      "squeeze(input)", [](const Tensor& x) { return squeeze(x); }, 0,
      "Drops axes of size 1: all of them, or those named.");
  rows.add("squeeze(input, dim)",
           [](const Tensor& x, const Dims& axes) { return axes.empty() ? x : squeeze(x, axes); });
  rows.add("unsqueeze(input, dim)",
           [](const Tensor& x, int64_t axis) { return unsqueeze(x, axis); });
  rows.add("broadcast_to(input, size)",
           [](const Tensor& x, const Dims& size) { return broadcast_to(x, size); });
  methods.add(
      "view(self, *shape)", [](const Tensor& x, const Dims& s) { return viewed(x, s); }, 0,
      "The same elements under another shape, without a copy. Images that the engine itself has\n"
      "laid out channels last are copied where they must be.");
  methods.add("view(self, dtype)", [](const Tensor& x, DType t) {
    if (x.dtype() == t) return x;
    return view_as_type(x, t);
  });
  methods.add("view_as(self, other)",
              [](const Tensor& x, const Tensor& other) { return viewed(x, other.shape()); });
  methods.add("reshape_as(self, other)",
              [](const Tensor& x, const Tensor& other) { return reshape_as(x, other); });
  methods.add("expand(self, *size)", [](const Tensor& x, const Dims& s) { return expand(x, s); });
  methods.add("expand_as(self, other)",
              [](const Tensor& x, const Tensor& other) { return expand_as(x, other); });
}

void add_orders(const Rows& rows) {
  rows.add("permute(input, *dims)",
           [](const Tensor& x, const Dims& axes) { return permute(x, axes); });
  rows.add("transpose(input, dim0, dim1)",
           [](const Tensor& x, int64_t a, int64_t b) { return transpose(x, a, b); });
  rows.alias("swapdims", "transpose");
  rows.add("swapaxes(input, axis0, axis1)",
           [](const Tensor& x, int64_t a, int64_t b) { return swapaxes(x, a, b); });
  rows.add("t(input)", [](const Tensor& x) { return t(x); });
  rows.add(
      "adjoint(input)", [](const Tensor& x) { return transpose(x, -2, -1); }, 0,
      "The last two axes swapped.");
  rows.add(
      "movedim(input, source, destination)",
      [](const Tensor& x, const Dims& from, const Dims& to) { return movedim(x, from, to); }, 0,
      "Moves axes to other places; the rest keep their order.");
  rows.alias("moveaxis", "movedim");
}

void add_parts(const Rows& rows) {
  rows.add("select(input, dim, index)",
           [](const Tensor& x, int64_t axis, int64_t i) { return select(x, axis, i); });
  rows.add("narrow(input, dim, start, length)",
           [](const Tensor& x, int64_t axis, int64_t start, int64_t length) {
             return narrow(x, axis, start, length);
           });
  rows.add("diagonal(input, offset=0, dim1=0, dim2=1)",
           [](const Tensor& x, int64_t offset, int64_t a, int64_t b) {
             return diagonal(x, offset, a, b);
           });
  rows.add(
      "trace(input)",
      [](const Tensor& x) {
        if (x.rank() != 2) fail<ShapeError>("trace: wants a matrix; got shape ", x.shape());
        return diagonal(x).sum();
      },
      kFullPrecision, "The sum of a matrix's diagonal.");
  Rows("tensor").add("unfold(self, dimension, size, step)",
                     [](const Tensor& x, int64_t axis, int64_t size, int64_t step) {
                       return unfold(x, axis, size, step);
                     });
  rows.add("unbind(input, dim=0)", [](const Tensor& x, int64_t axis) { return unbind(x, axis); });
}

using Sizes = std::vector<int64_t>;

void add_splits(const Rows& rows) {
  const Rows methods("tensor");
  const auto even = [](const Tensor& x, int64_t n, int64_t axis) { return split(x, n, axis); };
  const auto listed = [](const Tensor& x, const Sizes& s, int64_t axis) {
    return split(x, s, axis);
  };
  rows.add("split(tensor, split_size_or_sections, dim=0)", even, 0,
           "Cuts into parts of one size (the last may be shorter), or of the given sizes.");
  rows.add("split(tensor, split_size_or_sections, dim=0)", listed);
  methods.add("split(self, split_size, dim=0)", even);
  methods.add("split(self, split_size, dim=0)", listed);
  rows.add("split_with_sizes(input, split_sizes, dim=0)", listed);
  rows.add("chunk(input, chunks, dim=0)",
           [](const Tensor& x, int64_t n, int64_t axis) { return chunk(x, n, axis); });
  rows.add("unsafe_chunk(input, chunks, dim=0)",
           [](const Tensor& x, int64_t n, int64_t axis) { return chunk(x, n, axis); });
  for (const char* text :
       {"tensor_split(input, sections, dim=0)", "tensor_split(input, indices_or_sections, dim=0)"})
    rows.add(text,
             [](const Tensor& x, int64_t n, int64_t axis) { return tensor_split(x, n, axis); });
  for (const char* text :
       {"tensor_split(input, indices, dim=0)", "tensor_split(input, indices_or_sections, dim=0)"})
    rows.add(text, [](const Tensor& x, const Dims& at, int64_t axis) {
      return tensor_split(x, Sizes(at.begin(), at.end()), axis);
    });
}

// Where the elements of flattened positions are in a tensor of a shape: an index for each axis.
std::vector<Tensor> unraveled(const Tensor& positions, const Dims& shape) {
  std::vector<Tensor> indices(static_cast<size_t>(shape.size()));
  Tensor rest = positions;
  for (int i = shape.size(); i-- > 0;) {
    indices[static_cast<size_t>(i)] = remainder(rest, shape[i]);
    rest = floor_divide(rest, shape[i]);
  }
  return indices;
}

void add_copies(const Rows& rows) {
  rows.add("unsafe_split(input, split_size, dim=0)",
           [](const Tensor& x, int64_t n, int64_t axis) { return split(x, n, axis); });
  rows.add("unsafe_split_with_sizes(input, split_sizes, dim=0)",
           [](const Tensor& x, const Sizes& s, int64_t axis) { return split(x, s, axis); });
  rows.add(
      "narrow_copy(input, dim, start, length)",
      [](const Tensor& x, int64_t axis, int64_t start, int64_t length) {
        return clone(narrow(x, axis, start, length));
      },
      0, "As narrow, but a copy.");
  rows.add(
      "unravel_index(indices, shape)",
      [](const Tensor& at, const Dims& shape) { return unraveled(at, shape); }, 0,
      "An index for each axis from positions in the flattened tensor.");
}

void add_axis_splits(const Rows& rows) {
  rows.add("hsplit(input, indices_or_sections)",
           [](const Tensor& x, int64_t n) { return hsplit_evenly(x, n); });
  rows.add("hsplit(input, indices_or_sections)",
           [](const Tensor& x, const Sizes& at) { return hsplit(x, at); });
  rows.add("vsplit(input, indices_or_sections)",
           [](const Tensor& x, int64_t n) { return vsplit_evenly(x, n); });
  rows.add("vsplit(input, indices_or_sections)",
           [](const Tensor& x, const Sizes& at) { return vsplit(x, at); });
  rows.add("dsplit(input, indices_or_sections)",
           [](const Tensor& x, int64_t n) { return dsplit_evenly(x, n); });
  rows.add("dsplit(input, indices_or_sections)",
           [](const Tensor& x, const Sizes& at) { return dsplit(x, at); });
}

}  // namespace

void add_movement_rows() {
  const Rows rows("torch");
  add_shapes(rows);
  add_orders(rows);
  add_parts(rows);
  add_splits(rows);
  add_axis_splits(rows);
  add_copies(rows);
}

}  // namespace rush::python
