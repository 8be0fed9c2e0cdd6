// Averaged SGD: a rate that falls with the steps, and a running average of the parameters.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct ASGDOptions {
  double lr = 1e-2;
  double lambd = 1e-4, alpha = 0.75;  // the rate falls as (1 + lambd lr t)^-alpha
  double t0 = 1e6;                    // the step from which on the average is kept
  double weight_decay = 0;
  bool maximize = false;
};

//   eta = lr / (1 + lambd lr (t - 1))^alpha,  d = grad + weight_decay p
//   p = (1 - lambd eta) p - eta d,  ax += (p - ax) / max(1, t - 1 - t0)
// The average is "ax" in state(). A new lr acts at once (in PyTorch one step later).
class ASGD final : public OptimizerOf<ASGD, ASGDOptions> {
 public:
  explicit ASGD(std::vector<Tensor> params, const ASGDOptions& options = {});

 protected:
  void check(const ASGDOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
