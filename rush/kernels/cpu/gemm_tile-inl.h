// The register tile that products are made of, and the packing of a transposed operand for it.
// Included once a target, by gemm_portable.cc and the kernels of attention.
#if defined(RUSH_GEMM_TILE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_GEMM_TILE_INL_H
#undef RUSH_GEMM_TILE_INL_H
#else
#define RUSH_GEMM_TILE_INL_H
#endif

#include <cstdint>

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

// kPartial: columns from `last` on are neither read nor written.
template <int kM, int kV, bool kPartial, typename T>
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
  // A pointer for every third row: an address is a pointer plus 0, 1 or 2 times the stride, which
  // costs no instruction.
  constexpr int kPointers = (kM + 2) / 3;
  const int64_t a_row = t.a_row, a_col = t.a_col, b_row = t.b_row;
  const T* a[kPointers];
#pragma GCC unroll 4
  for (int i = 0; i < kPointers; ++i) a[i] = t.a + 3 * i * a_row;
  const T* HWY_RESTRICT b = t.b;
  for (int64_t k = 0; k < t.k; ++k, b += b_row) {
    hn::Vec<hn::ScalableTag<T>> vb[kV];
#pragma GCC unroll 2
    for (int v = 0; v < kV; ++v) vb[v] = load(b, v);
#pragma GCC unroll 16
    for (int i = 0; i < kM; ++i) {
      const auto va = hn::Set(d, a[i / 3][(i % 3) * a_row]);
#pragma GCC unroll 2
      for (int v = 0; v < kV; ++v) sum[i][v] = hn::MulAdd(va, vb[v], sum[i][v]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < kPointers; ++i) a[i] += a_col;
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

#if HWY_TARGET == HWY_SCALAR
template <typename T>
constexpr int64_t kSide = 1;
template <typename T>
void TransposeSquare(const T* from, int64_t, T* to, int64_t) {
  *to = *from;
}
#else
// Elements in 16 bytes.
template <typename T>
constexpr int64_t kSide = 16 / sizeof(T);
// The transposed square of kSide lines that starts at `from`; lines lie `line` apart.
template <typename T>
void TransposeSquare(const T* from, int64_t line, T* to, int64_t to_line) {
  if constexpr (sizeof(T) == 4) {
    const hn::CappedTag<T, 4> d;
    const auto r0 = hn::LoadU(d, from), r1 = hn::LoadU(d, from + line);
    const auto r2 = hn::LoadU(d, from + 2 * line), r3 = hn::LoadU(d, from + 3 * line);
    const auto even = hn::InterleaveLower(d, r0, r2), odd = hn::InterleaveLower(d, r1, r3);
    const auto even2 = hn::InterleaveUpper(d, r0, r2), odd2 = hn::InterleaveUpper(d, r1, r3);
    hn::StoreU(hn::InterleaveLower(d, even, odd), d, to);
    hn::StoreU(hn::InterleaveUpper(d, even, odd), d, to + to_line);
    hn::StoreU(hn::InterleaveLower(d, even2, odd2), d, to + 2 * to_line);
    hn::StoreU(hn::InterleaveUpper(d, even2, odd2), d, to + 3 * to_line);
  } else {
    const hn::CappedTag<T, 2> d;
    const auto r0 = hn::LoadU(d, from), r1 = hn::LoadU(d, from + line);
    hn::StoreU(hn::InterleaveLower(d, r0, r1), d, to);
    hn::StoreU(hn::InterleaveUpper(d, r0, r1), d, to + to_line);
  }
}
#endif

// packed[k, width] = b[k, cols] for a b whose columns are adjacent. The rest of packed is left as
// it is.
template <typename T>
void PackTransposed(int64_t k, int64_t cols, int64_t width, const T* b, int64_t b_col,
                    T* HWY_RESTRICT packed) {
  const int64_t whole_k = k / kSide<T> * kSide<T>, whole_cols = cols / kSide<T> * kSide<T>;
  for (int64_t j = 0; j < whole_cols; j += kSide<T>)
    for (int64_t i = 0; i < whole_k; i += kSide<T>)
      TransposeSquare(b + j * b_col + i, b_col, packed + i * width + j, width);
  for (int64_t j = 0; j < cols; ++j)
    for (int64_t i = j < whole_cols ? whole_k : 0; i < k; ++i)
      packed[i * width + j] = b[j * b_col + i];
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
