#include "rush/kernels/plan.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace rush::kernels {

int64_t Plan::rows() const {
  int64_t n = 1;
  for (int d = 0; d + 1 < rank; ++d) n *= size[d];
  return n;
}

Row Plan::row_at(int64_t outer, const void* attrs) const {
  Row row;
  row.n = size[rank - 1];
  row.attrs = attrs;
  int64_t shift[kMaxOperands] = {};
  for (int d = rank - 2; d >= 0; --d) {
    const int64_t at = outer % size[d];
    outer /= size[d];
    for (int k = 0; k < operands; ++k) shift[k] += at * stride[d][k];
  }
  for (int k = 0; k < operands; ++k) {
    row.ptr[k] = static_cast<char*>(base[k]) + shift[k] * static_cast<int64_t>(item[k]);
    row.stride[k] = stride[rank - 1][k];
  }
  return row;
}

RowWalk::RowWalk(const Plan& plan, int64_t first, const void* attrs)
    : plan_(plan), row_(plan.row_at(first, attrs)) {
  for (int d = plan.rank - 2; d >= 0; --d) {
    index_[d] = first % plan.size[d];
    first /= plan.size[d];
  }
}

void Plan::swap_dimensions(int a, int b) {
  std::swap(size[a], size[b]);
  std::swap(stride[a], stride[b]);
}

void Plan::remove_dimension(int d) {
  --rank;
  for (; d < rank; ++d) {
    size[d] = size[d + 1];
    std::copy_n(stride[d + 1], operands, stride[d]);
  }
}

void Plan::add_dimension(int64_t n, const int64_t* strides) {
  bool merges = rank > 0;
  for (int k = 0; merges && k < operands; ++k) merges = stride[rank - 1][k] == strides[k] * n;
  if (merges)
    size[rank - 1] *= n;
  else
    size[rank++] = n;
  std::copy_n(strides, operands, stride[rank - 1]);
}

Plan make_plan(const View& out, std::span<const View> in) {
  Plan plan;
  plan.operands = static_cast<int>(in.size()) + 1;
  const auto operand = [&](int k) -> const View& { return k == 0 ? out : in[k - 1]; };
  for (int k = 0; k < plan.operands; ++k) {
    plan.base[k] = operand(k).data;
    plan.item[k] = operand(k).data ? size_of(operand(k).dtype) : 0;
  }
  int order[kMaxRank], rank = 0;
  for (int d = 0; d < out.shape.size(); ++d)
    if (out.shape[d] != 1) order[rank++] = d;
  std::stable_sort(order, order + rank, [&](int a, int b) {
    return std::abs(out.strides[a]) > std::abs(out.strides[b]);
  });
  for (int i = 0; i < rank; ++i) {
    int64_t strides[kMaxOperands];
    for (int k = 0; k < plan.operands; ++k)
      strides[k] = operand(k).data ? operand(k).strides[order[i]] : 0;
    plan.add_dimension(out.shape[order[i]], strides);
  }
  return plan;
}

}  // namespace rush::kernels
