// Copies: one memcpy where both sides are dense alike, tiles where the fast dimensions differ (a
// transposition), rows otherwise.
#include "rush/kernels/copy.h"

#include <algorithm>
#include <cstring>

#include "rush/base/threads.h"
#include "rush/kernels/convert.h"
#include "rush/kernels/cpu/elementwise_parts.h"
#include "rush/kernels/elementwise.h"
#include "rush/kernels/plan.h"
#include "rush/kernels/stride_runs.h"
#include "rush/tensor/layout.h"

namespace rush::kernels {
namespace {

constexpr int64_t kTile = 32;
constexpr int64_t kBlockElements = 65536;

template <typename Word>
void copy_row(const Row& r) {
  auto* out = static_cast<Word*>(r.ptr[0]);
  const auto* in = static_cast<const Word*>(r.ptr[1]);
  const int64_t n = r.n, to = r.stride[0], from = r.stride[1];
  if (to == 1)
    gather_run<Word>(in, from, out, n);
  else
    for (int64_t i = 0; i < n; ++i) out[i * to] = in[i * from];
}

Entry copy_entry() {
  Entry e;
  for (int i = 0; i < kDTypeCount; ++i) {
    switch (size_of(static_cast<DType>(i))) {
      case 1:
        e.rows[i] = copy_row<uint8_t>;
        break;
      case 2:
        e.rows[i] = copy_row<uint16_t>;
        break;
      case 4:
        e.rows[i] = copy_row<uint32_t>;
        break;
      default:
        e.rows[i] = copy_row<uint64_t>;
    }
  }
  return e;
}

// A sheet: [rows, columns] with the output dense along columns and the input along rows.
struct Sheet {
  int64_t rows, columns, out_stride, in_stride;
};

// A square of 16-byte vectors, turned in registers by ever finer halves.
template <typename Word>
struct Square {
  static constexpr int kSide = 16 / sizeof(Word);
  typedef Word Vector __attribute__((vector_size(16)));

  static void transpose(const Word* in, int64_t in_stride, Word* out, int64_t out_stride) {
    Vector v[kSide];
    for (int i = 0; i < kSide; ++i) std::memcpy(&v[i], in + i * in_stride, sizeof(Vector));
    for (int step = kSide / 2; step > 0; step /= 2) interleave(v);
    for (int i = 0; i < kSide; ++i) std::memcpy(out + i * out_stride, &v[i], sizeof(Vector));
  }

