// Changing the dtype or the layout of a tensor.
#pragma once

#include "rush/tensor/tensor.h"

namespace rush {

Tensor cast(const Tensor& x, DType dtype);  // x itself if it has that dtype
Tensor contiguous(const Tensor& x);         // x itself if it is row-major without gaps
Tensor clone(const Tensor& x);              // a copy in x's dense order of dimensions

}  // namespace rush
