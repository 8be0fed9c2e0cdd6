// Adamax: Adam with the largest gradient, which fades, in place of the mean square.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct AdamaxOptions {
  double lr = 2e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8, weight_decay = 0;
  bool maximize = false;
};

//   d = grad + weight_decay p,  m = beta1 m + (1 - beta1) d,  u = max(beta2 u, |d| + eps)
//   p -= lr / (1 - beta1^t) m / u
class Adamax final : public OptimizerOf<Adamax, AdamaxOptions> {
 public:
  explicit Adamax(std::vector<Tensor> params, const AdamaxOptions& options = {});
  double* momentum(size_t group) override { return &options(group).betas[0]; }

 protected:
  void check(const AdamaxOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
