// Layers that only change the shape.
#pragma once

#include "rush/nn/visitor.h"

namespace rush::nn {

// [N, C, H, W] -> [N, C * H * W] as it stands.
struct Flatten {
  int64_t start_axis = 1, end_axis = -1;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

// Splits one axis: Unflatten{1, {3, 4}} makes [N, 12] into [N, 3, 4].
struct Unflatten {
  int64_t axis;
  Shape sizes;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

// [.., C r r, H, W] -> [.., C, H r, W r], and the reverse.
struct PixelShuffle {
  int64_t upscale_factor;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct PixelUnshuffle {
  int64_t downscale_factor;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

// Deals the channels of [N, C, ...] out: the first of each group, then the second, ...
struct ChannelShuffle {
  int64_t groups;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

}  // namespace rush::nn
