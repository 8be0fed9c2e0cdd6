// Parts of a view: boxes to copy from or to, filling what lies outside of one.
#pragma once

#include "rush/kernels/copy.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

// Sets every element to `value`, converted to out's dtype.
void fill_view(const View& out, double value);
// Adds `in` to `out`, which may have any strides that show each element once.
void add_view(const View& out, const View& in);

// The box of `v` that starts at `start` and has `shape`, every `step[i]`-th element of axis i.
View box_of(const View& v, const Dims& start, const Shape& shape, const Dims& step);
View box_of(const View& v, const Dims& start, const Shape& shape);
// Sets everything outside the box to `value`.
void fill_outside(const View& out, const Dims& start, const Shape& box, double value);

}  // namespace rush::kernels::cpu
