// Element-wise ops of one operand: each against the function on doubles.
#include <cmath>
#include <limits>
#include <numbers>

#include "rush/ops/binary.h"
#include "rush/ops/cases/op_case.h"
#include "rush/ops/unary.h"

namespace rush::testing {

namespace {

const Shape kShape = {7, 11};

struct Unary {
  const char* op;
  Tensor (*call)(const Tensor&);
  double (*function)(double);
  const char* torch;
  double low = -2, high = 2, tolerance = 1;
  In::Kind kind = In::kReal;
};

double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }
double sign_of(double x) { return (x > 0) - (x < 0); }
double softplus_of(double x) { return std::log1p(std::exp(x)); }
double hardsigmoid_of(double x) { return std::fmin(std::fmax(x / 6 + 0.5, 0), 1); }
double normal_share(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double gelu_tanh_of(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

// By bisection.
double erfinv_of(double x) {
  if (std::abs(x) == 1) return x * std::numeric_limits<double>::infinity();
  if (x == 0) return 0;
  double low = -6, high = 6;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (std::erf(middle) < x ? low : high) = middle;
  }
  return low;
}
// Far out, where two terms of the series do, and back by the recurrence.
double digamma_of(double x) {
  double sum = 0;
  for (; x < 200; x += 1) sum -= 1 / x;
  return sum + std::log(x) - 0.5 / x - 1 / (12 * x * x);
}
double trigamma_of(double x) {
  double sum = 0;
  for (; x < 2000; x += 1) sum += 1 / (x * x);
  return sum + 1 / x + 1 / (2 * x * x) + 1 / (6 * x * x * x);
}

const Unary kArithmetic[] = {
    {"neg", neg, [](double x) { return -x; }, "torch.neg(x0)", -2, 0},
    {"abs", abs, [](double x) { return std::abs(x); }, "torch.abs(x0)", -2, 2, 1, In::kDistinct},
    {"sign", sign, sign_of, "torch.sign(x0)", -2, 2, 1, In::kDistinct},
    {"square", square, [](double x) { return x * x; }, "torch.square(x0)"},
    {"sqrt", sqrt, [](double x) { return std::sqrt(x); }, "torch.sqrt(x0)", 0.3, 4},
    {"rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }, "torch.rsqrt(x0)", 0.3, 4},
    {"reciprocal", reciprocal, [](double x) { return 1 / x; }, "torch.reciprocal(x0)", 0.4, 4},
    {"floor", floor, [](double x) { return std::floor(x); }, "torch.floor(x0)", -4, 4, 1,
     In::kDistinct},
    {"ceil", ceil, [](double x) { return std::ceil(x); }, "torch.ceil(x0)", -4, 4, 1,
     In::kDistinct},
    {"round", round, [](double x) { return std::nearbyint(x); }, "torch.round(x0)", -4, 4, 1,
     In::kDistinct},
    {"trunc", trunc, [](double x) { return std::trunc(x); }, "torch.trunc(x0)", -4, 4, 1,
     In::kDistinct},
    {"frac", frac, [](double x) { return x - std::trunc(x); }, "torch.frac(x0)", -4, 4, 1,
     In::kDistinct},
};

const Unary kElementary[] = {
    {"exp", exp, [](double x) { return std::exp(x); }, "torch.exp(x0)"},
    {"exp2", exp2, [](double x) { return std::exp2(x); }, "torch.exp2(x0)"},
    {"expm1", expm1, [](double x) { return std::expm1(x); }, "torch.expm1(x0)"},
    {"log", log, [](double x) { return std::log(x); }, "torch.log(x0)", 0.3, 5},
    {"log2", log2, [](double x) { return std::log2(x); }, "torch.log2(x0)", 0.3, 5},
    {"log10", log10, [](double x) { return std::log10(x); }, "torch.log10(x0)", 0.3, 5},
    {"log1p", log1p, [](double x) { return std::log1p(x); }, "torch.log1p(x0)", -0.6, 3},
    {"sin", sin, [](double x) { return std::sin(x); }, "torch.sin(x0)", -8, 8},
    {"cos", cos, [](double x) { return std::cos(x); }, "torch.cos(x0)", -8, 8},
    {"tan", tan, [](double x) { return std::tan(x); }, "torch.tan(x0)", -1, 1},
    {"asin", asin, [](double x) { return std::asin(x); }, "torch.asin(x0)", -0.8, 0.8, 2},
    {"acos", acos, [](double x) { return std::acos(x); }, "torch.acos(x0)", -0.8, 0.8, 2},
    {"atan", atan, [](double x) { return std::atan(x); }, "torch.atan(x0)", -3, 3},
    {"sinh", sinh, [](double x) { return std::sinh(x); }, "torch.sinh(x0)"},
    {"cosh", cosh, [](double x) { return std::cosh(x); }, "torch.cosh(x0)"},
    {"tanh", tanh, [](double x) { return std::tanh(x); }, "torch.tanh(x0)", -3, 3},
    {"asinh", asinh, [](double x) { return std::asinh(x); }, "torch.asinh(x0)"},
    {"acosh", acosh, [](double x) { return std::acosh(x); }, "torch.acosh(x0)", 1.4, 5, 2},
    {"atanh", atanh, [](double x) { return std::atanh(x); }, "torch.atanh(x0)", -0.7, 0.7, 2},
    {"sinc", sinc,
     [](double x) {
       if (x == std::floor(x)) return x == 0 ? 1.0 : 0.0;
       return std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
     },
     "torch.sinc(x0)", 0.2, 2.5, 10},
};

const Unary kSpecial[] = {
    {"erf", erf, [](double x) { return std::erf(x); }, "torch.erf(x0)"},
    {"erfc", erfc, [](double x) { return std::erfc(x); }, "torch.erfc(x0)"},
    {"erfinv", erfinv, erfinv_of, "torch.erfinv(x0)", -0.8, 0.8, 4},
    {"lgamma", lgamma, [](double x) { return std::lgamma(x); }, "torch.lgamma(x0)", 0.4, 6, 4},
    {"digamma", digamma, digamma_of, "torch.digamma(x0)", 0.6, 6, 4},
    {"logical_not", logical_not, [](double x) { return double(x == 0); }, "torch.logical_not(x0)",
     -1, 1, 1, In::kInteger},
    {"isnan", isnan, [](double x) { return double(std::isnan(x)); }, "torch.isnan(x0)"},
    {"isinf", isinf, [](double x) { return double(std::isinf(x)); }, "torch.isinf(x0)"},
    {"isfinite", isfinite, [](double x) { return double(std::isfinite(x)); }, "torch.isfinite(x0)"},
};

const Unary kActivations[] = {
    {"sigmoid", sigmoid, sigmoid_of, "torch.sigmoid(x0)", -5, 5},
    {"relu", relu, [](double x) { return x > 0 ? x : 0; }, "torch.relu(x0)", -2, 2, 1,
     In::kDistinct},
    {"silu", silu, [](double x) { return x * sigmoid_of(x); }, "F.silu(x0)", -5, 5},
    {"mish", mish, [](double x) { return x * std::tanh(softplus_of(x)); }, "F.mish(x0)", -4, 4, 2},
    {"softsign", softsign, [](double x) { return x / (1 + std::abs(x)); }, "F.softsign(x0)", -3, 3,
     1, In::kDistinct},
    {"selu", selu,
     [](double x) {
       return 1.0507009873554804934 * (x > 0 ? x : 1.6732632423543772848 * std::expm1(x));
     },
     "F.selu(x0)", -3, 3, 1, In::kDistinct},
    {"hardsigmoid", hardsigmoid, hardsigmoid_of, "F.hardsigmoid(x0)", -5, 5, 1, In::kDistinct},
    {"hardswish", hardswish, [](double x) { return x * hardsigmoid_of(x); }, "F.hardswish(x0)", -5,
     5, 1, In::kDistinct},
    {"logsigmoid", logsigmoid, [](double x) { return -softplus_of(-x); }, "F.logsigmoid(x0)", -5,
     5},
    {"tanhshrink", tanhshrink, [](double x) { return x - std::tanh(x); }, "F.tanhshrink(x0)", 0.5,
     3, 4},
};

void add_table(CaseList& list, std::span<const Unary> table) {
  for (const Unary& u : table) {
    OpCase c;
    c.op = u.op;
    c.in = {{kShape, u.low, u.high, u.kind}};
    c.run = [call = u.call](const Tensors& in) { return Tensors{call(in[0])}; };
    c.naive = naive_unary(u.function);
    c.torch = u.torch;
    c.tolerance = u.tolerance;
    list.add(std::move(c));
  }
}

struct WithAttrs {
  const char *op, *label;
  Tensor (*call)(const Tensor&);
  double (*function)(double);
  const char* torch;
  double low = -3, high = 3, tolerance = 1;
  In::Kind kind = In::kDistinct;
};

const WithAttrs kWithAttrs[] = {
    {"clamp", "both", [](const Tensor& x) { return clamp(x, -1, 1); },
     [](double x) { return std::fmin(std::fmax(x, -1), 1); }, "torch.clamp(x0, -1, 1)"},
    {"clamp", "below", [](const Tensor& x) { return clamp(x, 0); },
     [](double x) { return std::fmax(x, 0); }, "torch.clamp(x0, min=0)"},
    {"clamp", "above", [](const Tensor& x) { return clamp(x, {}, 1); },
     [](double x) { return std::fmin(x, 1); }, "torch.clamp(x0, max=1)"},
    {"nan_to_num", "", [](const Tensor& x) { return nan_to_num(x, 1, 2, 3); },
     [](double x) { return x; }, "torch.nan_to_num(x0, 1, 2, 3)"},
    {"polygamma", "1", [](const Tensor& x) { return polygamma(1, x); }, trigamma_of,
     "torch.polygamma(1, x0)", 0.6, 6, 4, In::kReal},
    {"polygamma", "2, negative", [](const Tensor& x) { return polygamma(2, x); },
     [](double x) {
       double sum = 0;
       for (int k = 0; k < 1000; ++k) sum -= 2 * std::pow(x + k, -3);
       return sum - std::pow(x + 999.5, -2);
     },
     "torch.polygamma(2, x0)", -1.7, -1.3, 100, In::kReal},
    {"logit", "", [](const Tensor& x) { return logit(x); },
     [](double x) { return std::log(x / (1 - x)); }, "torch.logit(x0)", 0.2, 0.8, 4, In::kReal},
    {"logit", "eps", [](const Tensor& x) { return logit(x, 0.3); },
     [](double x) {
       const double p = std::fmin(std::fmax(x, 0.3), 0.7);
       return std::log(p / (1 - p));
     },
     "torch.logit(x0, 0.3)", 0.2, 0.8, 4},
    {"gelu", "none", [](const Tensor& x) { return gelu(x); },
     [](double x) { return x * normal_share(x); }, "F.gelu(x0)", -4, 4, 2, In::kReal},
    {"gelu", "tanh", [](const Tensor& x) { return gelu(x, "tanh"); }, gelu_tanh_of,
     "F.gelu(x0, approximate='tanh')", -4, 4, 2, In::kReal},
    {"softplus", "", [](const Tensor& x) { return softplus(x); }, softplus_of, "F.softplus(x0)"},
    {"softplus", "beta threshold", [](const Tensor& x) { return softplus(x, 2, 3); },
     [](double x) { return 2 * x > 3 ? x : softplus_of(2 * x) / 2; }, "F.softplus(x0, 2, 3)"},
    {"elu", "", [](const Tensor& x) { return elu(x, 0.7); },
     [](double x) { return x > 0 ? x : 0.7 * std::expm1(x); }, "F.elu(x0, 0.7)"},
    {"celu", "", [](const Tensor& x) { return celu(x, 0.7); },
     [](double x) { return x > 0 ? x : 0.7 * std::expm1(x / 0.7); }, "F.celu(x0, 0.7)"},
    {"leaky_relu", "", [](const Tensor& x) { return leaky_relu(x, 0.2); },
     [](double x) { return x > 0 ? x : 0.2 * x; }, "F.leaky_relu(x0, 0.2)"},
    {"hardtanh", "", [](const Tensor& x) { return hardtanh(x, -1, 2); },
     [](double x) { return std::fmin(std::fmax(x, -1), 2); }, "F.hardtanh(x0, -1, 2)"},
    {"hardtanh", "relu6", relu6, [](double x) { return std::fmin(std::fmax(x, 0), 6); },
     "F.relu6(x0)", -3, 8},
    {"softshrink", "", [](const Tensor& x) { return softshrink(x, 0.7); },
     [](double x) { return std::abs(x) <= 0.7 ? 0 : x - 0.7 * sign_of(x); },
     "F.softshrink(x0, 0.7)"},
    {"hardshrink", "", [](const Tensor& x) { return hardshrink(x, 0.7); },
     [](double x) { return std::abs(x) <= 0.7 ? 0 : x; }, "F.hardshrink(x0, 0.7)"},
    {"threshold", "", [](const Tensor& x) { return threshold(x, 0.5, -2); },
     [](double x) { return x > 0.5 ? x : -2; }, "F.threshold(x0, 0.5, -2)"},
};

}  // namespace

void add_unary_cases(CaseList& list) {
  for (std::span<const Unary> table :
       {std::span<const Unary>(kArithmetic), std::span<const Unary>(kElementary),
        std::span<const Unary>(kSpecial), std::span<const Unary>(kActivations)})
    add_table(list, table);
  for (const WithAttrs& u : kWithAttrs) {
    OpCase c;
    c.op = u.op;
    c.label = u.label;
    c.in = {{kShape, u.low, u.high, u.kind}};
    c.run = [call = u.call](const Tensors& in) { return Tensors{call(in[0])}; };
    c.naive = naive_unary(u.function);
    c.torch = u.torch;
    c.tolerance = u.tolerance;
    list.add(std::move(c));
  }
  OpCase bits;  // under a mask: all bits of a negation differ from width to width
  bits.op = "bitwise_not";
  bits.in = {{kShape, -5, 5, In::kInteger}, {kShape, 0, 7, In::kInteger}};
  bits.run = [](const Tensors& in) { return Tensors{bitwise_and(bitwise_not(in[0]), in[1])}; };
  bits.naive = naive_binary([](double a, double b) {
    return static_cast<double>(~static_cast<int64_t>(a) & static_cast<int64_t>(b));
  });
  bits.torch = "torch.bitwise_not(x0) & x1";
  list.add(std::move(bits));
}

}  // namespace rush::testing
