// Copies between layouts, with conversion between the half-width types and float on the way: how
// contractions get operands into a form their inner kernels take, and results out of it.
#pragma once

#include "rush/kernels/cpu/scratch.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

// to[...] = from[...]. Shapes are equal. dtypes: equal, or one half-width and the other float32.
void strided_copy(const View& from, const View& to);

// A contiguous view of `shape` on `data`.
View dense_view(void* data, DType dtype, const Shape& shape);

// Same elements, axes in another order.
View permuted(const View& v, const Dims& axes);

}  // namespace rush::kernels::cpu
