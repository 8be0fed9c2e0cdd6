#include "rush/optim/nadam.h"

#include <cmath>

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {
constexpr const char* kSlots[] = {"exp_avg", "exp_avg_sq"};

double momentum_at(const NAdamOptions& o, int64_t step) {
  constexpr double kBase = 0.96;
  return o.betas[0] * (1 - 0.5 * std::pow(kBase, static_cast<double>(step) * o.momentum_decay));
}

}  // namespace

NAdam::NAdam(std::vector<Tensor> params, const NAdamOptions& options) : OptimizerOf("NAdam") {
  add_param_group(std::move(params), options);
}

void NAdam::check(const NAdamOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  require_at_least_zero(name(), "eps", o.eps);
  require_fraction(name(), "betas[0]", o.betas[0]);
  require_fraction(name(), "betas[1]", o.betas[1]);
  require_at_least_zero(name(), "weight_decay", o.weight_decay);
  require_at_least_zero(name(), "momentum_decay", o.momentum_decay);
}

std::span<const char* const> NAdam::slot_names() const { return kSlots; }

double NAdam::Product::at(const NAdamOptions& o, int64_t wanted) {
  if (wanted < step || beta != o.betas[0] || decay != o.momentum_decay)
    *this = {o.betas[0], o.momentum_decay, 1, 0};
  while (step < wanted) value *= momentum_at(o, ++step);
  return value;
}

void NAdam::step_group(size_t group, std::span<Item> items) {
  const auto attrs_at = [this, group](int64_t step) {
    const NAdamOptions& o = options_[group];
    products_.resize(options_.size());
    const double mu = momentum_at(o, step), next = momentum_at(o, step + 1);
    const double product = products_[group].at(o, step);
    return NadamStepAttrs{.mean_size = o.lr * next / (1 - product * next),
                          .gradient_size = o.lr * (1 - mu) / (1 - product),
                          .beta1 = o.betas[0],
                          .beta2 = o.betas[1],
                          .eps = o.eps,
                          .correction = 1 - std::pow(o.betas[1], static_cast<double>(step)),
                          .weight_decay = o.decoupled_weight_decay ? 0 : o.weight_decay,
                          .shrink = o.decoupled_weight_decay ? o.lr * o.weight_decay : 0,
                          .maximize = o.maximize};
  };
  for_equal_steps(items, attrs_at, [](std::span<Item> part, const auto& attrs) {
    for (const Item& item : part) {
      start_slot(item, 0, 0);
      start_slot(item, 1, 0);
    }
    nadam_step(params_of(part), grads_of(part), slots_of(part, 0), slots_of(part, 1), attrs);
  });
}

}  // namespace rush::optim
