// Layers whose weight is computed from other parameters each time: nn::WeightNorm{nn::Linear{3,
// 2}}, nn::SpectralNorm{nn::Conv2d{1, 8, 3}}. Names are those of torch.nn.utils.parametrizations.
#pragma once

#include <optional>
#include <utility>

#include "rush/nn/visitor.h"

namespace rush::nn {

// weight = g v / |v|, the norm over all axes but `axis` (none: over all of them).
struct WeightNormOptions {
  std::optional<int64_t> axis = 0;
};
namespace detail {
struct MagnitudeAndDirection {
  Tensor magnitude, direction;
};
MagnitudeAndDirection split_weight(const Tensor& weight, const WeightNormOptions& options);
Tensor join_weight(const MagnitudeAndDirection& parts, const WeightNormOptions& options);

struct Spectral {
  Tensor original, u, v;  // the weight, and vectors near its first singular ones
};
}  // namespace detail

struct SpectralNormOptions {
  int64_t n_power_iterations = 1;  // a call, while training
  double eps = 1e-12;
  int64_t axis = 0;  // of the outputs: 1 for transposed convolutions
};
namespace detail {
Spectral start_spectral(const Tensor& weight, const SpectralNormOptions& options);
// The weight over its largest singular value, as far as the vectors know it.
Tensor divide_by_norm(const Spectral& s, const SpectralNormOptions& options, bool training);
}  // namespace detail

template <typename Layer>
class WeightNorm {
 public:
  explicit WeightNorm(Layer layer, const WeightNormOptions& options = {})
      : layer_(std::move(layer)), options_(options) {
    auto parts = detail::split_weight(layer_.weight, options);
    original0 = parts.magnitude;
    original1 = parts.direction;
  }
  Tensor operator()(const Tensor& x) const {
    layer_.weight = weight();
    return layer_(x);
  }
  Tensor weight() const { return detail::join_weight({original0, original1}, options_); }
  void fields(Visitor& v) {
    if constexpr (requires { layer_.bias; }) v("bias", layer_.bias);
    v("parametrizations.weight.original0", original0);
    v("parametrizations.weight.original1", original1);
  }

  Tensor original0, original1;  // how long, and the direction

 private:
  mutable Layer layer_;
  WeightNormOptions options_;
};

template <typename Layer>
class SpectralNorm {
 public:
  explicit SpectralNorm(Layer layer, const SpectralNormOptions& options = {})
      : layer_(std::move(layer)), options_(options) {
    auto parts = detail::start_spectral(layer_.weight, options);
    original = parts.original;
    u = parts.u;
    v = parts.v;
  }
  Tensor operator()(const Tensor& x) const {
    layer_.weight = weight();
    return layer_(x);
  }
  Tensor weight() const { return detail::divide_by_norm({original, u, v}, options_, training); }
  void fields(Visitor& visit) {
    if constexpr (requires { layer_.bias; }) visit("bias", layer_.bias);
    visit("parametrizations.weight.original", original);
    visit("parametrizations.weight.0._u", u);
    visit("parametrizations.weight.0._v", v);
    visit("training", training);
  }

  Tensor original, u, v;
  Mode training = true;

 private:
  mutable Layer layer_;
  SpectralNormOptions options_;
};

}  // namespace rush::nn
