#include "rush/optim/adadelta.h"

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {
constexpr const char* kSlots[] = {"square_avg", "acc_delta"};
}

Adadelta::Adadelta(std::vector<Tensor> params, const AdadeltaOptions& options)
    : OptimizerOf("Adadelta") {
  add_param_group(std::move(params), options);
}

void Adadelta::check(const AdadeltaOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  require_at_least_zero(name(), "eps", o.eps);
  require_at_least_zero(name(), "weight_decay", o.weight_decay);
  if (!(o.rho >= 0 && o.rho <= 1)) fail("Adadelta: rho is in [0, 1]; what came: ", o.rho);
}

std::span<const char* const> Adadelta::slot_names() const { return kSlots; }

void Adadelta::step_group(size_t group, std::span<Item> items) {
  const auto attrs_at = [this, group](int64_t) {
    const AdadeltaOptions& o = options_[group];
    return AdadeltaStepAttrs{.lr = o.lr,
                             .rho = o.rho,
                             .eps = o.eps,
                             .weight_decay = o.weight_decay,
                             .maximize = o.maximize};
  };
  for_equal_steps(items, attrs_at, [](std::span<Item> part, const auto& attrs) {
    for (const Item& item : part) {
      start_slot(item, 0, 0);
      start_slot(item, 1, 0);
    }
    adadelta_step(params_of(part), grads_of(part), slots_of(part, 0), slots_of(part, 1), attrs);
  });
}

}  // namespace rush::optim
