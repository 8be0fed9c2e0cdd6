// The register tile that products are made of, and the packing of a transposed operand for it.
// Included once a target, by gemm_portable.cc and the kernels of attention.
#if defined(RUSH_GEMM_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_GEMM_TILE_INL_H
#undef RUSH_GEMM_TILE_INL_H
#else
#define RUSH_GEMM_TILE_INL_H
#endif

#include <cstdint>

#include "hwy/cache_control.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One register tile. `add` is what the result is added to (a bias with add_row 0, c itself), or
// null. The last of its vectors has `last` columns.
template <typename T>
struct TileArgs {
  int64_t k;
  const T* a;
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row;
  T* c;
  int64_t c_row;
  const T* add;
  int64_t add_row;
  int64_t last;
};

// Rows of the register tile: with 2 vectors a row it leaves room for b and a broadcast element.
constexpr int kRows = HWY_TARGET <= HWY_AVX3 ? 14 : 6;

// How the elements of a lie for a tile: kStrided as a_row and a_col say, kByRows and kByColumns in
// rows or columns a fixed distance apart. Fixed distances make addresses constants, which leaves
// the processor's time for the products. These tiles belong to large products, whose b comes from
// the second-level cache and is fetched ahead.
enum class Layout { kStrided, kByRows, kByColumns };
template <typename T>
constexpr int64_t kRowLength = 1536 / sizeof(T);
// No multiple of a page: rows would compete for the same lines of the cache.
template <typename T>
constexpr int64_t kRowDistance = kRowLength<T> + 16;
// Whole vectors.
template <typename T>
constexpr int64_t kColumnDistance = [] {
  constexpr int64_t kN = static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>()));
  return (kRows + kN - 1) / kN * kN;
}();

