// Panels of c, one or two vectors wide, made of register tiles. Included once a target, by the
// kernels whose products are cut into panels: gemm_portable.cc and winograd.cc.
#if defined(RUSH_GEMM_PANEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_GEMM_PANEL_INL_H
#undef RUSH_GEMM_PANEL_INL_H
#else
#define RUSH_GEMM_PANEL_INL_H
#endif

#include <cstdint>
#include <utility>

#include "rush/kernels/cpu/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {

template <typename T>
using TileFunction = void (*)(const TileArgs<T>&);

template <int kV, bool kPartial, Layout kLayout, typename T, int... kM>
TileFunction<T> FindTile(int rows, std::integer_sequence<int, kM...>) {
  static constexpr TileFunction<T> kTiles[] = {&Tile<kM + 1, kV, kPartial, T, kLayout>...};
  return kTiles[rows - 1];
}
template <Layout kLayout, typename T>
TileFunction<T> FindTile(int rows, int vectors, bool is_partial) {
  using All = std::make_integer_sequence<int, kRows>;
  if (vectors == 2)
    return is_partial ? FindTile<2, true, kLayout, T>(rows, All())
                      : FindTile<2, false, kLayout, T>(rows, All());
  return is_partial ? FindTile<1, true, kLayout, T>(rows, All())
                    : FindTile<1, false, kLayout, T>(rows, All());
}

// All rows of one panel of c: `cols` columns, at most 2 vectors. Rows are shared out evenly: 16
// rows are 8 + 8, not 12 + 4.
template <typename T>
void Panel(int64_t m, int64_t cols, TileArgs<T> t) {
  constexpr int kN = static_cast<int>(hn::MaxLanes(hn::ScalableTag<T>()));
  const int vectors = cols > kN ? 2 : 1;
  t.last = cols - (vectors - 1) * kN;
  const int64_t blocks = (m + kRows - 1) / kRows;
  const int64_t rows = m / blocks;
  const int64_t longer = m % blocks;  // so many blocks have a row more
  const auto run = [&](int64_t begin, int64_t end, int64_t height) {
    const TileFunction<T> tile =
        FindTile<Layout::kStrided, T>(static_cast<int>(height), vectors, t.last != kN);
    for (int64_t block = begin; block < end; ++block) {
      tile(t);
      t.a += height * t.a_row;
      t.c += height * t.c_row;
      if (t.add) t.add += height * t.add_row;
    }
  };
  if (longer > 0) run(0, longer, rows + 1);
  run(longer, blocks, rows);
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
