// The inner loops of reductions, for any kind: a row collected within registers, or columns a tile
// at a time. The loops around them are in reduce_plan.cc. Included once per Highway target.
//
// A kind K has types A (what elements are computed in) and Total; identity(), step(acc, x, p) and
// merge(a, b) on single values and, where kVector, on vectors; start(), add(total, acc) and
// join(total, total) on totals; result(total, number).
#if defined(RUSH_KERNELS_CPU_REDUCE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_KERNELS_CPU_REDUCE_INL_H_
#undef RUSH_KERNELS_CPU_REDUCE_INL_H_
#else
#define RUSH_KERNELS_CPU_REDUCE_INL_H_
#endif

#include <algorithm>

#include "rush/kernels/cpu/float_io-inl.h"
#include "rush/kernels/cpu/reduce_plan.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Lanes that plain loops keep apart so that the compiler turns them into vectors.
inline constexpr int64_t kPlainLanes = 16;

template <class K, typename T>
HWY_ATTR typename K::A ReduceVectorRow(const T* x, int64_t n, typename K::A p) {
  const hn::ScalableTag<typename K::A> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto vp = hn::Set(d, p);
  auto a0 = hn::Set(d, K::identity()), a1 = a0, a2 = a0, a3 = a0;
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    a0 = K::step(d, a0, LoadAs(d, x + i), vp);
    a1 = K::step(d, a1, LoadAs(d, x + i + lanes), vp);
    a2 = K::step(d, a2, LoadAs(d, x + i + 2 * lanes), vp);
    a3 = K::step(d, a3, LoadAs(d, x + i + 3 * lanes), vp);
  }
  for (; i + lanes <= n; i += lanes) a0 = K::step(d, a0, LoadAs(d, x + i), vp);
  HWY_ALIGN typename K::A parts[hn::MaxLanes(d)];
  hn::Store(K::merge(d, K::merge(d, a0, a1), K::merge(d, a2, a3)), d, parts);
  for (int64_t half = lanes / 2; half > 0; half /= 2)
    for (int64_t k = 0; k < half; ++k) parts[k] = K::merge(parts[k], parts[k + half]);
  auto acc = parts[0];
  for (; i < n; ++i) acc = K::step(acc, static_cast<typename K::A>(x[i]), p);
  return acc;
}

// One run of at most kRunLength elements.
template <class K, typename T>
HWY_ATTR typename K::A ReduceRow(const T* x, int64_t n, int64_t stride, typename K::A p) {
  using A = typename K::A;
  A acc = K::identity();
  int64_t i = 0;
  if (n >= kPlainLanes) {
    if constexpr (K::kVector)
      if (stride == 1) return ReduceVectorRow<K>(x, n, p);
    A parts[kPlainLanes];
    for (A& part : parts) part = K::identity();
    for (; i + kPlainLanes <= n; i += kPlainLanes)
      for (int64_t k = 0; k < kPlainLanes; ++k)
        parts[k] = K::step(parts[k], static_cast<A>(x[(i + k) * stride]), p);
    for (A part : parts) acc = K::merge(acc, part);
  }
  for (; i < n; ++i) acc = K::step(acc, static_cast<A>(x[i * stride]), p);
  return acc;
}

// acc[j] takes in x[i, j] for all rows i; four rows at a time, so that acc is touched a quarter as
// often as x.
template <class K, typename T>
HWY_ATTR HWY_NOINLINE void ReduceColumns(const T* x, int64_t rows, int64_t row_stride, int64_t cols,
                                         int64_t col_stride, typename K::A* HWY_RESTRICT acc,
                                         const typename K::A* HWY_RESTRICT p) {
  using A = typename K::A;
  int64_t i = 0;
  if constexpr (K::kVector) {
    const hn::ScalableTag<A> d;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    if (col_stride == 1 && cols >= lanes) {
      for (; i < rows; i += 4) {
        const T* HWY_RESTRICT row = x + i * row_stride;
        const bool four = i + 4 <= rows;
        int64_t j = 0;
        for (; j + lanes <= cols; j += lanes) {
          const auto vp = hn::LoadU(d, p + j);
          auto a = K::step(d, hn::LoadU(d, acc + j), LoadAs(d, row + j), vp);
          if (four) {
            a = K::step(d, a, LoadAs(d, row + row_stride + j), vp);
            a = K::step(d, a, LoadAs(d, row + 2 * row_stride + j), vp);
            a = K::step(d, a, LoadAs(d, row + 3 * row_stride + j), vp);
          } else {
            for (int64_t k = 1; i + k < rows; ++k)
              a = K::step(d, a, LoadAs(d, row + k * row_stride + j), vp);
          }
          hn::StoreU(a, d, acc + j);
        }
        for (; j < cols; ++j)
          for (int64_t k = 0; k < 4 && i + k < rows; ++k)
            acc[j] = K::step(acc[j], static_cast<A>(row[k * row_stride + j]), p[j]);
      }
      return;
    }
  }
  for (; i < rows; ++i) {
    const T* HWY_RESTRICT row = x + i * row_stride;
    if (col_stride == 1) {
      for (int64_t j = 0; j < cols; ++j) acc[j] = K::step(acc[j], static_cast<A>(row[j]), p[j]);
    } else {
      for (int64_t j = 0; j < cols; ++j)
        acc[j] = K::step(acc[j], static_cast<A>(row[j * col_stride]), p[j]);
    }
  }
}

