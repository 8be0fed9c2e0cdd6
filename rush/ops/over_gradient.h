// Gradients of activations for their own rules: over the arriving gradient where only the walk
// holds that, which saves a tensor at the peak of a step and a pass of its memory.
#pragma once

#include "rush/core/op.h"
#include "rush/kernels/attrs/unary.h"

namespace rush::over {

Tensor relu_grad(const Dy& dy, const Tensor& y);
Tensor tanh_grad(const Dy& dy, const Tensor& y);
Tensor sigmoid_grad(const Dy& dy, const Tensor& y);
Tensor gelu_grad(const Dy& dy, const Tensor& x, const GeluAttrs& attrs);
Tensor silu_grad(const Dy& dy, const Tensor& x);

}  // namespace rush::over