// kPartial: columns from `last` on are neither read nor written.
template <int kM, int kV, bool kPartial, typename T, Layout kLayout = Layout::kStrided>
HWY_NOINLINE void Tile(const TileArgs<T>& t) {
  const hn::ScalableTag<T> d;
  constexpr int kN = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
  const auto mask = hn::FirstN(d, static_cast<size_t>(t.last));
  const auto load = [&](const T* from, int v) HWY_ATTR {
    if constexpr (kPartial)
      if (v == kV - 1) return hn::MaskedLoad(mask, d, from + v * kN);
    return hn::LoadU(d, from + v * kN);
  };
  hn::Vec<hn::ScalableTag<T>> sum[kM][kV];
#pragma GCC unroll 16
  for (int i = 0; i < kM; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < kV; ++v) sum[i][v] = hn::Zero(d);
  constexpr bool kIsStrided = kLayout == Layout::kStrided, kByRows = kLayout == Layout::kByRows;
  const int64_t a_row = kIsStrided ? t.a_row : kByRows ? kRowDistance<T> : 1;
  const int64_t a_col = kIsStrided ? t.a_col : kByRows ? 1 : kColumnDistance<T>;
  int64_t rows[kM];
#pragma GCC unroll 16
  for (int i = 0; i < kM; ++i) rows[i] = i * a_row;
  const T* HWY_RESTRICT a = t.a;
  const T* HWY_RESTRICT b = t.b;
  const int64_t b_row = t.b_row;
  constexpr int kAhead = 16;  // rows of b
  for (int64_t k = t.k; k > 0; --k, a += a_col, b += b_row) {
    hn::Vec<hn::ScalableTag<T>> vb[kV];
#pragma GCC unroll 2
    for (int v = 0; v < kV; ++v) {
      vb[v] = load(b, v);
      if (!kIsStrided) hwy::Prefetch(b + kAhead * kV * kN + v * kN);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kM; ++i) {
      const auto va = hn::Set(d, a[rows[i]]);
#pragma GCC unroll 2
      for (int v = 0; v < kV; ++v) sum[i][v] = hn::MulAdd(va, vb[v], sum[i][v]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < kM; ++i)
#pragma GCC unroll 2
    for (int v = 0; v < kV; ++v) {
      auto r = sum[i][v];
      if (t.add) r = hn::Add(r, load(t.add + i * t.add_row, v));
      T* to = t.c + i * t.c_row + v * kN;
      if (kPartial && v == kV - 1)
        hn::BlendedStore(r, mask, d, to);
      else
        hn::StoreU(r, d, to);
    }
}

// packed[k, width] = b[k, cols] for a b whose columns are adjacent, one by one from (i, j) on.
template <typename T>
void PackOneByOne(int64_t i, int64_t k, int64_t j, int64_t cols, int64_t width, const T* b,
                  int64_t b_col, T* HWY_RESTRICT packed) {
  for (; j < cols; ++j)
    for (int64_t r = i; r < k; ++r) packed[r * width + j] = b[j * b_col + r];
}

#if HWY_TARGET == HWY_SCALAR
template <typename T>
void PackTransposed(int64_t k, int64_t cols, int64_t width, const T* b, int64_t b_col,
                    T* HWY_RESTRICT packed) {
  PackOneByOne(0, k, 0, cols, width, b, b_col, packed);
}
#else
// Elements in 16 bytes, the side of the squares that are transposed.
template <typename T>
constexpr int64_t kSide = 16 / sizeof(T);

// kSide adjacent elements of each of several lines: 0, kSide, 2 kSide, ... from `from`.
template <class D, typename T = hn::TFromD<D>>
hn::Vec<D> LoadSquares(D d, const T* from, int64_t line) {
  if constexpr (hn::MaxLanes(D()) <= static_cast<size_t>(kSide<T>)) {
    return hn::LoadU(d, from);
  } else {
    const hn::Half<D> half;
    constexpr int64_t kLines = static_cast<int64_t>(hn::MaxLanes(half));
    return hn::Combine(d, LoadSquares(half, from + kLines * line, line),
                       LoadSquares(half, from, line));
  }
}

// Squares of as many lines as d has lanes, side by side: column i of `from` becomes line i of `to`.
template <class D, typename T = hn::TFromD<D>>
void TransposeSquares(D d, const T* from, int64_t line, T* to, int64_t to_line) {
  const auto r0 = LoadSquares(d, from, line), r1 = LoadSquares(d, from + line, line);
  if constexpr (kSide<T> == 4) {
    const auto r2 = LoadSquares(d, from + 2 * line, line);
    const auto r3 = LoadSquares(d, from + 3 * line, line);
    const auto even = hn::InterleaveLower(d, r0, r2), odd = hn::InterleaveLower(d, r1, r3);
    const auto even2 = hn::InterleaveUpper(d, r0, r2), odd2 = hn::InterleaveUpper(d, r1, r3);
    hn::StoreU(hn::InterleaveLower(d, even, odd), d, to);
    hn::StoreU(hn::InterleaveUpper(d, even, odd), d, to + to_line);
    hn::StoreU(hn::InterleaveLower(d, even2, odd2), d, to + 2 * to_line);
    hn::StoreU(hn::InterleaveUpper(d, even2, odd2), d, to + 3 * to_line);
  } else {
    hn::StoreU(hn::InterleaveLower(d, r0, r1), d, to);
    hn::StoreU(hn::InterleaveUpper(d, r0, r1), d, to + to_line);
  }
}

// packed[k, width] = b[k, cols] for a b whose columns are adjacent. The rest of packed is left as
// it is.
template <typename T>
void PackTransposed(int64_t k, int64_t cols, int64_t width, const T* b, int64_t b_col,
                    T* HWY_RESTRICT packed) {
  const int64_t whole_k = k / kSide<T> * kSide<T>;
  int64_t j = 0;
  const auto transpose = [&](auto d) HWY_ATTR {
    constexpr int64_t kColumns = static_cast<int64_t>(hn::MaxLanes(decltype(d)()));
    for (; j + kColumns <= cols; j += kColumns)
      for (int64_t i = 0; i < whole_k; i += kSide<T>)
        TransposeSquares(d, b + j * b_col + i, b_col, packed + i * width + j, width);
  };
  transpose(hn::ScalableTag<T>());
  transpose(hn::CappedTag<T, static_cast<size_t>(kSide<T>)>());
  PackOneByOne(whole_k, k, 0, j, width, b, b_col, packed);
  PackOneByOne(0, k, j, cols, width, b, b_col, packed);
}
#endif

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
