// Chooses between oneDNN's product and ours.
#include "rush/kernels/cpu/gemm.h"

#include "rush/base/threads.h"
#if RUSH_WITH_ONEDNN
#include "rush/kernels/cpu/onednn/gemm.h"
#endif

namespace rush::kernels::cpu {

#if RUSH_WITH_ONEDNN
namespace {

// oneDNN's call costs more than its speed gains in small products; its sgemm is slower than ours
// where columns of a are adjacent elements and many, as in gradients of weights; and its bits
// depend on the number of threads.
bool is_for_onednn(const Gemm<float>& g) {
  constexpr int64_t kTinyWork = int64_t{1} << 15;
  constexpr int64_t kLong = 512, kManyElements = int64_t{1} << 18;
  if (g.work() <= kTinyWork || g.k == 0 || is_deterministic()) return false;
  return g.a_col == 1 || g.k < kLong || g.m * g.k < kManyElements;
}

}  // namespace

void gemm(const Gemm<float>& g) {
  if (g.m <= 0 || g.n <= 0) return;
  if (!is_for_onednn(g) || !onednn::gemm(g)) gemm_portable(g);
}
#else
void gemm(const Gemm<float>& g) { gemm_portable(g); }
#endif
void gemm(const Gemm<double>& g) { gemm_portable(g); }

}  // namespace rush::kernels::cpu
