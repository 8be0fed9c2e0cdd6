#include "rush/base/threads.h"

#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#if RUSH_WITH_OPENMP
#include <omp.h>
#include <pthread.h>
#endif

#include "rush/base/error.h"
#include "rush/base/work_step.h"

namespace rush {
namespace {

int initial_threads() {
#if RUSH_WITH_OPENMP
  return omp_get_max_threads();  // honours OMP_NUM_THREADS and the affinity mask
#else
  if (const char* v = std::getenv("OMP_NUM_THREADS"))
    if (const int n = std::atoi(v); n > 0) return n;
  const unsigned n = std::thread::hardware_concurrency();
  return n > 0 ? static_cast<int>(n) : 1;
#endif
}

std::atomic<int>& thread_setting() {
  static std::atomic<int> threads{initial_threads()};
  return threads;
}

#if RUSH_WITH_OPENMP
std::atomic<bool> g_forked{false};

// In a forked child OpenMP would wait forever for the threads that its parent had.
void keep_to_one_thread() {
  g_forked.store(true, std::memory_order_relaxed);
  thread_setting().store(1, std::memory_order_relaxed);
  omp_set_num_threads(1);
}
[[maybe_unused]] const int g_fork_handler = pthread_atfork(nullptr, nullptr, keep_to_one_thread);
#endif

std::atomic<bool> g_deterministic{false};
thread_local bool t_in_parallel = false;

// Keeps the first exception any block threw.
class FirstError {
 public:
  void keep_current() {
    const std::scoped_lock lock(mutex_);
    if (!error_) error_ = std::current_exception();
    is_set_.store(true, std::memory_order_relaxed);
  }
  bool is_set() const { return is_set_.load(std::memory_order_relaxed); }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
  std::atomic<bool> is_set_{false};
};

void run_blocks(int64_t first, int64_t last, void (*run)(void*, int64_t), void* context,
                FirstError& error) noexcept {
  const bool was = t_in_parallel;
  t_in_parallel = true;
  try {
    for (int64_t b = first; b < last && !error.is_set(); ++b) {
      if (detail::t_work_step) detail::t_work_step();
      run(context, b);
    }
  } catch (...) {
    error.keep_current();
  }
  t_in_parallel = was;
}

}  // namespace

int num_threads() { return thread_setting().load(std::memory_order_relaxed); }

void set_num_threads(int n) {
  if (n < 1) fail("set_num_threads: wants 1 or more; got ", n);
#if RUSH_WITH_OPENMP
  if (g_forked.load(std::memory_order_relaxed)) n = 1;
#endif
  thread_setting().store(n, std::memory_order_relaxed);
#if RUSH_WITH_OPENMP
  omp_set_num_threads(n);  // oneDNN asks OpenMP
#endif
}

bool in_parallel() { return t_in_parallel; }

bool is_deterministic() { return g_deterministic.load(std::memory_order_relaxed); }
void set_deterministic(bool on) { g_deterministic.store(on, std::memory_order_relaxed); }

void detail::parallel_blocks(int64_t blocks, void (*run)(void*, int64_t), void* context) {
  const int threads = static_cast<int>(std::min<int64_t>(num_threads(), blocks));
  FirstError error;
  if (threads <= 1 || in_parallel()) {
    run_blocks(0, blocks, run, context, error);
    error.rethrow();
    return;
  }
  // Thread t takes one contiguous run of blocks: neighbours in memory stay on one core.
  const auto share = [&](int t) {
    run_blocks(blocks * t / threads, blocks * (t + 1) / threads, run, context, error);
  };
#if RUSH_WITH_OPENMP
#pragma omp parallel num_threads(threads)
  {
    // The runtime may grant fewer threads than asked for: stride over the shares.
    for (int t = omp_get_thread_num(); t < threads; t += omp_get_num_threads()) share(t);
  }
#else
  std::vector<std::thread> workers;
  for (int t = 1; t < threads; ++t) workers.emplace_back(share, t);
  share(0);
  for (std::thread& w : workers) w.join();
#endif
  error.rethrow();
}

}  // namespace rush
