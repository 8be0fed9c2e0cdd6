// What the forward and the backward kernel of attention share: operands as dense blocks in the
// computing type, products of blocks, and a block's scores. Included once per Highway target.
//
// Blocks have a multiple of kTileRows rows and of a vector of columns; what goes beyond the matrix
// is zero.
#if defined(RUSH_KERNELS_CPU_ATTENTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_KERNELS_CPU_ATTENTION_INL_H_
#undef RUSH_KERNELS_CPU_ATTENTION_INL_H_
#else
#define RUSH_KERNELS_CPU_ATTENTION_INL_H_
#endif

#include <algorithm>
#include <limits>

#include "rush/kernels/cpu/attention_call.h"
#include "rush/kernels/cpu/gemm_tile-inl.h"
#include "rush/kernels/cpu/rows-inl.h"
#include "rush/kernels/random.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kTileRows = 8;
constexpr int kHeight = HWY_TARGET <= HWY_AVX3 ? 8 : 4;  // of a register tile

template <typename A>
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<A>()));
template <typename A>
constexpr int64_t kPanel = 2 * kLanes<A>;  // columns of a register tile
template <typename A>
constexpr int64_t kKeyStep = std::max(kPanel<A>, kTileRows);  // keys are columns, and rows too

template <typename A>
constexpr A kMinusInfinity = -std::numeric_limits<A>::infinity();

// ---- Operands -------------------------------------------------------------------------------

// to[rows x line] = scale from[rows x cols], converted; zeros up to `line` columns and `all` rows.
template <typename T, typename A = ComputeOf<T>>
void PackRows(const T* from, int64_t row, int64_t col, int64_t rows, int64_t cols, int64_t all,
              int64_t line, A scale, A* to) {
  for (int64_t i = 0; i < rows; ++i) {
    A* HWY_RESTRICT out = to + i * line;
    const A* in = ReadRow(from + i * row, cols, col, out);
    if (scale != 1)
      for (int64_t c = 0; c < cols; ++c) out[c] = scale * in[c];
    else if (in != out)
      std::copy(in, in + cols, out);
    std::fill(out + cols, out + line, A(0));
  }
  std::fill(to + rows * line, to + all * line, A(0));
}

// Rows of [rows x size] as columns: panels [size x kPanel] of kPanel rows each, one after another.
template <typename T, typename A = ComputeOf<T>>
void PackColumns(const T* from, int64_t row, int64_t col, int64_t rows, int64_t size, A* to) {
  const Scratch<A> buffer(kPanel<A> * size);
  for (int64_t i = 0; i < rows; i += kPanel<A>, to += kPanel<A> * size) {
    const int64_t count = std::min(kPanel<A>, rows - i);
    const T* p = from + i * row;
    if constexpr (std::is_same_v<T, A>)
      if (col == 1 && count == kPanel<A>) {
        PackTransposed(size, count, kPanel<A>, p, row, to);
        continue;
      }
    PackRows(p, row, col, count, size, kPanel<A>, size, A(1), buffer.data());
    PackTransposed(size, kPanel<A>, kPanel<A>, buffer.data(), size, to);
  }
}

// ---- Products -------------------------------------------------------------------------------

// c (+)= a b. Columns of b come in panels of kPanel, `b_panel` apart.
template <typename A>
struct Product {
  const A* a;
  int64_t a_row, a_col;
  const A* b;
  int64_t b_row, b_panel;
  A* c;
  int64_t c_row;
  bool accumulate;
};
struct Range {
  int64_t begin, end;
};

// For rows of c in steps of kTileRows and columns in panels. range(i, j): the part of the inner
// dimension that the tile at (i, j) takes; where it is empty, c is left as it is.
template <typename A, class F>
void Multiply(const Product<A>& p, int64_t rows, int64_t cols, const F& range) {
  for (int64_t j = 0; j < cols; j += kPanel<A>) {
    const A* b = p.b + j / kPanel<A> * p.b_panel;
    const auto tile =
        cols - j > kLanes<A> ? Tile<kHeight, 2, false, A> : Tile<kHeight, 1, false, A>;
    for (int64_t i = 0; i < rows; i += kTileRows) {
      const Range k = range(i, j);
      if (k.begin >= k.end) continue;
      for (int64_t r = i; r < i + kTileRows; r += kHeight) {
        A* c = p.c + r * p.c_row + j;
        tile({k.end - k.begin, p.a + r * p.a_row + k.begin * p.a_col, p.a_row, p.a_col,
              b + k.begin * p.b_row, p.b_row, c, p.c_row, p.accumulate ? c : nullptr, p.c_row,
              kLanes<A>});
      }
    }
  }
}

