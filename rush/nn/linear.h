// Fully connected layers.
#pragma once

#include "rush/nn/visitor.h"

namespace rush::nn {

struct LinearOptions {
  bool bias = true;
};

// x: [..., in] -> x w^T + b: [..., out]; weight: [out, in], bias: [out].
class Linear {
 public:
  Linear(int64_t in_features, int64_t out_features, const LinearOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight, bias;
};

// y_k = x1^T W_k x2 + b_k. x1: [..., in1], x2: [..., in2] -> [..., out];
// weight: [out, in1, in2], bias: [out].
class Bilinear {
 public:
  Bilinear(int64_t in1_features, int64_t in2_features, int64_t out_features,
           const LinearOptions& options = {});
  Tensor operator()(const Tensor& x1, const Tensor& x2) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight, bias;
};

}  // namespace rush::nn
