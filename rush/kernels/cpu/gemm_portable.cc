// Matrix product with Highway. One register tile serves all: kRows x (1 or 2 vectors) of c stay in
// registers while k runs; a is read element by element (broadcast), b by vectors.
//
// Small products use a and b where they lie; only a b whose rows are not adjacent is packed. Large
// ones are cut into blocks of c, each a task of its own that copies its blocks of a and b into
// scratch, so that they are dense in the caches. k is never split between tasks.
#include <algorithm>
#include <cstring>
#include <type_traits>

#include "rush/base/threads.h"
#include "rush/kernels/cpu/gemm.h"
#include "rush/kernels/cpu/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/gemm_portable.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "rush/kernels/cpu/gemm_dots-inl.h"
#include "rush/kernels/cpu/gemm_panel-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// packed[k, width] = b[k, cols], columns beyond `cols` zero.
template <typename T>
void PackB(int64_t k, int64_t cols, int64_t width, const T* b, int64_t b_row, int64_t b_col,
           T* HWY_RESTRICT packed) {
  if (b_col == 1) {
    for (int64_t i = 0; i < k; ++i) {
      std::memcpy(packed + i * width, b + i * b_row, cols * sizeof(T));
      std::fill(packed + i * width + cols, packed + (i + 1) * width, T(0));
    }
    return;
  }
  for (int64_t j = 0; j < width; ++j) {
    const T* HWY_RESTRICT from = b + j * b_col;
    T* HWY_RESTRICT to = packed + j;
    if (j >= cols)
      for (int64_t i = 0; i < k; ++i) to[i * width] = T(0);
    else
      for (int64_t i = 0; i < k; ++i) to[i * width] = from[i * b_row];
  }
}

// Rows [k0, k0 + k) and columns [j0, j0 + n) of b, as panels of `width` columns one after another.
template <typename T>
void PackPanels(int64_t k, int64_t n, int64_t width, const Gemm<T>& g, int64_t k0, int64_t j0,
                T* HWY_RESTRICT packed) {
  const T* b = g.b + k0 * g.b_row + j0 * g.b_col;
  const int64_t whole = n / width * width;
  if (g.b_col == 1) {  // row by row: reads b in order
    for (int64_t i = 0; i < k; ++i)
      for (int64_t j = 0; j < whole; j += width)
        std::memcpy(packed + j * k + i * width, b + i * g.b_row + j, width * sizeof(T));
  } else {
    for (int64_t j = 0; j < whole; j += width) {
      if (g.b_row == 1)
        PackTransposed(k, width, width, b + j * g.b_col, g.b_col, packed + j * k);
      else
        PackB(k, width, width, b + j * g.b_col, g.b_row, g.b_col, packed + j * k);
    }
  }
  if (whole < n)
    PackB(k, n - whole, width, b + whole * g.b_col, g.b_row, g.b_col, packed + whole * k);
}

template <typename T>
const T* AddOf(const Gemm<T>& g, int64_t i, int64_t j) {
  if (g.accumulate) return g.c + i * g.c_row + j;
  return g.bias ? g.bias + j : nullptr;
}

template <typename T>
void Serial(const Gemm<T>& g);

// Few columns, columns of a adjacent: the transposed product has long rows.
template <typename T>
void Turned(const Gemm<T>& g) {
  const Scratch<T> turned(g.n * g.m);
  Serial<T>({g.n, g.m, g.k, g.b, g.b_col, g.b_row, g.a, g.a_col, g.a_row, turned.data(), g.m});
  for (int64_t i = 0; i < g.m; ++i)
    for (int64_t j = 0; j < g.n; ++j) {
      T& c = g.c[i * g.c_row + j];
      c = turned[j * g.m + i] + (g.accumulate ? c : g.bias ? g.bias[j] : T(0));
    }
}