// ---- Scores ---------------------------------------------------------------------------------

// e^x for x <= 0 or NaN. float32: 2^n times Taylor's series on [-log(2) / 2, log(2) / 2].
template <class D, class V>
HWY_INLINE V ExpOfNegative(D d, V x) {
  if constexpr (sizeof(hn::TFromD<D>) == 4) {
    // Adding 1.5 2^23 + 127 rounds to a whole number n, and leaves n + 127 in the lowest bits.
    const hn::RebindToUnsigned<D> bits;
    const V shift = hn::Set(d, 12582912.0f + 127.0f);
    const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), shift), n = hn::Sub(shifted, shift);
    const V power = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(bits, shifted)));
    V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);  // x - n log(2)
    r = hn::MulAdd(n, hn::Set(d, 2.12194440e-4f), r);
    constexpr double kC[] = {1, 1, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720};
    const V y = hn::Mul(kernels::HWY_NAMESPACE::polynomial(d, r, kC), power);
    return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.0f)), y);
  } else {
    return kernels::HWY_NAMESPACE::exp(d, x);
  }
}

// Adds the mask's row to scores s, or hides what it hides. from: element [i, j0] of the mask.
template <typename T, typename A = ComputeOf<T>>
void MaskRow(DType type, const void* from, int64_t step, int64_t n, A* HWY_RESTRICT s) {
  if (type == DType::kBool) {
    const bool* HWY_RESTRICT m = static_cast<const bool*>(from);
    for (int64_t j = 0; j < n; ++j) s[j] = m[j * step] ? s[j] : kMinusInfinity<A>;
  } else {
    const T* HWY_RESTRICT m = static_cast<const T*>(from);
    for (int64_t j = 0; j < n; ++j) s[j] += LoadOne(m + j * step);
  }
}

// Where a block of scores lies: queries [i, i + rows), keys [j, j + cols) of a matrix.
struct BlockAt {
  int64_t matrix, i, rows, j, cols;
};

// The columns of scores that the tile of rows from `row` on needs, or 0.
inline int64_t ColumnsSeen(const AttentionCall& call, const BlockAt& at, int64_t row) {
  return call.seen(at.i + row + kTileRows - 1, at.j, at.cols);
}

// scores[rows x kKeyBlock] = q k^T. q: [rows x size], keys: as PackColumns gives them.
template <typename A>
void Scores(const AttentionCall& call, const BlockAt& at, const A* q, const A* keys, int64_t size,
            A* scores) {
  const Product<A> product{q, size, 1, keys, kPanel<A>, size * kPanel<A>, scores, kKeyBlock, false};
  Multiply(product, rounded_up(at.rows, kTileRows), rounded_up(at.cols, kPanel<A>),
           [&](int64_t i, int64_t j) {
             return Range{0, j < ColumnsSeen(call, at, i) ? size : 0};
           });
}

// Hides what query at.i + row does not see: minus infinity there. Gives the columns to work on.
template <typename T, typename A = ComputeOf<T>>
int64_t HideUnseen(const AttentionCall& call, const BlockAt& at, int64_t row, A* s) {
  const int64_t tile_end = ColumnsSeen(call, at, row / kTileRows * kTileRows);
  const int64_t cols = rounded_up(tile_end, kKeyStep<A>);
  const int64_t seen = call.seen(at.i + row, at.j, at.cols);
  if (call.mask.is_there() && seen > 0) {
    const int64_t offset = (at.i + row) * call.mask.row + at.j * call.mask.col;
    const DType type = call.mask.view->dtype;
    const auto* matrix =
        type == DType::kBool
            ? static_cast<const void*>(call.mask.at<const bool>(at.matrix) + offset)
            : static_cast<const void*>(call.mask.at<const T>(at.matrix) + offset);
    MaskRow<T>(type, matrix, call.mask.col, seen, s);
  }
  std::fill(s + seen, s + cols, kMinusInfinity<A>);
  return cols;
}

// Dropout of a row of the weights, or of their gradient: the same elements every time.
template <typename A>
void DropRow(const AttentionCall& call, const BlockAt& at, int64_t row, A* p) {
  const int64_t begin = (at.matrix * call.queries + at.i + row) * call.keys + at.j;
  drop_elements(dtype_of<A>, call.key, call.attrs.dropout_p, p, p, begin,
                call.seen(at.i + row, at.j, at.cols));
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
