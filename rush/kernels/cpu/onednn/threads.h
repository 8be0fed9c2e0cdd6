// oneDNN takes its thread count from OpenMP, when a primitive is made and when it runs.
#pragma once

#if RUSH_WITH_OPENMP
#include <omp.h>
#endif

namespace rush::kernels::cpu::onednn {

// The threads a primitive made or run now would use.
inline int current_threads() {
#if RUSH_WITH_OPENMP
  return omp_get_max_threads();
#else
  return 0;  // not ours to know
#endif
}

// While alive, oneDNN calls on this thread use one thread if `on`.
class SingleThread {
 public:
  explicit SingleThread(bool on) {
#if RUSH_WITH_OPENMP
    if (on && omp_get_max_threads() != 1) {
      before_ = omp_get_max_threads();
      omp_set_num_threads(1);
    }
#else
    (void)on;
#endif
  }
  ~SingleThread() {
#if RUSH_WITH_OPENMP
    if (before_) omp_set_num_threads(before_);
#endif
  }
  SingleThread(const SingleThread&) = delete;
  SingleThread& operator=(const SingleThread&) = delete;

 private:
  int before_ = 0;
};

}  // namespace rush::kernels::cpu::onednn
