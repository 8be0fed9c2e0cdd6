// Special functions against slow formulas, and against PyTorch.
#include <cmath>
#include <numbers>
#include <numeric>

#include "rush/ops/cases/formula.h"
#include "rush/ops/random.h"
#include "rush/ops/special.h"

namespace rush::testing {
namespace {

const Shape kShape = {7, 11};

// An integral over [0, pi] by the trapezoid rule, which is exact to rounding for these.
double mean_over_circle(double (*f)(double angle, double x), double x) {
  constexpr int kSteps = 64;
  double sum = 0;
  for (int i = 0; i < kSteps; ++i) sum += f(2 * std::numbers::pi * (i + 0.5) / kSteps, x);
  return sum / kSteps;
}
double i0_of(double x) {
  return mean_over_circle([](double t, double v) { return std::exp(v * std::cos(t)); }, x);
}
double i1_of(double x) {
  return mean_over_circle(
      [](double t, double v) { return std::exp(v * std::cos(t)) * std::cos(t); }, x);
}
double j0_of(double x) {
  return mean_over_circle([](double t, double v) { return std::cos(v * std::sin(t)); }, x);
}
double j1_of(double x) {
  return mean_over_circle([](double t, double v) { return std::cos(t - v * std::sin(t)); }, x);
}
double share_below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double ndtri_of(double p) {  // by bisection
  if (p <= 0 || p >= 1) return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
  double low = -9, high = 9;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (share_below(middle) < p ? low : high) = middle;
  }
  return low;
}
// Directly up to 2000, and three terms for the rest.
double zeta_of(double s, double x) {
  double sum = 0;
  for (; x < 2000; x += 1) sum += std::pow(x, -s);
  return sum + std::pow(x, 1 - s) / (s - 1) + std::pow(x, -s) / 2 + s * std::pow(x, -s - 1) / 12;
}
double gammainc_of(double a, double x) {
  double term = std::exp(a * std::log(x) - x - std::lgamma(a + 1)), sum = term;
  for (int k = 1; k < 200; ++k) sum += term *= x / (a + k);
  return sum;
}

// The terms added up.
double poisson_quantile_of(double u, double rate) {
  double k = 0, term = std::exp(-rate), sum = term;
  while (sum < u && k < 200) {
    k += 1;
    sum += term *= rate / k;
  }
  return k;
}

struct Unary {
  const char* op;
  Tensor (*call)(const Tensor&);
  double (*function)(double);
  const char* torch;
  double low = -2, high = 2;
  bool torch_gradient = true;  // PyTorch has a gradient too
};
const Unary kUnary[] = {
    {"i0", i0, i0_of, "torch.special.i0(x0)", -4, 4},
    {"i0e", i0e, [](double x) { return std::exp(-std::abs(x)) * i0_of(x); },
     "torch.special.i0e(x0)", 0.5, 4},
    {"i1", i1, i1_of, "torch.special.i1(x0)", 0.5, 4},
    {"i1e", i1e, [](double x) { return std::exp(-std::abs(x)) * i1_of(x); },
     "torch.special.i1e(x0)", 0.5, 4},
    {"bessel_j0", bessel_j0, j0_of, "torch.special.bessel_j0(x0)", 0.5, 6, false},
    {"bessel_j1", bessel_j1, j1_of, "torch.special.bessel_j1(x0)", 0.5, 6, false},
    {"bessel_y0", bessel_y0, [](double x) { return ::y0(x); }, "torch.special.bessel_y0(x0)", 0.5,
     6, false},
    {"bessel_y1", bessel_y1, [](double x) { return ::y1(x); }, "torch.special.bessel_y1(x0)", 0.5,
     6, false},
    {"erfcx", erfcx, [](double x) { return std::exp(x * x) * std::erfc(x); },
     "torch.special.erfcx(x0)"},
    {"log_ndtr", log_ndtr, [](double x) { return std::log(share_below(x)); },
     "torch.special.log_ndtr(x0)", -4, 3},
    {"ndtri", ndtri, ndtri_of, "torch.special.ndtri(x0)", 0.02, 0.98},
};

struct Binary {
  const char* op;
  Tensor (*call)(const Tensor&, const Tensor&);
  double (*function)(double, double);
  const char* torch;
  In x, y;
};
In real(double low, double high) { return {kShape, low, high}; }
In fixed(double low, double high) { return {kShape, low, high, In::kFixedReal}; }
In whole(double low, double high) { return {kShape, low, high, In::kInteger}; }
const Binary kBinary[] = {
    {"xlog1py", xlog1py, [](double a, double b) { return a == 0 ? 0 : a * std::log1p(b); },
     "torch.special.xlog1py(x0, x1)", real(-2, 2), real(-0.5, 3)},
    {"zeta", zeta, zeta_of, "torch.special.zeta(x0, x1)", fixed(2.2, 5), real(0.5, 3)},
    {"gammainc", gammainc, gammainc_of, "torch.special.gammainc(x0, x1)", fixed(0.6, 4),
     real(0.3, 6)},
    {"gammaincc", gammaincc, [](double a, double x) { return 1 - gammainc_of(a, x); },
     "torch.special.gammaincc(x0, x1)", fixed(0.6, 4), real(0.3, 4)},
    {"poisson_quantile", poisson_quantile, poisson_quantile_of, "", fixed(0.01, 0.95),
     fixed(0.5, 9)},
    {"heaviside", heaviside, [](double a, double b) { return a == 0 ? b : double(a > 0); },
     "torch.heaviside(x0, x1)", whole(-1, 1), whole(-2, 2)},
    {"nextafter", nextafter, [](double a, double b) { return std::nextafter(a, b); },
     "torch.nextafter(x0, x1)", real(-2, 2), real(-2, 2)},
    {"gcd", gcd,
     [](double a, double b) {
       return double(std::gcd(static_cast<int64_t>(a), static_cast<int64_t>(b)));
     },
     "torch.gcd(x0, x1)", whole(-12, 12), whole(-12, 12)},
    {"lcm", lcm,
     [](double a, double b) {
       return double(std::lcm(static_cast<int64_t>(a), static_cast<int64_t>(b)));
     },
     "torch.lcm(x0, x1)", whole(0, 11), whole(0, 11)},
};

}  // namespace

