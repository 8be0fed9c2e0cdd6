// Normalisation layers. Each subtracts a mean, divides by a deviation, and applies a learned scale
// (weight) and shift (bias); they differ in what the mean is taken over.
#pragma once

#include <optional>

#include "rush/nn/visitor.h"

namespace rush::nn {

struct BatchNormOptions {
  double eps = 1e-5;
  std::optional<double> momentum = 0.1;  // none: the running values are plain averages
  bool affine = true;
  bool track_running_stats = true;
  bool unbiased_running_var = true;  // false: the variance kept is divided by the count
  // How much of the old running values stays, as TensorFlow and MiniTorch count: instead of
  // momentum, which is 1 - decay.
  std::optional<double> decay{};
};

// While one is there, batch norms on this thread take plain averages, as without a momentum.
class PlainAverages {
 public:
  PlainAverages();
  ~PlainAverages();
  PlainAverages(const PlainAverages&) = delete;
  PlainAverages& operator=(const PlainAverages&) = delete;

 private:
  bool before_;
};

// Over batch and space, for each channel; running averages take over in eval mode.
// x: [N, C, size...] (1d: also [N, C]).
//   running = (1 - momentum) running + momentum batch
template <int axes>
class BatchNorm {
 public:
  explicit BatchNorm(int64_t num_features, const BatchNormOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight, bias, running_mean, running_var, num_batches_tracked;
  Mode training = true;

 private:
  Tensor train(const Tensor& x) const;

  int64_t num_features_;
  BatchNormOptions options_;
};
extern template class BatchNorm<1>;
extern template class BatchNorm<2>;
extern template class BatchNorm<3>;
using BatchNorm1d = BatchNorm<1>;
using BatchNorm2d = BatchNorm<2>;
using BatchNorm3d = BatchNorm<3>;

struct InstanceNormOptions {
  double eps = 1e-5;
  double momentum = 0.1;
  bool affine = false;
  bool track_running_stats = false;
};

// Over space, for each example and channel. x: [N, C, size...] or [C, size...].
template <int axes>
class InstanceNorm {
 public:
  explicit InstanceNorm(int64_t num_features, const InstanceNormOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight, bias, running_mean, running_var, num_batches_tracked;
  Mode training = true;

 private:
  Tensor train(const Tensor& x) const;

  int64_t num_features_;
  InstanceNormOptions options_;
};
extern template class InstanceNorm<1>;
extern template class InstanceNorm<2>;
extern template class InstanceNorm<3>;
using InstanceNorm1d = InstanceNorm<1>;
using InstanceNorm2d = InstanceNorm<2>;
using InstanceNorm3d = InstanceNorm<3>;

struct LayerNormOptions {
  double eps = 1e-5;
  bool elementwise_affine = true;
  bool bias = true;
};

// Over the last axes, whose sizes are given: nn::LayerNorm{512}, nn::LayerNorm{{3, 5}}.
class LayerNorm {
 public:
  explicit LayerNorm(int64_t size, const LayerNormOptions& options = {})
      : LayerNorm(Shape{size}, options) {}
  explicit LayerNorm(const Shape& normalized_shape, const LayerNormOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight, bias;

 private:
  Shape normalized_shape_;
  double eps_;
};

struct GroupNormOptions {
  double eps = 1e-5;
  bool affine = true;
};

// Over space and the channels of a group, for each example. x: [N, C, ...].
class GroupNorm {
 public:
  GroupNorm(int64_t num_groups, int64_t num_channels, const GroupNormOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight, bias;

 private:
  int64_t num_groups_, num_channels_;
  double eps_;
};

struct RMSNormOptions {
  std::optional<double> eps{};  // none: the smallest step of x's type
  bool elementwise_affine = true;
};

// Divides by the root mean square over the last axes; no mean, no bias.
class RMSNorm {
 public:
  explicit RMSNorm(int64_t size, const RMSNormOptions& options = {})
      : RMSNorm(Shape{size}, options) {}
  explicit RMSNorm(const Shape& normalized_shape, const RMSNormOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight;

 private:
  Shape normalized_shape_;
  std::optional<double> eps_;
};

struct LocalResponseNormOptions {
  double alpha = 1e-4, beta = 0.75, k = 1;
};

// Divides by a power of the squares of neighbouring channels: `size` of them, alpha over their
// mean. x: [N, C, ...].
class LocalResponseNorm {
 public:
  explicit LocalResponseNorm(int64_t size, const LocalResponseNormOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;

 private:
  int64_t size_;
  LocalResponseNormOptions options_;
};
// As PyTorch's CrossMapLRN2d: the same over channels. Legacy TensorFlow's depth_radius r and alpha
// are {2 r + 1, {.alpha = (2 r + 1) alpha}}.
using CrossMapLRN2d = LocalResponseNorm;

}  // namespace rush::nn
