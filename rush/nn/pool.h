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

}  // namespace rush::nn
