#include "rush/optim/adam.h"

#include "rush/ops/create.h"
#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {

constexpr const char* kSlots[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};

template <typename Options>
void check_options(const char* name, const Options& o) {
  require_at_least_zero(name, "lr", o.lr);
  require_at_least_zero(name, "eps", o.eps);
  require_fraction(name, "betas[0]", o.betas[0]);
  require_fraction(name, "betas[1]", o.betas[1]);
  require_at_least_zero(name, "weight_decay", o.weight_decay);
}

template <typename Options, typename Item>
void start(const Options& o, std::span<Item> items) {
  for (Item& item : items) {
    auto& [mean, square, largest] = item.slots.values;
    if (!mean.defined()) mean = zeros_like(item.param);
    if (!square.defined()) square = zeros_like(item.param);
    if (o.amsgrad && !largest.defined()) largest = zeros_like(item.param);
    if (!o.amsgrad) largest = Tensor();
  }
}

template <typename Options>
AdamStepAttrs attrs_of(const Options& o, bool decoupled, int64_t step) {
  return {.lr = o.lr,
          .beta1 = o.betas[0],
          .beta2 = o.betas[1],
          .eps = o.eps,
          .weight_decay = o.weight_decay,
          .step = step,
          .decoupled = decoupled,
          .amsgrad = o.amsgrad,
          .maximize = o.maximize};
}

}  // namespace

Adam::Adam(std::vector<Tensor> params, const AdamOptions& options) : OptimizerOf("Adam") {
  add_param_group(std::move(params), options);
}

void Adam::check(const AdamOptions& o) const { check_options(name(), o); }

std::span<const char* const> Adam::slot_names() const { return kSlots; }

void Adam::step_group(size_t group, std::span<Item> items) {
  const AdamOptions& o = options_[group];
  start(o, items);
  for_equal_steps(items, [&](std::span<Item> part, int64_t step) {
    adam_step(params_of(part), grads_of(part), slots_of(part, 0), slots_of(part, 1),
              slots_of(part, 2), attrs_of(o, false, step));
  });
}

AdamW::AdamW(std::vector<Tensor> params, const AdamWOptions& options) : OptimizerOf("AdamW") {
  add_param_group(std::move(params), options);
}

void AdamW::check(const AdamWOptions& o) const { check_options(name(), o); }

std::span<const char* const> AdamW::slot_names() const { return kSlots; }

void AdamW::step_group(size_t group, std::span<Item> items) {
  const AdamWOptions& o = options_[group];
  start(o, items);
  for_equal_steps(items, [&](std::span<Item> part, int64_t step) {
    adam_step(params_of(part), grads_of(part), slots_of(part, 0), slots_of(part, 1),
              slots_of(part, 2), attrs_of(o, true, step));
  });
}

}  // namespace rush::optim
