// Activation functions as layers, for chains. Options are members: nn::LeakyReLU{0.2}.
#pragma once

#include "rush/nn/visitor.h"

namespace rush::nn {

struct ReLU {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct ReLU6 {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Sigmoid {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct LogSigmoid {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Tanh {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct SiLU {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Mish {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct SELU {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Softsign {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Hardsigmoid {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Hardswish {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Identity {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct GELU {
  std::string approximate = "none";  // or "tanh"
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct LeakyReLU {
  double negative_slope = 0.01;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct ELU {
  double alpha = 1;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Softplus {
  double beta = 1, threshold = 20;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Hardtanh {
  double min_val = -1, max_val = 1;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct CELU {
  double alpha = 1;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Hardshrink {
  double lambd = 0.5;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Softshrink {
  double lambd = 0.5;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
struct Tanhshrink {
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
// x where it is above the threshold, otherwise the value.
struct Threshold {
  double threshold, value;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
// Halves x along an axis: the first times the sigmoid of the second.
struct GLU {
  int64_t axis = -1;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};
// Leaky ReLU whose slopes are drawn while training, and are their mean otherwise.
struct RReLU {
  double lower = 1.0 / 8, upper = 1.0 / 3;
  Mode training = true;
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;
};

// max(x, 0) + weight min(x, 0) with a learned weight, one for all or one a channel (axis 1).
class PReLU {
 public:
  explicit PReLU(int64_t num_parameters = 1, double init = 0.25);
  Tensor operator()(const Tensor& x) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight;
};

}  // namespace rush::nn
