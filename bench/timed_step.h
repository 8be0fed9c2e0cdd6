// One way to run a workload - eager or compiled - and what was measured of it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/process_memory.h"
#include "bench/workloads.h"
#include "rush/profile/profile.h"
#include "rush/tensor/allocator.h"

namespace rush::bench {

class TimedStep {
 public:
  // A network of its own, with the same weights whenever it is made.
  TimedStep(std::string_view workload, const Task& task);

  // What runs the step from now on: compile(step()), for example.
  void set_step(Step step) { workload_.step = std::move(step); }
  const Step& step() const { return workload_.step; }

  // Until nothing is new to it: caches are filled, a plan is made. Then one step for its memory.
  void warm_up();
  void run();
  // Adds steps until `count` have been made since the start, warm-up included.
  void run_up_to(int64_t count);
  // What the profiler sees of `steps` more.
  Profile profile(int steps, const ProfileOptions& options) const;
  // Sorts the times, and looks at the loss.
  void finish();

  size_t count() const { return times_.size(); }
  double least_ms() const { return times_.front(); }
  double median_ms() const { return times_[times_.size() / 2]; }
  double first_loss() const { return first_loss_; }
  double last_loss() const { return last_loss_; }

  // What is allocated at the peak of a step: parameters, the optimiser's values, activations and
  // gradients, arenas of plans. Bytes.
  int64_t tensor_peak() const { return tensor_peak_; }
  // What the process had resident at its peak, and by how much that is more than before the
  // network was made.
  int64_t resident_peak() const { return resident_peak_; }
  int64_t resident_growth() const { return resident_peak_ - resident_before_; }

 private:
  Tensor call() const { return workload_.step(workload_.x, workload_.y); }
  double loss() const;

  Task task_;
  int64_t tensors_before_, resident_before_;
  Workload workload_;
  std::vector<double> times_{};
  int64_t steps_ = 0;
  double first_loss_ = 0, last_loss_ = 0;
  int64_t tensor_peak_ = 0, resident_peak_ = 0;
};

}  // namespace rush::bench
