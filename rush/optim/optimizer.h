// What all optimisers share: groups of parameters with options of their own, the values kept per
// parameter (momentum and the like), and their state for checkpoints.
//
//   optim::Adam opt(parameters(net), {.lr = 1e-3});
//   opt.add_param_group(parameters(head), {.lr = 1e-2});
//   opt.zero_grad();  loss.backward();  opt.step();      // or, in one: opt.step(loss)
//   Tensor train = opt.minimize(loss);                   // in a graph
//
// Parameters without a gradient are skipped. Options may change between steps.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "rush/ops/optim_step.h"
#include "rush/tensor/observer.h"
#include "rush/tensor/state.h"

namespace rush::optim {

class Optimizer;

// Where an optimiser is, for those that may outlive it: compiled functions and graphs.
class OptimizerLink {
 public:
  OptimizerLink(Optimizer* optimizer, const char* name) : optimizer_(optimizer), name_(name) {}
  Optimizer& get() const;  // Error when it has been destroyed
  void clear() { optimizer_ = nullptr; }

 private:
  Optimizer* optimizer_;
  const char* name_;
};

struct GradientAndVariable {
  Tensor gradient;  // undefined: the loss does not depend on the variable
  Tensor variable;
};

class Optimizer {
 public:
  virtual ~Optimizer() { link_->clear(); }
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void step();
  void step(const Tensor& loss);  // zero_grad, loss.backward, step
  // With these gradients instead of those the parameters hold: one for each, group after group.
  void step(std::span<const Tensor> grads);
  // With a closure that makes the gradients and returns the loss, which step returns: LBFGS calls
  // it as often as it needs, the others once.
  //   opt.step([&] { opt.zero_grad(); Tensor loss = f(); loss.backward(); return loss; });
  virtual Tensor step(const std::function<Tensor()>& closure);
  // In graphs (rush/graph): a node that makes a step when it is run, after all reads of the run.
  // Its value is the number of steps taken. Every session has a state of its own; the options are
  // those of this optimiser, as they are at each run. The parameters are variables of the graph, or
  // of layers used in it; those that the loss does not depend on are left alone.
  Tensor minimize(const Tensor& loss) const;
  // Its two halves, between which gradients can be changed. No variables: all parameters.
  std::vector<GradientAndVariable> compute_gradients(
      const Tensor& loss, const std::vector<Tensor>& variables = {}) const;
  Tensor apply_gradients(const std::vector<GradientAndVariable>& list) const;

  // Forgets gradients; with set_to_none = false, overwrites them with zeros instead.
  void zero_grad(bool set_to_none = true);

  size_t group_count() const { return groups_.size(); }
  const std::vector<Tensor>& params(size_t group = 0) const;
  double lr(size_t group = 0) const;
  void set_lr(double lr);  // of every group
  void set_lr(size_t group, double lr);
  // Momentum, or the first beta; nullptr for an optimiser that has none. For schedulers.
  virtual double* momentum(size_t /*group*/) { return nullptr; }
  // The learning rate before the first scheduler touched it.
  double initial_lr(size_t group);

  // "3.exp_avg" and "3.step" for the fourth parameter, and "groups.0.lr".
  virtual State state() const;
  // ShapeError listing all that does not fit, and then nothing has been changed. Values that are
  // there already are overwritten in place.
  virtual void load(const State& state);

  // One of the same kind over other tensors, of the same number in every group. It starts without
  // momentum and the like, and takes over this one's options before each of its steps.
  virtual std::unique_ptr<Optimizer> replica(std::vector<std::vector<Tensor>> params) const = 0;
  const std::shared_ptr<OptimizerLink>& link() const { return link_; }

