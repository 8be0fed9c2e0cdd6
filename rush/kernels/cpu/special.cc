#include "rush/kernels/special.h"

#include <math.h>  // lgamma_r is not in <cmath>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace rush::kernels {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kAsymptotic = 10;  // from here on a few terms of the series are exact to rounding

bool is_pole(double x) { return x <= 0 && x == std::floor(x); }

}  // namespace

// Winitzki's approximation, good to two digits everywhere, sharpened by steps of Halley's method on
// erf(y) - x, where the second derivative is -2 y times the first.
double erfinv(double x) {
  if (!(std::abs(x) <= 1)) return kNaN;
  if (std::abs(x) == 1) return std::copysign(kInfinity, x);
  constexpr double kA = 0.147;
  const double l = std::log1p(-x * x), t = 2 / (std::numbers::pi * kA) + l / 2;
  double y = std::copysign(std::sqrt(std::max(0.0, std::sqrt(t * t - l / kA) - t)), x);
  for (int step = 0; step < 3; ++step) {
    // Near 1, erfc keeps the digits that erf loses.
    const double error = std::abs(y) < 1 ? std::erf(y) - x
                         : x > 0         ? (1 - x) - std::erfc(y)
                                         : std::erfc(-y) - (1 + x);
    const double slope = 2 * std::numbers::inv_sqrtpi * std::exp(-y * y);
    const double newton = error / slope;
    y -= newton / (1 + y * newton);
  }
  return y;
}

double lgamma(double x) {
  int sign;
  return ::lgamma_r(x, &sign);
}

// Steps up to where the asymptotic series holds; reflection for negative x.
double digamma(double x) {
  if (x == 0) return std::copysign(kInfinity, -x);
  if (is_pole(x)) return kNaN;
  if (x < 0) {
    const double fraction = x - std::trunc(x);  // tan's argument stays small
    return digamma(1 - x) - std::numbers::pi / std::tan(std::numbers::pi * fraction);
  }
  double sum = 0;
  for (; x < kAsymptotic; x += 1) sum -= 1 / x;
  const double u = 1 / (x * x);
  const double series =
      u * (1.0 / 12 -
           u * (1.0 / 120 - u * (1.0 / 252 - u * (1.0 / 240 - u * (1.0 / 132 - u * 691 / 32760)))));
  return sum + std::log(x) - 0.5 / x - series;
}

namespace {

// The sum of (x + k)^-s over k >= 0, for x > 0 and s >= 2: directly up to kAsymptotic, and Euler's
// and Maclaurin's formula for the rest.
double hurwitz_zeta(double s, double x) {
  double sum = 0;
  for (; x < kAsymptotic; x += 1) sum += std::pow(x, -s);
  // Bernoulli numbers B[2j] over (2j)!.
  constexpr double kB[] = {1.0 / 12,         -1.0 / 720,     1.0 / 30240,
                           -1.0 / 1209600,   1.0 / 47900160, -691.0 / 1307674368000,
                           1.0 / 74724249600};
  const double power = std::pow(x, -s);
  sum += power * x / (s - 1) + power / 2;
  double term = power * s / x;
  for (int j = 0; j < 7; ++j) {
    sum += kB[j] * term;
    term *= (s + 2 * j + 1) * (s + 2 * j + 2) / (x * x);
  }
  return sum;
}

}  // namespace

double polygamma(int64_t n, double x) {
  if (is_pole(x)) return n % 2 == 1 ? kInfinity : -kInfinity;
  const double s = static_cast<double>(n) + 1;
  double zeta;
  if (x > 0) {
    zeta = hurwitz_zeta(s, x);
  } else {  // the terms left of 0, |x|, |x| - 1, ..., are a difference of two such sums
    const double last = -x - std::floor(-x);
    const double left = hurwitz_zeta(s, last) - hurwitz_zeta(s, 1 - x);
    zeta = hurwitz_zeta(s, 1 - last) + (n % 2 == 1 ? left : -left);
  }
  return (n % 2 == 1 ? 1 : -1) * std::exp(lgamma(s)) * zeta;
}

double zeta(double s, double x) {
  if (s == 1) return kInfinity;
  if (!(s > 1) || x != x) return kNaN;
  if (x > 0) return hurwitz_zeta(s, x);
  if (is_pole(x)) return kInfinity;
  if (s != std::floor(s)) return kNaN;
  // Terms left of 0 have the sign of (-1)^s.
  double sum = 0;
  for (; x < 0; x += 1) sum += std::pow(x, -s);
  return sum + hurwitz_zeta(s, x);
}

}  // namespace rush::kernels
