// Matrix product with Highway. One register tile serves all: kRows x (1 or 2 vectors) of c stay in
// registers while k runs; a is read element by element (broadcast), b by vectors.
//
// Small products use a and b where they lie; only a b whose rows are not adjacent is packed. Large
// ones are cut into tasks, columns and perhaps rows of c. A task packs a block of b that stays in
// the second-level cache, and meets it with a tile's rows of a after another, packed for the
// first-level one. k is never split between tasks: the bits depend on no number of threads.
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

// Columns of a panel of b.
template <typename T>
constexpr int64_t kPanel = 2 * static_cast<int64_t>(hn::MaxLanes(Tag<T>()));

// From one packed panel of b to the next. The row too much keeps panels out of step with the
// cache's sets: a row of b goes to all of them.
constexpr int64_t PanelDistance(int64_t k, int64_t width) { return (k + 1) * width; }

// Rows [k0, k0 + k) and columns [j0, j0 + n) of b, as panels of `width` columns.
template <typename T>
void PackPanels(int64_t k, int64_t n, int64_t width, const Gemm<T>& g, int64_t k0, int64_t j0,
                T* HWY_RESTRICT packed) {
  const T* b = g.b + k0 * g.b_row + j0 * g.b_col;
  const int64_t panels = n / width, distance = PanelDistance(k, width);
  if (g.b_col == 1) {  // row by row: reads b in order
    for (int64_t i = 0; i < k; ++i)
      for (int64_t p = 0; p < panels; ++p)
        std::memcpy(packed + p * distance + i * width, b + i * g.b_row + p * width,
                    width * sizeof(T));
  } else {
    for (int64_t p = 0; p < panels; ++p) {
      const T* from = b + p * width * g.b_col;
      if (g.b_row == 1)
        PackTransposed(k, width, width, from, g.b_col, packed + p * distance);
      else
        PackB(k, width, width, from, g.b_row, g.b_col, packed + p * distance);
    }
  }
  if (panels * width < n)
    PackB(k, n - panels * width, width, b + panels * width * g.b_col, g.b_row, g.b_col,
          packed + panels * distance);
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

// A packed block of b fills half of a second-level cache of a megabyte, the rows of a that meet it
// most of a first-level one.
constexpr int64_t kBlockN = 384;

// Tiles whose rows are packed together where rows are adjacent elements, so that longer runs are
// read, and where the elements of one of them begin.
constexpr int64_t kGroup = 4;
template <typename T>
constexpr int64_t kTileDistance = (kRowLength<T> + 1) * kColumnDistance<T>;

// Copies the rows of a[m, k] of the tiles that begin at first[0], first[1], ..., first[tiles]: what
// the last one ends before. Whole vectors are copied where a has as many rows.
template <typename T>
void PackColumns(int64_t m, int64_t k, const int64_t* first, int64_t tiles, const T* a,
                 int64_t a_col, T* HWY_RESTRICT packed) {
  const Tag<T> d;
  constexpr int64_t kN = static_cast<int64_t>(hn::MaxLanes(Tag<T>()));
  constexpr int64_t kColumn = kColumnDistance<T>, kTile = kTileDistance<T>;
  constexpr int64_t kAhead = 16;  // rows of a, which lie far apart
  int64_t whole = tiles;
  while (whole > 0 && first[whole - 1] + kColumn > m) --whole;
  for (int64_t j = 0; j < k; ++j, a += a_col, packed += kColumn) {
    for (int64_t t = 0; t < tiles; ++t) hwy::Prefetch(a + first[t] + kAhead * a_col);
    for (int64_t t = 0; t < whole; ++t)
      for (int64_t v = 0; v < kColumn; v += kN)
        hn::StoreU(hn::LoadU(d, a + first[t] + v), d, packed + t * kTile + v);
    for (int64_t t = whole; t < tiles; ++t)
      for (int64_t i = first[t]; i < first[t + 1]; ++i) packed[t * kTile + i - first[t]] = a[i];
  }
}

template <typename T>
void PackRows(int64_t rows, int64_t k, const T* a, int64_t a_row, int64_t a_col,
              T* HWY_RESTRICT packed) {
  for (int64_t i = 0; i < rows; ++i, a += a_row, packed += kRowDistance<T>) {
    if (a_col == 1)
      std::copy_n(a, k, packed);
    else
      for (int64_t j = 0; j < k; ++j) packed[j] = a[j * a_col];
  }
}

// A tile's rows of c against a packed block of b: [k, n].
template <typename T>
void TileRow(int64_t rows, int64_t n, TileArgs<T> t, Layout layout) {
  constexpr int64_t kN = static_cast<int64_t>(hn::MaxLanes(Tag<T>()));
  const int64_t distance = PanelDistance(t.k, 2 * kN);
  for (int64_t j = 0; j < n; j += 2 * kN, t.b += distance, t.c += 2 * kN) {
    const int64_t cols = std::min(2 * kN, n - j);
    const int vectors = cols > kN ? 2 : 1;
    t.last = cols - (vectors - 1) * kN;
    for (int64_t r = 0; r < rows; ++r) {
      hwy::Prefetch(t.c + r * t.c_row);
      hwy::Prefetch(t.c + r * t.c_row + kN);
    }
    const bool is_partial = t.last != kN;
    if (layout == Layout::kByRows)
      FindTile<Layout::kByRows, T>(static_cast<int>(rows), vectors, is_partial)(t);
    else
      FindTile<Layout::kByColumns, T>(static_cast<int>(rows), vectors, is_partial)(t);
    if (t.add) t.add += 2 * kN;
  }
}

// f(k0, k) for parts of [0, n), about equal and as long as a packed row at most.
template <typename T, class F>
void ForSteps(int64_t n, const F& f) {
  const int64_t steps = std::max<int64_t>(1, (n + kRowLength<T> - 1) / kRowLength<T>);
  for (int64_t step = 0; step < steps; ++step) {
    const int64_t begin = n * step / steps;
    f(begin, n * (step + 1) / steps - begin);
  }
}

// Memory for packed operands.
template <typename T>
struct PackedBlocks {
  Scratch<T> a{std::max(kRows * kRowDistance<T>, kGroup* kTileDistance<T>)};
  Scratch<T> b{kBlockN * (kRowLength<T> + 1)};
};

// Rows [i0, i0 + m) and columns [j0, j0 + n) of c, n <= kBlockN, with all of k.
template <typename T>
void Block(const Gemm<T>& g, int64_t i0, int64_t m, int64_t j0, int64_t n,
           const PackedBlocks<T>& packed) {
  constexpr int64_t kWidth = kPanel<T>;
  const bool by_rows = g.a_row != 1;
  const int64_t tiles = (m + kRows - 1) / kRows;
  const auto first_row = [&](int64_t tile) { return i0 + m * tile / tiles; };
  ForSteps<T>(g.k, [&](int64_t k0, int64_t k) {
    PackPanels(k, n, kWidth, g, k0, j0, packed.b.data());
    const bool adds_c = g.accumulate || k0 > 0;
    const T* a = g.a + k0 * g.a_col;
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t i = first_row(tile), rows = first_row(tile + 1) - i;
      T* of_tile = packed.a.data();
      if (by_rows) {
        PackRows(rows, k, a + i * g.a_row, g.a_row, g.a_col, of_tile);
      } else {
        of_tile += tile % kGroup * kTileDistance<T>;
        if (tile % kGroup == 0) {
          int64_t first[kGroup + 1];
          for (int64_t t = 0; t <= kGroup; ++t) first[t] = first_row(std::min(tile + t, tiles));
          PackColumns(g.m, k, first, std::min(kGroup, tiles - tile), a, g.a_col, of_tile);
        }
      }
      T* c = g.c + i * g.c_row + j0;
      const T* add = adds_c ? c : AddOf(g, i, j0);
      TileRow(rows, n,
              TileArgs<T>{k, of_tile, 0, 0, packed.b.data(), kWidth, c, g.c_row, add,
                          adds_c ? g.c_row : 0, 0},
              by_rows ? Layout::kByRows : Layout::kByColumns);
    }
  });
}

