// Normalisations. x: [N, C, ...] unless said otherwise; statistics, weight and bias: [C].
#pragma once

#include "rush/tensor/tensor.h"

namespace rush {

// Training moves the running statistics (where given) in place, the variance unbiased.
Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight = {}, const Tensor& bias = {}, bool training = false,
                  double momentum = 0.1, double eps = 1e-5);
// Over the last axes of x, whose sizes are normalized_shape, as are those of weight and bias.
Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                  const Tensor& bias = {}, double eps = 1e-5);
// The same without the mean: x / sqrt(mean(x^2) + eps).
Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight = {},
                double eps = 1e-6);
Tensor group_norm(const Tensor& x, int64_t num_groups, const Tensor& weight = {},
                  const Tensor& bias = {}, double eps = 1e-5);
Tensor instance_norm(const Tensor& x, const Tensor& running_mean = {},
                     const Tensor& running_var = {}, const Tensor& weight = {},
                     const Tensor& bias = {}, bool use_input_stats = true, double momentum = 0.1,
                     double eps = 1e-5);
// x / (k + alpha mean(x^2 over `size` neighbouring channels))^beta
Tensor local_response_norm(const Tensor& x, int64_t size, double alpha = 1e-4, double beta = 0.75,
                           double k = 1);
// x over its norm along an axis; x of any shape.
Tensor normalize(const Tensor& x, double p = 2, int64_t axis = 1, double eps = 1e-12);

}  // namespace rush
