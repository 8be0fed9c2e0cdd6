// What the source files of normalisations share.
#pragma once

#include "rush/tensor/tensor.h"

namespace rush {

// Statistics of half-width tensors are float32.
DType statistics_dtype(DType x);
// v: [C] as [1, C, 1, ...] of `rank` axes.
Tensor along_axis_1(const Tensor& v, int rank);

}  // namespace rush
