// Layout: where the elements of a tensor lie in its storage. All strides count elements.
#pragma once

#include <cstdint>
#include <optional>

#include "rush/base/shape.h"

namespace rush {

struct Layout {
  Shape shape;
  Strides strides;
  int64_t offset = 0;

  Layout() = default;
  explicit Layout(const Shape& s) : shape(s), strides(contiguous_strides(s)) {}
  Layout(const Shape& s, const Strides& st, int64_t o) : shape(s), strides(st), offset(o) {}
  int rank() const { return shape.size(); }
  int64_t numel() const { return rush::numel(shape); }
};

// Row-major without gaps. Dimensions of size 1 may have any stride; empty tensors are contiguous.
bool is_contiguous(const Shape& shape, const Strides& strides);
// The elements fill one block without gaps or overlap, in some order of the dimensions.
bool is_dense(const Shape& shape, const Strides& strides);
// Dense strides for `shape` in the dimension order of `strides` (as channels-last keeps channels
// innermost). Equal to contiguous_strides when `strides` are row-major.
Strides dense_strides_like(const Shape& shape, const Strides& strides);
// [N, C, ...] with the channels innermost.
Strides channels_last_strides(const Shape& shape);
bool is_channels_last(const Shape& shape, const Strides& strides);
// Strides that show the same elements under `shape`, or nothing where that needs a copy.
std::optional<Strides> reshape_strides(const Layout& from, const Shape& shape);

}  // namespace rush
