// Rows of reductions.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "rush/ops/cases/naive_lines.h"
#include "rush/ops/reduce.h"

namespace rush::testing {

void add_scan_cases(CaseList&);

namespace {

using Fold = double (*)(const Line&);
using Reduce = Tensor (*)(const Tensor&, const Dims&, bool);

double total(const Line& v) { return std::accumulate(v.begin(), v.end(), 0.0); }
double average(const Line& v) { return total(v) / static_cast<double>(v.size()); }
double product(const Line& v) {
  return std::accumulate(v.begin(), v.end(), 1.0, std::multiplies<double>());
}
double largest(const Line& v) { return *std::max_element(v.begin(), v.end()); }
double smallest(const Line& v) { return *std::min_element(v.begin(), v.end()); }
double any_of(const Line& v) {
  return std::any_of(v.begin(), v.end(), [](double x) { return x != 0; });
}
double all_of(const Line& v) {
  return std::all_of(v.begin(), v.end(), [](double x) { return x != 0; });
}
double nonzeros(const Line& v) {
  return static_cast<double>(std::count_if(v.begin(), v.end(), [](double x) { return x != 0; }));
}
double log_sum_exp(const Line& v) {
  double sum = 0;
  for (double x : v) sum += std::exp(x);
  return std::log(sum);
}
double variance(const Line& v, double correction) {
  const double m = average(v);
  double sum = 0;
  for (double x : v) sum += (x - m) * (x - m);
  return sum / (static_cast<double>(v.size()) - correction);
}

struct Axes {
  const char* label;
  Shape shape;
  Dims axes;
  bool keepdim;
  const char* torch;  // the arguments after x0
};
const Axes kAxes[] = {
    {"all", {3, 4, 5}, {}, false, ""},
    {"last", {3, 20}, {-1}, false, ", dim=-1"},
    {"first", {20, 3}, {0}, false, ", dim=0"},
    {"middle, keepdim", {2, 5, 3}, {1}, true, ", dim=1, keepdim=True"},
    {"outer and inner", {3, 2, 4}, {0, 2}, false, ", dim=(0, 2)"},
};

// `is_single`: PyTorch's function takes one axis only.
void add_fold(CaseList& list, const char* op, const char* torch, Reduce run, Fold fold, In in,
              bool is_single = false) {
  for (const Axes& a : kAxes) {
    in.shape = a.shape;
    OpCase row;
    row.op = op;
    row.label = a.label;
    row.in = {in};
    row.run = [=](const Tensors& x) -> Tensors { return {run(x[0], a.axes, a.keepdim)}; };
    row.naive = [=](const Tensors& x) -> Tensors {
      return {naive_reduce(x[0], a.axes, a.keepdim, fold)};
    };
    const bool can_say = !is_single || a.axes.size() == 1;
    if (can_say) row.torch = std::string(torch) + "(x0" + a.torch + ")";
    if (!can_say) row.no_torch = "PyTorch's takes one axis";
    list.add(row);
  }
}

void add_folds(CaseList& list) {
  const In real{{}, -2, 2, In::kReal}, distinct{{}, -2, 2, In::kDistinct};
  const In few{{}, 0, 1, In::kInteger};
  add_fold(
      list, "sum", "torch.sum", [](const Tensor& x, const Dims& a, bool k) { return sum(x, a, k); },
      total, real);
  add_fold(
      list, "mean", "torch.mean",
      [](const Tensor& x, const Dims& a, bool k) { return mean(x, a, k); }, average, real);
  add_fold(
      list, "prod", "torch.prod",
      [](const Tensor& x, const Dims& a, bool k) { return prod(x, a, k); }, product,
      {{}, 0.7, 1.4, In::kReal}, true);
  add_fold(list, "amax", "torch.amax", amax, largest, distinct);
  add_fold(list, "amin", "torch.amin", amin, smallest, distinct);
  add_fold(list, "any", "torch.any", any, any_of, few, true);
  add_fold(list, "all", "torch.all", all, all_of, few, true);
  add_fold(list, "nansum", "torch.nansum", nansum, total, real);
  add_fold(list, "nanmean", "torch.nanmean", nanmean, average, real);
}

void add_measures(CaseList& list) {
  for (const Axes& a : kAxes) {
    const std::string dims = a.axes.empty() ? ", dim=(0, 1, 2)" : a.torch;
    OpCase row;
    row.label = a.label;
    row.in = {{a.shape, -2, 2}};
    row.op = "logsumexp";
    row.run = [=](const Tensors& x) -> Tensors { return {logsumexp(x[0], a.axes, a.keepdim)}; };
    row.naive = [=](const Tensors& x) -> Tensors {
      return {naive_reduce(x[0], a.axes, a.keepdim, log_sum_exp)};
    };
    row.torch = "torch.logsumexp(x0" + dims + ")";
    list.add(row);
    row.op = "var";
    row.tolerance = 2;
    row.run = [=](const Tensors& x) -> Tensors { return {var(x[0], a.axes, 1, a.keepdim)}; };
    row.naive = [=](const Tensors& x) -> Tensors {
      return {naive_reduce(x[0], a.axes, a.keepdim, [](const Line& v) { return variance(v, 1); })};
    };
    row.torch = "torch.var(x0" + dims + ")";
    list.add(row);
    row.op = "std";
    row.run = [=](const Tensors& x) -> Tensors { return {std_dev(x[0], a.axes, 0, a.keepdim)}; };
    row.naive = [=](const Tensors& x) -> Tensors {
      return {naive_reduce(x[0], a.axes, a.keepdim,
                           [](const Line& v) { return std::sqrt(variance(v, 0)); })};
    };
    row.torch = "torch.std(x0" + dims + ", correction=0)";
    list.add(row);
  }
  OpCase count;
  count.op = "count_nonzero";
  count.in = {{{3, 7}, 0, 1, In::kInteger}};
  count.run = [](const Tensors& x) -> Tensors { return {count_nonzero(x[0], {0})}; };
  count.naive = [](const Tensors& x) -> Tensors {
    return {as_int64(naive_reduce(x[0], {0}, false, nonzeros))};
  };
  count.torch = "torch.count_nonzero(x0, dim=0)";
  list.add(count);
}

double naive_norm(const Line& v, double p) {
  double sum = 0, high = 0, low = HUGE_VAL;
  for (double x : v) {
    sum += p == 0 ? (x != 0) : std::pow(std::fabs(x), p);
    high = std::max(high, std::fabs(x));
    low = std::min(low, std::fabs(x));
  }
  if (std::isinf(p)) return p > 0 ? high : low;
  return p == 0 ? sum : std::pow(sum, 1 / p);
}

void add_norms(CaseList& list) {
  const std::pair<const char*, double> orders[] = {
      {"2", 2}, {"1", 1}, {"3", 3}, {"0", 0}, {"inf", HUGE_VAL}, {"-inf", -HUGE_VAL}, {"1.5", 1.5}};
  for (const auto& [name, order] : orders) {
    const double p = order;
    OpCase row;
    row.op = "norm";
    row.label = concat({"order ", name[0] == '-' ? "minus inf" : name});
    row.in = {{{3, 20}, 0.2, 2, In::kDistinct}};
    row.tolerance = 2;
    row.run = [p](const Tensors& x) -> Tensors { return {norm(x[0], p, {1})}; };
    row.naive = [p](const Tensors& x) -> Tensors {
      return {naive_reduce(x[0], {1}, false, [p](const Line& v) { return naive_norm(v, p); })};
    };
    row.torch = concat({"torch.linalg.vector_norm(x0, float('", name, "'), dim=1)"});
    list.add(row);
  }
}

double position(const Line& v, bool of_largest) {
  const auto at =
      of_largest ? std::max_element(v.begin(), v.end()) : std::min_element(v.begin(), v.end());
  return static_cast<double>(at - v.begin());
}

void add_arguments(CaseList& list) {
  for (bool is_max : {true, false}) {
    for (int64_t axis : {1, 0}) {
      OpCase row;
      row.op = is_max ? "max" : "min";
      row.label = concat({"axis ", axis});
      row.in = {{{5, 9}, -2, 2, In::kDistinct}};
      row.run = [=](const Tensors& x) -> Tensors {
        const ValuesIndices y = is_max ? max(x[0], axis) : min(x[0], axis);
        return {y.values, y.indices};
      };
      row.naive = [=](const Tensors& x) -> Tensors {
        return {naive_reduce(x[0], {axis}, false, is_max ? largest : smallest),
                as_int64(naive_reduce(x[0], {axis}, false,
                                      [=](const Line& v) { return position(v, is_max); }))};
      };
      row.torch = concat({"torch.", row.op, "(x0, dim=", axis, ")"});
      list.add(row);
      row.op = is_max ? "argmax" : "argmin";
      row.label = concat({"axis ", axis, " keepdim"});
      row.run = [=](const Tensors& x) -> Tensors {
        return {is_max ? argmax(x[0], axis, true) : argmin(x[0], axis, true)};
      };
      row.naive = [=](const Tensors& x) -> Tensors {
        return {as_int64(
            naive_reduce(x[0], {axis}, true, [=](const Line& v) { return position(v, is_max); }))};
      };
      row.torch = concat({"torch.", row.op, "(x0, dim=", axis, ", keepdim=True)"});
      list.add(row);
    }
  }
}

void add_sum_to(CaseList& list) {
  OpCase row;
  row.op = "sum_to";
  row.label = "leading and inner";
  row.in = {{{2, 3, 4}, -2, 2}};
  row.run = [](const Tensors& x) -> Tensors { return {sum_to(x[0], {3, 1})}; };
  row.naive = [](const Tensors& x) -> Tensors {
    Tensor y = naive_reduce(x[0], {0, 2}, false, total);
    return {Tensor::from(y.to_vector(), {3, 1})};
  };
  row.torch = "x0.sum((0, 2)).reshape(3, 1)";
  list.add(row);
  row.label = "only an axis of size 1";
  row.in = {{{1, 3, 4}, -2, 2}};
  row.run = [](const Tensors& x) -> Tensors { return {sum_to(x[0], {3, 4})}; };
  row.naive = [](const Tensors& x) -> Tensors { return {Tensor::from(x[0].to_vector(), {3, 4})}; };
  row.torch = "x0[0]";
  list.add(row);
}

}  // namespace

void add_reduce_cases(CaseList& list) {
  add_folds(list);
  add_measures(list);
  add_norms(list);
  add_arguments(list);
  add_sum_to(list);
  add_scan_cases(list);
}

}  // namespace rush::testing
