// The nine networks of workloads.h: training steps, or the forward pass alone. Prints a JSON line a
// workload and mode, as torch_peer.py does for PyTorch; compare.py runs the two in turn.
//
//   training_bench [--threads N] [--seconds S] [--steps N] [--mode eager|compiled|both]
//   [--dtype float32|bfloat16] [--forward] [--batch N] [--deterministic] [--explain] [--profile]
//   [--trace FILE] [workload...]
//
// both: the two take turns in one process, each with a network of its own, so that the ratio of
// their medians means something on a busy machine. --steps: so many steps instead of seconds, to
// compare losses. bfloat16: contractions in bfloat16, of compiled steps. --profile: where the time
// of some more steps goes, by op and by module; --trace writes them for Perfetto.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/timed_step.h"
#include "bench/workloads.h"
#include "rush/base/error.h"
#include "rush/base/threads.h"
#include "rush/graph/compile.h"
#include "rush/profile/profile.h"

namespace {

using namespace rush;
using bench::TimedStep;
using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

struct Options {
  double seconds = 4;
  int64_t steps = 0;
  bool eager = true, compiled = false, explain = false, profile = false;
  std::string trace{};
  DType dtype = float32;
  bench::Task task{};
  std::vector<std::string_view> names{};
};

// Rounds of a few milliseconds each, in turn.
void run_in_turn(const std::vector<TimedStep*>& sides, double seconds) {
  constexpr double kRoundMs = 5;
  constexpr size_t kLeast = 5;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end || sides[0]->count() < kLeast)
    for (TimedStep* side : sides) {
      const auto begin = Clock::now();
      do side->run();
      while (std::chrono::duration<double, std::milli>(Clock::now() - begin).count() < kRoundMs);
    }
}

double megabytes(int64_t bytes) { return static_cast<double>(bytes) / 1e6; }

Json facts(std::string_view name, const char* mode, const TimedStep& side, const Options& options) {
  Json row{{"lib", "rushlight"},
           {"mode", mode},
           {"dtype", options.dtype == float32 ? "float32" : "bfloat16"},
           {"workload", name},
           {"threads", num_threads()},
           {"min_ms", side.least_ms()},
           {"median_ms", side.median_ms()},
           {"steps", side.count()},
           {"tensor_peak_mb", megabytes(side.tensor_peak())},
           {"peak_mb", megabytes(side.resident_peak())},
           {"growth_mb", megabytes(side.resident_growth())}};
  if (options.task.is_training) row["loss"] = {side.first_loss(), side.last_loss()};
  return row;
}

void add_plan_facts(Json& row, const CompileStats& stats, const TimedStep& compiled,
                    const TimedStep* eager) {
  row["trace_ms"] = stats.last_trace_seconds * 1e3;
  row["plan_ms"] = stats.last_plan_seconds * 1e3;
  row["arena_mb"] = megabytes(stats.arena_bytes);
  if (!eager) return;
  row["speedup"] = eager->median_ms() / compiled.median_ms();
  row["peak_ratio"] =
      static_cast<double>(compiled.tensor_peak()) / static_cast<double>(eager->tensor_peak());
}

void print(const Json& row) {
  std::puts(row.dump().c_str());
  std::fflush(stdout);
}

void show_profile(std::string_view name, const char* mode, const TimedStep& side,
                  const Options& options) {
  constexpr double kLeastMs = 300;
  const int steps = std::max(20, static_cast<int>(kLeastMs / side.median_ms()));
  const Profile seen = side.profile(steps, {.shapes = !options.trace.empty()});
  std::printf("\n%d steps of %s, %s\n%s\n%s\n", steps, std::string(name).c_str(), mode,
              seen.table().c_str(), seen.table({.by = ProfileBy::kModule}).c_str());
  if (!options.trace.empty()) seen.write_trace(options.trace);
}

