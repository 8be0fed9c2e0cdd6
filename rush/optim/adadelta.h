// Adadelta: steps as large as the steps before, relative to the gradients.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct AdadeltaOptions {
  double lr = 1;
  double rho = 0.9, eps = 1e-6, weight_decay = 0;
  bool maximize = false;
};

//   d = grad + weight_decay p,  v = rho v + (1 - rho) d^2
//   step = sqrt(u + eps) / sqrt(v + eps) d,  u = rho u + (1 - rho) step^2,  p -= lr step
class Adadelta final : public OptimizerOf<Adadelta, AdadeltaOptions> {
 public:
  explicit Adadelta(std::vector<Tensor> params, const AdadeltaOptions& options = {});

 protected:
  void check(const AdadeltaOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
