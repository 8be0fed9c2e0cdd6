#include "rush/optim/adamax.h"

#include <cmath>

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {
constexpr const char* kSlots[] = {"exp_avg", "exp_inf"};
}

Adamax::Adamax(std::vector<Tensor> params, const AdamaxOptions& options) : OptimizerOf("Adamax") {
  add_param_group(std::move(params), options);
}

void Adamax::check(const AdamaxOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  require_at_least_zero(name(), "eps", o.eps);
  require_fraction(name(), "betas[0]", o.betas[0]);
  require_fraction(name(), "betas[1]", o.betas[1]);
  require_at_least_zero(name(), "weight_decay", o.weight_decay);
}

std::span<const char* const> Adamax::slot_names() const { return kSlots; }

void Adamax::step_group(size_t group, std::span<Item> items) {
  const auto attrs_at = [this, group](int64_t step) {
    const AdamaxOptions& o = options_[group];
    const double correction = 1 - std::pow(o.betas[0], static_cast<double>(step));
    return AdamaxStepAttrs{.step_size = o.lr / correction,
                           .beta1 = o.betas[0],
                           .beta2 = o.betas[1],
                           .eps = o.eps,
                           .weight_decay = o.weight_decay,
                           .maximize = o.maximize};
  };
  for_equal_steps(items, attrs_at, [](std::span<Item> part, const auto& attrs) {
    for (const Item& item : part) {
      start_slot(item, 0, 0);
      start_slot(item, 1, 0);
    }
    adamax_step(params_of(part), grads_of(part), slots_of(part, 0), slots_of(part, 1), attrs);
  });
}

}  // namespace rush::optim
