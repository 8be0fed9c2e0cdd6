// Times attention, as attention_compare.py asks for it: reads lines of five numbers
//
//   batch heads length size mode
//
// where mode is 0 forward, 1 causal, 2 and 3 the same with the backward pass, 4 one query alone,
// and answers each with the milliseconds of one call (the median of a few) and the bytes that were
// allocated at its peak, above q, k and v.
//
//   attention_bench [threads] [--cpu]        --cpu: processor time, for a busy machine
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "rush/autograd/autograd.h"
#include "rush/base/threads.h"
#include "rush/core/apply.h"
#include "rush/ops/attention.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/tensor/allocator.h"

namespace {

using namespace rush;

bool g_by_processor = false;

double now_ms() {
  if (g_by_processor) return 1e3 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

struct Job {
  long batch, heads, length, size;
  int mode;

  bool is_causal() const { return mode % 2 == 1; }
  bool has_gradient() const { return mode == 2 || mode == 3; }
  long queries() const { return mode == 4 ? 1 : length; }
};

// [batch, length, heads, size] seen as [batch, heads, length, size]: as layers cut them.
Tensor by_head(const Job& job, long length) {
  const NoGrad no_grad;
  const Tensor x = transpose(randn({job.batch, length, job.heads, job.size}), 1, 2);
  return job.has_gradient() ? x.detach().requires_grad_() : x;
}

void measure(const Job& job) {
  const Tensor q = by_head(job, job.queries()), k = by_head(job, job.length);
  const Tensor v = by_head(job, job.length);
  const Tensor dy = randn({job.batch, job.heads, job.length, job.size});
  const auto call = [&] {
    const Tensor y = scaled_dot_product_attention(q, k, v, {.is_causal = job.is_causal()});
    if (job.has_gradient()) grad({y}, {q, k, v}, {dy});
  };
  call();
  const int64_t before = memory_stats().allocated;
  reset_peak_memory();
  call();
  const int64_t peak = memory_stats().peak - before;
  constexpr double kLeastMs = 30;
  constexpr size_t kLeast = 3;
  std::vector<double> times;
  const double begin = now_ms();
  while (times.size() < kLeast || now_ms() - begin < kLeastMs) {
    const double start = now_ms();
    call();
    times.push_back(now_ms() - start);
  }
  std::sort(times.begin(), times.end());
  std::printf("%.5f %lld\n", times[times.size() / 2], static_cast<long long>(peak));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) set_num_threads(std::atoi(argv[1]));
  g_by_processor = argc > 2 && !std::strcmp(argv[2], "--cpu");
  Job job{};
  while (std::scanf("%ld %ld %ld %ld %d", &job.batch, &job.heads, &job.length, &job.size,
                    &job.mode) == 5)
    measure(job);
}
