// The few ops the core itself leans on; their records live in ops/.
#pragma once

#include "rush/tensor/tensor.h"

namespace rush {

Tensor cast(const Tensor& x, DType dtype);
Tensor expand(const Tensor& x, const Shape& shape);
Tensor sum_to(const Tensor& x, const Shape& shape);  // undoes a broadcast: sums what was repeated
Tensor add(const Tensor& x, const Tensor& y);
Tensor clone(const Tensor& x);

}  // namespace rush