// One block of c, a and b as they lie, k in one run.
template <typename T>
void Serial(const Gemm<T>& g) {
  constexpr int64_t kN = static_cast<int64_t>(hn::MaxLanes(Tag<T>()));
  constexpr int64_t kFew = 4;
  if (g.n <= kFew && g.m >= kN && g.k > 0) {
    if (g.a_col == 1 && g.k >= kN) return DotColumns(g);
    if (g.a_row == 1 && g.m > kFew) return Turned(g);  // whose product is not turned again
  }
  if (g.m <= kFew && g.k >= kN && g.a_col == 1 && g.b_row == 1) return DotRows(g);
  constexpr int64_t kOnStack = 2048;
  HWY_ALIGN T stack[kOnStack];
  const bool fits = g.k * 2 * kN <= kOnStack;
  const Scratch<T> heap(fits ? 0 : g.k * 2 * kN);
  T* packed = fits ? stack : heap.data();
  for (int64_t j = 0; j < g.n; j += 2 * kN) {
    const int64_t cols = std::min(2 * kN, g.n - j);
    const int64_t width = cols > kN ? 2 * kN : kN;
    TileArgs<T> t{g.k,     g.a,     g.a_row, g.a_col,        g.b + j * g.b_col,
                  g.b_row, g.c + j, g.c_row, AddOf(g, 0, j), g.accumulate ? g.c_row : 0,
                  kN};
    if (g.b_col != 1) {
      if (g.b_row == 1)
        PackTransposed(g.k, cols, width, t.b, g.b_col, packed);
      else
        PackB(g.k, cols, width, t.b, g.b_row, g.b_col, packed);
      t.b = packed;
      t.b_row = width;
    }
    Panel(g.m, cols, t);
  }
}

// Copies a block of a so that it is dense: rows if rows are adjacent elements, else columns.
template <typename T>
void PackA(int64_t m, int64_t k, TileArgs<T>& t, T* HWY_RESTRICT packed) {
  const T* from = t.a;
  t.a = packed;
  if (t.a_row == 1) {
    for (int64_t j = 0; j < k; ++j) std::memcpy(packed + j * m, from + j * t.a_col, m * sizeof(T));
    t.a_col = m;
    return;
  }
  constexpr int64_t kPad = 16;  // keeps rows out of step with the cache's sets
  const int64_t row = k + kPad;
  for (int64_t i = 0; i < m; ++i) {
    const T* HWY_RESTRICT r = from + i * t.a_row;
    if (t.a_col == 1)
      std::memcpy(packed + i * row, r, k * sizeof(T));
    else
      for (int64_t j = 0; j < k; ++j) packed[i * row + j] = r[j * t.a_col];
  }
  t.a_row = row;
  t.a_col = 1;
}

constexpr int64_t kBlockM = 144, kBlockN = 256, kBlockK = 256;

// The block of c at (i0, j0), of size m x n, with all of k.
template <typename T>
void Block(const Gemm<T>& g, int64_t i0, int64_t j0, int64_t m, int64_t n) {
  constexpr int64_t kN = static_cast<int64_t>(hn::MaxLanes(Tag<T>()));
  constexpr int64_t kWidth = 2 * kN;
  const Scratch<T> a_block(kBlockM * (kBlockK + 16)), b_block(kBlockN * kBlockK);
  for (int64_t k0 = 0; k0 < g.k; k0 += kBlockK) {
    const int64_t k = std::min(kBlockK, g.k - k0);
    TileArgs<T> t{};
    t.k = k;
    t.a = g.a + i0 * g.a_row + k0 * g.a_col;
    t.a_row = g.a_row;
    t.a_col = g.a_col;
    PackA(m, k, t, a_block.data());
    t.b_row = kWidth;
    t.c_row = g.c_row;
    const bool adds_c = g.accumulate || k0 > 0;
    t.add_row = adds_c ? g.c_row : 0;
    PackPanels(k, n, kWidth, g, k0, j0, b_block.data());
    for (int64_t j = 0; j < n; j += kWidth) {
      const int64_t cols = std::min(kWidth, n - j);
      t.b = b_block.data() + j * k;
      t.c = g.c + i0 * g.c_row + j0 + j;
      t.add = adds_c ? t.c : AddOf(g, i0, j0 + j);
      Panel(m, cols, t);
    }
  }
}

template <typename T>
void Product(const Gemm<T>& g) {
  if (g.work() <= kSerialWork / 4 || g.k <= 4) {
    Serial(g);
    return;
  }
  // Narrow products get narrower blocks, so that there is something to share.
  int64_t block_n = kBlockN;
  const int64_t rows = (g.m + kBlockM - 1) / kBlockM;
  while (block_n > 64 && rows * ((g.n + block_n - 1) / block_n) < 4) block_n /= 2;
  const int64_t columns = (g.n + block_n - 1) / block_n;
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const int64_t i0 = t / columns * kBlockM, j0 = t % columns * block_n;
      Block(g, i0, j0, std::min(kBlockM, g.m - i0), std::min(block_n, g.n - j0));
    }
  };
  if (g.work() <= kSerialWork)
    run(0, rows * columns);
  else
    parallel_for(rows * columns, 1, run);
}

