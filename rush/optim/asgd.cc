#include "rush/optim/asgd.h"

#include <algorithm>
#include <cmath>

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {
constexpr const char* kSlots[] = {"ax"};
}

ASGD::ASGD(std::vector<Tensor> params, const ASGDOptions& options) : OptimizerOf("ASGD") {
  add_param_group(std::move(params), options);
}

void ASGD::check(const ASGDOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  require_at_least_zero(name(), "weight_decay", o.weight_decay);
}

std::span<const char* const> ASGD::slot_names() const { return kSlots; }

void ASGD::step_group(size_t group, std::span<Item> items) {
  const auto attrs_at = [this, group](int64_t step) {
    const ASGDOptions& o = options_[group];
    const double before = static_cast<double>(step - 1);
    return AsgdStepAttrs{.eta = o.lr / std::pow(1 + o.lambd * o.lr * before, o.alpha),
                         .lambd = o.lambd,
                         .mu = 1 / std::max(1.0, before - o.t0),
                         .weight_decay = o.weight_decay,
                         .maximize = o.maximize};
  };
  for_equal_steps(items, attrs_at, [](std::span<Item> part, const auto& attrs) {
    for (const Item& item : part) {
      start_slot(item, 0, 0);
    }
    asgd_step(params_of(part), grads_of(part), slots_of(part, 0), attrs);
  });
}

}  // namespace rush::optim
