// What the source files of losses share.
#pragma once

#include "rush/kernels/attrs/loss.h"
#include "rush/tensor/tensor.h"

namespace rush {

// The losses themselves, their mean or their sum.
Tensor reduced(const Tensor& losses, Reduction reduction);

}  // namespace rush
