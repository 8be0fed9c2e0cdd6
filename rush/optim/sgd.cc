#include "rush/optim/sgd.h"

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {
constexpr const char* kSlots[] = {"momentum_buffer"};
}

SGD::SGD(std::vector<Tensor> params, const SGDOptions& options) : OptimizerOf("SGD") {
  add_param_group(std::move(params), options);
}

void SGD::check(const SGDOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  require_at_least_zero(name(), "momentum", o.momentum);
  require_at_least_zero(name(), "weight_decay", o.weight_decay);
  if (o.nesterov && (o.momentum <= 0 || o.dampening != 0))
    fail("SGD: nesterov needs a momentum and no dampening; what came: momentum ", o.momentum,
         ", dampening ", o.dampening);
}

std::span<const char* const> SGD::slot_names() const { return kSlots; }

void SGD::step_group(size_t group, std::span<Item> items) {
  const auto attrs_at = [this, group](int64_t) {
    const SGDOptions& o = options_[group];
    return SgdStepAttrs{.lr = o.lr,
                        .momentum = o.momentum,
                        .dampening = o.dampening,
                        .weight_decay = o.weight_decay,
                        .nesterov = o.nesterov,
                        .maximize = o.maximize,
                        .lr_in_momentum = o.lr_in_momentum};
  };
  for_equal_steps(items, attrs_at, [](std::span<Item> part, SgdStepAttrs attrs) {
    if (attrs.momentum == 0) return sgd_step(params_of(part), grads_of(part), {}, attrs);
    attrs.first_step = !part[0].slots.values[0].defined();
    for (const Item& item : part) start_slot(item, 0, 0);
    sgd_step(params_of(part), grads_of(part), slots_of(part, 0), attrs);
  });
}

}  // namespace rush::optim
