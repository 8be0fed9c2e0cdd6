#include "rush/optim/rprop.h"

#include "rush/ops/optim_step.h"
#include "rush/optim/checks.h"

namespace rush::optim {
namespace {
constexpr const char* kSlots[] = {"prev", "step_size"};
}

Rprop::Rprop(std::vector<Tensor> params, const RpropOptions& options) : OptimizerOf("Rprop") {
  add_param_group(std::move(params), options);
}

void Rprop::check(const RpropOptions& o) const {
  require_at_least_zero(name(), "lr", o.lr);
  if (!(o.etas[0] > 0 && o.etas[0] < 1 && o.etas[1] > 1))
    fail("Rprop: etas are in (0, 1) and above 1; what came: ", o.etas[0], " and ", o.etas[1]);
  if (!(o.step_sizes[0] >= 0 && o.step_sizes[0] <= o.step_sizes[1]))
    fail("Rprop: step_sizes are a range from 0 on; what came: ", o.step_sizes[0], " and ",
         o.step_sizes[1]);
}

std::span<const char* const> Rprop::slot_names() const { return kSlots; }

void Rprop::step_group(size_t group, std::span<Item> items) {
  const auto attrs_at = [this, group](int64_t) {
    const RpropOptions& o = options_[group];
    return RpropStepAttrs{.eta_minus = o.etas[0],
                          .eta_plus = o.etas[1],
                          .step_min = o.step_sizes[0],
                          .step_max = o.step_sizes[1],
                          .maximize = o.maximize};
  };
  for_equal_steps(
      items, attrs_at, [first = options_[group].lr](std::span<Item> part, const auto& attrs) {
        for (const Item& item : part) {
          start_slot(item, 0, 0);
          start_slot(item, 1, first);
        }
        rprop_step(params_of(part), grads_of(part), slots_of(part, 0), slots_of(part, 1), attrs);
      });
}

}  // namespace rush::optim