 private:
  // Row i and row i + kSide / 2 become rows 2 i and 2 i + 1, element by element in turn; after
  // log2(kSide) times rows are columns.
  static void interleave(Vector* v) {
    Vector w[kSide];
    for (int i = 0; i < kSide / 2; ++i) {
      w[2 * i] = mixed(v[i], v[i + kSide / 2], 0);
      w[2 * i + 1] = mixed(v[i], v[i + kSide / 2], kSide / 2);
    }
    std::copy_n(w, kSide, v);
  }
  // a[first], b[first], a[first + 1], b[first + 1], ...
  static Vector mixed(Vector a, Vector b, int first) {
    Vector p;
#if defined(__clang__)
    for (int i = 0; i < kSide; ++i) p[i] = i % 2 ? b[first + i / 2] : a[first + i / 2];
    return p;
#else
    for (int i = 0; i < kSide; ++i) p[i] = static_cast<Word>(first + i / 2 + (i % 2) * kSide);
    return __builtin_shuffle(a, b, p);
#endif
  }
};

template <typename Word>
void transpose_tile(const Sheet& s, const Word* in, Word* out, int64_t rows, int64_t columns) {
  constexpr int64_t kSide = Square<Word>::kSide;
  const int64_t whole_rows = rows / kSide * kSide, whole_columns = columns / kSide * kSide;
  for (int64_t r = 0; r < whole_rows; r += kSide)
    for (int64_t c = 0; c < whole_columns; c += kSide)
      Square<Word>::transpose(in + c * s.in_stride + r, s.in_stride, out + r * s.out_stride + c,
                              s.out_stride);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = r < whole_rows ? whole_columns : 0; c < columns; ++c)
      out[r * s.out_stride + c] = in[c * s.in_stride + r];
}

// Rows [first, last) of a sheet.
template <typename Word>
void transpose_sheet(const Sheet& s, const Word* in, Word* out, int64_t first, int64_t last) {
  for (int64_t r = first; r < last; r += kTile)
    for (int64_t c = 0; c < s.columns; c += kTile)
      transpose_tile(s, in + c * s.in_stride + r, out + r * s.out_stride + c,
                     std::min(kTile, last - r), std::min(kTile, s.columns - c));
}

// The dimension along which the input is dense, if a tiled transposition pays.
int transposed_dimension(const Plan& plan) {
  const int last = plan.rank - 1;
  constexpr int64_t kLeast = 8;
  if (plan.stride[last][0] != 1 || plan.stride[last][1] == 1 || plan.stride[last][1] == 0)
    return -1;
  for (int d = 0; d < last; ++d)
    if (plan.stride[d][1] == 1 && plan.size[d] >= kLeast) return d;
  return -1;
}

template <typename Word>
void copy_transposed(Plan plan, int dimension) {
  const int last = plan.rank - 1;
  plan.swap_dimensions(dimension, last - 1);
  const Sheet sheet{plan.size[last - 1], plan.size[last], plan.stride[last - 1][0],
                    plan.stride[last][1]};
  plan.remove_dimension(last - 1);
  const int64_t strips = (sheet.rows + kTile - 1) / kTile;
  const int64_t sheets = plan.rows();
  const int64_t grain = std::max<int64_t>(1, kBlockElements / (kTile * sheet.columns));
  parallel_for(sheets * strips, grain, [&](int64_t begin, int64_t end) {
    RowWalk origin(plan, begin / strips, nullptr);
    int64_t strip = begin % strips;
    for (int64_t i = begin; i < end; ++i) {
      transpose_sheet(sheet, static_cast<const Word*>(origin.row().ptr[1]),
                      static_cast<Word*>(origin.row().ptr[0]), strip * kTile,
                      std::min((strip + 1) * kTile, sheet.rows));
      if (++strip < strips) continue;
      origin.next();
      strip = 0;
    }
  });
}

// Whether the operands were copied by tiles.
bool tried_transposed(const View& out, const View& in) {
  const Plan plan = make_plan(out, {&in, 1});
  const int dimension = transposed_dimension(plan);
  if (dimension < 0) return false;
  switch (size_of(out.dtype)) {
    case 1:
      copy_transposed<uint8_t>(plan, dimension);
      break;
    case 2:
      copy_transposed<uint16_t>(plan, dimension);
      break;
    case 4:
      copy_transposed<uint32_t>(plan, dimension);
      break;
    default:
      copy_transposed<uint64_t>(plan, dimension);
  }
  return true;
}

void copy_kernel(const Call& call) { copy_elements(call.out[0], call.in[0]); }

// full, full_like: the one element of the last input, converted, everywhere.
void full_kernel(const Call& call) {
  const View& out = call.out[0];
  const View& value = call.in.back();
  alignas(8) char element[8];
  convert_dense(value.dtype, value.data, out.dtype, element, 1);
  copy_elements(out, {element, out.dtype, out.shape, Dims::filled(out.shape.size(), 0)});
}

}  // namespace

void copy_elements(const View& out, const View& in) {
  static const Entry entry = copy_entry();
  if (out.numel() < 2 || in.strides == out.strides || !tried_transposed(out, in))
    run_elementwise(entry, out.dtype, out, {&in, 1}, nullptr);
}

bool is_copied_by_tiles(const View& out, const View& in) {
  return out.numel() >= 2 && transposed_dimension(make_plan(out, {&in, 1})) >= 0;
}

void cpu::add_copy(Table& t) {
  for (const char* name : {"copy", "clone", "contiguous"}) t.add(name).kernel = copy_kernel;
  for (const char* name : {"full", "full_like"}) t.add(name).kernel = full_kernel;
}

}  // namespace rush::kernels
