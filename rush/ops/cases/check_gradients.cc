// Gradients: right, the same in every dtype, and independent of what else is asked for.
#include "rush/autograd/autograd.h"
#include "rush/autograd/gradcheck.h"
#include "rush/core/apply.h"
#include "rush/ops/cases/check.h"
#include "rush/ops/cases/inputs.h"

namespace rush::testing {

bool has_gradient(const Op& op) {
  for (size_t i = 0; i < op.args.size(); ++i)
    if (op.is_differentiable(i)) return true;
  return false;
}

namespace {

struct Weighted {
  std::vector<Tensor> outputs, weights;
};

// The outputs that a gradient can start from, and fixed weights for them.
Weighted weigh(const Tensors& outputs) {
  Weighted w;
  for (size_t k = 0; k < outputs.size(); ++k) {
    if (!outputs[k].defined() || !is_floating(outputs[k].dtype())) continue;
    if (!outputs[k].requires_grad()) continue;
    w.outputs.push_back(outputs[k]);
    w.weights.push_back(weights_for(outputs[k], 1000 + k));
  }
  return w;
}

Tensors gradients_of(const Weighted& w, const Tensors& inputs) {
  if (w.outputs.empty()) return {};
  std::vector<Tensor> wanted;
  for (const Tensor& x : inputs)
    if (x.defined() && x.requires_grad()) wanted.push_back(x);
  const std::vector<Tensor> found = grad(w.outputs, wanted, w.weights, {.allow_unused = true});
  Tensors all;
  size_t next = 0;
  for (const Tensor& x : inputs)
    all.push_back(x.defined() && x.requires_grad() ? found[next++] : Tensor());
  return all;
}

void check_differences(const OpCase& row, Report& report) {
  const Tensors inputs = make_inputs(row, float64, true);
  bool any = false;
  for (const Tensor& x : inputs) any |= x.defined() && x.requires_grad();
  if (!any) return;
  const double bound = 1e-6 * std::max(1.0, row.tolerance);
  report.at("gradients");
  gradcheck(row.run, inputs, {.eps = 1e-5, .atol = bound, .rtol = bound});
  report.at("second gradients");
  if (row.second)
    gradgradcheck(row.run, inputs, {.eps = 1e-5, .atol = 5 * bound, .rtol = 5 * bound});
}

// Gradients in a narrower dtype against float64 at the same, rounded, inputs and weights.
void check_narrow(const OpCase& row, DType t, Report& report) {
  const Tensors inputs = make_inputs(row, t, true);
  Tensors wide;
  for (const Tensor& x : inputs) {
    const bool is_real = x.defined() && is_floating(x.dtype());
    wide.push_back(is_real ? converted(x, float64) : x);
    if (x.defined() && x.requires_grad()) wide.back().requires_grad_();
  }
  Weighted narrow_sum = weigh(row.run(inputs)), wide_sum = weigh(row.run(wide));
  for (size_t k = 0; k < wide_sum.weights.size() && k < narrow_sum.weights.size(); ++k)
    wide_sum.weights[k] = converted(narrow_sum.weights[k], float64);
  const Tensors got = gradients_of(narrow_sum, inputs), want = gradients_of(wide_sum, wide);
  for (size_t i = 0; i < got.size(); ++i)
    if (got[i].defined() && got[i].dtype() != t)
      report.add("the gradient of input ", i, " is ", got[i].dtype());
  const double bound = 5 * bound_of(t) * row.tolerance;
  if (std::string text = difference(got, want, bound); !text.empty()) report.add(text);
}

// The gradient of one input alone is what it is among the others.
void check_alone(const OpCase& row, Report& report) {
  const Tensors inputs = make_inputs(row, float64, true);
  const Tensors all = gradients_of(row, inputs);
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i].defined()) continue;
    Tensors alone = make_inputs(row, float64, false);
    alone[i].requires_grad_();
    const Tensors got = gradients_of(row, alone);
    if (got.empty() || !got[i].defined())
      report.add("input ", i, " alone gets no gradient");
    else if (std::string text = difference(got[i], all[i], 1e-12); !text.empty())
      report.add("input ", i, " alone: ", text);
  }
}

// f(x, x): the gradient is the sum of both inputs' gradients.
void check_aliased(const OpCase& row, Report& report) {
  if (row.in.size() < 2) return;
  const In &a = row.in[0], &b = row.in[1];
  if (a.shape != b.shape || a.kind != b.kind || a.low != b.low || a.high != b.high) return;
  if (!is_differentiable_kind(a.kind) || record_of(row).writes_in_place()) return;
  Tensors apart = make_inputs(row, float64, true);
  apart[1] = converted(apart[0], float64);
  apart[1].requires_grad_();
  const Tensors parts = gradients_of(row, apart);
  Tensors aliased = make_inputs(row, float64, true);
  aliased[1] = aliased[0];
  const Tensors got = gradients_of(row, aliased);
  if (parts.empty() || !parts[0].defined() || !parts[1].defined()) return;
  const Tensor sum = converted(parts[0], float64), second = converted(parts[1], float64);
  for (int64_t i = 0; i < sum.numel(); ++i) sum.data<double>()[i] += second.data<double>()[i];
  if (std::string text = difference(got[0], sum, 1e-11 * std::max(1.0, row.tolerance));
      !text.empty())
    report.add(text);
}

template <typename F>
void guarded(Report& report, const std::string& what, F&& f) {
  report.at(what);
  try {
    f();
  } catch (const std::exception& e) {
    report.add("raised: ", e.what());
  }
  report.at("");
}

}  // namespace

Tensors gradients_of(const OpCase& row, const Tensors& inputs) {
  EnableGrad on;
  return gradients_of(weigh(row.run(inputs)), inputs);
}

void check_gradients(const OpCase& row, Report& report) {
  const Op& op = record_of(row);
  if (!row.gradient || !has_gradient(op) || op.writes_in_place()) return;
  if (op.is_random && !row.naive) return;
  guarded(report, "gradients", [&] { check_differences(row, report); });
  for (DType t : {float32, float16, bfloat16})
    if ((op.dtypes >> static_cast<int>(t)) & 1)
      guarded(report, concat({"gradients in ", t}), [&] { check_narrow(row, t, report); });
  guarded(report, "one gradient alone", [&] { check_alone(row, report); });
  guarded(report, "gradient of f(x, x)", [&] { check_aliased(row, report); });
}

}  // namespace rush::testing
