// What the source files of reductions share.
#pragma once

#include "rush/core/op.h"
#include "rush/kernels/attrs/reduce.h"

namespace rush {

// The shape after reducing `axes` (none: all) of `x`.
Shape reduced_shape(const char* op, const Shape& x, const Dims& axes, bool keepdim);
// How many elements go into one.
int64_t reduced_count(const char* op, const Shape& x, const Dims& axes);
// A reduction's result with the reduced axes back as size 1, so that it broadcasts with x.
Tensor restore_axes(const Tensor& y, const Shape& x, const Dims& axes, bool keepdim);
// A product along one axis without the element itself; reverse: of the elements after it.
Tensor exclusive_cumprod(const Tensor& x, int64_t axis, bool reverse);

}  // namespace rush
