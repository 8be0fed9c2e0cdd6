// Pooling layers over 1, 2 or 3 axes of space: nn::MaxPool2d{2}, nn::AvgPool2d{3, {.stride = 1}},
// nn::AdaptiveAvgPool2d{1}. x: [N, C, size...] or [C, size...].
#pragma once

#include "rush/nn/visitor.h"
#include "rush/ops/pool.h"

namespace rush::nn {

template <int axes>
class MaxPool {
 public:
  explicit MaxPool(const PerAxis& kernel, const MaxPoolOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;

 private:
  PerAxis kernel_;
  MaxPoolOptions options_;
};

template <int axes>
class AvgPool {
 public:
  explicit AvgPool(const PerAxis& kernel, const AvgPoolOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;

 private:
  PerAxis kernel_;
  AvgPoolOptions options_;
};

// Windows chosen so that the result has the given size.
template <int axes>
class AdaptiveAvgPool {
 public:
  explicit AdaptiveAvgPool(const PerAxis& output_size);
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;

 private:
  PerAxis output_size_;
};

template <int axes>
class AdaptiveMaxPool {
 public:
  explicit AdaptiveMaxPool(const PerAxis& output_size);
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;

 private:
  PerAxis output_size_;
};

// (sum of x^p over each window)^(1/p)
template <int axes>
class LPPool {
 public:
  LPPool(double norm_type, const PerAxis& kernel, const LpPoolOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;

 private:
  double norm_type_;
  PerAxis kernel_;
  LpPoolOptions options_;
};

struct MaxUnpoolOptions {
  PerAxis stride = {}, padding = 0;  // stride not given: the kernel's size
};
// Undoes a max pool of the same options, with the indices that max_pool2d_with_indices gives: all
// but the maxima become 0. output_size: of the space, where several sizes fit.
template <int axes>
class MaxUnpool {
 public:
  explicit MaxUnpool(const PerAxis& kernel, const MaxUnpoolOptions& options = {});
  Tensor operator()(const Tensor& x, const Tensor& indices, const Dims& output_size = {}) const;
  std::string describe() const;

 private:
  PerAxis kernel_;
  MaxUnpoolOptions options_;
};

extern template class MaxPool<1>;
extern template class MaxPool<2>;
extern template class MaxPool<3>;
extern template class AvgPool<1>;
extern template class AvgPool<2>;
extern template class AvgPool<3>;
extern template class AdaptiveAvgPool<1>;
extern template class AdaptiveAvgPool<2>;
extern template class AdaptiveAvgPool<3>;
extern template class AdaptiveMaxPool<1>;
extern template class AdaptiveMaxPool<2>;
extern template class AdaptiveMaxPool<3>;
extern template class LPPool<1>;
extern template class LPPool<2>;
extern template class LPPool<3>;
extern template class MaxUnpool<1>;
extern template class MaxUnpool<2>;
extern template class MaxUnpool<3>;
using MaxPool1d = MaxPool<1>;
using MaxPool2d = MaxPool<2>;
using MaxPool3d = MaxPool<3>;
using AvgPool1d = AvgPool<1>;
using AvgPool2d = AvgPool<2>;
using AvgPool3d = AvgPool<3>;
using AdaptiveAvgPool1d = AdaptiveAvgPool<1>;
using AdaptiveAvgPool2d = AdaptiveAvgPool<2>;
using AdaptiveAvgPool3d = AdaptiveAvgPool<3>;
using AdaptiveMaxPool1d = AdaptiveMaxPool<1>;
using AdaptiveMaxPool2d = AdaptiveMaxPool<2>;
using AdaptiveMaxPool3d = AdaptiveMaxPool<3>;
using LPPool1d = LPPool<1>;
using LPPool2d = LPPool<2>;
using LPPool3d = LPPool<3>;
using MaxUnpool1d = MaxUnpool<1>;
using MaxUnpool2d = MaxUnpool<2>;
using MaxUnpool3d = MaxUnpool<3>;

}  // namespace rush::nn
