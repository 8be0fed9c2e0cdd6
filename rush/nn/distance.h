// Distances between two tensors as layers.
#pragma once

#include "rush/nn/visitor.h"

namespace rush::nn {

struct CosineSimilarity {
  int64_t axis = 1;
  double eps = 1e-8;
  Tensor operator()(const Tensor& x1, const Tensor& x2) const;
  std::string describe() const;
};

// Over the last axis.
struct PairwiseDistance {
  double p = 2, eps = 1e-6;
  bool keepdim = false;
  Tensor operator()(const Tensor& x1, const Tensor& x2) const;
  std::string describe() const;
};

}  // namespace rush::nn