 protected:
  static constexpr size_t kMaxSlots = 3;
  // What is kept for one parameter. Slots are undefined until the first step that has a gradient.
  struct Slots {
    std::array<Tensor, kMaxSlots> values;
    int64_t steps = 0;
  };
  // One parameter with its gradient, during a step.
  struct Item {
    const Tensor& param;
    Tensor grad;
    Slots& slots;
  };
  // Makes what is kept in a slot, on first use. It is older than the step for a trace.
  static void start_slot(const Item& item, size_t slot, double value);
  // Calls run(items, attributes), which calls the step op once, for each run of items that have
  // taken the same number of steps (and have their first slot, or lack it). `attrs_at` computes the
  // attributes of the step op from the current options and that number (from 1); a trace computes
  // them with it again whenever it is run.
  template <typename Attrs, typename Run>
  void for_equal_steps(std::span<Item> items, Attrs attrs_at, Run&& run) {
    for (size_t begin = 0, end = 0; begin < items.size(); begin = end) {
      const int64_t steps = items[begin].slots.steps;
      const bool is_started = items[begin].slots.values[0].defined();
      while (end < items.size() && items[end].slots.steps == steps &&
             items[end].slots.values[0].defined() == is_started)
        ++end;
      const auto part = items.subspan(begin, end - begin);
      const auto attrs = attrs_at(steps);
      if (t_observer) {
        announce(part, [attrs_at, lists = list_count(attrs)](void* to, int64_t step) {
          const auto now = attrs_at(step);
          *static_cast<std::remove_const_t<decltype(attrs)>*>(to) = now;
          return list_count(now) == lists;
        });
      }
      run(part, attrs);
    }
  }
  // For steps written in ops: their numbers (rates and the like), computed from the current options
  // and the step's number, as 0-d tensors. A trace computes them again whenever it is run. All
  // items must have taken the same number of steps.
  std::vector<Tensor> numbers(std::span<const Item> items,
                              std::function<std::vector<double>(int64_t step)> numbers_at);
  // Lists as the steps of rush/ops/optim_step.h take them.
  static std::vector<Tensor> params_of(std::span<const Item> items);
  static std::vector<Tensor> grads_of(std::span<const Item> items);
  static std::vector<Tensor> slots_of(std::span<const Item> items, size_t slot);

  explicit Optimizer(const char* name)
      : name_(name), link_(std::make_shared<OptimizerLink>(this, name)) {}
  void add_group(std::vector<Tensor> params);
  virtual std::span<const char* const> slot_names() const = 0;
  virtual double& lr_of(size_t group) = 0;
  virtual void step_group(size_t group, std::span<Item> items) = 0;
  const char* name() const { return name_; }
  [[noreturn]] void no_group(size_t group) const;
  void follow(const Optimizer& original) { original_ = original.link_; }
  virtual void copy_options(const Optimizer& from) = 0;

 private:
  struct Group {
    std::vector<Tensor> params;
    std::vector<Slots> slots;
    std::optional<double> initial_lr;
  };
  const Group& group(size_t i) const;
  template <typename GradOf>
  void step_with(GradOf&& grad_of);
  void follow_original();
  // Tells a trace of the step op that comes next. `fill` writes its attributes and says whether the
  // op still takes the same lists.
  void announce(std::span<const Item> items, std::function<bool(void*, int64_t step)> fill);
  // Has the trace count the steps of the items whenever it is run; gives where it puts their
  // number.
  std::shared_ptr<int64_t> count_in_trace(std::span<const Item> items,
                                          std::function<void(int64_t step)> then = {});

  const char* name_;
  std::vector<Group> groups_;
  Ref<Switch> are_all_groups_;                      // off once there are others
  std::shared_ptr<OptimizerLink> link_, original_;  // the latter: of a replica
};

// An optimiser of the type Derived whose groups each have an `Options`.
template <typename Derived, typename Options>
class OptimizerOf : public Optimizer {
 public:
  void add_param_group(std::vector<Tensor> params, const Options& options) {
    check(options);
    add_group(std::move(params));
    options_.push_back(options);
  }
  Options& options(size_t group = 0) {
    if (group >= options_.size()) no_group(group);
    return options_[group];
  }
  std::unique_ptr<Optimizer> replica(std::vector<std::vector<Tensor>> params) const override {
    auto copy = std::make_unique<Derived>(std::move(params.at(0)), options_[0]);
    for (size_t i = 1; i < params.size(); ++i)
      copy->add_param_group(std::move(params[i]), options_.at(i));
    static_cast<OptimizerOf&>(*copy).follow(*this);
    return copy;
  }

 protected:
  using Optimizer::Optimizer;
  virtual void check(const Options& options) const = 0;
  double& lr_of(size_t group) override { return options_[group].lr; }
  void copy_options(const Optimizer& from) override {
    const auto& options = static_cast<const OptimizerOf&>(from).options_;
    for (size_t i = 0; i < options_.size() && i < options.size(); ++i) options_[i] = options[i];
  }

  std::vector<Options> options_;
};

}  // namespace rush::optim
