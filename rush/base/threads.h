// Threads for kernels: one pool (OpenMP's, or std::thread where it is off), fixed partitions.
//
// Blocks are cut by `grain` alone, never by the number of threads, so a kernel that reduces within
// blocks gives the same bits at any thread count.
#pragma once

#include <cstdint>
#include <type_traits>

namespace rush {

int num_threads();            // what parallel_for uses at most; with OpenMP 1 in a forked process
void set_num_threads(int n);  // n >= 1; Error otherwise
bool in_parallel();           // inside a parallel_for body on a pool thread

// When set, contractions are cut into fixed blocks too: the same bits at any thread count.
bool is_deterministic();
void set_deterministic(bool on);

namespace detail {
void parallel_blocks(int64_t blocks, void (*run)(void*, int64_t), void* context);
}

// Runs f(begin, end) over [0, n) in blocks of `grain` (the last one shorter), on several threads if
// there is more than one block. An exception from f is rethrown here; later blocks are left out.
template <typename F>
void parallel_for(int64_t n, int64_t grain, F&& f) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  if (n <= grain) {
    f(int64_t{0}, n);
    return;
  }
  struct Context {
    std::remove_reference_t<F>* f;
    int64_t n, grain;
  } context{&f, n, grain};
  detail::parallel_blocks((n + grain - 1) / grain,
                          [](void* p, int64_t block) {
                            auto& c = *static_cast<Context*>(p);
                            const int64_t begin = block * c.grain;
                            (*c.f)(begin, begin + c.grain < c.n ? begin + c.grain : c.n);
                          },
                          &context);
}

}  // namespace rush