void measure(std::string_view name, const Options& options) {
  std::vector<TimedStep*> sides;
  std::optional<TimedStep> eager, compiled;
  CompileOptions how{.timing = options.explain};
  if (options.dtype == bfloat16) how.autocast = bfloat16;
  std::optional<Compiled<bench::Step>> plan;
  if (options.eager) {
    sides.push_back(&eager.emplace(name, options.task));
    eager->warm_up();
  }
  if (options.compiled) {
    sides.push_back(&compiled.emplace(name, options.task));
    compiled->set_step(plan.emplace(compiled->step(), how));
    compiled->warm_up();
  }
  if (options.steps > 0)
    for (TimedStep* side : sides) side->run_up_to(options.steps);
  else
    run_in_turn(sides, options.seconds * static_cast<double>(sides.size()));
  for (TimedStep* side : sides) side->finish();
  if (eager) print(facts(name, "eager", *eager, options));
  if (eager && options.profile) show_profile(name, "eager", *eager, options);
  if (!compiled) return;
  Json row = facts(name, "compiled", *compiled, options);
  add_plan_facts(row, plan->stats(), *compiled, eager ? &*eager : nullptr);
  print(row);
  if (options.explain) std::printf("%s\n", plan->explain().c_str());
  if (options.profile) show_profile(name, "compiled", *compiled, options);
}

void set_mode(Options& options, std::string_view mode) {
  if (mode != "eager" && mode != "compiled" && mode != "both")
    fail("--mode is eager, compiled or both; got ", mode);
  options.eager = mode != "compiled";
  options.compiled = mode != "eager";
}

void set_dtype(Options& options, std::string_view dtype) {
  if (dtype != "float32" && dtype != "bfloat16")
    fail("--dtype is float32 or bfloat16; got ", dtype);
  options.dtype = dtype == "float32" ? float32 : bfloat16;
}

int64_t whole_number(const char* option, const char* text) {
  char* end = nullptr;
  const long long n = std::strtoll(text, &end, 10);
  if (n < 1 || *end) fail(option, " wants a whole number of 1 or more; got ", text);
  return n;
}

// Refuses what cannot be had together.
void check(const Options& options) {
  constexpr int64_t kLeastSteps = 10;  // more than those to warm up
  if (options.steps > 0 && options.steps < kLeastSteps)
    fail("--steps wants ", kLeastSteps, " or more; got ", options.steps);
  if (options.dtype == bfloat16 && options.eager)
    fail("--dtype bfloat16 is for compiled steps: give --mode compiled");
  if (options.profile && options.explain) fail("--explain times plans itself: without --profile");
}

Options read(int argc, char** argv) {
  Options options;
  bool is_forward = false, is_exact = false;
  const std::map<std::string_view, bool*> flags{{"--forward", &is_forward},
                                                {"--deterministic", &is_exact},
                                                {"--explain", &options.explain},
                                                {"--profile", &options.profile}};
  using Setter = std::function<void(const char*)>;
  const std::map<std::string_view, Setter> settings{
      {"--threads", [](auto v) { set_num_threads(int(whole_number("--threads", v))); }},
      {"--seconds", [&](auto v) { options.seconds = std::atof(v); }},
      {"--steps", [&](auto v) { options.steps = whole_number("--steps", v); }},
      {"--batch", [&](auto v) { options.task.batch = whole_number("--batch", v); }},
      {"--trace", [&](auto v) { options.trace = v; }},
      {"--mode", [&](auto v) { set_mode(options, v); }},
      {"--dtype", [&](auto v) { set_dtype(options, v); }}};
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (const auto flag = flags.find(word); flag != flags.end()) {
      *flag->second = true;
    } else if (const auto setting = settings.find(word); setting != settings.end()) {
      if (++i == argc) fail(word, " wants a value");
      setting->second(argv[i]);
    } else if (word.starts_with("--")) {
      fail("there is no option ", word);
    } else {
      options.names.push_back(word);
    }
  }
  options.task.is_training = !is_forward;
  options.profile |= !options.trace.empty();
  set_deterministic(is_exact);
  check(options);
  if (options.names.empty()) options.names = bench::workload_names();
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = read(argc, argv);
    for (const std::string_view name : options.names) measure(name, options);
    return 0;
  } catch (const Error& e) {
    std::fprintf(stderr, "training_bench: %s\n", e.what());
    return 2;
  }
}
