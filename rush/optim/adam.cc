#include "rush/optim/adam.h"

#include <cmath>

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {

constexpr const char* kSlots[] = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"};
constexpr size_t kLargest = 2;

template <typename Options>
AdamStepAttrs attrs_of(const Options& o, bool decoupled, int64_t step) {
  const double correction = 1 - std::pow(o.betas[1], static_cast<double>(step));
  return {.lr = o.lr,
          .beta1 = o.betas[0],
          .beta2 = o.betas[1],
          .eps = o.epsilon_hat ? o.eps / std::sqrt(correction) : o.eps,
          .weight_decay = o.weight_decay,
          .step = step,
          .decoupled = decoupled,
          .amsgrad = o.amsgrad,
          .maximize = o.maximize};
}

}  // namespace

template <typename Derived, typename Options>
void AdamOf<Derived, Options>::check(const Options& o) const {
  const char* name = this->name();
  require_at_least_zero(name, "lr", o.lr);
  require_at_least_zero(name, "eps", o.eps);
  require_fraction(name, "betas[0]", o.betas[0]);
  require_fraction(name, "betas[1]", o.betas[1]);
  require_at_least_zero(name, "weight_decay", o.weight_decay);
}

template <typename Derived, typename Options>
std::span<const char* const> AdamOf<Derived, Options>::slot_names() const {
  return kSlots;
}

template <typename Derived, typename Options>
void AdamOf<Derived, Options>::step_adam(size_t group, std::span<Item> items, bool decoupled) {
  const auto attrs_at = [this, group, decoupled](int64_t step) {
    return attrs_of(this->options_[group], decoupled, step);
  };
  this->for_equal_steps(items, attrs_at, [](std::span<Item> part, const AdamStepAttrs& attrs) {
    for (const Item& item : part) {
      Optimizer::start_slot(item, 0, 0);
      Optimizer::start_slot(item, 1, 0);
      if (attrs.amsgrad)
        Optimizer::start_slot(item, kLargest, 0);
      else
        item.slots.values[kLargest] = Tensor();
    }
    adam_step(Optimizer::params_of(part), Optimizer::grads_of(part), Optimizer::slots_of(part, 0),
              Optimizer::slots_of(part, 1), Optimizer::slots_of(part, kLargest), attrs);
  });
}

Adam::Adam(std::vector<Tensor> params, const AdamOptions& options) : AdamOf("Adam") {
  add_param_group(std::move(params), options);
}

void Adam::step_group(size_t group, std::span<Item> items) {
  step_adam(group, items, options_[group].decoupled_weight_decay);
}

AdamW::AdamW(std::vector<Tensor> params, const AdamWOptions& options) : AdamOf("AdamW") {
  add_param_group(std::move(params), options);
}

void AdamW::step_group(size_t group, std::span<Item> items) { step_adam(group, items, true); }

template class AdamOf<Adam, AdamOptions>;
template class AdamOf<AdamW, AdamWOptions>;

}  // namespace rush::optim
