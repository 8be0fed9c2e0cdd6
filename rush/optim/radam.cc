#include "rush/optim/radam.h"

#include <cmath>

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {
constexpr const char* kSlots[] = {"exp_avg", "exp_avg_sq"};

RadamStepAttrs attrs_of(const RAdamOptions& o, int64_t step) {
  const double t = static_cast<double>(step), beta2 = o.betas[1];
  const double correction = 1 - std::pow(beta2, t);
  const double rho = 2 / (1 - beta2) - 1;
  const double rho_t = rho - 2 * t * std::pow(beta2, t) / correction;
  constexpr double kTrusted = 5;
  RadamStepAttrs a{.step_size = o.lr / (1 - std::pow(o.betas[0], t)),
                   .beta1 = o.betas[0],
                   .beta2 = beta2,
                   .eps = o.eps,
                   .weight_decay = o.decoupled_weight_decay ? 0 : o.weight_decay,
                   .shrink = o.decoupled_weight_decay ? o.lr * o.weight_decay : 0,
                   .is_adaptive = rho_t > kTrusted,
                   .maximize = o.maximize};
  if (a.is_adaptive) {
    const double r = std::sqrt((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t));
    a.step_size *= r * std::sqrt(correction);
  }
  return a;
}

}  // namespace

RAdam::RAdam(std::vector<Tensor> params, const RAdamOptions& options) : OptimizerOf("RAdam") {
  add_param_group(std::move(params), options);
}

void RAdam::check(const RAdamOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  require_at_least_zero(name(), "eps", o.eps);
  require_fraction(name(), "betas[0]", o.betas[0]);
  require_fraction(name(), "betas[1]", o.betas[1]);
  require_at_least_zero(name(), "weight_decay", o.weight_decay);
}

std::span<const char* const> RAdam::slot_names() const { return kSlots; }

void RAdam::step_group(size_t group, std::span<Item> items) {
  const auto attrs_at = [this, group](int64_t step) { return attrs_of(options_[group], step); };
  for_equal_steps(items, attrs_at, [](std::span<Item> part, const auto& attrs) {
    for (const Item& item : part) {
      start_slot(item, 0, 0);
      start_slot(item, 1, 0);
    }
    radam_step(params_of(part), grads_of(part), slots_of(part, 0), slots_of(part, 1), attrs);
  });
}

}  // namespace rush::optim
