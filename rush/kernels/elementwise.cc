#include "rush/kernels/elementwise.h"

#include <algorithm>

#include "rush/base/threads.h"
#include "rush/kernels/copy.h"
#include "rush/kernels/cpu/scratch.h"
#include "rush/kernels/plan.h"
#include "rush/kernels/stride_runs.h"
#include "rush/tensor/layout.h"

namespace rush::kernels {
namespace {

constexpr int64_t kBlock = 32768;  // elements of cost 1 that are worth a thread
constexpr int64_t kShortRow = 16;  // rows below this length are dominated by the call
constexpr int64_t kLeastGrain = 256;

void advance(Row& row, int operand, int64_t elements, const size_t* item) {
  row.ptr[operand] = static_cast<char*>(row.ptr[operand]) +
                     elements * row.stride[operand] * static_cast<int64_t>(item[operand]);
}

// A short innermost dimension makes calls of a few elements: let the longest one be the row then.
void lengthen_rows(Plan& plan) {
  const int last = plan.rank - 1;
  const int longest =
      static_cast<int>(std::max_element(plan.size, plan.size + plan.rank) - plan.size);
  if (plan.size[last] < kShortRow && plan.size[longest] >= 4 * plan.size[last])
    plan.swap_dimensions(last, longest);
}

// Short rows of a dense output, as a bias or statistics of a few channels make them: many
// neighbours are one call, for which the inputs that are not dense are written out.
class Bundles {
 public:
  static bool suit(const Plan& plan) {
    constexpr int64_t kFew = 4;
    const int last = plan.rank - 1;
    return last > 0 && plan.size[last] <= kLongest && plan.size[last - 1] >= kFew &&
           plan.stride[last][0] == 1 && plan.stride[last - 1][0] == plan.size[last];
  }

  Bundles(const Plan& plan, RowFunction f, const void* attrs)
      : plan_(plan), f_(f), attrs_(attrs), n_(plan.size[plan.rank - 1]), most_(kMost / n_) {
    const int last = plan.rank - 1;
    const auto is_dense = [&](int k) {
      return plan.item[k] == 0 || plan.stride[last - 1][k] == plan.stride[last][k] * n_;
    };
    for (int k = 1; k < plan.operands; ++k)
      if (!is_dense(k)) written_[written_count_++] = k;
  }

  void run(int64_t grain) const {
    // A piece: neighbouring rows for one task. The dimensions further out are walked by row_at.
    const int64_t rows = plan_.size[plan_.rank - 2];
    const int64_t piece = std::min(rows, std::max(most_, grain / n_));
    const int64_t pieces = (rows + piece - 1) / piece;
    const int64_t share = std::max<int64_t>(1, grain / (piece * n_));
    parallel_for(plan_.rows() / rows * pieces, share, [&](int64_t begin, int64_t end) {
      const cpu::Scratch<char> memory(written_count_ * kSpace);
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % pieces * piece;
        run_piece(plan_.row_at(i / pieces * rows + first, attrs_), std::min(piece, rows - first),
                  memory.data());
      }
    });
  }

 private:
  static constexpr int64_t kLongest = 64;  // elements of a row
  static constexpr int64_t kMost = 2048;   // elements of a call
  static constexpr int64_t kWidest = 8;    // bytes of an element
  static constexpr int64_t kSlack = 32;    // bytes that fill_rows() may write past the end
  static constexpr int64_t kSpace = kMost * kWidest + kSlack;

  void run_piece(Row row, int64_t rows, char* memory) const {
    const auto* step = plan_.stride[plan_.rank - 2];
    char* from[kMaxOperands];
    for (int k = 0; k < plan_.operands; ++k) from[k] = static_cast<char*>(row.ptr[k]);
    Row call = row;
    for (int w = 0; w < written_count_; ++w) {
      call.ptr[written_[w]] = memory + w * kSpace;
      call.stride[written_[w]] = 1;
    }
    for (int64_t at = 0; at < rows; at += most_) {
      const int64_t count = std::min(most_, rows - at);
      for (int w = 0; w < written_count_; ++w) {
        const int k = written_[w];
        if (step[k] == 0 && at > 0) continue;  // the rows of the first call, which had no fewer
        write_out(k, from[k] + at * step[k] * static_cast<int64_t>(plan_.item[k]), count,
                  static_cast<char*>(call.ptr[k]));
      }
      call.n = count * n_;
      f_(call);
      for (int k = 0; k < plan_.operands; ++k)
        if (std::find(written_, written_ + written_count_, k) == written_ + written_count_)
          advance(call, k, count * n_, plan_.item);
    }
  }

  // `rows` rows of operand k, one after another.
  void write_out(int k, const char* from, int64_t rows, char* to) const {
    const int last = plan_.rank - 1;
    const auto item = static_cast<int64_t>(plan_.item[k]);
    const int64_t step = plan_.stride[last - 1][k] * item;
    by_width(plan_.item[k], [&]<typename Word>() {
      if (plan_.stride[last][k] == 0)
        return fill_rows(from, step, reinterpret_cast<Word*>(to), rows);
      for (int64_t r = 0; r < rows; ++r)
        gather_run<Word>(from + r * step, plan_.stride[last][k], to + r * n_ * item, n_);
    });
  }