template <typename T>
void Product(const Gemm<T>& g) {
  if (g.work() <= kSerialWork / 4 || g.k <= 4) {
    Serial(g);
    return;
  }
  // Each task packs its b; rows are therefore cut only if columns alone cannot be shared out.
  constexpr int64_t kFewRows = 4 * kRows;
  const int64_t threads = g.work() <= kSerialWork || in_parallel() ? 1 : num_threads();
  const int64_t columns = (g.n + kBlockN - 1) / kBlockN;
  const int64_t rows = columns % threads == 0 ? 1 : std::clamp<int64_t>(g.m / kFewRows, 1, threads);
  const auto run = [&](int64_t begin, int64_t end) {
    const PackedBlocks<T> packed;
    const auto column = [&](int64_t part) {
      return std::min(g.n, (g.n * part / columns + kPanel<T> - 1) / kPanel<T> * kPanel<T>);
    };
    for (int64_t task = begin; task < end; ++task) {
      const int64_t row = task / columns, part = task % columns;
      const int64_t i0 = g.m * row / rows, j0 = column(part);
      Block(g, i0, g.m * (row + 1) / rows - i0, j0, column(part + 1) - j0, packed);
    }
  };
  if (threads == 1)
    run(0, rows * columns);
  else
    parallel_for(rows * columns, 1, run);
}

