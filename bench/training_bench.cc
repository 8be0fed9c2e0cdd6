// Training steps of small networks (workloads.h), eager and compiled. Prints a JSON line a
// workload and mode, as torch_peer.py does for PyTorch; compare.py runs the two in turn.
//
//   training_bench [--threads N] [--seconds S] [--mode eager|compiled|both] [--explain]
//   [workload...]
//
// both: the two take turns in one process, each with a network of its own, so that the ratio of
// their medians means something on a busy machine.
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
#include "rush/graph/compile.h"
#include "rush/ops/random.h"
#include "rush/tensor/allocator.h"

namespace {

using namespace rush;
using Clock = std::chrono::steady_clock;

struct Options {
  double seconds = 4;
  bool eager = true, compiled = false, explain = false;
};

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

// One of the two ways to run a workload, and what was measured of it.
struct Side {
  const char* lib;
  int64_t others = memory_stats().allocated;  // bytes of what is not ours
  bench::Workload workload;
  bench::TrainingStep step{};
  std::vector<double> times{};
  double first_loss = 0, last_loss = 0;
  int64_t peak = 0;

  Side(const char* label, std::string_view name) : lib(label), workload(make(name)) {}
  static bench::Workload make(std::string_view name) {
    manual_seed(0);
    return bench::make_workload(name);
  }

  Tensor call() const { return step(workload.x, workload.y); }

  // Until nothing is new to it: caches are filled, a plan is made. Then what is allocated at the
  // peak of a step: parameters, the optimiser's values, activations and gradients, arenas of plans.
  void warm_up() {
    constexpr int kWarmUp = 5;
    first_loss = call().item();
    for (int i = 1; i < kWarmUp; ++i) call();
    reset_peak_memory();
    call();
    peak = memory_stats().peak - others;
  }
  void run() {
    const auto begin = Clock::now();
    const Tensor loss = call();
    times.push_back(milliseconds_since(begin));
  }
  double median() const { return times[times.size() / 2]; }
  void finish() {
    last_loss = call().item();
    std::sort(times.begin(), times.end());
  }
  void print(std::string_view workload, const std::string& more) const {
    std::printf(
        "{\"lib\": \"%s\", \"workload\": \"%s\", \"threads\": %d, \"min_ms\": %.4f, "
        "\"median_ms\": %.4f, \"steps\": %zu, \"peak_mb\": %.3f, \"loss\": [%.4f, %.4f]%s}\n",
        lib, std::string(workload).c_str(), num_threads(), times[0], median(), times.size(),
        static_cast<double>(peak) / 1e6, first_loss, last_loss, more.c_str());
    std::fflush(stdout);
  }
};

std::string compiled_facts(const CompileStats& stats, const Side& compiled, const Side* eager) {
  char text[200];
  int n = std::snprintf(text, sizeof text,
                        ", \"trace_ms\": %.2f, \"plan_ms\": %.2f, \"arena_mb\": %.3f",
                        stats.last_trace_seconds * 1e3, stats.last_plan_seconds * 1e3,
                        static_cast<double>(stats.arena_bytes) / 1e6);
  if (eager)
    std::snprintf(text + n, sizeof text - n, ", \"speedup\": %.3f, \"peak_ratio\": %.3f",
                  eager->median() / compiled.median(),
                  static_cast<double>(compiled.peak) / static_cast<double>(eager->peak));
  return text;
}

// Rounds of a few milliseconds each, in turn.
void measure(std::vector<Side*> sides, double seconds) {
  constexpr double kRound = 5;
  constexpr size_t kLeast = 5;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end || sides[0]->times.size() < kLeast)
    for (Side* side : sides) {
      const auto begin = Clock::now();
      do side->run();
      while (milliseconds_since(begin) < kRound);
    }
  for (Side* side : sides) side->finish();
}

void measure(std::string_view name, const Options& options) {
  std::vector<Side*> sides;
  Side eager("rushlight", name);
  eager.step = eager.workload.step;
  if (options.eager) {
    eager.warm_up();
    sides.push_back(&eager);
  }
  Side compiled("rushlight-compiled", name);
  const auto compiled_step = compile(compiled.workload.step, {.timing = options.explain});
  compiled.step = compiled_step;
  if (options.compiled) {
    compiled.warm_up();
    sides.push_back(&compiled);
  }
  measure(sides, options.seconds * static_cast<double>(sides.size()));
  if (options.eager) eager.print(name, "");
  if (!options.compiled) return;
  compiled.print(name,
                 compiled_facts(compiled_step.stats(), compiled, options.eager ? &eager : nullptr));
  if (options.explain) std::printf("%s\n", compiled_step.explain().c_str());
}

bool set_mode(Options& options, const char* mode) {
  const std::string_view m = mode;
  options.eager = m != "compiled";
  options.compiled = m != "eager";
  return m == "eager" || m == "compiled" || m == "both";
}

int run(int argc, char** argv) {
  Options options;
  std::vector<std::string_view> names;
  for (int i = 1; i < argc; ++i) {
    const bool has_value = i + 1 < argc;
    if (!std::strcmp(argv[i], "--threads") && has_value)
      set_num_threads(std::atoi(argv[++i]));
    else if (!std::strcmp(argv[i], "--seconds") && has_value)
      options.seconds = std::atof(argv[++i]);
    else if (!std::strcmp(argv[i], "--explain"))
      options.explain = true;
    else if (std::strcmp(argv[i], "--mode") || !has_value)
      names.emplace_back(argv[i]);
    else if (!set_mode(options, argv[++i]))
      fail("--mode is eager, compiled or both; got ", argv[i]);
  }
  if (names.empty()) names = bench::workload_names();
  for (const std::string_view name : names) measure(name, options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& e) {
    std::fprintf(stderr, "training_bench: %s\n", e.what());
    return 2;
  }
}
