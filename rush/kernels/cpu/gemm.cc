// Chooses between oneDNN's product and ours.
#include "rush/kernels/cpu/gemm.h"

#include "rush/kernels/cpu/scratch.h"
#if RUSH_WITH_ONEDNN
#include "rush/kernels/cpu/onednn/gemm.h"
#endif

namespace rush::kernels::cpu {

#if RUSH_WITH_ONEDNN
namespace {

// Below, our kernel's call costs less than what oneDNN's speed gains.
constexpr int64_t kTinyWork = int64_t{1} << 15;

// A row-major copy of x: [rows, cols].
void densify(const float*& x, int64_t rows, int64_t cols, int64_t& row, int64_t& col, float* to) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j) to[i * cols + j] = x[i * row + j * col];
  x = to;
  row = cols;
  col = 1;
}

// Operands that oneDNN cannot read as they lie (broadcast, reversed, overlapping) are copied.
void gemm_copied(Gemm<float> g) {
  const Scratch<float> a(g.m * g.k), b(g.k * g.n);
  densify(g.a, g.m, g.k, g.a_row, g.a_col, a.data());
  densify(g.b, g.k, g.n, g.b_row, g.b_col, b.data());
  onednn::gemm(g);
}

}  // namespace

void gemm(const Gemm<float>& g) {
  if (g.m <= 0 || g.n <= 0) return;
  if (g.work() <= kTinyWork || g.k == 0) return gemm_portable(g);
  if (!onednn::gemm(g)) gemm_copied(g);
}
#else
void gemm(const Gemm<float>& g) { gemm_portable(g); }
#endif
void gemm(const Gemm<double>& g) { gemm_portable(g); }

}  // namespace rush::kernels::cpu
