// Products with few rows or few columns: each element of c is a sum over vectors along k. Included
// once a target, by gemm_portable.cc.
#if defined(RUSH_GEMM_DOTS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_GEMM_DOTS_INL_H
#undef RUSH_GEMM_DOTS_INL_H
#else
#define RUSH_GEMM_DOTS_INL_H
#endif

#include "hwy/highway.h"
#include "rush/kernels/cpu/gemm.h"
#include "rush/kernels/cpu/scratch.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
using Tag = hn::ScalableTag<T>;

// Rows of a against few columns of b, or few rows against columns, where both lie along k: each
// element of c is a sum over vectors. x: the many, y: the few; `x_c`, `y_c`: their strides in c.
template <typename T>
struct DotArgs {
  int64_t k, count;
  const T* x;
  int64_t x_line, x_c;
  const T* y;
  T* c;
  const T* bias;
  int64_t bias_step;
  bool accumulate;
};

template <int kM, typename T>
void Dot(const DotArgs<T>& t, int64_t i) {
  const Tag<T> d;
  constexpr int64_t kN = static_cast<int64_t>(hn::MaxLanes(Tag<T>()));
  const int64_t whole = t.k / kN * kN;
  const auto mask = hn::FirstN(d, static_cast<size_t>(t.k - whole));
  const T* x = t.x + i * t.x_line;
  hn::Vec<Tag<T>> sum[kM];
#pragma GCC unroll 4
  for (int r = 0; r < kM; ++r) sum[r] = hn::Zero(d);
  for (int64_t k = 0; k < whole; k += kN) {
    const auto y = hn::LoadU(d, t.y + k);
#pragma GCC unroll 4
    for (int r = 0; r < kM; ++r) sum[r] = hn::MulAdd(hn::LoadU(d, x + r * t.x_line + k), y, sum[r]);
  }
  if (whole < t.k) {
    const auto y = hn::MaskedLoad(mask, d, t.y + whole);
#pragma GCC unroll 4
    for (int r = 0; r < kM; ++r)
      sum[r] = hn::MulAdd(hn::MaskedLoad(mask, d, x + r * t.x_line + whole), y, sum[r]);
  }
#pragma GCC unroll 4
  for (int r = 0; r < kM; ++r) {
    T& c = t.c[(i + r) * t.x_c];
    const T add = t.accumulate ? c : t.bias ? t.bias[(i + r) * t.bias_step] : T(0);
    c = hn::GetLane(hn::SumOfLanes(d, sum[r])) + add;
  }
}

template <typename T>
void Dots(const DotArgs<T>& t) {
  int64_t i = 0;
  for (; i + 4 <= t.count; i += 4) Dot<4>(t, i);
  for (; i < t.count; ++i) Dot<1>(t, i);
}

// Few columns. A column of b that does not lie in one piece is copied.
template <typename T>
void DotColumns(const Gemm<T>& g) {
  const Scratch<T> column(g.b_row == 1 ? 0 : g.k);
  for (int64_t j = 0; j < g.n; ++j) {
    const T* b = g.b + j * g.b_col;
    if (g.b_row != 1) {
      for (int64_t k = 0; k < g.k; ++k) column[k] = b[k * g.b_row];
      b = column.data();
    }
    Dots<T>({g.k, g.m, g.a, g.a_row, g.c_row, b, g.c + j, g.bias ? g.bias + j : nullptr, 0,
             g.accumulate});
  }
}

// Few rows.
template <typename T>
void DotRows(const Gemm<T>& g) {
  for (int64_t i = 0; i < g.m; ++i)
    Dots<T>(
        {g.k, g.n, g.b, g.b_col, 1, g.a + i * g.a_row, g.c + i * g.c_row, g.bias, 1, g.accumulate});
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