template <typename T>
int64_t PackedSize(int64_t k, int64_t n) {
  return (n + kPanel<T> - 1) / kPanel<T> * PanelDistance(k, kPanel<T>);
}
template <typename T>
void Pack(const Gemm<T>& g, T* packed) {
  PackPanels(g.k, g.n, kPanel<T>, g, 0, 0, packed);
}
// g.b: packed. Panels come one after another from beyond the first-level cache, rows of a stay.
template <typename T>
void PackedProduct(const Gemm<T>& g, const T* add, int64_t add_row) {
  constexpr int64_t kWidth = kPanel<T>, kMostTiles = 3;
  const int64_t tiles = (g.m + kRows - 1) / kRows;
  HWY_ALIGN T rows[kMostTiles * kRows * kRowDistance<T>];  // 67 KB at most
  for (int64_t first = 0; first < tiles; first += kMostTiles) {
    const int64_t last = std::min(tiles, first + kMostTiles);
    const int64_t begin = g.m * first / tiles, end = g.m * last / tiles;
    ForSteps<T>(g.k, [&](int64_t k0, int64_t k) {
      PackRows(end - begin, k, g.a + begin * g.a_row + k0 * g.a_col, g.a_row, g.a_col, rows);
      for (int64_t j = 0; j < g.n; j += kWidth) {
        const T* b = g.b + j / kWidth * PanelDistance(g.k, kWidth) + k0 * kWidth;
        for (int64_t tile = first; tile < last; ++tile) {
          const int64_t i = g.m * tile / tiles, height = g.m * (tile + 1) / tiles - i;
          T* c = g.c + i * g.c_row + j;
          const T* sum = k0 > 0 ? c : add ? add + i * add_row + j : nullptr;
          TileRow(height, std::min(kWidth, g.n - j),
                  TileArgs<T>{k, rows + (i - begin) * kRowDistance<T>, 0, 0, b, kWidth, c, g.c_row,
                              sum, k0 > 0 ? g.c_row : add_row, 0},
                  Layout::kByRows);
        }
      }
    });
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
                               const T* add, int64_t add_row, int64_t first, int64_t count) const {
  if (m <= 0 || count <= 0) return;
  const auto size_before = [&] {
    if constexpr (std::is_same_v<T, float>)
      return HWY_DYNAMIC_DISPATCH(PackedSizeFloat)(k_, first);
    else
      return HWY_DYNAMIC_DISPATCH(PackedSizeDouble)(k_, first);
  };
  const T* b = panels_.data() + (first > 0 ? size_before() : 0);
  const Gemm<T> g{m, count, k_, a, a_row, 1, b, 0, 0, c, c_row};
  if constexpr (std::is_same_v<T, float>)
    HWY_DYNAMIC_DISPATCH(PackedFloat)(g, add, add_row);
  else
    HWY_DYNAMIC_DISPATCH(PackedDouble)(g, add, add_row);
}

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace rush::kernels::cpu
#endif
