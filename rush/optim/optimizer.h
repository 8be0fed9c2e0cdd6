// What all optimisers share: groups of parameters with options of their own, the values kept per
// parameter (momentum and the like), and their state for checkpoints.
//
//   optim::Adam opt(parameters(net), {.lr = 1e-3});
//   opt.add_param_group(parameters(head), {.lr = 1e-2});
//   opt.zero_grad();  loss.backward();  opt.step();      // or, in one: opt.step(loss)
//
// Parameters without a gradient are skipped. Options may change between steps.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "rush/tensor/state.h"

namespace rush::optim {

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void step();
  void step(const Tensor& loss);  // zero_grad, loss.backward, step
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
  State state() const;
  // ShapeError listing all that does not fit, and then nothing has been changed.
  void load(const State& state);

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
  // Runs of items that have taken the same number of steps: run(items, that number, counted from
  // 1).
  template <typename F>
  static void for_equal_steps(std::span<Item> items, F&& run) {
    for (size_t begin = 0, end = 0; begin < items.size(); begin = end) {
      const int64_t steps = items[begin].slots.steps;
      while (end < items.size() && items[end].slots.steps == steps) ++end;
      run(items.subspan(begin, end - begin), steps);
    }
  }
  // Lists as the steps of rush/ops/optim_step.h take them.
  static std::vector<Tensor> params_of(std::span<const Item> items);
  static std::vector<Tensor> grads_of(std::span<const Item> items);
  static std::vector<Tensor> slots_of(std::span<const Item> items, size_t slot);

  explicit Optimizer(const char* name) : name_(name) {}
  void add_group(std::vector<Tensor> params);
  virtual std::span<const char* const> slot_names() const = 0;
  virtual double& lr_of(size_t group) = 0;
  virtual void step_group(size_t group, std::span<Item> items) = 0;
  const char* name() const { return name_; }
  [[noreturn]] void no_group(size_t group) const;

 private:
  struct Group {
    std::vector<Tensor> params;
    std::vector<Slots> slots;
    std::optional<double> initial_lr;
  };
  const Group& group(size_t i) const;

  const char* name_;
  std::vector<Group> groups_;
};

// An optimiser whose groups each have an `Options`.
template <typename Options>
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

 protected:
  using Optimizer::Optimizer;
  virtual void check(const Options& options) const = 0;
  double& lr_of(size_t group) override { return options_[group].lr; }

  std::vector<Options> options_;
};

}  // namespace rush::optim