// Narrow dense rows (a bias of ten classes) are read as rows several times as wide, whose columns
// are merged at the end. Returns how many rows it took in.
template <class K, typename T>
HWY_ATTR int64_t ReduceNarrow(const T* x, int64_t rows, int64_t cols, const typename K::A* p,
                              typename K::Total* totals) {
  using A = typename K::A;
  constexpr int64_t kWide = 64, kRun = 64;
  const int64_t fold = kWide / cols, groups = rows / fold, wide = fold * cols;
  A acc[kWide], params[kWide];
  for (int64_t f = 0; f < fold; ++f) std::copy_n(p, cols, params + f * cols);
  for (int64_t i = 0; i < groups; i += kRun) {
    std::fill_n(acc, wide, K::identity());
    ReduceColumns<K>(x + i * wide, std::min(kRun, groups - i), wide, wide, 1, acc, params);
    for (int64_t f = 0; f < fold; ++f)
      for (int64_t j = 0; j < cols; ++j) totals[j] = K::add(totals[j], acc[f * cols + j]);
  }
  return groups * fold;
}

template <class K, typename T, typename Out>
struct ReducerOf {
  using A = typename K::A;
  using Total = typename K::Total;

  static void start(void* totals, int64_t n) {
    std::fill_n(static_cast<Total*>(totals), n, K::start());
  }
  static void row(const void* x, int64_t n, int64_t stride, const void* param, void* total) {
    const A p = param == nullptr ? A{} : *static_cast<const A*>(param);
    auto& t = *static_cast<Total*>(total);
    for (int64_t i = 0; i < n; i += kRunLength) {
      const T* run = static_cast<const T*>(x) + i * stride;
      t = K::add(t, ReduceRow<K>(run, std::min(kRunLength, n - i), stride, p));
    }
  }
  static void rows(const void* x, int64_t count, int64_t x_step, int64_t n, int64_t stride,
                   const void* params, void* totals) {
    auto* t = static_cast<Total*>(totals);
    for (int64_t k = 0; k < count; ++k) {
      const T* from = static_cast<const T*>(x) + k * x_step;
      const A* p = params == nullptr ? nullptr : static_cast<const A*>(params) + k;
      if (n >= kPlainLanes) {
        row(from, n, stride, p, t + k);
      } else {
        A acc = K::identity();
        for (int64_t i = 0; i < n; ++i)
          acc = K::step(acc, static_cast<A>(from[i * stride]), p == nullptr ? A{} : *p);
        t[k] = K::add(t[k], acc);
      }
    }
  }
  static void columns(const void* x_void, int64_t rows, int64_t row_stride, int64_t cols,
                      int64_t col_stride, const void* params, void* totals_void) {
    constexpr int64_t kRunRows = 64;
    static constexpr A zeros[kTileColumns] = {};
    const T* x = static_cast<const T*>(x_void);
    auto* totals = static_cast<Total*>(totals_void);
    const A* p = params == nullptr ? zeros : static_cast<const A*>(params);
    int64_t i = 0;
    if (col_stride == 1 && row_stride == cols && cols <= 32 && rows * cols >= 256)
      i = ReduceNarrow<K>(x, rows, cols, p, totals);
    A acc[kTileColumns];
    for (; i < rows; i += kRunRows) {
      std::fill_n(acc, cols, K::identity());
      ReduceColumns<K>(x + i * row_stride, std::min(kRunRows, rows - i), row_stride, cols,
                       col_stride, acc, p);
      for (int64_t j = 0; j < cols; ++j) totals[j] = K::add(totals[j], acc[j]);
    }
  }
  static void join(void* totals, const void* others, int64_t n) {
    auto* a = static_cast<Total*>(totals);
    const auto* b = static_cast<const Total*>(others);
    for (int64_t i = 0; i < n; ++i) a[i] = K::join(a[i], b[i]);
  }
  static void finish(const void* totals, int64_t n, void* out, int64_t stride, double number) {
    for (int64_t i = 0; i < n; ++i)
      static_cast<Out*>(out)[i * stride] =
          static_cast<Out>(K::result(static_cast<const Total*>(totals)[i], number));
  }
  static Reducer make() {
    return {sizeof(T), sizeof(A), sizeof(Total), sizeof(Out), start,
            row,       rows,      columns,       join,        finish};
  }
};

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
