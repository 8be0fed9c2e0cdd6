#include "rush/optim/scheduler.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "rush/base/error.h"

namespace rush::optim {
namespace {

Tensor number(double value) { return Tensor::scalar(value, float64); }

double find_number(const State& state, const char* name) {
  for (const auto& [key, t] : state)
    if (key == name && t.numel() == 1) return t.item();
  fail("scheduler: the state has no '", name, "'");
}

void require_positive(const char* what, int64_t value) {
  if (value < 1) fail(what, " is at least 1; what came: ", value);
}

double half_cosine(double from, double to, double part) {
  return to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * part));
}

}  // namespace

Scheduler::Scheduler(Optimizer& optimizer) : optimizer_(optimizer) {
  for (size_t i = 0; i < optimizer.group_count(); ++i) base_.push_back(optimizer.initial_lr(i));
}

void Scheduler::go_to(int64_t epoch) {
  if (t_observer) t_observer->refuse("a scheduler's step", "make it between the calls");
  std::vector<double> rates;  // all of them before the first is set: either all change or none
  for (size_t i = 0; i < base_.size(); ++i) rates.push_back(rate(i, epoch));
  for (size_t i = 0; i < base_.size(); ++i) optimizer_.set_lr(i, rates[i]);
  last_epoch_ = epoch;
}

double Scheduler::chained(size_t group, int64_t epoch, double lr) const {
  const double before = epoch > 0 ? rate(group, epoch - 1) : base(group);
  return before == 0 ? rate(group, epoch) : lr * (rate(group, epoch) / before);
}

State Scheduler::state() const {
  return {{"last_epoch", number(static_cast<double>(last_epoch_))}};
}

void Scheduler::load(const State& state) {
  go_to(static_cast<int64_t>(find_number(state, "last_epoch")));
}

LambdaLR::LambdaLR(Optimizer& optimizer, std::function<double(int64_t)> factor)
    : Scheduler(optimizer), factors_{std::move(factor)} {
  go_to(0);
}

LambdaLR::LambdaLR(Optimizer& optimizer, std::vector<std::function<double(int64_t)>> factors)
    : Scheduler(optimizer), factors_(std::move(factors)) {
  if (factors_.size() != optimizer.group_count())
    fail("LambdaLR: one function for each of ", optimizer.group_count(),
         " groups; what came: ", factors_.size());
  go_to(0);
}

double LambdaLR::rate(size_t group, int64_t epoch) const {
  return base(group) * factors_[factors_.size() == 1 ? 0 : group](epoch);
}

StepLR::StepLR(Optimizer& optimizer, const StepLROptions& options)
    : Scheduler(optimizer), options_(options) {
  require_positive("StepLR: step_size", options.step_size);
  go_to(0);
}

double StepLR::rate(size_t group, int64_t epoch) const {
  return base(group) * std::pow(options_.gamma, static_cast<double>(epoch / options_.step_size));
}

MultiStepLR::MultiStepLR(Optimizer& optimizer, const MultiStepLROptions& options)
    : Scheduler(optimizer), options_(options) {
  std::sort(options_.milestones.begin(), options_.milestones.end());
  go_to(0);
}

double MultiStepLR::rate(size_t group, int64_t epoch) const {
  const auto& m = options_.milestones;
  const auto reached = std::upper_bound(m.begin(), m.end(), epoch) - m.begin();
  return base(group) * std::pow(options_.gamma, static_cast<double>(reached));
}

ExponentialLR::ExponentialLR(Optimizer& optimizer, const ExponentialLROptions& options)
    : Scheduler(optimizer), options_(options) {
  go_to(0);
}

double ExponentialLR::rate(size_t group, int64_t epoch) const {
  return base(group) * std::pow(options_.gamma, static_cast<double>(epoch));
}

CosineAnnealingLR::CosineAnnealingLR(Optimizer& optimizer, const CosineAnnealingLROptions& options)
    : Scheduler(optimizer), options_(options) {
  require_positive("CosineAnnealingLR: t_max", options.t_max);
  go_to(0);
}

double CosineAnnealingLR::rate(size_t group, int64_t epoch) const {
  return half_cosine(base(group), options_.eta_min,
                     static_cast<double>(epoch) / static_cast<double>(options_.t_max));
}

// The part above eta_min is scaled; from the bottom it starts anew.
double CosineAnnealingLR::chained(size_t group, int64_t epoch, double lr) const {
  if (epoch == 0) return lr;
  const double low = options_.eta_min, now = rate(group, epoch) - low;
  const bool was_lowest = (epoch - 1) % (2 * options_.t_max) == options_.t_max;
  if (was_lowest) return lr + now;
  return low + (lr - low) * (now / (rate(group, epoch - 1) - low));
}

LinearLR::LinearLR(Optimizer& optimizer, const LinearLROptions& options)
    : Scheduler(optimizer), options_(options) {
  require_positive("LinearLR: total_iters", options.total_iters);
  go_to(0);
}

double LinearLR::rate(size_t group, int64_t epoch) const {
  const double part = static_cast<double>(std::min(epoch, options_.total_iters)) /
                      static_cast<double>(options_.total_iters);
  return base(group) *
         (options_.start_factor + (options_.end_factor - options_.start_factor) * part);
}

