#include "rush/optim/rmsprop.h"

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {
constexpr const char* kSlots[] = {"square_avg", "momentum_buffer", "grad_avg"};
}

RMSprop::RMSprop(std::vector<Tensor> params, const RMSpropOptions& options)
    : OptimizerOf("RMSprop") {
  add_param_group(std::move(params), options);
}

void RMSprop::check(const RMSpropOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  require_at_least_zero(name(), "eps", o.eps);
  require_at_least_zero(name(), "momentum", o.momentum);
  require_at_least_zero(name(), "alpha", o.alpha);
  require_at_least_zero(name(), "weight_decay", o.weight_decay);
}

std::span<const char* const> RMSprop::slot_names() const { return kSlots; }

void RMSprop::step_group(size_t group, std::span<Item> items) {
  const auto attrs_at = [this, group](int64_t) {
    const RMSpropOptions& o = options_[group];
    return RmspropStepAttrs{.lr = o.lr,
                            .alpha = o.alpha,
                            .eps = o.eps,
                            .weight_decay = o.weight_decay,
                            .momentum = o.momentum,
                            .centered = o.centered,
                            .maximize = o.maximize,
                            .eps_in_root = o.eps_in_root,
                            .lr_in_momentum = o.lr_in_momentum};
  };
  for_equal_steps(items, attrs_at, [](std::span<Item> part, const RmspropStepAttrs& attrs) {
    for (const Item& item : part) {
      auto& [square, buffer, mean] = item.slots.values;
      start_slot(item, 0, 0);
      if (attrs.momentum == 0) buffer = Tensor();
      if (!attrs.centered) mean = Tensor();
      if (attrs.momentum != 0) start_slot(item, 1, 0);
      if (attrs.centered) start_slot(item, 2, 0);
    }
    rmsprop_step(params_of(part), grads_of(part), slots_of(part, 0), slots_of(part, 1),
                 slots_of(part, 2), attrs);
  });
}

}  // namespace rush::optim
