// Adagrad: steps scaled by the sum of all squared gradients.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct AdagradOptions {
  double lr = 1e-2;
  double lr_decay = 0, weight_decay = 0, initial_accumulator_value = 0, eps = 1e-10;
  bool maximize = false;
};

//   d = grad + weight_decay p,  sum += d^2
//   p -= lr / (1 + (t - 1) lr_decay) d / (sqrt(sum) + eps)
class Adagrad final : public OptimizerOf<Adagrad, AdagradOptions> {
 public:
  explicit Adagrad(std::vector<Tensor> params, const AdagradOptions& options = {});

 protected:
  void check(const AdagradOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
