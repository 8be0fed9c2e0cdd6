// Dropout: while training, zeroes elements at random and scales the rest to keep the mean.
#pragma once

#include "rush/nn/visitor.h"

namespace rush::nn {

struct Dropout {
  double p = 0.5;
  Mode training = true;
  // By the probability to keep, as some count: Dropout::keeping(0.3) drops 70 %.
  static Dropout keeping(double keep) { return {1 - keep, true}; }
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

// Drops whole channels. x: [N, C, ...] or [C, ...] with `axes` sizes after the channels.
template <int axes>
struct ChannelDropout {
  double p = 0.5;
  Mode training = true;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
extern template struct ChannelDropout<1>;
extern template struct ChannelDropout<2>;
extern template struct ChannelDropout<3>;
using Dropout1d = ChannelDropout<1>;
using Dropout2d = ChannelDropout<2>;
using Dropout3d = ChannelDropout<3>;

// For networks of SELUs: dropped elements take SELU's lowest value, and mean and variance stay.
struct AlphaDropout {
  double p = 0.5;
  Mode training = true;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
// The same for whole channels. x: [N, C, ...].
struct FeatureAlphaDropout {
  double p = 0.5;
  Mode training = true;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

}  // namespace rush::nn
