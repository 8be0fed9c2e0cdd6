#include "bench/timed_step.h"

#include <algorithm>
#include <chrono>

#include "rush/ops/random.h"

namespace rush::bench {
namespace {

Workload make(std::string_view name, const Task& task) {
  reset_resident_peak();
  manual_seed(0);
  return make_workload(name, task);
}

}  // namespace

TimedStep::TimedStep(std::string_view workload, const Task& task)
    : task_(task),
      tensors_before_(memory_stats().allocated),
      resident_before_(resident_memory().now),
      workload_(make(workload, task)) {}

double TimedStep::loss() const { return task_.is_training ? call().item() : 0; }

void TimedStep::warm_up() {
  constexpr int kWarmUp = 5;
  first_loss_ = loss();
  for (int i = 1; i < kWarmUp; ++i) call();
  reset_peak_memory();
  call();
  tensor_peak_ = memory_stats().peak - tensors_before_;
  steps_ = kWarmUp + 1;
}

void TimedStep::run() {
  const auto begin = std::chrono::steady_clock::now();
  const Tensor result = call();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  times_.push_back(took.count());
  ++steps_;
}

void TimedStep::run_up_to(int64_t count) {
  while (steps_ < count) run();
}

Profile TimedStep::profile(int steps, const ProfileOptions& options) const {
  return rush::profile(
      [&] {
        for (int i = 0; i < steps; ++i) call();
      },
      options);
}

void TimedStep::finish() {
  resident_peak_ = resident_memory().peak;
  last_loss_ = loss();
  std::sort(times_.begin(), times_.end());
}

}  // namespace rush::bench