OneCycleLR::OneCycleLR(Optimizer& optimizer, const OneCycleLROptions& options)
    : Scheduler(optimizer), options_(options) {
  const auto& o = options_;
  require_positive("OneCycleLR: total_steps", o.total_steps);
  if (!(o.pct_start >= 0 && o.pct_start <= 1))
    fail("OneCycleLR: pct_start is in [0, 1]; what came: ", o.pct_start);
  if (o.cycle_momentum && optimizer.momentum(0) == nullptr)
    fail("OneCycleLR: the optimiser has no momentum to cycle; set .cycle_momentum = false");
  const double start = o.max_lr / o.div_factor, end = start / o.final_div_factor;
  const double total = static_cast<double>(o.total_steps), up = o.pct_start * total;
  const double low = o.base_momentum, high = o.max_momentum;
  phases_.push_back({up - 1, start, o.max_lr, high, low});
  if (o.three_phase) {
    phases_.push_back({2 * up - 2, o.max_lr, start, low, high});
    phases_.push_back({total - 1, start, end, high, high});
  } else {
    phases_.push_back({total - 1, o.max_lr, end, low, high});
  }
  go_to(0);
}

double OneCycleLR::at(int64_t epoch, double Phase::*from, double Phase::*to) const {
  if (epoch >= options_.total_steps) {
    fail("OneCycleLR: the cycle ends after ", options_.total_steps, " steps; what came: step ",
         epoch + 1);
  }
  double begin = 0;
  size_t i = 0;
  for (; i + 1 < phases_.size() && static_cast<double>(epoch) > phases_[i].end; ++i)
    begin = phases_[i].end;
  const Phase& phase = phases_[i];
  const double length = phase.end - begin;
  const double part = length > 0 ? (static_cast<double>(epoch) - begin) / length : 1;
  if (options_.anneal == Anneal::kCosine) return half_cosine(phase.*from, phase.*to, part);
  return phase.*from + (phase.*to - phase.*from) * part;
}

double OneCycleLR::rate(size_t, int64_t epoch) const {
  return at(epoch, &Phase::lr_from, &Phase::lr_to);
}

void OneCycleLR::go_to(int64_t epoch) {
  Scheduler::go_to(epoch);
  if (!options_.cycle_momentum) return;
  const double momentum = at(epoch, &Phase::momentum_from, &Phase::momentum_to);
  for (size_t i = 0; i < optimizer().group_count(); ++i) *optimizer().momentum(i) = momentum;
}

SequentialLR::SequentialLR(Optimizer& optimizer,
                           std::initializer_list<std::reference_wrapper<Scheduler>> schedulers,
                           std::vector<int64_t> milestones)
    : Scheduler(optimizer), schedulers_(schedulers), milestones_(std::move(milestones)) {
  if (schedulers_.size() != milestones_.size() + 1) {
    fail("SequentialLR: one milestone between two schedulers; what came: ", schedulers_.size(),
         " schedulers and ", milestones_.size(), " milestones");
  }
  const auto falls = std::is_sorted_until(milestones_.begin(), milestones_.end());
  if (falls != milestones_.end())
    fail("SequentialLR: milestones grow; what came: ", *falls, " after ", *(falls - 1));
  go_to(0);
}

double SequentialLR::rate(size_t group, int64_t epoch) const {
  const auto next = std::upper_bound(milestones_.begin(), milestones_.end(), epoch);
  const size_t i = static_cast<size_t>(next - milestones_.begin());
  return schedulers_[i].get().rate(group, i > 0 ? epoch - milestones_[i - 1] : epoch);
}

ReduceLROnPlateau::ReduceLROnPlateau(Optimizer& optimizer, const PlateauOptions& options)
    : optimizer_(optimizer), options_(options), best_(options.maximize ? -INFINITY : INFINITY) {
  if (!(options.factor < 1))
    fail("ReduceLROnPlateau: factor is below 1; what came: ", options.factor);
}

bool ReduceLROnPlateau::is_better(double metric) const {
  const double sign = options_.maximize ? 1 : -1;
  if (std::isinf(best_)) return sign * metric > sign * best_;
  const double margin =
      options_.relative_threshold ? options_.threshold * best_ : options_.threshold;
  return sign * metric > sign * (best_ + sign * margin);
}

void ReduceLROnPlateau::step(double metric) {
  if (t_observer) t_observer->refuse("a scheduler's step", "make it between the calls");
  ++last_epoch_;
  if (is_better(metric)) {
    best_ = metric;
    bad_steps_ = 0;
  } else {
    ++bad_steps_;
  }
  if (cooldown_left_ > 0) {
    --cooldown_left_;
    bad_steps_ = 0;
  }
  if (bad_steps_ <= options_.patience) return;
  cooldown_left_ = options_.cooldown;
  bad_steps_ = 0;
  for (size_t i = 0; i < optimizer_.group_count(); ++i) {
    const double before = optimizer_.lr(i);
    const double after = std::max(before * options_.factor, options_.min_lr);
    if (before - after > options_.eps) optimizer_.set_lr(i, after);
  }
}

State ReduceLROnPlateau::state() const {
  return {{"best", number(best_)},
          {"bad_steps", number(static_cast<double>(bad_steps_))},
          {"cooldown_left", number(static_cast<double>(cooldown_left_))},
          {"last_epoch", number(static_cast<double>(last_epoch_))}};
}

void ReduceLROnPlateau::load(const State& state) {
  const double best = find_number(state, "best");
  const double bad_steps = find_number(state, "bad_steps");
  const double cooldown_left = find_number(state, "cooldown_left");
  last_epoch_ = static_cast<int64_t>(find_number(state, "last_epoch"));
  best_ = best;
  bad_steps_ = static_cast<int64_t>(bad_steps);
  cooldown_left_ = static_cast<int64_t>(cooldown_left);
}

}  // namespace rush::optim
