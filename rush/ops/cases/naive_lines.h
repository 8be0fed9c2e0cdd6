// Naive twins of ops that work within lines or groups of elements, in double.
#pragma once

#include <functional>
#include <vector>

#include "rush/ops/cases/op_case.h"

namespace rush::testing {

using Line = std::vector<double>;

// One number out of all elements along `axes` (none: all).
Tensor naive_reduce(const Tensor& x, const Dims& axes, bool keepdim,
                    const std::function<double(const Line&)>& f);
// Lines along one axis to lines, whose length may differ: y[..., i, ...] = f(line)[i].
Tensor naive_map_lines(const Tensor& x, int64_t axis, const std::function<Line(const Line&)>& f);
// The same numbers as int64.
Tensor as_int64(const Tensor& x);

}  // namespace rush::testing
