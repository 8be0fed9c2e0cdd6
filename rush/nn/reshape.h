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

}  // namespace rush::nn
