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
