// Conversion of dense runs of elements between any two dtypes.
#pragma once

#include <cstdint>

#include "rush/base/dtype.h"

namespace rush::kernels {

// to[i] = from[i], converted. Floating to integer goes towards zero through int64 (NaN is 0, what
// is too large saturates) and keeps the low bits, as PyTorch does for values in range; to bool is
// `!= 0`; double and integers go to half widths through float32.
void convert_dense(DType from, const void* source, DType to, void* target, int64_t n);

}  // namespace rush::kernels
