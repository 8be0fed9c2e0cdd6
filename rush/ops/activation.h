// Activations beyond those of one operand in unary.h.
#pragma once

#include "rush/tensor/tensor.h"

namespace rush {

// x in two halves along an axis: the first times the sigmoid of the second.
Tensor glu(const Tensor& x, int64_t axis = -1);
// max(x, 0) + weight min(x, 0); weight: one for all, or [C] for axis 1 of x.
Tensor prelu(const Tensor& x, const Tensor& weight);
// Leaky ReLU whose slope is drawn from [lower, upper] for each element while training, and lies in
// the middle otherwise.
Tensor rrelu(const Tensor& x, double lower = 1.0 / 8, double upper = 1.0 / 3,
             bool training = false);
// Dropout for self-normalising networks: dropped elements take SELU's lowest value, and the result
// is scaled so that mean 0 and variance 1 are kept. `keep`: 1 or 0 for each element (broadcasts).
Tensor alpha_dropout(const Tensor& x, double p, const Tensor& keep);

}  // namespace rush
