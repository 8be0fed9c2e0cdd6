// Training steps of small networks (workloads.h), timed. Prints a JSON line a workload, as
// torch_peer.py does for PyTorch; compare.py runs the two in turn.
//
//   training_bench [--threads N] [--seconds S] [workload ...]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bench/workloads.h"
#include "rush/base/error.h"
#include "rush/base/threads.h"
#include "rush/ops/random.h"
#include "rush/tensor/allocator.h"

namespace {

using namespace rush;
using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// Bytes that a step needs at its peak, beyond what lives between steps.
int64_t peak_of(const bench::Workload& w) {
  w.step(w.x, w.y);
  reset_peak_memory();
  w.step(w.x, w.y);
  return memory_stats().peak;
}

void measure(std::string_view name, double seconds) {
  constexpr int kWarmUp = 5, kLeast = 5;
  manual_seed(0);
  const bench::Workload w = bench::make_workload(name);
  double loss = 0;
  const double first_loss = w.step(w.x, w.y).item();
  for (int i = 1; i < kWarmUp; ++i) loss = w.step(w.x, w.y).item();
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end || times.size() < kLeast) {
    const auto begin = Clock::now();
    w.step(w.x, w.y);
    times.push_back(milliseconds_since(begin));
  }
  loss = w.step(w.x, w.y).item();
  std::sort(times.begin(), times.end());
  std::printf(
      "{\"lib\": \"rushlight\", \"workload\": \"%s\", \"threads\": %d, \"min_ms\": %.4f, "
      "\"median_ms\": %.4f, \"steps\": %zu, \"peak_mb\": %.2f, \"loss\": [%.4f, %.4f]}\n",
      std::string(name).c_str(), num_threads(), times[0], times[times.size() / 2], times.size(),
      static_cast<double>(peak_of(w)) / 1e6, first_loss, loss);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 4;
  std::vector<std::string_view> names;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--threads") && i + 1 < argc)
      set_num_threads(std::atoi(argv[++i]));
    else if (!std::strcmp(argv[i], "--seconds") && i + 1 < argc)
      seconds = std::atof(argv[++i]);
    else
      names.emplace_back(argv[i]);
  }
  if (names.empty()) names = bench::workload_names();
  try {
    for (const std::string_view name : names) measure(name, seconds);
  } catch (const Error& e) {
    std::fprintf(stderr, "training_bench: %s\n", e.what());
    return 2;
  }
}
