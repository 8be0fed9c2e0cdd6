// Parts of a tensor that are named by strides, as memory would have them: what every view is, taken
// of the tensor it shows. The memory meant is that of a contiguous tensor.
#pragma once

#include "rush/core/op.h"

namespace rush {

// Element (i, j, ...) is number offset + i * strides[0] + j * strides[1] + ... of x in row-major
// order. A view where x is contiguous. Elements may be shown several times.
Tensor as_strided(const Tensor& x, const Shape& shape, const Dims& strides, int64_t offset = 0);
// x with the elements replaced that as_strided would show. Where it shows one several times, one of
// its values wins.
Tensor as_strided_scatter(const Tensor& x, const Tensor& value, const Dims& strides,
                          int64_t offset = 0);
// Zeros of the given shape, to which dy is added where as_strided would take it from: its gradient.
Tensor as_strided_grad(const Tensor& dy, const Shape& shape, const Dims& strides, int64_t offset);

}  // namespace rush
