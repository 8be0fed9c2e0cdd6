// RMSprop: steps scaled by a running mean of the squared gradient.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0;
  bool centered = false;  // by the variance instead of the square
  bool maximize = false;
  bool eps_in_root = false;     // sqrt(v + eps), as TensorFlow has it
  bool lr_in_momentum = false;  // the buffer sums steps, not gradients: differs when lr changes
};

//   d = grad + weight_decay p,  v = alpha v + (1 - alpha) d^2
//   centered: a = alpha a + (1 - alpha) d, and v - a^2 takes v's place
//   buf = momentum buf + d / (sqrt(v) + eps),  p -= lr buf
class RMSprop final : public OptimizerOf<RMSprop, RMSpropOptions> {
 public:
  explicit RMSprop(std::vector<Tensor> params, const RMSpropOptions& options = {});
  double* momentum(size_t group) override { return &options(group).momentum; }

 protected:
  void check(const RMSpropOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
