// More learning-rate schedules (see scheduler.h): constant, polynomial, cyclic, with restarts, and
// several at once.
#pragma once

#include "rush/optim/scheduler.h"

namespace rush::optim {

struct ConstantLROptions {
  double factor = 1.0 / 3;
  int64_t total_iters = 5;
};
// base * factor for total_iters steps, then base.
class ConstantLR final : public Scheduler {
 public:
  ConstantLR(Optimizer& optimizer, const ConstantLROptions& options = {});
  double rate(size_t group, int64_t epoch) const override;

 private:
  ConstantLROptions options_;
};

struct PolynomialLROptions {
  int64_t total_iters = 5;
  double power = 1;
};
// base * (1 - epoch / total_iters)^power, then 0.
class PolynomialLR final : public Scheduler {
 public:
  PolynomialLR(Optimizer& optimizer, const PolynomialLROptions& options = {});
  double rate(size_t group, int64_t epoch) const override;

 private:
  PolynomialLROptions options_;
};

struct CosineAnnealingWarmRestartsOptions {
  int64_t t_0 = 0;     // steps of the first run
  int64_t t_mult = 1;  // how much longer each run is than the one before
  double eta_min = 0;
};
// Half a cosine from base to eta_min, again and again.
class CosineAnnealingWarmRestarts final : public Scheduler {
 public:
  CosineAnnealingWarmRestarts(Optimizer& optimizer,
                              const CosineAnnealingWarmRestartsOptions& options);
  double rate(size_t group, int64_t epoch) const override;
  double chained(size_t group, int64_t epoch, double) const override { return rate(group, epoch); }

 private:
  CosineAnnealingWarmRestartsOptions options_;
};

enum class CycleMode {
  kTriangular,   // every cycle as high
  kTriangular2,  // each half as high as the one before
  kExpRange,     // gamma^epoch as high
};
struct CyclicLROptions {
  double base_lr = 0, max_lr = 0;
  int64_t step_size_up = 2000;
  std::optional<int64_t> step_size_down{};  // none: as long
  CycleMode mode = CycleMode::kTriangular;
  double gamma = 1;
  bool cycle_momentum = true;  // momentum goes down while the rate goes up
  double base_momentum = 0.8, max_momentum = 0.9;
};
// Straight up from base_lr to max_lr and down again, in cycles.
class CyclicLR final : public Scheduler {
 public:
  CyclicLR(Optimizer& optimizer, const CyclicLROptions& options);
  double rate(size_t group, int64_t epoch) const override;
  double chained(size_t group, int64_t epoch, double) const override { return rate(group, epoch); }

 protected:
  void go_to(int64_t epoch) override;

 private:
  double height(int64_t epoch) const;  // 0 at the bottom, 1 at the top of the first cycle

  CyclicLROptions options_;
};

// base * f(1) * ... * f(epoch).
class MultiplicativeLR final : public Scheduler {
 public:
  MultiplicativeLR(Optimizer& optimizer, std::function<double(int64_t epoch)> factor);
  double rate(size_t group, int64_t epoch) const override;

 private:
  std::function<double(int64_t)> factor_;
  mutable double product_ = 1;  // of the factors up to epoch_
  mutable int64_t epoch_ = 0;
};

// Several schedulers at once: each changes what the ones before it in the list have left. They are
// borrowed, belong to the same optimiser and are not stepped themselves.
class ChainedScheduler final : public Scheduler {
 public:
  ChainedScheduler(Optimizer& optimizer,
                   std::initializer_list<std::reference_wrapper<Scheduler>> schedulers);
  double rate(size_t group, int64_t epoch) const override;

 private:
  std::vector<std::reference_wrapper<Scheduler>> schedulers_;
  mutable std::vector<double> rates_;  // after epoch_ steps
  mutable int64_t epoch_ = -1;
};

struct SWALROptions {
  double swa_lr = 0;
  int64_t anneal_epochs = 10;
  Anneal anneal = Anneal::kCosine;
};
// From the rate the optimiser has now to swa_lr in anneal_epochs steps, for nn::AveragedModel.
class SWALR final : public Scheduler {
 public:
  SWALR(Optimizer& optimizer, const SWALROptions& options);
  double rate(size_t group, int64_t epoch) const override;
  double chained(size_t group, int64_t epoch, double) const override { return rate(group, epoch); }

 private:
  SWALROptions options_;
  std::vector<double> start_;
};

}  // namespace rush::optim
