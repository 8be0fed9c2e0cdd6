// Micro benchmarks by Google Benchmark, of single ops and kernels. Its options, and before them
// the number of threads:
//
//   micro_bench [threads] [--benchmark_filter=softmax --benchmark_min_time=0.1 ...]
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "bench/micro/micro.h"
#include "rush/base/threads.h"

namespace rush::bench {
namespace {

double measure_copy(int64_t bytes) {
  using Clock = std::chrono::steady_clock;
  constexpr int kRounds = 15;
  constexpr int64_t kBlock = 1 << 16;
  const int64_t half = bytes / 2;  // read once, written once
  const auto size = static_cast<size_t>(half);
  std::vector<char> from(size, 1), to(size, 2);
  const int64_t repeats = std::max<int64_t>(1, (int64_t{1} << 22) / half);
  double least = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = Clock::now();
    for (int64_t r = 0; r < repeats; ++r)
      parallel_for(half, kBlock, [&](int64_t first, int64_t end) {
        std::memcpy(to.data() + first, from.data() + first, static_cast<size_t>(end - first));
      });
    least = std::min(least, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return static_cast<double>(bytes * repeats) / least;
}

}  // namespace

double copy_bandwidth(int64_t bytes) {
  static std::map<int64_t, double> known;
  const auto [place, is_new] = known.try_emplace(bytes, 0);
  if (is_new) place->second = measure_copy(place->first);
  return place->second;
}

void report_bytes(benchmark::State& state, int64_t bytes) {
  state.SetBytesProcessed(state.iterations() * bytes);
  const double all = static_cast<double>(state.iterations() * bytes);
  state.counters["of_copy"] =
      benchmark::Counter(all / copy_bandwidth(bytes), benchmark::Counter::kIsRate);
}

void report_products(benchmark::State& state, double multiply_adds) {
  state.counters["flops"] =
      benchmark::Counter(2 * multiply_adds, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace rush::bench

int main(int argc, char** argv) {
  if (argc > 1 && std::atoi(argv[1]) > 0) {
    rush::set_num_threads(std::atoi(argv[1]));
    std::rotate(argv + 1, argv + 2, argv + argc);
    --argc;
  }
  benchmark::AddCustomContext("threads of rushlight", std::to_string(rush::num_threads()));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
