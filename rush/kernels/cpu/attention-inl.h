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
constexpr int64_t kKeyStep = std::max(kLanes<A>, kTileRows);  // keys are columns, and rows too

template <typename A>
constexpr A kMinusInfinity = -std::numeric_limits<A>::infinity();

// ---- Operands -------------------------------------------------------------------------------

// to[rows x line] = from[rows x cols], converted; zeros up to `line` columns and `all` rows.
template <typename T, typename A = ComputeOf<T>>
HWY_ATTR void PackRows(const T* from, int64_t row, int64_t col, int64_t rows, int64_t cols,
                       int64_t all, int64_t line, A* to) {
  const hn::ScalableTag<A> d;
  for (int64_t i = 0; i < rows; ++i) {
    A* out = to + i * line;
    const A* in = ReadRow(from + i * row, cols, col, out);
    int64_t c = 0;
    for (; in != out && c + kLanes<A> <= cols; c += kLanes<A>)
      hn::StoreU(hn::LoadU(d, in + c), d, out + c);
    for (; in != out && c < cols; ++c) out[c] = in[c];
    for (c = cols; c < line; ++c) out[c] = A(0);
  }
  std::fill(to + rows * line, to + all * line, A(0));
}

// Whether tiles can read and write rows where they lie, with no row or column to be made up.
template <typename T, typename A = ComputeOf<T>>
bool LieWell(int64_t col, int64_t rows, int64_t cols) {
  return std::is_same_v<T, A> && col == 1 && rows % kTileRows == 0 && cols % kLanes<A> == 0;
}

// Whether the rows of a block lie on so few pages that the processor knows the places of all. Tiles
// read them many times.
template <typename T>
bool LieClose(int64_t row, int64_t rows) {
  constexpr int64_t kBytes = 128 << 10;
  return std::min(rows, kKeyBlock) * std::abs(row) * static_cast<int64_t>(sizeof(T)) <= kBytes;
}

// Rows to read: where they lie if that is well, else packed.
template <typename T, typename A = ComputeOf<T>>
class Rows {
 public:
  // m: [all x cols], of which at most `most` rows are read at once, from a multiple of a tile on.
  Rows(const Matrices& m, int64_t all, int64_t cols, int64_t most)
      : row_(m.row),
        col_(m.col),
        cols_(cols),
        is_direct_(LieWell<T>(m.col, all, cols) && LieClose<T>(m.row, most)),
        line_(is_direct_ ? m.row : rounded_up(cols, kLanes<A>)),
        memory_(is_direct_ ? 0 : rounded_up(most, kTileRows) * line_) {}

  void read(const T* from, int64_t rows) {
    if constexpr (std::is_same_v<T, A>)
      if (is_direct_) {
        data_ = from;
        return;
      }
    PackRows(from, row_, col_, rows, cols_, rounded_up(rows, kTileRows), line_, memory_.data());
    data_ = memory_.data();
  }
  const A* at(int64_t row) const { return data_ + row * line_; }
  int64_t line() const { return line_; }

 private:
  int64_t row_, col_, cols_;
  bool is_direct_;
  int64_t line_;
  Scratch<A> memory_;
  const A* data_ = nullptr;
};

