#include "rush/kernels/elementwise.h"

#include <algorithm>

#include "rush/base/threads.h"
#include "rush/kernels/plan.h"
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

void run_rows(RowFunction f, const Plan& plan, const void* attrs, int64_t grain) {
  const int64_t outer = plan.rows();
  const int64_t length = plan.size[plan.rank - 1];
  if (length <= grain) {
    parallel_for(outer, std::max<int64_t>(1, grain / length), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) f(plan.row_at(i, attrs));
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
    Plan plan = make_plan(out, in);
    lengthen_rows(plan);
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
