// Learning-rate schedules. A scheduler sets the rates of its optimiser when it is made and after
// every step(), from the rate each group began with and the number of steps so far.
//
//   optim::CosineAnnealingLR schedule(opt, {.t_max = 90});
//   for (int epoch = 0; epoch < 90; ++epoch) { train_epoch(); schedule.step(); }
//
// The optimiser is borrowed and must outlive the scheduler.
#pragma once

#include <functional>
#include <initializer_list>
#include <vector>

#include "rush/optim/optimizer.h"

namespace rush::optim {

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void step() { go_to(last_epoch_ + 1); }
  int64_t last_epoch() const { return last_epoch_; }
  double last_lr(size_t group = 0) const { return optimizer_.lr(group); }
  State state() const;
  void load(const State& state);  // the rates follow at once

  // The rate of a group after `epoch` steps.
  virtual double rate(size_t group, int64_t epoch) const = 0;
  // What becomes of a rate that other schedulers change too, at the step to `epoch` (0: when made):
  // it is scaled as this scheduler's own rate is. Schedulers with a rate in mind set it.
  virtual double chained(size_t group, int64_t epoch, double lr) const;

 protected:
  explicit Scheduler(Optimizer& optimizer);
  virtual void go_to(int64_t epoch);
  double base(size_t group) const { return base_[group]; }
  Optimizer& optimizer() const { return optimizer_; }

 private:
  Optimizer& optimizer_;
  std::vector<double> base_;
  int64_t last_epoch_ = 0;
};

// base * f(epoch).
class LambdaLR final : public Scheduler {
 public:
  LambdaLR(Optimizer& optimizer, std::function<double(int64_t epoch)> factor);
  LambdaLR(Optimizer& optimizer, std::vector<std::function<double(int64_t epoch)>> factors);
  double rate(size_t group, int64_t epoch) const override;
  double chained(size_t group, int64_t epoch, double) const override { return rate(group, epoch); }

 private:
  std::vector<std::function<double(int64_t)>> factors_;  // one for all groups, or one for each
};

struct StepLROptions {
  int64_t step_size = 0;
  double gamma = 0.1;
};
// base * gamma^(epoch / step_size), rounded down.
class StepLR final : public Scheduler {
 public:
  StepLR(Optimizer& optimizer, const StepLROptions& options);
  double rate(size_t group, int64_t epoch) const override;

 private:
  StepLROptions options_;
};

struct MultiStepLROptions {
  std::vector<int64_t> milestones{};
  double gamma = 0.1;
};
// base * gamma^(milestones reached).
class MultiStepLR final : public Scheduler {
 public:
  MultiStepLR(Optimizer& optimizer, const MultiStepLROptions& options);
  double rate(size_t group, int64_t epoch) const override;

 private:
  MultiStepLROptions options_;
};

struct ExponentialLROptions {
  double gamma = 0.95;
};
// base * gamma^epoch.
class ExponentialLR final : public Scheduler {
 public:
  ExponentialLR(Optimizer& optimizer, const ExponentialLROptions& options);
  double rate(size_t group, int64_t epoch) const override;

 private:
  ExponentialLROptions options_;
};

struct CosineAnnealingLROptions {
  int64_t t_max = 0;
  double eta_min = 0;
};
// Half a cosine from base down to eta_min over t_max steps (and up again after that).
class CosineAnnealingLR final : public Scheduler {
 public:
  CosineAnnealingLR(Optimizer& optimizer, const CosineAnnealingLROptions& options);
  double rate(size_t group, int64_t epoch) const override;
  double chained(size_t group, int64_t epoch, double lr) const override;

 private:
  CosineAnnealingLROptions options_;
};

struct LinearLROptions {
  double start_factor = 1.0 / 3, end_factor = 1;
  int64_t total_iters = 5;
};
// The factor goes straight from start to end in total_iters steps, and stays: warm-up.
class LinearLR final : public Scheduler {
 public:
  LinearLR(Optimizer& optimizer, const LinearLROptions& options = {});
  double rate(size_t group, int64_t epoch) const override;

 private:
  LinearLROptions options_;
};

enum class Anneal { kCosine, kLinear };
struct OneCycleLROptions {
  double max_lr = 0;
  int64_t total_steps = 0;
  double pct_start = 0.3;  // the part of the steps that goes up
  Anneal anneal = Anneal::kCosine;
  bool cycle_momentum = true;  // momentum goes down while the rate goes up
  double base_momentum = 0.85, max_momentum = 0.95;
  double div_factor = 25, final_div_factor = 1e4;
  bool three_phase = false;  // down to the start symmetrically, then to the end
};
// From max_lr / div_factor up to max_lr, down to the first rate / final_div_factor.
class OneCycleLR final : public Scheduler {
 public:
  OneCycleLR(Optimizer& optimizer, const OneCycleLROptions& options);
  double rate(size_t group, int64_t epoch) const override;
  double chained(size_t group, int64_t epoch, double) const override { return rate(group, epoch); }

 protected:
  void go_to(int64_t epoch) override;

 private:
  struct Phase {
    double end;  // in steps, fractions allowed
    double lr_from, lr_to, momentum_from, momentum_to;
  };
  double at(int64_t epoch, double Phase::*from, double Phase::*to) const;

  OneCycleLROptions options_;
  std::vector<Phase> phases_;
};

// One scheduler after another: the next takes over at each milestone and counts from there. They
// are borrowed and belong to the same optimiser.
//   optim::SequentialLR schedule(opt, {warmup, cosine}, {5});
class SequentialLR final : public Scheduler {
 public:
  SequentialLR(Optimizer& optimizer,
               std::initializer_list<std::reference_wrapper<Scheduler>> schedulers,
               std::vector<int64_t> milestones);
  double rate(size_t group, int64_t epoch) const override;

 private:
  std::vector<std::reference_wrapper<Scheduler>> schedulers_;
  std::vector<int64_t> milestones_;
};

struct PlateauOptions {
  bool maximize = false;  // whether a larger metric is better
  double factor = 0.1;
  int64_t patience = 10;  // steps without improvement that are let pass
  double threshold = 1e-4;
  bool relative_threshold = true;
  int64_t cooldown = 0;
  double min_lr = 0, eps = 1e-8;
};
// Multiplies the rates by `factor` when a metric has stopped improving.
class ReduceLROnPlateau {
 public:
  ReduceLROnPlateau(Optimizer& optimizer, const PlateauOptions& options = {});
  void step(double metric);
  double best() const { return best_; }
  int64_t bad_steps() const { return bad_steps_; }
  State state() const;
  void load(const State& state);

 private:
  bool is_better(double metric) const;

  Optimizer& optimizer_;
  PlateauOptions options_;
  double best_;
  int64_t bad_steps_ = 0, cooldown_left_ = 0, last_epoch_ = 0;
};

}  // namespace rush::optim
