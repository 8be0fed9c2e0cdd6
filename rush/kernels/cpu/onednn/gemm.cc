// Single-precision products by oneDNN: its sgemm, or its matmul primitive where that was measured
// to be faster.
#include "rush/kernels/cpu/onednn/gemm.h"

#include <oneapi/dnnl/dnnl.h>

#include <algorithm>

#include "rush/base/error.h"
#include "rush/base/threads.h"
#include "rush/base/work_step.h"
#include "rush/kernels/cpu/onednn/matmul.h"
#include "rush/kernels/cpu/onednn/threads.h"

namespace rush::kernels::cpu::onednn {
namespace {

// How BLAS names an operand [rows, cols]: transposed or not, and the distance of its lines.
struct Operand {
  char transposed = 'N';
  int64_t line = 0;
  bool ok = true;
};

Operand operand(int64_t rows, int64_t cols, int64_t row, int64_t col) {
  if ((col == 1 || cols == 1) && (row >= cols || rows == 1))
    return {'N', rows == 1 ? cols : row, true};
  if ((row == 1 || rows == 1) && (col >= rows || cols == 1))
    return {'T', cols == 1 ? rows : col, true};
  return {'N', 0, false};
}

void call(const Gemm<float>& g, const Operand& a, const Operand& b) {
  const dnnl_status_t status =
      dnnl_sgemm(a.transposed, b.transposed, g.m, g.n, g.k, 1.0f, g.a, a.line, g.b, b.line,
                 g.accumulate ? 1.0f : 0.0f, g.c, g.c_row);
  if (status != dnnl_success) fail("matmul: oneDNN's sgemm failed with status ", int(status));
}

void add_bias(const Gemm<float>& g) {
  constexpr int64_t kGrain = 32768;
  parallel_for(g.m, std::max<int64_t>(1, kGrain / g.n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      float* c = g.c + i * g.c_row;
      for (int64_t j = 0; j < g.n; ++j) c[j] += g.bias[j];
    }
  });
}

// Rows [i, i + m) of c.
Gemm<float> part(Gemm<float> g, int64_t i, int64_t m) {
  g.a += i * g.a_row;
  g.c += i * g.c_row;
  g.m = m;
  return g;
}

// The primitive adds the bias while c is in the cache: a linear layer going forward (a transposed
// b) gains up to 40 %, unless both c and b are large.
bool by_primitive(const Gemm<float>& g) {
  constexpr int64_t kFewRows = 1024, kFewColumns = 512;
  if (g.accumulate || g.b_row != 1 || (g.m > kFewRows && g.n > kFewColumns)) return false;
  const MatmulShape s{1,       g.m,           g.n,     g.k,     g.m * g.a_row, g.a_row,
                      g.a_col, g.n * g.b_col, g.b_row, g.b_col, g.m * g.c_row, g.c_row};
  return matmul(s, DType::kFloat32, g.a, g.b, g.bias, g.c);
}

void run(const Gemm<float>& g, const Operand& a, const Operand& b) {
  if (by_primitive(g)) return;
  call(g, a, b);
  if (g.bias) add_bias(g);
}

// A product of a second or more is made of pieces, between which it can be stopped.
void run_in_pieces(const Gemm<float>& g, const Operand& a, const Operand& b) {
  constexpr int64_t kLongWork = int64_t{1} << 34, kManyRows = 512;
  const int64_t rows = std::max(kManyRows, kLongWork / std::max<int64_t>(1, g.n * g.k));
  if (g.m <= rows) return run(g, a, b);
  for (int64_t i = 0; i < g.m; i += rows) {
    if (rush::detail::t_work_step) rush::detail::t_work_step();
    run(part(g, i, std::min(rows, g.m - i)), a, b);
  }
}

}  // namespace

bool gemm(const Gemm<float>& g) {
  const Operand a = operand(g.m, g.k, g.a_row, g.a_col);
  const Operand b = operand(g.k, g.n, g.b_row, g.b_col);
  if (!a.ok || !b.ok) return false;
  const SingleThread single(g.work() <= kSerialWork || in_parallel());
  run_in_pieces(g, a, b);
  return true;
}

}  // namespace rush::kernels::cpu::onednn