void add_special_cases(CaseList& list) {
  for (const Unary& u : kUnary) {
    OpCase row;
    row.op = u.op;
    row.in = {{kShape, u.low, u.high}};
    row.run = [call = u.call](const Tensors& x) { return Tensors{call(x[0])}; };
    row.naive = naive_unary(u.function);
    row.torch = u.torch;
    row.tolerance = 20;
    if (!u.torch_gradient) {
      row.torch.clear();
      row.no_torch = "PyTorch has no gradient of it";
    }
    list.add(row);
  }
  for (const Binary& b : kBinary) {
    OpCase row;
    row.op = b.op;
    row.in = {b.x, b.y};
    row.run = [call = b.call](const Tensors& x) { return Tensors{call(x[0], x[1])}; };
    row.naive = naive_binary(b.function);
    row.torch = b.torch;
    if (row.torch.empty()) row.no_torch = "PyTorch has no such function";
    row.tolerance = 20;
    list.add(row);
  }
}

void add_special_formulas(CaseList& list) {
  const In any = {{3, 5}}, positive = {{3, 5}, 0.2, 3};
  add_formulas(list,
               {{"ndtr(x)",
                 "The normal distribution's share below x.",
                 "",
                 {any},
                 one([](const Tensors& x) { return ndtr(x[0]); }),
                 "torch.special.ndtr(x0)"},
                {"entr(x)",
                 "-x log(x); 0 at 0, -inf below.",
                 "",
                 {positive},
                 one([](const Tensors& x) { return entr(x[0]); }),
                 "torch.special.entr(x0)"},
                {"multigammaln(x, p)",
                 "The logarithm of the p-dimensional gamma function.",
                 "",
                 {{{3, 4}, 2, 5}},
                 one([](const Tensors& x) { return multigammaln(x[0], 3); }),
                 "torch.special.multigammaln(x0, 3)",
                 true,
                 true,
                 20},
                {"logaddexp2(x, y)",
                 "log2(2^x + 2^y) without overflow.",
                 "",
                 {any, any},
                 one([](const Tensors& x) { return logaddexp2(x[0], x[1]); }),
                 "torch.logaddexp2(x0, x1)"},
                {"ldexp(x, other)",
                 "x 2^other.",
                 "",
                 {any, {{5}, -3, 3, In::kFixedReal}},
                 one([](const Tensors& x) { return ldexp(x[0], x[1]); }),
                 "torch.ldexp(x0, x1)"},
                {"frexp(x)",
                 "Mantissa, in [1/2, 1) in size, and exponent.",
                 "",
                 {{{4, 4}, -9, 9}},
                 [](const Tensors& x) {
                   const Frexp f = frexp(x[0]);
                   return Tensors{f.mantissa, f.exponent};
                 },
                 "tuple(torch.frexp(x0))",
                 true,
                 false},
                {"float_power(x, exponent)",
                 "pow in float64.",
                 "",
                 {positive, any},
                 one([](const Tensors& x) { return float_power(x[0], x[1]).to(x[0].dtype()); }),
                 "torch.float_power(x0, x1).to(x0.dtype)"},
                {"deg2rad(x)",
                 "Degrees to radians.",
                 "",
                 {any},
                 one([](const Tensors& x) { return deg2rad(x[0]); }),
                 "torch.deg2rad(x0)"},
                {"rad2deg(x)",
                 "Radians to degrees.",
                 "",
                 {any},
                 one([](const Tensors& x) { return rad2deg(x[0]); }),
                 "torch.rad2deg(x0)"},
                {"signbit(x)",
                 "Whether the sign is minus.",
                 "",
                 {{{18}, -1, 1, In::kSpecial}},
                 one([](const Tensors& x) { return signbit(x[0]); }),
                 "torch.signbit(x0)",
                 false},
                {"isposinf(x)",
                 "Whether x is infinite and positive.",
                 "",
                 {{{18}, -1, 1, In::kSpecial}},
                 one([](const Tensors& x) { return isposinf(x[0]); }),
                 "torch.isposinf(x0)",
                 false},
                {"isneginf(x)",
                 "Whether x is infinite and negative.",
                 "",
                 {{{18}, -1, 1, In::kSpecial}},
                 one([](const Tensors& x) { return isneginf(x[0]); }),
                 "torch.isneginf(x0)",
                 false},
                {"clamp_min(x, min)",
                 "x, but not below min.",
                 "",
                 {{{3, 5}, -2, 2, In::kDistinct}},
                 one([](const Tensors& x) { return clamp_min(x[0], 0.1); }),
                 "torch.clamp_min(x0, 0.1)"},
                {"clamp_max(x, max)",
                 "x, but not above max.",
                 "",
                 {{{3, 5}, -2, 2, In::kDistinct}},
                 one([](const Tensors& x) { return clamp_max(x[0], 0.1); }),
                 "torch.clamp_max(x0, 0.1)"},
                {"clip(x, min, max)",
                 "clamp.",
                 "",
                 {{{3, 5}, -2, 2, In::kDistinct}},
                 one([](const Tensors& x) { return clip(x[0], -0.5, 0.5); }),
                 "torch.clip(x0, -0.5, 0.5)"},
                {"round_to(x, decimals)",
                 "x with so many digits after the point.",
                 "",
                 {any},
                 one([](const Tensors& x) { return round_to(x[0], 1); }),
                 "torch.round(x0, decimals=1)",
                 false}});
}

}  // namespace rush::testing
