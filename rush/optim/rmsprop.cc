#include "rush/optim/rmsprop.h"

#include "rush/ops/create.h"
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
  const RMSpropOptions& o = options_[group];
  for (Item& item : items) {
    auto& [square, buffer, mean] = item.slots.values;
    if (!square.defined()) square = zeros_like(item.param);
    if (o.momentum > 0 && !buffer.defined()) buffer = zeros_like(item.param);
    if (o.centered && !mean.defined()) mean = zeros_like(item.param);
    if (o.momentum == 0) buffer = Tensor();
    if (!o.centered) mean = Tensor();
  }
  rmsprop_step(params_of(items), grads_of(items), slots_of(items, 0), slots_of(items, 1),
               slots_of(items, 2),
               {.lr = o.lr,
                .alpha = o.alpha,
                .eps = o.eps,
                .weight_decay = o.weight_decay,
                .momentum = o.momentum,
                .centered = o.centered,
                .maximize = o.maximize});
}

}  // namespace rush::optim
