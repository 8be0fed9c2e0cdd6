// Rows of sorting.
#include <algorithm>
#include <numeric>

#include "rush/ops/cases/naive_lines.h"
#include "rush/ops/sort.h"

namespace rush::testing {
namespace {

// The indices of the elements in order.
std::vector<size_t> order_of(const Line& v, bool descending) {
  std::vector<size_t> at(v.size());
  std::iota(at.begin(), at.end(), size_t{0});
  std::stable_sort(at.begin(), at.end(),
                   [&](size_t a, size_t b) { return descending ? v[a] > v[b] : v[a] < v[b]; });
  return at;
}

// The elements at `first`, `first` + 1, ... of that order, or where they came from.
Line picked(const Line& v, bool descending, size_t first, size_t count, bool indices) {
  const std::vector<size_t> at = order_of(v, descending);
  Line out;
  for (size_t i = first; i < std::min(first + count, at.size()); ++i)
    out.push_back(indices ? static_cast<double>(at[i]) : v[at[i]]);
  return out;
}

Tensors naive_picked(const Tensor& x, int64_t axis, bool descending, size_t first, size_t count) {
  return {naive_map_lines(
              x, axis, [=](const Line& v) { return picked(v, descending, first, count, false); }),
          as_int64(naive_map_lines(
              x, axis, [=](const Line& v) { return picked(v, descending, first, count, true); }))};
}

void add_sort(CaseList& list) {
  for (bool descending : {false, true}) {
    OpCase row;
    row.op = "sort";
    row.label = descending ? "descending, ties" : "ascending";
    row.in = {{{3, 9}, -4, 4, descending ? In::kInteger : In::kDistinct}};
    const int64_t axis = descending ? 0 : 1;
    row.gradient = !descending;  // ties: finite differences do not exist
    row.run = [=](const Tensors& x) -> Tensors {
      const ValuesIndices y = sort(x[0], axis, descending);
      return {y.values, y.indices};
    };
    row.naive = [=](const Tensors& x) { return naive_picked(x[0], axis, descending, 0, 100); };
    row.torch = concat({"torch.sort(x0, dim=", axis, ", descending=", descending ? "True" : "False",
                        ", stable=True)"});
    list.add(row);
  }
}

void add_topk(CaseList& list) {
  for (bool largest : {true, false}) {
    OpCase row;
    row.op = "topk";
    row.label = largest ? "largest" : "smallest";
    row.in = {{{4, 9}, -20, 20, In::kDistinct}};
    row.run = [=](const Tensors& x) -> Tensors {
      const ValuesIndices y = topk(x[0], 3, 1, largest);
      return {y.values, y.indices};
    };
    row.naive = [=](const Tensors& x) { return naive_picked(x[0], 1, largest, 0, 3); };
    row.torch = largest ? "torch.topk(x0, 3)" : "torch.topk(x0, 3, largest=False)";
    list.add(row);
  }
}

void add_median(CaseList& list) {
  for (int64_t n : {7, 6}) {
    OpCase row;
    row.op = "median";
    row.label = n == 7 ? "odd" : "even";
    row.in = {{{3, n}, -20, 20, In::kDistinct}};
    row.run = [](const Tensors& x) -> Tensors {
      const ValuesIndices y = median(x[0], 1, true);
      return {y.values, y.indices};
    };
    row.naive = [n](const Tensors& x) {
      return naive_picked(x[0], 1, false, static_cast<size_t>(n - 1) / 2, 1);
    };
    row.torch = "torch.median(x0, dim=1, keepdim=True)";
    list.add(row);
  }
}

}  // namespace

void add_sort_cases(CaseList& list) {
  add_sort(list);
  add_topk(list);
  add_median(list);
}

}  // namespace rush::testing