  // Rows of one number each, in pieces of fixed length: what is too much is the next row's, or
  // slack.
  template <typename Word>
  void fill_rows(const char* from, int64_t step, Word* to, int64_t rows) const {
    constexpr int64_t kPiece = kSlack / sizeof(Word);
    for (int64_t r = 0; r < rows; ++r, from += step, to += n_) {
      const Word value = *reinterpret_cast<const Word*>(from);
      for (int64_t i = 0; i < n_; i += kPiece) std::fill_n(to + i, kPiece, value);
    }
  }

  const Plan& plan_;
  const RowFunction f_;
  const void* const attrs_;
  const int64_t n_, most_;  // elements of a row, rows of a call
  int written_[kMaxOperands], written_count_ = 0;
};

void run_rows(RowFunction f, const Plan& plan, const void* attrs, int64_t grain) {
  if (Bundles::suit(plan)) return Bundles(plan, f, attrs).run(grain);
  const int64_t outer = plan.rows();
  const int64_t length = plan.size[plan.rank - 1];
  if (length <= grain) {
    parallel_for(outer, std::max<int64_t>(1, grain / length), [&](int64_t begin, int64_t end) {
      RowWalk walk(plan, begin, attrs);
      for (int64_t i = begin; i < end; ++i, walk.next()) f(walk.row());
    });
    return;
  }
  // Long rows are cut; the same stretch of all rows comes together, as they may share cache lines.
  const int64_t pieces = (length + grain - 1) / grain;
  parallel_for(pieces * outer, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Row row = plan.row_at(i % outer, attrs);
      const int64_t from = i / outer * grain;
      for (int k = 0; k < plan.operands; ++k) advance(row, k, from, plan.item);
      row.n = std::min(grain, length - from);
      f(row);
    }
  });
}

bool repeats_one_element(const View& v) {
  for (int d = 0; d < v.strides.size(); ++d)
    if (v.strides[d] != 0) return false;
  return true;
}

// Fills `row` with one row over all elements, if there is one.
bool is_one_row(const View& out, std::span<const View> in, int64_t n, Row& row) {
  row.n = n;
  row.ptr[0] = out.data;
  row.stride[0] = 1;
  if (n != 1 && !is_dense(out.shape, out.strides)) return false;
  for (size_t k = 0; k < in.size(); ++k) {
    row.ptr[k + 1] = in[k].data;
    if (n == 1 || in[k].strides == out.strides)
      row.stride[k + 1] = 1;
    else if (in[k].data == nullptr || repeats_one_element(in[k]))
      row.stride[k + 1] = 0;
    else
      return false;
  }
  return true;
}

// Large inputs that lie across the output are turned first: by tiles that takes a fifth of the time
// that walking along their columns does. Small ones stay in the cache; for huge ones the memory
// would be too much.
bool is_turned_first(const View& out, const View& in, int64_t n) {
  constexpr int64_t kLeast = 1 << 14, kMost = 1 << 24;
  return n >= kLeast && n <= kMost && in.data != nullptr && in.strides != out.strides &&
         is_copied_by_tiles(out, in);
}

// Whether the call has such an input: then it was done, with a copy of that input.
bool tried_turned(const Entry& entry, DType computing, const View& out, std::span<const View> in,
                  const void* attrs) {
  const int64_t n = out.numel();
  size_t k = 0;
  while (k < in.size() && !is_turned_first(out, in[k], n)) ++k;
  if (k == in.size()) return false;
  View operands[kMaxOperands];
  std::copy(in.begin(), in.end(), operands);
  const cpu::Scratch<char> memory(n * static_cast<int64_t>(size_of(in[k].dtype)));
  operands[k].data = memory.data();
  operands[k].strides = dense_strides_like(out.shape, out.strides);
  copy_elements(operands[k], in[k]);
  run_elementwise(entry, computing, out, {operands, in.size()}, attrs);
  return true;
}

}  // namespace

int64_t grain_for(int cost) { return std::max(kLeastGrain, kBlock / std::max(cost, 1)); }

bool is_small_row(const Entry& entry, const View& out, std::span<const View> in, const void* attrs,
                  Row& row) {
  const int64_t n = out.numel();
  row.attrs = attrs;
  return n > 0 && n <= grain_for(entry.cost) && is_one_row(out, in, n, row);
}

void run_elementwise(const Entry& entry, DType computing, const View& out, std::span<const View> in,
                     const void* attrs) {
  const RowFunction f = entry.rows[static_cast<int>(computing)];
  if (f == nullptr) fail<TypeError>("element-wise: no row function for ", computing);
  if (in.size() + 1 > kMaxOperands) fail("element-wise: at most 7 inputs; got ", in.size());
  const int64_t n = out.numel();
  if (n == 0) return;
  const int64_t grain = grain_for(entry.cost);
  Row row;
  row.attrs = attrs;
  if (!is_one_row(out, in, n, row)) {
    if (tried_turned(entry, computing, out, in, attrs)) return;
    Plan plan = make_plan(out, in);
    if (!Bundles::suit(plan)) lengthen_rows(plan);
    run_rows(f, plan, attrs, grain);
    return;
  }
  if (n <= grain) {
    f(row);
    return;
  }
  size_t item[kMaxOperands] = {size_of(out.dtype)};
  for (size_t k = 0; k < in.size(); ++k) item[k + 1] = in[k].data ? size_of(in[k].dtype) : 0;
  parallel_for(n, grain, [&](int64_t begin, int64_t end) {
    Row part = row;
    part.n = end - begin;
    for (size_t k = 0; k <= in.size(); ++k) advance(part, static_cast<int>(k), begin, item);
    f(part);
  });
}

}  // namespace rush::kernels
