// Finding elements: the positions of those that are not zero, and places in sorted rows.
#include <algorithm>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/index.h"
#include "rush/kernels/cpu/boxes.h"
#include "rush/kernels/cpu/index_parts.h"
#include "rush/kernels/elementwise.h"

namespace rush::kernels::cpu {
namespace {

// A tensor as rows of its last dimension.
struct RowsOf {
  const View& x;
  int rank = x.shape.size();
  int64_t columns = rank > 0 ? x.shape[rank - 1] : 1;
  int64_t step = rank > 0 ? x.strides[rank - 1] : 1;

  // Fills the coordinates of row `row` and returns its element offset.
  int64_t locate(int64_t row, int64_t* at) const {
    int64_t offset = 0;
    for (int d = rank - 2; d >= 0; --d) {
      at[d] = row % x.shape[d];
      row /= x.shape[d];
      offset += at[d] * x.strides[d];
    }
    return offset;
  }
};

template <typename T>
int64_t count_rows(const RowsOf& rows, int64_t begin, int64_t end) {
  int64_t count = 0, at[kMaxRank];
  for (int64_t r = begin; r < end; ++r) {
    const T* row = rows.x.as<const T>() + rows.locate(r, at);
    if (rows.step == 1)
      for (int64_t j = 0; j < rows.columns; ++j) count += row[j] != T(0);
    else
      for (int64_t j = 0; j < rows.columns; ++j) count += row[j * rows.step] != T(0);
  }
  return count;
}

// Every element's coordinates are written, and kept if it is not zero: no branch to mispredict.
// kRank: a rank whose loop is unrolled, or 0 for any other.
template <typename T, int kRank>
void list_rows(const RowsOf& rows, int64_t begin, int64_t end, int64_t* to, const int64_t* to_end) {
  const int rank = kRank ? kRank : rows.rank;
  int64_t at[kMaxRank] = {};
  for (int64_t r = begin; r < end; ++r) {
    const T* row = rows.x.as<const T>() + rows.locate(r, at);
    for (int64_t j = 0; j < rows.columns && to < to_end; ++j) {
      for (int d = 0; d + 1 < rank; ++d) to[d] = at[d];
      to[rank - 1] = j;
      to += row[j * rows.step] != T(0) ? rank : 0;
    }
  }
}
template <typename T>
void list_rows(const RowsOf& rows, int64_t begin, int64_t end, int64_t* to, const int64_t* to_end) {
  switch (rows.rank) {
    case 1:
      return list_rows<T, 1>(rows, begin, end, to, to_end);
    case 2:
      return list_rows<T, 2>(rows, begin, end, to, to_end);
    case 3:
      return list_rows<T, 3>(rows, begin, end, to, to_end);
    default:
      return list_rows<T, 0>(rows, begin, end, to, to_end);
  }
}

// Blocks of rows are counted first, so that each knows where its part of the list begins.
template <typename T>
void list_nonzero(const View& x, int64_t* to, int64_t found) {
  const RowsOf rows{x};
  const int64_t total = x.numel() / rows.columns;
  const int64_t block = std::max<int64_t>(grain_for(2) / rows.columns, 1);
  const int64_t blocks = (total + block - 1) / block;
  std::vector<int64_t> starts(static_cast<size_t>(blocks) + 1);
  const auto each_block = [&](auto&& f) {
    parallel_for(blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) f(b, b * block, std::min((b + 1) * block, total));
    });
  };
  each_block([&](int64_t b, int64_t begin, int64_t end) {
    starts[static_cast<size_t>(b) + 1] = count_rows<T>(rows, begin, end);
  });
  for (size_t b = 1; b < starts.size(); ++b) starts[b] = std::min(starts[b] + starts[b - 1], found);
  each_block([&](int64_t b, int64_t begin, int64_t end) {
    const int64_t* first = &starts[static_cast<size_t>(b)];
    list_rows<T>(rows, begin, end, to + first[0] * rows.rank, to + first[1] * rows.rank);
  });
}

void nonzero(const Call& c) {
  const View &x = c.in[0], &out = c.out[0];
  if (out.numel() == 0) return;
  dispatch(x.dtype, [&]<typename T>() { list_nonzero<T>(x, out.as<int64_t>(), out.shape[0]); });
}

// The first place in the row whose element is not less than v (right: is greater than v). NaN sorts
// last.
template <typename T>
int64_t place_of(const T* row, int64_t n, int64_t step, T v, bool right) {
  const auto is_less = [](T a, T b) { return a < b || (b != b && a == a); };
  int64_t low = 0, high = n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const T m = row[middle * step];
    if (right ? !is_less(v, m) : is_less(m, v))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void searchsorted(const Call& c) {
  const bool right = c.attributes<SearchAttrs>().right;
  const View &sorted = c.in[0], &values = c.in[1], &out = c.out[0];
  const int sorted_rank = sorted.shape.size(), rank = values.shape.size();
  const int64_t n = sorted.shape[sorted_rank - 1], step = sorted.strides[sorted_rank - 1];
  dispatch(values.dtype, [&]<typename T>() {
    parallel_for(values.numel(), grain_for(32), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        int64_t rest = i, value = 0, row = 0;
        for (int d = rank - 1; d >= 0; --d) {
          const int64_t at = rest % values.shape[d];
          rest /= values.shape[d];
          value += at * values.strides[d];
          if (sorted_rank > 1 && d < rank - 1) row += at * sorted.strides[d];
        }
        out.as<int64_t>()[i] =
            place_of(sorted.as<const T>() + row, n, step, values.as<const T>()[value], right);
      }
    });
  });
}

}  // namespace

void add_search(Table& t) {
  t.add("nonzero").kernel = nonzero;
  t.add("searchsorted").kernel = searchsorted;
}

}  // namespace rush::kernels::cpu
