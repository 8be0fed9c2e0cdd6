// The element-wise functions at the ends of their range, and how far they are from the exact value.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "rush/kernels/attrs/unary.h"
#include "rush/kernels/elementwise.h"
#include "rush/kernels/special.h"

namespace rush::kernels {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

template <typename T>
std::vector<T> apply(const char* op, std::vector<T> x) {
  std::vector<T> y(x.size());
  const auto n = static_cast<int64_t>(x.size());
  const View in{x.data(), dtype_of<T>, {n}, {1}}, out{y.data(), dtype_of<T>, {n}, {1}};
  run_elementwise(*table(Device::kCpu).find(op), dtype_of<T>, out, {&in, 1}, nullptr);
  return y;
}

struct Function {
  const char* op;
  double (*exact)(double);
  double low, high;
  double bound;  // in units in the last place
};

const Function kFunctions[] = {
    {"exp", [](double x) { return std::exp(x); }, -87, 88, 2},
    {"expm1", [](double x) { return std::expm1(x); }, -20, 88, 5},
    {"log", [](double x) { return std::log(x); }, 1e-6, 1e6, 5},
    {"log1p", [](double x) { return std::log1p(x); }, -0.99, 1e3, 5},
    {"sin", [](double x) { return std::sin(x); }, 0.01, 3.1, 4},
    {"cos", [](double x) { return std::cos(x); }, -1.5, 1.5, 4},
    {"atan", [](double x) { return std::atan(x); }, -30, 30, 4},
    {"tanh", [](double x) { return std::tanh(x); }, -12, 12, 5},
    {"sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, -80, 40, 5},
    {"erf", [](double x) { return std::erf(x); }, -5, 5, 6},
};

// The largest error over a fine grid, in units in the last place of T.
template <typename T>
double worst_error(const Function& f) {
  constexpr int kPoints = 40000;
  std::vector<T> x(kPoints);
  for (int i = 0; i < kPoints; ++i)
    x[i] = static_cast<T>(f.low + (f.high - f.low) * i / (kPoints - 1));
  const std::vector<T> y = apply(f.op, x);
  double worst = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double exact = f.exact(static_cast<double>(x[i]));
    const T near = std::abs(static_cast<T>(exact));
    const double unit = std::nextafter(near, std::numeric_limits<T>::infinity()) - near;
    worst = std::max(worst, std::abs(static_cast<double>(y[i]) - exact) / unit);
  }
  return worst;
}

TEST(Functions, AreWithinAFewUnitsInTheLastPlace) {
  for (const Function& f : kFunctions) {
    EXPECT_LE(worst_error<float>(f), f.bound) << f.op << " in float32";
    EXPECT_LE(worst_error<double>(f), f.bound) << f.op << " in float64";
  }
}

// x times the normal distribution's share below it, and the slope of that: shares are exact to a
// few units in the last place of 1, whatever x.
template <typename T>
double worst_gelu_error(const char* op, double (*exact)(double)) {
  constexpr int64_t kPoints = 60000;
  std::vector<T> x(kPoints), y(kPoints), ones(kPoints, T(1));
  for (int64_t i = 0; i < kPoints; ++i) x[i] = static_cast<T>(-15 + i * 5e-4);
  const View at{x.data(), dtype_of<T>, {kPoints}, {1}},
      one{ones.data(), dtype_of<T>, {kPoints}, {1}};
  const View out{y.data(), dtype_of<T>, {kPoints}, {1}};
  const View in[] = {one, at};
  const bool is_slope = std::string(op) == "gelu_grad";
  const GeluAttrs attrs;
  run_elementwise(*table(Device::kCpu).find(op), dtype_of<T>, out,
                  std::span(is_slope ? in : in + 1, is_slope ? 2 : 1), &attrs);
  double worst = 0;
  for (int64_t i = 0; i < kPoints; ++i) {
    const auto point = static_cast<double>(x[i]);
    const double error = std::abs(static_cast<double>(y[i]) - exact(point));
    worst = std::max(worst, error / (is_slope ? 1 : std::max(0.1, std::abs(point))));
  }
  return worst / static_cast<double>(std::numeric_limits<T>::epsilon());
}

TEST(Functions, GeluAndItsSlopeAreExactToUnitsOfOne) {
  const auto gelu = [](double x) { return x * std::erfc(-x / std::sqrt(2)) / 2; };
  const auto slope = [](double x) {
    return std::erfc(-x / std::sqrt(2)) / 2 + x * std::exp(-x * x / 2) * 0.39894228040143267794;
  };
  EXPECT_LE(worst_gelu_error<float>("gelu", gelu), 2);
  EXPECT_LE(worst_gelu_error<double>("gelu", gelu), 2);
  EXPECT_LE(worst_gelu_error<float>("gelu_grad", slope), 2);
  EXPECT_LE(worst_gelu_error<double>("gelu_grad", slope), 3);
}

TEST(Functions, BehaveAsTheStandardAtTheEnds) {
  const std::vector<double> ends = {kInf,   -kInf, kNaN,  0.0,    -0.0, 1e-310, -1.0,
                                    1000.0, -1000, 1e300, -1e300, 5e5,  -7e9};
  for (const Function& f : kFunctions) {
    const auto y = apply<double>(f.op, ends);
    for (size_t i = 0; i < ends.size(); ++i) {
      const double want = f.exact(ends[i]);
      if (std::isnan(want))
        EXPECT_TRUE(std::isnan(y[i])) << f.op << "(" << ends[i] << ") is " << y[i];
      else if (std::isinf(want) || want == 0)
        EXPECT_EQ(y[i], want) << f.op << "(" << ends[i] << ")";
      else
        EXPECT_NEAR(y[i] / want, 1, 1e-14) << f.op << "(" << ends[i] << ") is " << y[i];
    }
  }
}

template <typename T>
std::vector<T> apply(const char* op, std::vector<T> x, std::vector<T> y) {
  std::vector<T> z(x.size());
  const auto n = static_cast<int64_t>(x.size());
  const View in[] = {{x.data(), dtype_of<T>, {n}, {1}}, {y.data(), dtype_of<T>, {n}, {1}}};
  run_elementwise(*table(Device::kCpu).find(op), dtype_of<T>, {z.data(), dtype_of<T>, {n}, {1}}, in,
                  nullptr);
  return z;
}

// All pairs of ordinary numbers and of the ends of the range, against the standard's function.
template <typename T>
void expect_pairs(const char* op, T (*exact)(T, T), double tolerance) {
  const T big = std::numeric_limits<T>::max(), tiny = std::numeric_limits<T>::denorm_min();
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  std::vector<T> values = {0,   T(-0.0), 1,   -1,  2,      -2,   3,      -3,
                           0.5, -0.5,    7,   8,   T(0.1), 1e3,  -1e3,   T(2.5),
                           inf, -inf,    nan, big, -big,   tiny, T(-1.7)};
  std::vector<T> x, y;
  for (const T a : values)
    for (const T b : values) {
      x.push_back(a);
      y.push_back(b);
    }
  const std::vector<T> z = apply(op, x, y);
  for (size_t i = 0; i < x.size(); ++i) {
    const T want = exact(x[i], y[i]);
    const auto where = [&] {
      return std::string(op) + "(" + std::to_string(x[i]) + ", " + std::to_string(y[i]) + ")";
    };
    if (std::isnan(want))
      EXPECT_TRUE(std::isnan(z[i])) << where() << " is " << z[i];
    else if (std::isinf(want) || want == 0)
      EXPECT_TRUE(z[i] == want && std::signbit(z[i]) == std::signbit(want))
          << where() << " is " << z[i] << ", not " << want;
    else
      EXPECT_NEAR(z[i] / want, 1, tolerance) << where() << " is " << z[i];
  }
}

template <typename T>
T remainder_of(T a, T b) {
  const T rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
template <typename T>
T floor_divided(T a, T b) {
  if (b == 0) return a / b;
  const T rest = std::fmod(a, b);
  T quotient = (a - rest) / b;
  if (rest != 0 && (b < 0) != (rest < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(T(0), a / b);
  const T whole = std::floor(quotient);
  return quotient - whole > T(0.5) ? whole + 1 : whole;
}

// Quotients near whole numbers and near the most that is counted in vectors.
template <typename T>
void expect_exact_rests(double most) {
  std::vector<T> a, b;
  for (int i = 1; i <= 4000; ++i) {
    const T step = static_cast<T>(0.1) * static_cast<T>(i % 61 + 1);
    const T near = step * static_cast<T>(i % 7 == 0 ? most + i : i);
    for (const T x : {near, std::nextafter(near, T(0)), std::nextafter(near, 2 * near)}) {
      a.push_back(i % 2 ? x : -x);
      b.push_back(i % 3 ? step : -step);
    }
  }
  const auto rest = apply("fmod", a, b), remainder = apply("remainder", a, b),
             quotient = apply("floor_divide", a, b);
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(rest[i], std::fmod(a[i], b[i])) << a[i] << " " << b[i];
    ASSERT_EQ(remainder[i], remainder_of(a[i], b[i])) << a[i] << " " << b[i];
    ASSERT_EQ(quotient[i], floor_divided(a[i], b[i])) << a[i] << " " << b[i];
  }
}

TEST(Functions, DivideWithAnExactRest) {
  expect_pairs<float>("fmod", std::fmod, 0);
  expect_pairs<double>("fmod", std::fmod, 0);
  expect_pairs<float>("remainder", remainder_of, 0);
  expect_pairs<double>("remainder", remainder_of, 0);
  expect_pairs<float>("floor_divide", floor_divided, 0);
  expect_pairs<double>("floor_divide", floor_divided, 0);
  expect_exact_rests<float>(0x1p23 - 2000);
  expect_exact_rests<double>(0x1p52 - 2000);
}

TEST(Functions, OfTwoBehaveAsTheStandardEverywhere) {
  expect_pairs<float>("pow", std::pow, 2e-7);
  expect_pairs<double>("pow", std::pow, 1e-15);
  expect_pairs<float>("atan2", std::atan2, 4e-7);
  expect_pairs<double>("atan2", std::atan2, 1e-15);
}

TEST(Functions, PowersAreRoundedOnce) {
  std::vector<float> x, e;
  for (int i = 1; i < 2000; ++i) {
    x.push_back(static_cast<float>(i) * 0.013f);
    e.push_back(static_cast<float>(i % 97) * 0.31f - 15);
  }
  const std::vector<float> y = apply("pow", x, e);
  for (size_t i = 0; i < x.size(); ++i) {
    const double exact = std::pow(static_cast<double>(x[i]), static_cast<double>(e[i]));
    EXPECT_NEAR(y[i] / exact, 1, 6.1e-8) << x[i] << "^" << e[i];
  }
}

TEST(Functions, KeepNaN) {
  for (const char* op :
       {"exp", "tanh", "sigmoid", "erf", "relu", "silu", "mish", "abs", "logsigmoid", "floor",
        "sqrt", "hardswish", "hardsigmoid", "softsign", "selu"})
    EXPECT_TRUE(std::isnan(apply<float>(op, {std::nanf("")})[0])) << op;
}

TEST(Special, MatchesKnownValues) {
  EXPECT_NEAR(digamma(1), -0.57721566490153286061, 1e-14);
  EXPECT_NEAR(digamma(-1.5), 0.70315664064524318723, 1e-14);
  EXPECT_NEAR(polygamma(1, 1), 1.6449340668482264365, 1e-14);
  EXPECT_NEAR(polygamma(2, 1), -2.4041138063191885708, 1e-14);
  EXPECT_NEAR(polygamma(1, -0.5), 8.9348022005446793094, 1e-13);
  EXPECT_NEAR(erfinv(0.5), 0.47693627620446987338, 1e-15);
  EXPECT_NEAR(erfinv(-0.999999), -3.4589107372795000, 1e-9);
  EXPECT_EQ(erfinv(1), kInf);
  EXPECT_TRUE(std::isnan(erfinv(1.5)));
  EXPECT_EQ(polygamma(1, -2), kInf);
}

}  // namespace
}  // namespace rush::kernels
