// Rows of scans.
#include <cmath>

#include "rush/ops/cases/naive_lines.h"
#include "rush/ops/reduce.h"

namespace rush::testing {

void add_scan_cases(CaseList&);

namespace {

Line running(const Line& v, double start, double (*f)(double, double)) {
  Line out;
  double state = start;
  for (double x : v) out.push_back(state = f(state, x));
  return out;
}

using Scan = Tensor (*)(const Tensor&, int64_t);

void add_scan(CaseList& list, const char* op, Scan run, double start, double (*f)(double, double),
              In in) {
  for (int64_t axis : {-1, 0}) {
    OpCase row;
    row.op = op;
    row.label = axis == 0 ? "first axis" : "last axis";
    in.shape = {4, 6};
    row.in = {in};
    row.run = [=](const Tensors& x) -> Tensors { return {run(x[0], axis)}; };
    row.naive = [=](const Tensors& x) -> Tensors {
      return {naive_map_lines(x[0], axis, [=](const Line& v) { return running(v, start, f); })};
    };
    row.torch = concat({"torch.", op, "(x0, dim=", axis, ")"});
    list.add(row);
  }
}

void add_extremes(CaseList& list) {
  for (bool is_max : {true, false}) {
    OpCase row;
    row.op = is_max ? "cummax" : "cummin";
    row.in = {{{4, 6}, -2, 2, In::kDistinct}};
    row.run = [=](const Tensors& x) -> Tensors {
      const ValuesIndices y = is_max ? cummax(x[0], 1) : cummin(x[0], 1);
      return {y.values, y.indices};
    };
    const auto positions = [=](const Line& v) {
      Line at;
      size_t best = 0;
      for (size_t i = 0; i < v.size(); ++i) {
        if (is_max ? v[i] >= v[best] : v[i] <= v[best]) best = i;
        at.push_back(static_cast<double>(best));
      }
      return at;
    };
    const auto values = [=](const Line& v) {
      Line out;
      for (double at : positions(v)) out.push_back(v[static_cast<size_t>(at)]);
      return out;
    };
    row.naive = [=](const Tensors& x) -> Tensors {
      return {naive_map_lines(x[0], 1, values), as_int64(naive_map_lines(x[0], 1, positions))};
    };
    row.torch = concat({"torch.", row.op, "(x0, dim=1)"});
    list.add(row);
  }
}

// Lines of both operands one after another, as one line of pairs.
Tensor naive_linear(const Tensor& a, const Tensor& b, bool reverse, bool exclusive) {
  Tensor y = Tensor::empty(a.shape(), float64);
  const int64_t rows = a.shape()[0], n = a.shape()[1];
  for (int64_t r = 0; r < rows; ++r) {
    double s = 0;
    for (int64_t k = 0; k < n; ++k) {
      const int64_t i = r * n + (reverse ? n - 1 - k : k);
      const double after = b.data<double>()[i] + a.data<double>()[i] * s;
      y.data<double>()[i] = exclusive ? s : after;
      s = after;
    }
  }
  return y;
}

void add_linear(CaseList& list) {
  for (bool reverse : {false, true}) {
    for (bool exclusive : {false, true}) {
      OpCase row;
      row.op = "linear_scan";
      row.label = concat({reverse ? "reverse" : "forward", exclusive ? " exclusive" : ""});
      row.in = {{{3, 5}, -1, 1}, {{3, 5}, -2, 2}};
      row.run = [=](const Tensors& x) -> Tensors {
        return {linear_scan(x[0], x[1], 1, reverse, exclusive)};
      };
      row.naive = [=](const Tensors& x) -> Tensors {
        return {naive_linear(x[0], x[1], reverse, exclusive)};
      };
      row.no_torch = "PyTorch has no such op";
      list.add(row);
    }
  }
}

}  // namespace

void add_scan_cases(CaseList& list) {
  add_scan(
      list, "cumsum", [](const Tensor& x, int64_t axis) { return cumsum(x, axis); }, 0,
      [](double s, double x) { return s + x; }, {{}, -2, 2, In::kReal});
  add_scan(
      list, "cumprod", [](const Tensor& x, int64_t axis) { return cumprod(x, axis); }, 1,
      [](double s, double x) { return s * x; }, {{}, -1.5, 1.5, In::kReal});
  add_scan(list, "logcumsumexp", logcumsumexp, -HUGE_VAL,
           [](double s, double x) { return std::log(std::exp(s) + std::exp(x)); },
           {{}, -2, 2, In::kReal});
  add_extremes(list);
  add_linear(list);
}

}  // namespace rush::testing
