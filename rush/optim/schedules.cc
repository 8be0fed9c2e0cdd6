#include "rush/optim/schedules.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "rush/base/error.h"

namespace rush::optim {
namespace {

void require_steps(const char* what, int64_t value) {
  if (value < 1) fail(what, " is at least 1; what came: ", value);
}
double ratio(int64_t a, int64_t b) { return static_cast<double>(a) / static_cast<double>(b); }

}  // namespace

ConstantLR::ConstantLR(Optimizer& optimizer, const ConstantLROptions& options)
    : Scheduler(optimizer), options_(options) {
  if (!(options.factor >= 0 && options.factor <= 1))
    fail("ConstantLR: factor is in [0, 1]; what came: ", options.factor);
  go_to(0);
}

double ConstantLR::rate(size_t group, int64_t epoch) const {
  return epoch < options_.total_iters ? base(group) * options_.factor : base(group);
}

PolynomialLR::PolynomialLR(Optimizer& optimizer, const PolynomialLROptions& options)
    : Scheduler(optimizer), options_(options) {
  require_steps("PolynomialLR: total_iters", options.total_iters);
  go_to(0);
}

double PolynomialLR::rate(size_t group, int64_t epoch) const {
  const int64_t at = std::min(epoch, options_.total_iters);
  return base(group) * std::pow(1 - ratio(at, options_.total_iters), options_.power);
}

CosineAnnealingWarmRestarts::CosineAnnealingWarmRestarts(
    Optimizer& optimizer, const CosineAnnealingWarmRestartsOptions& options)
    : Scheduler(optimizer), options_(options) {
  require_steps("CosineAnnealingWarmRestarts: t_0", options.t_0);
  require_steps("CosineAnnealingWarmRestarts: t_mult", options.t_mult);
  go_to(0);
}

double CosineAnnealingWarmRestarts::rate(size_t group, int64_t epoch) const {
  int64_t length = options_.t_0, at = epoch;
  if (options_.t_mult == 1) at %= length;
  for (; at >= length; length *= options_.t_mult) at -= length;
  const double low = options_.eta_min;
  return low + (base(group) - low) * (1 + std::cos(std::numbers::pi * ratio(at, length))) / 2;
}

CyclicLR::CyclicLR(Optimizer& optimizer, const CyclicLROptions& options)
    : Scheduler(optimizer), options_(options) {
  require_steps("CyclicLR: step_size_up", options.step_size_up);
  if (options.step_size_down) require_steps("CyclicLR: step_size_down", *options.step_size_down);
  if (options.cycle_momentum && optimizer.momentum(0) == nullptr)
    fail("CyclicLR: the optimiser has no momentum to cycle; set .cycle_momentum = false");
  go_to(0);
}

double CyclicLR::height(int64_t epoch) const {
  const CyclicLROptions& o = options_;
  const int64_t length = o.step_size_up + o.step_size_down.value_or(o.step_size_up);
  const int64_t cycle = epoch / length, at = epoch % length;
  const double height = at <= o.step_size_up ? ratio(at, o.step_size_up)
                                             : ratio(length - at, length - o.step_size_up);
  switch (o.mode) {
    case CycleMode::kTriangular:
      return height;
    case CycleMode::kTriangular2:
      return height / std::pow(2.0, static_cast<double>(cycle));
    case CycleMode::kExpRange:
      return height * std::pow(o.gamma, static_cast<double>(epoch));
  }
  __builtin_unreachable();
}

double CyclicLR::rate(size_t, int64_t epoch) const {
  return options_.base_lr + (options_.max_lr - options_.base_lr) * height(epoch);
}

void CyclicLR::go_to(int64_t epoch) {
  Scheduler::go_to(epoch);
  if (!options_.cycle_momentum) return;
  const double range = options_.max_momentum - options_.base_momentum;
  for (size_t i = 0; i < optimizer().group_count(); ++i)
    *optimizer().momentum(i) = options_.max_momentum - range * height(epoch);
}

MultiplicativeLR::MultiplicativeLR(Optimizer& optimizer, std::function<double(int64_t)> factor)
    : Scheduler(optimizer), factor_(std::move(factor)) {
  go_to(0);
}

double MultiplicativeLR::rate(size_t group, int64_t epoch) const {
  if (epoch < epoch_) {
    product_ = 1;
    epoch_ = 0;
  }
  while (epoch_ < epoch) product_ *= factor_(++epoch_);
  return base(group) * product_;
}

ChainedScheduler::ChainedScheduler(
    Optimizer& optimizer, std::initializer_list<std::reference_wrapper<Scheduler>> schedulers)
    : Scheduler(optimizer), schedulers_(schedulers) {
  if (schedulers_.empty()) fail("ChainedScheduler: at least one scheduler is needed");
  go_to(0);
}

double ChainedScheduler::rate(size_t group, int64_t epoch) const {
  if (epoch < epoch_) epoch_ = -1;
  if (epoch_ < 0) {
    rates_.clear();
    for (size_t i = 0; i < optimizer().group_count(); ++i) rates_.push_back(base(i));
  }
  while (epoch_ < epoch) {
    ++epoch_;
    for (size_t i = 0; i < rates_.size(); ++i)
      for (const Scheduler& s : schedulers_) rates_[i] = s.chained(i, epoch_, rates_[i]);
  }
  return rates_[group];
}

SWALR::SWALR(Optimizer& optimizer, const SWALROptions& options)
    : Scheduler(optimizer), options_(options) {
  if (options.anneal_epochs < 0)
    fail("SWALR: anneal_epochs is at least 0; what came: ", options.anneal_epochs);
  for (size_t i = 0; i < optimizer.group_count(); ++i) start_.push_back(optimizer.lr(i));
  go_to(0);
}

double SWALR::rate(size_t group, int64_t epoch) const {
  const int64_t length = options_.anneal_epochs;
  double part = length == 0 ? 1 : ratio(std::min(epoch, length), length);
  if (options_.anneal == Anneal::kCosine) part = (1 - std::cos(std::numbers::pi * part)) / 2;
  return options_.swa_lr * part + start_[group] * (1 - part);
}

}  // namespace rush::optim
