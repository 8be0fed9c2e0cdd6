#include "rush/optim/optimizer.h"

#include <algorithm>
#include <unordered_map>

#include "rush/core/apply.h"
#include "rush/ops/create.h"
#include "rush/profile/origin.h"
#include "rush/profile/span.h"

namespace rush::optim {
namespace {

void refuse_in_trace(const char* what, const char* advice) {
  if (t_observer) t_observer->refuse(what, advice);
}

}  // namespace

Optimizer& OptimizerLink::get() const {
  if (!optimizer_)
    fail(name_, ": the optimiser has been destroyed, but what was built with it is still in use");
  return *optimizer_;
}

const Optimizer::Group& Optimizer::group(size_t i) const {
  if (i >= groups_.size()) no_group(i);
  return groups_[i];
}

void Optimizer::no_group(size_t group) const {
  fail<IndexError>(name_, ": there are ", groups_.size(), " groups; what came: ", group);
}

void Optimizer::add_group(std::vector<Tensor> params) {
  refuse_in_trace("making an optimiser or adding parameters to it", "do it before");
  if (params.empty()) fail(name_, ": a group needs at least one parameter");
  for (size_t i = 0; i < params.size(); ++i) {
    const Tensor& p = params[i];
    if (!p.defined() || !is_floating(p.dtype()))
      fail<TypeError>(name_, ": parameters are floating tensors; what came as number ", i, ": ",
                      p.defined() ? to_text(p.dtype()) : std::string("an undefined tensor"));
    if (!p.is_leaf()) fail(name_, ": parameters are leaves; number ", i, " is the result of an op");
    const auto is_p = [&](const Tensor& o) { return o.is_same(p); };
    bool is_known = std::any_of(params.begin(), params.begin() + i, is_p);
    for (const Group& g : groups_)
      is_known = is_known || std::any_of(g.params.begin(), g.params.end(), is_p);
    if (is_known) fail(name_, ": a parameter is given twice: number ", i, ", ", p.shape());
  }
  std::vector<Slots> slots(params.size());
  groups_.push_back({std::move(params), std::move(slots), {}});
  if (are_all_groups_) are_all_groups_->is_on = false;
  are_all_groups_ = Ref<Switch>::adopt(new Switch);
}

const std::vector<Tensor>& Optimizer::params(size_t i) const { return group(i).params; }

double Optimizer::lr(size_t i) const {
  group(i);
  return const_cast<Optimizer*>(this)->lr_of(i);
}

void Optimizer::set_lr(double lr) {
  refuse_in_trace("set_lr", "set the rate between the calls: it is read anew in each");
  for (size_t i = 0; i < groups_.size(); ++i) lr_of(i) = lr;
}

void Optimizer::set_lr(size_t i, double lr) {
  group(i);
  refuse_in_trace("set_lr", "set the rate between the calls: it is read anew in each");
  lr_of(i) = lr;
}

double Optimizer::initial_lr(size_t i) {
  group(i);
  std::optional<double>& initial = groups_[i].initial_lr;
  if (!initial) initial = lr_of(i);
  return *initial;
}

std::vector<Tensor> Optimizer::params_of(std::span<const Item> items) {
  std::vector<Tensor> list;
  for (const Item& item : items) list.push_back(item.param);
  return list;
}

std::vector<Tensor> Optimizer::grads_of(std::span<const Item> items) {
  std::vector<Tensor> list;
  for (const Item& item : items) list.push_back(item.grad);
  return list;
}

std::vector<Tensor> Optimizer::slots_of(std::span<const Item> items, size_t slot) {
  std::vector<Tensor> list;
  for (const Item& item : items) list.push_back(item.slots.values[slot]);
  return list;
}

void Optimizer::start_slot(const Item& item, size_t slot, double value) {
  const Unobserved hidden;
  Tensor& kept = item.slots.values[slot];
  if (!kept.defined()) kept = full_like(item.param, value);
}

void Optimizer::follow_original() {
  if (original_) copy_options(original_->get());
}

// In a trace the steps are counted by a host action, which runs before all kernels; so that several
// steps in one trace have numbers of their own, each count is kept for the op that follows.
std::shared_ptr<int64_t> Optimizer::count_in_trace(std::span<const Item> items,
                                                   std::function<void(int64_t step)> then) {
  std::vector<std::pair<size_t, size_t>> places;  // group and number of each parameter
  for (const Item& item : items)
    for (size_t i = 0; i < groups_.size(); ++i)
      if (const auto& all = groups_[i].slots;
          &item.slots >= all.data() && &item.slots < all.data() + all.size())
        places.emplace_back(i, static_cast<size_t>(&item.slots - all.data()));
  const auto step = std::make_shared<int64_t>(0);
  const auto count = [link = link_, places, step, then = std::move(then)] {
    Optimizer& self = link->get();
    self.follow_original();
    for (const auto& [i, k] : places) *step = self.groups_[i].slots[k].steps + 1;
    for (const auto& [i, k] : places)
      if (self.groups_[i].slots[k].steps + 1 != *step)
        fail(self.name_, ": since it was compiled, some of its parameters have taken more steps ",
             "than others; compile again");
    if (then) then(*step);
    for (const auto& [i, k] : places) ++self.groups_[i].slots[k].steps;
  };
  t_observer->host_action(count, [link = link_, places] {
    for (const auto& [i, k] : places) --link->get().groups_[i].slots[k].steps;
  });
  return step;
}

void Optimizer::announce(std::span<const Item> items,
                         std::function<bool(void*, int64_t step)> fill) {
  const std::shared_ptr<int64_t> step = count_in_trace(items);
  t_observer->next_attrs([link = link_, step, fill = std::move(fill)](void* attrs) {
    if (!fill(attrs, *step))
      fail(link->get().name_, ": an option that adds or drops a kind of state (momentum, amsgrad, ",
           "centered) has changed since it was compiled; compile again");
  });
}

std::vector<Tensor> Optimizer::numbers(
    std::span<const Item> items, std::function<std::vector<double>(int64_t step)> numbers_at) {
  std::vector<Tensor> numbers;
  {
    const Unobserved hidden;
    for (double value : numbers_at(items[0].slots.steps))
      numbers.push_back(Tensor::scalar(value, float64));
  }
  if (t_observer) {
    count_in_trace(items, [numbers, numbers_at = std::move(numbers_at)](int64_t step) {
      const Unobserved hidden;
      const std::vector<double> now = numbers_at(step);
      for (size_t i = 0; i < numbers.size(); ++i) numbers[i].fill_(now[i]);
    });
  }
  return numbers;
}

template <typename GradOf>
void Optimizer::step_with(GradOf&& grad_of) {
  NoGrad guard;
  const bool is_watched = detail::is_profiling() || t_observer;
  const OriginScope origin(is_watched ? intern_origin("(" + std::string(name_) + ")") : t_origin);
  const detail::ProfileSpan span(is_watched ? intern_name(std::string(name_) + ".step") : nullptr,
                                 ProfileKind::kRange);
  if (t_observer) t_observer->read_switch(are_all_groups_);
  follow_original();
  std::vector<Item> items;
  size_t index = 0;
  for (size_t i = 0; i < groups_.size(); ++i) {
    Group& g = groups_[i];
    items.clear();
    for (size_t k = 0; k < g.params.size(); ++k) {
      Tensor grad = grad_of(g.params[k], index++);
      if (grad.defined()) items.push_back({g.params[k], grad.detach(), g.slots[k]});
    }
    for (Item& item : items) ++item.slots.steps;
    if (!items.empty()) step_group(i, items);
  }
}

void Optimizer::step() {
  step_with([](const Tensor& p, size_t) { return p.grad(); });
}

void Optimizer::step(std::span<const Tensor> grads) {
  size_t count = 0;
  for (const Group& g : groups_) count += g.params.size();
  if (grads.size() != count)
    fail<ShapeError>(name_, ": one gradient for each of ", count,
                     " parameters is needed; what came: ", grads.size());
  step_with([&](const Tensor&, size_t i) { return grads[i]; });
}

Tensor Optimizer::step(const std::function<Tensor()>& closure) {
  const Tensor loss = closure();
  step();
  return loss;
}

void Optimizer::step(const Tensor& loss) {
  zero_grad();
  loss.backward();
  step();
}

void Optimizer::zero_grad(bool set_to_none) {
  NoGrad guard;
  for (const Group& g : groups_) {
    for (const Tensor& p : g.params) {
      if (set_to_none) {
        p.set_grad({});
      } else if (const Tensor grad = p.grad(); grad.defined()) {
        p.set_grad(grad.detach().fill_(0));
      }
    }
  }
}

State Optimizer::state() const {
  State all;
  size_t index = 0;
  for (size_t i = 0; i < groups_.size(); ++i) {
    const Group& g = groups_[i];
    for (const Slots& slots : g.slots) {
      const std::string prefix = std::to_string(index++) + ".";
      if (slots.steps == 0) continue;
      all.emplace_back(prefix + "step", Tensor::from(std::vector<int64_t>{slots.steps}, Shape{}));
      for (size_t k = 0; k < slot_names().size(); ++k)
        if (slots.values[k].defined()) all.emplace_back(prefix + slot_names()[k], slots.values[k]);
    }
    all.emplace_back("groups." + std::to_string(i) + ".lr", Tensor::scalar(lr(i), float64));
  }
  return all;
}

namespace {

// Compiled steps write to the tensors they found, so these stay where they can.
void put(const Tensor& loaded, Tensor& kept) {
  if (loaded.defined() && kept.defined())
    kept.copy_(loaded);
  else
    kept = loaded;
}

}  // namespace

namespace {

// Parameters of one group that have taken steps keep the same values, and all of them do.
template <typename SlotsList>
bool is_uniform(const SlotsList& group) {
  const auto* first = static_cast<decltype(group.data())>(nullptr);
  for (const auto& slots : group) {
    if (slots.steps < 0) return false;
    if (slots.steps == 0) continue;
    if (!first) first = &slots;
    for (size_t k = 0; k < slots.values.size(); ++k)
      if (slots.values[k].defined() != first->values[k].defined()) return false;
  }
  return true;
}

}  // namespace

void Optimizer::load(const State& state) {
  refuse_in_trace("loading an optimiser's state", "load it between the calls");
  std::unordered_map<std::string_view, const Tensor*> given;
  for (const auto& [name, t] : state) given[name] = &t;
  const auto take = [&](const std::string& name) -> const Tensor* {
    const auto found = given.find(name);
    if (found == given.end()) return nullptr;
    const Tensor* t = found->second;
    given.erase(found);
    return t;
  };

  std::string problems;
  const auto complain = [&](const std::string& text) {
    problems += (problems.empty() ? "" : "; ") + text;
  };
  std::vector<double> rates;
  std::vector<std::vector<Slots>> loaded;
  size_t index = 0;
  NoGrad guard;
  for (size_t i = 0; i < groups_.size(); ++i) {
    const std::string lr_name = "groups." + std::to_string(i) + ".lr";
    const Tensor* rate = take(lr_name);
    if (!rate || rate->numel() != 1) complain(lr_name + " is missing");
    rates.push_back(rate && rate->numel() == 1 ? rate->item() : 0);
    std::vector<Slots>& group_slots = loaded.emplace_back();
    for (const Tensor& p : groups_[i].params) {
      const std::string prefix = std::to_string(index++) + ".";
      Slots& slots = group_slots.emplace_back();
      const Tensor* steps = take(prefix + "step");
      if (!steps) continue;  // values without it are unexpected
      if (steps->numel() != 1)
        complain(prefix + "step is no number");
      else
        slots.steps = steps->item<int64_t>();
      for (size_t k = 0; k < slot_names().size(); ++k) {
        const Tensor* value = take(prefix + slot_names()[k]);
        if (!value) continue;
        if (!(value->shape() == p.shape())) {
          complain(concat({Part(prefix + slot_names()[k]), Part(" is "), Part(value->shape()),
                           Part(" where the parameter is "), Part(p.shape())}));
        } else {
          slots.values[k] = value->detach().to(p.dtype()).clone();
        }
      }
    }
    if (!is_uniform(group_slots))
      complain("parameters of group " + std::to_string(i) + " have kept different things");
  }
  for (const auto& [name, t] : state)
    if (given.count(name)) complain(name + " is unexpected");
  if (!problems.empty()) fail<ShapeError>(name_, ": the state does not fit: ", problems);
  for (size_t i = 0; i < groups_.size(); ++i) {
    for (size_t k = 0; k < loaded[i].size(); ++k) {
      Slots& slots = groups_[i].slots[k];
      slots.steps = loaded[i][k].steps;
      for (size_t v = 0; v < kMaxSlots; ++v) put(loaded[i][k].values[v], slots.values[v]);
    }
    lr_of(i) = rates[i];
  }
}

}  // namespace rush::optim
