#include "rush/optim/sgd.h"

#include "rush/ops/create.h"
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
  const SGDOptions& o = options_[group];
  SgdStepAttrs attrs{.lr = o.lr,
                     .momentum = o.momentum,
                     .dampening = o.dampening,
                     .weight_decay = o.weight_decay,
                     .nesterov = o.nesterov,
                     .maximize = o.maximize};
  if (o.momentum == 0) return sgd_step(params_of(items), grads_of(items), {}, attrs);
  const auto has_buffer = [](const Item& item) { return item.slots.values[0].defined(); };
  for (size_t begin = 0, end = 0; begin < items.size(); begin = end) {
    attrs.first_step = !has_buffer(items[begin]);
    while (end < items.size() && has_buffer(items[end]) != attrs.first_step) ++end;
    const auto part = items.subspan(begin, end - begin);
    if (attrs.first_step)
      for (Item& item : part) item.slots.values[0] = empty_like(item.param);
    sgd_step(params_of(part), grads_of(part), slots_of(part, 0), attrs);
  }
}

}  // namespace rush::optim
