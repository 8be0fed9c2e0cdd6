// The central differences behind gradcheck: perturb one element, evaluate, compare.
#include "rush/autograd/gradcheck.h"

#include <cmath>
#include <vector>

#include "rush/autograd/autograd.h"
#include "rush/core/apply.h"

namespace rush {

namespace {

// Fixed weights in [-1.5, -0.5] and [0.5, 1.5]: none is near zero, so no output element hides.
Tensor weights_like(const Tensor& y, uint64_t seed) {
  Tensor w = Tensor::empty(y.shape(), y.dtype());
  double* p = w.data<double>();
  for (int64_t i = 0; i < w.numel(); ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    const double unit = static_cast<double>(seed >> 12) * 0x1p-52;
    p[i] = unit < 0.5 ? unit * 2 - 1.5 : unit * 2 - 0.5;
  }
  return w;
}

struct Checked {
  const TensorsFunction& f;
  Tensors inputs;               // fresh leaves
  std::vector<size_t> wanted;   // inputs to differentiate by
  std::vector<size_t> outputs;  // floating outputs
  std::vector<Tensor> weights;  // one per entry of `outputs`
};

Tensors fresh_leaves(const char* op, const Tensors& inputs, std::vector<size_t>* wanted) {
  Tensors fresh;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].defined() || !inputs[i].requires_grad()) {
      fresh.push_back(inputs[i]);
      continue;
    }
    if (inputs[i].dtype() != DType::kFloat64)
      fail<TypeError>(op, ": inputs that require a gradient are float64; input ", i, " is ",
                      inputs[i].dtype());
    // A plain copy: perturbing one element must not move another that shares its memory.
    const std::vector<double> values = inputs[i].to_vector<double>();
    fresh.push_back(Tensor::from(values, inputs[i].shape()).requires_grad_());
    wanted->push_back(i);
  }
  if (wanted->empty()) fail<Error>(op, ": at least one input requires a gradient; none does");
  return fresh;
}

// The values of the floating outputs, one after another.
std::vector<double> values_of(const Checked& c, const Tensors& ys) {
  std::vector<double> all;
  for (size_t k : c.outputs) {
    const std::vector<double> v = ys[k].to_vector<double>();
    all.insert(all.end(), v.begin(), v.end());
  }
  return all;
}

bool same_values(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i] && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
  return true;
}

// d(sum of weights * outputs) / d(element) by a central difference.
double numeric_gradient(const Checked& c, const std::vector<double>& weights, double* element,
                        double eps) {
  NoGrad off;
  const double value = *element;
  *element = value + eps;
  const std::vector<double> above = values_of(c, c.f(c.inputs));
  *element = value - eps;
  const std::vector<double> below = values_of(c, c.f(c.inputs));
  *element = value;
  const double step = (value + eps) - (value - eps);  // what was really stepped, after rounding
  double sum = 0;
  for (size_t j = 0; j < weights.size(); ++j) sum += weights[j] * (above[j] - below[j]);
  return sum / step;
}

Dims position_of(int64_t flat, const Shape& shape) {
  Dims at = Dims::filled(shape.size(), 0);
  for (int d = shape.size() - 1; d >= 0; --d) {
    at[d] = flat % shape[d];
    flat /= shape[d];
  }
  return at;
}

std::vector<Tensor> analytic_gradients(const Checked& c, const Tensors& ys) {
  std::vector<Tensor> outputs, weights, inputs;
  for (size_t j = 0; j < c.outputs.size(); ++j) {
    if (!ys[c.outputs[j]].requires_grad()) continue;
    outputs.push_back(ys[c.outputs[j]]);
    weights.push_back(c.weights[j]);
  }
  for (size_t i : c.wanted) inputs.push_back(c.inputs[i]);
  if (outputs.empty()) return std::vector<Tensor>(inputs.size());
  return grad(outputs, inputs, weights, {.allow_unused = true});
}

struct Mismatch {
  double excess = 0;  // error over bound; above 1 the check fails
  size_t input = 0;
  int64_t element = 0;
  double analytic = 0, numeric = 0;
};

void compare_input(const Checked& c, size_t i, const Tensor& gradient,
                   const std::vector<double>& weights, const GradCheckOptions& options,
                   Mismatch* worst) {
  const Tensor& x = c.inputs[i];
  std::vector<double> analytic(static_cast<size_t>(x.numel()), 0.0);
  if (gradient.defined()) analytic = gradient.to_vector<double>();
  for (int64_t e = 0; e < x.numel(); ++e) {
    const double numeric = numeric_gradient(c, weights, x.data<double>() + e, options.eps);
    const double error = std::abs(analytic[e] - numeric);
    const double excess = error / (options.atol + options.rtol * std::abs(numeric));
    if (excess > worst->excess || std::isnan(excess))
      *worst = {std::isnan(excess) ? INFINITY : excess, i, e, analytic[e], numeric};
  }
}

