// Rows of matmul and linear.
#include <algorithm>

#include "rush/ops/cases/op_case.h"
#include "rush/ops/matmul.h"

namespace rush::testing {
namespace {

// Plain loops over broadcast batches of [.., m, k] and [.., k, n], 1-d operands as rows and
// columns.
Tensors naive_matmul(const Tensors& in) {
  Shape sa = in[0].shape(), sb = in[1].shape();
  const bool row = sa.size() == 1, column = sb.size() == 1;
  if (row) sa.insert(0, 1);
  if (column) sb.push_back(1);
  const int ra = sa.size(), rb = sb.size(), rank = std::max(ra, rb);
  const int64_t m = sa[ra - 2], k = sa[ra - 1], n = sb[rb - 1];
  Shape batch = broadcast_shapes("naive", Shape(sa.data(), ra - 2), Shape(sb.data(), rb - 2));
  Shape out = batch;
  if (!row) out.push_back(m);
  if (!column) out.push_back(n);
  Tensor y = Tensor::empty(out, float64);
  const double *a = in[0].data<double>(), *b = in[1].data<double>();
  double* c = y.data<double>();
  for (int64_t i = 0; i < numel(batch); ++i) {
    int64_t rest = i, at_a = 0, at_b = 0, step_a = m * k, step_b = k * n;
    for (int d = rank - 3; d >= 0; --d) {
      const int64_t index = rest % batch[d];
      rest /= batch[d];
      if (const int own = d - (rank - ra); own >= 0) {
        if (sa[own] != 1) at_a += index * step_a;
        step_a *= sa[own];
      }
      if (const int own = d - (rank - rb); own >= 0) {
        if (sb[own] != 1) at_b += index * step_b;
        step_b *= sb[own];
      }
    }
    for (int64_t r = 0; r < m; ++r)
      for (int64_t s = 0; s < n; ++s) {
        double sum = 0;
        for (int64_t t = 0; t < k; ++t) sum += a[at_a + r * k + t] * b[at_b + t * n + s];
        c[(i * m + r) * n + s] = sum;
      }
  }
  return {y};
}

Tensors naive_linear(const Tensors& in) {
  Shape out = in[0].shape();
  const int64_t k = out.back(), n = in[1].shape()[0];
  out[out.size() - 1] = n;
  Tensor y = Tensor::empty(out, float64);
  const double *x = in[0].data<double>(), *w = in[1].data<double>();
  for (int64_t r = 0; r < y.numel() / n; ++r)
    for (int64_t j = 0; j < n; ++j) {
      double sum = in.size() > 2 && in[2].defined() ? in[2].data<double>()[j] : 0;
      for (int64_t t = 0; t < k; ++t) sum += x[r * k + t] * w[j * k + t];
      y.data<double>()[r * n + j] = sum;
    }
  return {y};
}

void add_matmul(CaseList& list, const char* label, const Shape& a, const Shape& b,
                double tolerance = 4) {
  OpCase c{.op = "matmul", .label = label, .in = {{a}, {b}}};
  c.run = [](const Tensors& x) { return Tensors{matmul(x[0], x[1])}; };
  c.naive = naive_matmul;
  c.torch = "torch.matmul(x0, x1)";
  c.tolerance = tolerance;
  list.add(c);
}

void add_linear(CaseList& list, const char* label, const Shape& x, int64_t out, bool bias) {
  OpCase c{.op = "linear", .label = label, .in = {{x}, {{out, x.back()}}}};
  if (bias) {
    c.in.push_back({{out}});
    c.run = [](const Tensors& t) { return Tensors{linear(t[0], t[1], t[2])}; };
    c.torch = "F.linear(x0, x1, x2)";
  } else {
    c.run = [](const Tensors& t) { return Tensors{linear(t[0], t[1])}; };
    c.torch = "F.linear(x0, x1)";
  }
  c.naive = naive_linear;
  c.tolerance = 4;
  list.add(c);
}

void add_addmm(CaseList& list, const char* label, int64_t m, int64_t k, int64_t n) {
  OpCase c{.op = "addmm_", .label = label, .in = {{{m, n}}, {{m, k}}, {{k, n}}}};
  c.run = [](const Tensors& x) {
    const Tensor y = x[0].clone();
    return Tensors{addmm_(y, x[1], x[2])};
  };
  c.naive = [](const Tensors& x) {
    const Tensor y = naive_matmul({x[1], x[2]})[0];
    for (int64_t i = 0; i < y.numel(); ++i) y.data<double>()[i] += x[0].data<double>()[i];
    return Tensors{y};
  };
  c.torch = "x0.clone().addmm_(x1, x2)";
  c.gradient = false;
  c.deferred = false;
  c.tolerance = 4;
  list.add(c);
}

}  // namespace

void add_matmul_cases(CaseList& list) {
  add_matmul(list, "2-d", {3, 4}, {4, 5});
  add_matmul(list, "one row", {1, 4}, {4, 5});
  add_matmul(list, "one column", {3, 4}, {4, 1});
  add_matmul(list, "two vectors", {4}, {4});
  add_matmul(list, "matrix, vector", {3, 4}, {4});
  add_matmul(list, "vector, matrix", {4}, {4, 3});
  add_matmul(list, "vector, batch", {4}, {2, 4, 3});
  add_matmul(list, "batch, vector", {2, 3, 4}, {4});
  add_matmul(list, "batch", {2, 3, 4}, {2, 4, 2});
  add_matmul(list, "batch, shared matrix", {2, 3, 4}, {4, 2});
  add_matmul(list, "matrix, batch", {3, 4}, {2, 4, 2});
  add_matmul(list, "broadcast batches", {2, 1, 2, 3}, {3, 3, 2});
  add_matmul(list, "batch of rows", {3, 2, 1, 4}, {4, 2});
  add_matmul(list, "odd sizes", {17, 9}, {9, 19}, 10);
  add_matmul(list, "empty sum", {2, 0}, {0, 3});
  add_matmul(list, "empty batch", {0, 2, 3}, {3, 2});
  add_matmul(list, "no rows", {0, 3}, {3, 2});

  add_linear(list, "bias", {4, 3}, 5, true);
  add_linear(list, "no bias", {4, 3}, 5, false);
  add_linear(list, "one sample", {3}, 2, true);
  add_linear(list, "batch of sequences", {2, 3, 4}, 2, true);
  add_linear(list, "one output", {5, 4}, 1, true);
  add_linear(list, "odd sizes", {7, 11}, 17, true);
  add_linear(list, "empty batch", {0, 3}, 2, true);
  add_linear(list, "no features", {2, 0}, 3, true);

  add_addmm(list, "odd sizes", 7, 11, 19);
  add_addmm(list, "one column", 33, 17, 1);
  add_addmm(list, "empty sum", 2, 0, 3);
}

}  // namespace rush::testing
