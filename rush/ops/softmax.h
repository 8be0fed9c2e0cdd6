// Normalised exponentials along an axis.
#pragma once

#include "rush/tensor/tensor.h"

namespace rush {

Tensor softmax(const Tensor& x, int64_t axis);
Tensor log_softmax(const Tensor& x, int64_t axis);
Tensor softmin(const Tensor& x, int64_t axis);

// Gradients from the outputs.
Tensor softmax_grad(const Tensor& dy, const Tensor& y, int64_t axis);
Tensor log_softmax_grad(const Tensor& dy, const Tensor& y, int64_t axis);

}  // namespace rush
