// Softmax and its logarithm as layers: nn::Softmax{} over the last axis, nn::Softmax{1} over
// axis 1.
#pragma once

#include "rush/nn/visitor.h"

namespace rush::nn {

struct Softmax {
  int64_t axis = -1;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct LogSoftmax {
  int64_t axis = -1;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Softmin {
  int64_t axis = -1;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
// Over the channels of [N, C, H, W] or [C, H, W].
struct Softmax2d {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

}  // namespace rush::nn
