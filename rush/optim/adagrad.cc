#include "rush/optim/adagrad.h"

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {
constexpr const char* kSlots[] = {"sum"};
}

Adagrad::Adagrad(std::vector<Tensor> params, const AdagradOptions& options)
    : OptimizerOf("Adagrad") {
  add_param_group(std::move(params), options);
}

void Adagrad::check(const AdagradOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  require_at_least_zero(name(), "lr_decay", o.lr_decay);
  require_at_least_zero(name(), "weight_decay", o.weight_decay);
  require_at_least_zero(name(), "initial_accumulator_value", o.initial_accumulator_value);
  require_at_least_zero(name(), "eps", o.eps);
}

std::span<const char* const> Adagrad::slot_names() const { return kSlots; }

void Adagrad::step_group(size_t group, std::span<Item> items) {
  const auto attrs_at = [this, group](int64_t step) {
    const AdagradOptions& o = options_[group];
    return AdagradStepAttrs{.lr = o.lr,
                            .lr_decay = o.lr_decay,
                            .weight_decay = o.weight_decay,
                            .eps = o.eps,
                            .step = step,
                            .maximize = o.maximize};
  };
  const double initial = options_[group].initial_accumulator_value;
  for_equal_steps(items, attrs_at, [&](std::span<Item> part, const AdagradStepAttrs& attrs) {
    for (const Item& item : part) start_slot(item, 0, initial);
    adagrad_step(params_of(part), grads_of(part), slots_of(part, 0), attrs);
  });
}

}  // namespace rush::optim
