// Rprop: steps of a size of their own for every element, for full-batch training.
#pragma once

#include "rush/optim/optimizer.h"

namespace rush::optim {

struct RpropOptions {
  double lr = 1e-2;                               // the first size
  std::array<double, 2> etas = {0.5, 1.2};        // when the sign changes, when it stays
  std::array<double, 2> step_sizes = {1e-6, 50};  // the smallest and largest
  bool maximize = false;
};

//   same sign as the gradient before: size = min(etas[1] size, largest)
//   another sign:                     size = max(etas[0] size, smallest),  grad = 0
//   p -= sign(grad) size
class Rprop final : public OptimizerOf<Rprop, RpropOptions> {
 public:
  explicit Rprop(std::vector<Tensor> params, const RpropOptions& options = {});

 protected:
  void check(const RpropOptions& options) const override;
  std::span<const char* const> slot_names() const override;
  void step_group(size_t group, std::span<Item> items) override;
};

}  // namespace rush::optim
