// Stochastic gradient descent.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0, dampening = 0, weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
  bool lr_in_momentum = false;  // the buffer sums steps, not gradients: differs when lr changes
};

//   d = grad + weight_decay p
//   buf = momentum buf + (1 - dampening) d      (at first: buf = d)
//   p -= lr (nesterov ? d + momentum buf : buf)
// With lr_in_momentum, d is lr (grad + weight_decay p), and p loses it as it stands.
class SGD final : public OptimizerOf<SGD, SGDOptions> {
 public:
  explicit SGD(std::vector<Tensor> params, const SGDOptions& options = {});
  double* momentum(size_t group) override { return &options(group).momentum; }

 protected:
  void check(const SGDOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
