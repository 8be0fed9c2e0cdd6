// RAdam: Adam that waits with its adaptive rate until the variance can be trusted.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct RAdamOptions {
  double lr = 1e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8, weight_decay = 0;
  bool decoupled_weight_decay = false;  // as in AdamW
  bool maximize = false;
};

//   m and v as in Adam,  m^ = m / (1 - beta1^t)
//   rho_t = rho - 2 t beta2^t / (1 - beta2^t),  rho = 2 / (1 - beta2) - 1
//   rho_t > 5:  p -= lr m^ r sqrt(1 - beta2^t) / (sqrt(v) + eps)
//               r^2 = (rho_t - 4) (rho_t - 2) rho / ((rho - 4) (rho - 2) rho_t)
//   otherwise:  p -= lr m^
class RAdam final : public OptimizerOf<RAdam, RAdamOptions> {
 public:
  explicit RAdam(std::vector<Tensor> params, const RAdamOptions& options = {});
  double* momentum(size_t group) override { return &options(group).betas[0]; }

 protected:
  void check(const RAdamOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
