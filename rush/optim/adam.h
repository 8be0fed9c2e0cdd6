// Adam and AdamW: steps scaled by running means of the gradient and of its square.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct AdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8, weight_decay = 0;
  bool amsgrad = false;  // divide by the largest v so far
  bool maximize = false;
  bool decoupled_weight_decay = false;  // as in AdamW
  bool epsilon_hat = false;             // TensorFlow's place for eps: see below
};

struct AdamWOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8, weight_decay = 1e-2;
  bool amsgrad = false;  // divide by the largest v so far
  bool maximize = false;
  bool epsilon_hat = false;  // TensorFlow's place for eps: see below
};

// What Adam and AdamW share.
template <typename Derived, typename Options>
class AdamOf : public OptimizerOf<Derived, Options> {
 public:
  double* momentum(size_t group) override { return &this->options(group).betas[0]; }

 protected:
  using OptimizerOf<Derived, Options>::OptimizerOf;
  using typename Optimizer::Item;
  void check(const Options& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_adam(size_t group, std::span<Item> items, bool decoupled);
};

//   m = beta1 m + (1 - beta1) grad,  v = beta2 v + (1 - beta2) grad^2
//   p -= lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps)
// With epsilon_hat, eps is added before the correction of v:
//   p -= lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + eps)
// weight_decay adds to the gradient in Adam and shrinks p by lr weight_decay in AdamW.
class Adam final : public AdamOf<Adam, AdamOptions> {
 public:
  explicit Adam(std::vector<Tensor> params, const AdamOptions& options = {});

 protected:
  void step_group(size_t group, std::span<Item> items) override;
};

class AdamW final : public AdamOf<AdamW, AdamWOptions> {
 public:
  explicit AdamW(std::vector<Tensor> params, const AdamWOptions& options = {});

 protected:
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