// Columns of a panel of b.
template <typename T>
constexpr int64_t kPanel = 2 * static_cast<int64_t>(hn::MaxLanes(Tag<T>()));

template <typename T>
int64_t PackedSize(int64_t k, int64_t n) {
  return (n + kPanel<T> - 1) / kPanel<T> * kPanel<T> * k;
}
template <typename T>
void Pack(const Gemm<T>& g, T* packed) {
  PackPanels(g.k, g.n, kPanel<T>, g, 0, 0, packed);
}
// g.b: packed.
template <typename T>
void PackedProduct(const Gemm<T>& g, const T* add, int64_t add_row) {
  TileArgs<T> t{};
  t.k = g.k;
  t.a = g.a;
  t.a_row = g.a_row;
  t.a_col = g.a_col;
  t.b_row = kPanel<T>;
  t.c_row = g.c_row;
  t.add_row = add_row;
  for (int64_t j = 0; j < g.n; j += kPanel<T>) {
    t.b = g.b + j * g.k;
    t.c = g.c + j;
    t.add = add ? add + j : nullptr;
    Panel(g.m, std::min(kPanel<T>, g.n - j), t);
  }
}

void GemmFloat(const Gemm<float>& g) { Product(g); }
void GemmDouble(const Gemm<double>& g) { Product(g); }
int64_t PackedSizeFloat(int64_t k, int64_t n) { return PackedSize<float>(k, n); }
int64_t PackedSizeDouble(int64_t k, int64_t n) { return PackedSize<double>(k, n); }
void PackFloat(const Gemm<float>& g, float* packed) { Pack(g, packed); }
void PackDouble(const Gemm<double>& g, double* packed) { Pack(g, packed); }
void PackedFloat(const Gemm<float>& g, const float* add, int64_t row) {
  PackedProduct(g, add, row);
}
void PackedDouble(const Gemm<double>& g, const double* add, int64_t row) {
  PackedProduct(g, add, row);
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {
HWY_EXPORT(GemmFloat);
HWY_EXPORT(GemmDouble);
HWY_EXPORT(PackedSizeFloat);
HWY_EXPORT(PackedSizeDouble);
HWY_EXPORT(PackFloat);
HWY_EXPORT(PackDouble);
HWY_EXPORT(PackedFloat);
HWY_EXPORT(PackedDouble);

void gemm_portable(const Gemm<float>& g) {
  if (g.m > 0 && g.n > 0) HWY_DYNAMIC_DISPATCH(GemmFloat)(g);
}
void gemm_portable(const Gemm<double>& g) {
  if (g.m > 0 && g.n > 0) HWY_DYNAMIC_DISPATCH(GemmDouble)(g);
}

template <typename T>
PackedMatrix<T>::PackedMatrix(int64_t k, int64_t n, const T* b, int64_t b_row, int64_t b_col)
    : k_(k), n_(n), panels_([&] {
        if constexpr (std::is_same_v<T, float>)
          return HWY_DYNAMIC_DISPATCH(PackedSizeFloat)(k, n);
        else
          return HWY_DYNAMIC_DISPATCH(PackedSizeDouble)(k, n);
      }()) {
  Gemm<T> g{};
  g.k = k;
  g.n = n;
  g.b = b;
  g.b_row = b_row;
  g.b_col = b_col;
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(PackFloat)(g, panels_.data());
  else
    HWY_DYNAMIC_DISPATCH(PackDouble)(g, panels_.data());
}

template <typename T>
void PackedMatrix<T>::multiply(int64_t m, const T* a, int64_t a_row, T* c, int64_t c_row,
                               const T* add, int64_t add_row) const {
  if (m <= 0 || n_ <= 0) return;
  const Gemm<T> g{m, n_, k_, a, a_row, 1, panels_.data(), 0, 0, c, c_row};
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(PackedFloat)(g, add, add_row);
  else
    HWY_DYNAMIC_DISPATCH(PackedDouble)(g, add, add_row);
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace rush::kernels::cpu
#endif
