// Dropout as PyTorch draws it, for several families of rows.
#pragma once

#include "rush/tensor/tensor.h"

namespace rush::python {

// While training: each element of x is 0 with probability p, else divided by 1 - p.
Tensor dropped(const Tensor& x, double p, bool training);

}  // namespace rush::python