// Rows of [rows x size] as columns: panels [size x kPanel] of kPanel rows each, one after another.
template <typename T, typename A = ComputeOf<T>>
void PackColumns(const T* from, int64_t row, int64_t col, int64_t rows, int64_t size, A* to) {
  const bool is_whole = std::is_same_v<T, A> && col == 1 && rows % kPanel<A> == 0;
  const Scratch<A> buffer(is_whole ? 0 : kPanel<A> * size);
  for (int64_t i = 0; i < rows; i += kPanel<A>, to += kPanel<A> * size) {
    const int64_t count = std::min(kPanel<A>, rows - i);
    const T* p = from + i * row;
    if constexpr (std::is_same_v<T, A>)
      if (col == 1 && count == kPanel<A>) {
        PackTransposed(size, kPanel<A>, kPanel<A>, p, row, to);
        continue;
      }
    PackRows(p, row, col, count, size, kPanel<A>, size, buffer.data());
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
// What a tile is made of: a part of the inner dimension, and how many of all columns are wanted.
struct Range {
  int64_t begin, end;
  int64_t cols = std::numeric_limits<int64_t>::max();
};

// For rows of c in steps of kTileRows and columns in panels. range(i, j): for the tile at (i, j);
// where it is empty, c is left as it is.
template <typename A, class F>
void Multiply(const Product<A>& p, int64_t rows, int64_t cols, const F& range) {
  for (int64_t j = 0; j < cols; j += kPanel<A>) {
    const A* b = p.b + j / kPanel<A> * p.b_panel;
    for (int64_t i = 0; i < rows; i += kTileRows) {
      const Range k = range(i, j);
      if (k.begin >= k.end) continue;
      const auto tile = std::min(cols, k.cols) - j > kLanes<A> ? Tile<kHeight, 2, false, A>
                                                               : Tile<kHeight, 1, false, A>;
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

// Whether scores are scaled when they are masked, else with their exponentials: these take the
// largest score times the scale, which has to be positive.
inline bool IsScaledEarly(const AttentionCall& call) {
  return call.mask.is_there() || !(call.scale > 0);
}
// What is left to multiply scores by.
template <typename A>
A ScaleOfScores(const AttentionCall& call) {
  return IsScaledEarly(call) ? A(1) : static_cast<A>(call.scale);
}

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

// s = scale s + the mask's row, or minus infinity where that hides. from: element [i, j0] of it.
template <typename T, typename A = ComputeOf<T>>
void MaskRow(DType type, const void* from, int64_t step, int64_t n, A scale, A* HWY_RESTRICT s) {
  if (type == DType::kBool) {
    const bool* HWY_RESTRICT m = static_cast<const bool*>(from);
    for (int64_t j = 0; j < n; ++j) s[j] = m[j * step] ? scale * s[j] : kMinusInfinity<A>;
  } else {
    const T* HWY_RESTRICT m = static_cast<const T*>(from);
    for (int64_t j = 0; j < n; ++j) s[j] = scale * s[j] + LoadOne(m + j * step);
  }
}

// Where a block of scores lies: queries [i, i + rows), keys [j, j + cols) of a matrix.
struct BlockAt {
  int64_t matrix, i, rows, j, cols;
};

// From one row of a block of scores to the next. Rows of few keys lie close together, to stay in
// the L1 cache; not a power of two apart, to have places of their own there.
template <typename A>
int64_t ScoreLine(const AttentionCall& call) {
  return rounded_up(std::min(call.keys, kKeyBlock), std::max(kPanel<A>, kTileRows)) + kLanes<A>;
}

// The columns of scores that the tile of rows from `row` on needs, or 0.
inline int64_t ColumnsSeen(const AttentionCall& call, const BlockAt& at, int64_t row) {
  return call.seen(at.i + row + kTileRows - 1, at.j, at.cols);
}

// scores[rows x line] = q k^T. q: rows `q_line` apart, keys: as PackColumns gives them.
template <typename A>
void Scores(const AttentionCall& call, const BlockAt& at, const A* q, int64_t q_line, const A* keys,
            int64_t size, A* scores) {
  const Product<A> product{
      q, q_line, 1, keys, kPanel<A>, size * kPanel<A>, scores, ScoreLine<A>(call), false};
  Multiply(product, rounded_up(at.rows, kTileRows), rounded_up(at.cols, kPanel<A>),
           [&](int64_t i, int64_t j) {
             const int64_t seen = ColumnsSeen(call, at, i);
             return Range{0, j < seen ? size : 0, seen};
           });
}

// The columns from `begin` on become `value`, up to `end`, a multiple of a vector.
template <typename A>
HWY_INLINE void FillColumns(A* s, int64_t begin, int64_t end, A value) {
  const hn::ScalableTag<A> d;
  for (int64_t j = begin / kLanes<A> * kLanes<A>; j < end; j += kLanes<A>) {
    const auto is_before = hn::FirstN(d, static_cast<size_t>(std::max<int64_t>(0, begin - j)));
    hn::Store(hn::IfThenElse(is_before, hn::Load(d, s + j), hn::Set(d, value)), d, s + j);
  }
}

// The columns that row `row` of the scores takes part in: those its query sees, and all that the
// tile works on.
struct Columns {
  int64_t seen, all;
};
template <typename A>
HWY_INLINE Columns ColumnsOf(const AttentionCall& call, const BlockAt& at, int64_t row) {
  return {call.seen(at.i + row, at.j, at.cols),
          rounded_up(ColumnsSeen(call, at, row / kTileRows * kTileRows), kKeyStep<A>)};
}

// The mask of row `row` of the scores, which are scaled before.
template <typename T, typename A = ComputeOf<T>>
HWY_NOINLINE void ApplyMask(const AttentionCall& call, const BlockAt& at, int64_t row, int64_t seen,
                            A* s) {
  if (call.mask.is_there() && seen > 0) {
    const int64_t offset = (at.i + row) * call.mask.row + at.j * call.mask.col;
    const DType type = call.mask.view->dtype;
    const auto* matrix =
        type == DType::kBool
            ? static_cast<const void*>(call.mask.at<const bool>(at.matrix) + offset)
            : static_cast<const void*>(call.mask.at<const T>(at.matrix) + offset);
    MaskRow<T>(type, matrix, call.mask.col, seen, static_cast<A>(call.scale), s);
  } else {
    for (int64_t j = 0; j < seen; ++j) s[j] *= static_cast<A>(call.scale);
  }
}

// Minus infinity where row `row` of the scores is hidden.
template <typename T, typename A = ComputeOf<T>>
HWY_INLINE void HideUnseen(const AttentionCall& call, const BlockAt& at, int64_t row,
                           const Columns& cols, A* s) {
  if (IsScaledEarly(call)) ApplyMask<T>(call, at, row, cols.seen, s);
  FillColumns(s, cols.seen, cols.all, kMinusInfinity<A>);
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