bool check(const char* op, const TensorsFunction& f, const Tensors& inputs,
           const GradCheckOptions& options) {
  EnableGrad on;
  Checked c{f, {}, {}, {}, {}};
  c.inputs = fresh_leaves(op, inputs, &c.wanted);
  const Tensors ys = f(c.inputs);
  std::vector<double> weights;
  for (size_t k = 0; k < ys.size(); ++k) {
    if (!ys[k].defined() || !is_floating(ys[k].dtype())) continue;
    if (ys[k].dtype() != DType::kFloat64)
      fail<TypeError>(op, ": floating outputs are float64; output ", k, " is ", ys[k].dtype());
    c.outputs.push_back(k);
    c.weights.push_back(weights_like(ys[k], k + 1));
    const std::vector<double> w = c.weights.back().to_vector<double>();
    weights.insert(weights.end(), w.begin(), w.end());
  }
  const std::vector<Tensor> gradients = analytic_gradients(c, ys);
  {
    NoGrad off;
    if (!same_values(values_of(c, ys), values_of(c, f(c.inputs))))
      fail<Error>(op, ": the function gives the same values each time; two calls differed");
  }
  Mismatch worst;
  for (size_t j = 0; j < c.wanted.size(); ++j) {
    const Tensor& x = c.inputs[c.wanted[j]];
    if (gradients[j].defined() && gradients[j].shape() != x.shape())
      fail<ShapeError>(op, ": the gradient of input ", c.wanted[j], " has its shape ", x.shape(),
                       "; got ", gradients[j].shape());
    compare_input(c, c.wanted[j], gradients[j], weights, options, &worst);
  }
  if (worst.excess <= 1) return true;
  if (!options.raise) return false;
  fail<Error>(op, ": gradients agree with central differences; input ", worst.input, " at ",
              position_of(worst.element, c.inputs[worst.input].shape()), " has ", worst.analytic,
              " where differences give ", worst.numeric);
}

}  // namespace

bool gradcheck(const TensorsFunction& f, const Tensors& inputs, const GradCheckOptions& options) {
  return check("gradcheck", f, inputs, options);
}

bool gradgradcheck(const TensorsFunction& f, const Tensors& inputs,
                   const GradCheckOptions& options) {
  // One more input for each output that has a gradient: the gradient that arrives there.
  EnableGrad on;
  const size_t count = inputs.size();
  std::vector<size_t> wanted, outputs;
  const Tensors leaves = fresh_leaves("gradgradcheck", inputs, &wanted);
  Tensors all = leaves;
  const Tensors ys = f(leaves);
  for (size_t k = 0; k < ys.size(); ++k) {
    if (!ys[k].defined() || !ys[k].requires_grad()) continue;
    if (ys[k].dtype() != DType::kFloat64)
      fail<TypeError>("gradgradcheck: floating outputs are float64; output ", k, " is ",
                      ys[k].dtype());
    outputs.push_back(k);
    all.push_back(weights_like(ys[k], 77 + k).requires_grad_());
  }
  if (outputs.empty()) return true;
  const TensorsFunction gradient = [&](const Tensors& xs) {
    EnableGrad record;  // the differences are taken without a tape, yet gradients need one
    Tensors given, found;
    for (size_t i = 0; i < count; ++i) given.push_back(xs[i]);
    const Tensors results = f(given);
    std::vector<Tensor> from, by, seeds;
    for (size_t j = 0; j < outputs.size(); ++j) {
      from.push_back(results[outputs[j]]);
      seeds.push_back(xs[count + j]);
    }
    for (size_t i : wanted) by.push_back(given[i]);
    const std::vector<Tensor> gs =
        grad(from, by, seeds, {.create_graph = true, .allow_unused = true});
    for (size_t i = 0; i < gs.size(); ++i)
      found.push_back(gs[i].defined() ? gs[i] : Tensor::empty(by[i].shape(), float64).zero_());
    return found;
  };
  return check("gradgradcheck", gradient, all, options);
}

bool gradcheck(const TensorFunction& f, const Tensor& x, const GradCheckOptions& options) {
  return gradcheck([&](const Tensors& xs) { return Tensors{f(xs[0])}; }, Tensors{x}, options);
}
bool gradgradcheck(const TensorFunction& f, const Tensor& x, const GradCheckOptions& options) {
  return gradgradcheck([&](const Tensors& xs) { return Tensors{f(xs[0])}; }, Tensors{x}, options);
}

}  // namespace rush
