// The memory layout of inputs and arriving gradients changes no result.
#include "rush/autograd/autograd.h"
#include "rush/ops/cases/check.h"
#include "rush/ops/cases/inputs.h"

namespace rush::testing {

namespace {

constexpr std::pair<const char*, Placement> kPlacements[] = {
    {"transposed", Placement::kReversedDims},
    {"stepped", Placement::kSteps},
    {"backward", Placement::kBackwards},
};

bool claims(const Op& op, DType t) { return (op.dtypes >> static_cast<int>(t)) & 1; }

double bound_for(const OpCase& row, DType t) {
  return (t == float64 ? 1e-12 : 2e-6) * std::max(1.0, row.tolerance);
}

void compare(const OpCase& row, const Tensors& inputs, const Tensors& plain, DType t,
             const std::string& what, Report& report, double slack = 1) {
  report.at(concat({what, " inputs in ", t}));
  try {
    const Tensors want = row.run(plain), got = row.run(inputs);
    if (std::string text = difference(got, want, slack * bound_for(row, t)); !text.empty())
      report.add(text);
  } catch (const std::exception& e) {
    report.add("raised: ", e.what());
  }
}

void check_placed(const OpCase& row, DType t, Report& report) {
  for (const auto& [name, placement] : kPlacements) {
    Tensors inputs = make_inputs(row, t);
    for (Tensor& x : inputs) x = placed(x, placement);
    compare(row, inputs, make_inputs(row, t), t, name, report);
  }
  for (size_t i = 0; row.in.size() > 1 && i < row.in.size(); ++i) {
    Tensors inputs = make_inputs(row, t);
    inputs[i] = placed(inputs[i], Placement::kReversedDims);
    compare(row, inputs, make_inputs(row, t), t, concat({"input ", i, " transposed:"}), report);
  }
}

void check_repeated(const OpCase& row, DType t, Report& report) {
  if (record_of(row).writes_in_place()) return;
  for (size_t i = 0; i < row.in.size(); ++i) {
    for (int d = 0; d < row.in[i].shape.size(); ++d) {
      if (row.in[i].kind == In::kAbsent || row.in[i].shape[d] < 2) continue;
      Tensors inputs = make_inputs(row, t), plain = make_inputs(row, t);
      inputs[i] = repeated(inputs[i], d);
      plain[i] = converted(inputs[i], inputs[i].dtype());
      // Equal elements cancel where others do not, which leaves rounding errors to compare.
      constexpr double kSlack = 20;
      compare(row, inputs, plain, t, concat({"input ", i, " repeated along ", d, ":"}), report,
              kSlack);
    }
  }
}

Tensors gradients_by(const OpCase& row, const Tensors& inputs, Tensor (*dy_of)(const Tensor&)) {
  std::vector<Tensor> ys, dys, xs;
  const Tensors outputs = row.run(inputs);
  for (const Tensor& y : outputs) {
    if (!y.defined() || !y.requires_grad()) continue;
    ys.push_back(y);
    dys.push_back(dy_of(y));
  }
  for (const Tensor& x : inputs)
    if (x.defined() && x.requires_grad()) xs.push_back(x);
  if (ys.empty() || xs.empty()) return {};
  Tensors all;
  for (const Tensor& g : grad(ys, xs, dys, {.allow_unused = true})) all.push_back(g);
  return all;
}

Tensor plain_dy(const Tensor& y) { return weights_for(y, 5); }
Tensor transposed_dy(const Tensor& y) { return placed(plain_dy(y), Placement::kReversedDims); }
Tensor stepped_dy(const Tensor& y) { return placed(plain_dy(y), Placement::kSteps); }
Tensor constant_dy(const Tensor& y) {  // as sum() sends back: one element, stride 0 everywhere
  Tensor dy = plain_dy(y);
  if (dy.numel() == 0) return dy;
  for (int d = 0; d < dy.rank(); ++d) dy = repeated(dy, d);
  return dy;
}
Tensor plain_constant_dy(const Tensor& y) { return converted(constant_dy(y), y.dtype()); }

void check_gradient_layouts(const OpCase& row, DType t, Report& report) {
  const auto expect = [&](const char* what, const Tensors& got, const Tensors& want) {
    report.at(concat({"gradients with ", what, " in ", t}));
    const double bound = bound_for(row, t) * 5;
    if (std::string text = difference(got, want, bound); !text.empty()) report.add(text);
  };
  try {
    const Tensors inputs = make_inputs(row, t, true);
    const Tensors want = gradients_by(row, inputs, plain_dy);
    if (want.empty()) return;
    expect("transposed dy", gradients_by(row, inputs, transposed_dy), want);
    expect("stepped dy", gradients_by(row, inputs, stepped_dy), want);
    expect("constant dy", gradients_by(row, inputs, constant_dy),
           gradients_by(row, inputs, plain_constant_dy));
    for (const auto& [name, placement] : kPlacements) {
      Tensors moved;
      for (const Tensor& x : inputs) {
        moved.push_back(placed(x, placement));
        if (x.defined() && x.requires_grad()) moved.back().requires_grad_();
      }
      expect(name, gradients_by(row, moved, plain_dy), want);
    }
  } catch (const std::exception& e) {
    report.add("gradients of other layouts raised: ", e.what());
  }
}

// Element-wise ops on empty, one-element and 0-d tensors.
void check_small(const OpCase& row, Report& report) {
  for (const Shape& shape : {Shape{0}, Shape{2, 0, 3}, Shape{1}, Shape{}}) {
    report.at(concat({"inputs of shape ", shape}));
    const DType t = claims(record_of(row), float64) ? float64 : int64;
    try {
      const std::vector<Shape> shapes(row.in.size(), shape);
      const Tensors inputs = make_inputs(row, shapes, t);
      const Tensors got = row.run(inputs);
      if (got[0].shape() != shape) report.add("gives shape ", got[0].shape());
      if (!row.naive) continue;
      const Tensors want = row.naive(reference_inputs(row, inputs));
      const double bound = bound_of(t) * row.tolerance;
      if (std::string text = difference(got, want, bound); !text.empty()) report.add(text);
    } catch (const std::exception& e) {
      report.add("raised: ", e.what());
    }
  }
}

}  // namespace

void check_layouts(const OpCase& row, Report& report) {
  const Op& op = record_of(row);
  if (!row.elementwise_layouts || op.is_random) return;
  for (DType t : {float64, float32, int64}) {
    if (!claims(op, t) || (t == int64 && claims(op, float64))) continue;
    check_placed(row, t, report);
    check_repeated(row, t, report);
    if (row.gradient && has_gradient(op) && !op.writes_in_place())
      check_gradient_layouts(row, t, report);
  }
  if (op.is_elementwise) check_small(row, report);
  report.at("");
}

}  // namespace rush::testing
