// NAdam: Adam with Nesterov's momentum, which grows over the first steps.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct NAdamOptions {
  double lr = 2e-3;
  std::array<double, 2> betas = {0.9, 0.999};
  double eps = 1e-8, weight_decay = 0, momentum_decay = 4e-3;
  bool decoupled_weight_decay = false;  // as in AdamW
  bool maximize = false;
};

//   m and v as in Adam,  mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2),  M_t = mu_1 ... mu_t
//   p -= lr (mu_(t+1) m / (1 - M_(t+1)) + (1 - mu_t) grad / (1 - M_t))
//        / (sqrt(v / (1 - beta2^t)) + eps)
class NAdam final : public OptimizerOf<NAdam, NAdamOptions> {
 public:
  explicit NAdam(std::vector<Tensor> params, const NAdamOptions& options = {});
  double* momentum(size_t group) override { return &options(group).betas[0]; }

 protected:
  void check(const NAdamOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;

 private:
  // M_t of a group: the next one follows from the last.
  struct Product {
    double beta = 0, decay = 0, value = 1;
    int64_t step = 0;
    double at(const NAdamOptions& options, int64_t step);
  };
  std::vector<Product> products_;
};

}  // namespace rush::optim
