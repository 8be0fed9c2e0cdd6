// Special functions in double precision: Bessel, the normal distribution's, incomplete gamma.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "rush/kernels/special.h"

namespace rush::kernels {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// The sum of (x/2)^(2k + order) / (k! (k + order)!): all terms have one sign.
double bessel_i_series(int order, double x) {
  const double q = x * x / 4;
  double term = order == 0 ? 1 : x / 2, sum = term;
  for (int k = 1; std::abs(term) > std::abs(sum) * kEpsilon / 4; ++k) {
    term *= q / (double(k) * double(k + order));
    sum += term;
  }
  return sum;
}

// sqrt(2 pi x) e^-x I(x) for large x: the sum of the products of ((2j - 1)^2 - 4 order^2) / (8 j
// x).
double bessel_i_asymptotic(int order, double x) {
  const double mu = 4.0 * order * order;
  double term = 1, sum = 1;
  for (int k = 1; k < 30 && std::abs(term) > kEpsilon / 4; ++k) {
    const double odd = 2 * k - 1;
    term *= (odd * odd - mu) / (8 * k * x);
    sum += term;
  }
  return sum;
}

}  // namespace

double bessel_i(int order, double x, bool scaled) {
  if (x != x) return x;
  const double size = std::abs(x), sign = order == 1 && x < 0 ? -1 : 1;
  constexpr double kFar = 30;
  if (size < kFar) {
    const double y = bessel_i_series(order, size);
    return sign * (scaled ? y * std::exp(-size) : y);
  }
  if (std::isinf(size)) return scaled ? 0 : sign * kInfinity;
  const double y = bessel_i_asymptotic(order, size) / std::sqrt(2 * std::numbers::pi * size);
  if (scaled) return sign * y;
  // In two factors: the result may be finite where e^x is not.
  const double half = std::exp(size / 2);
  return sign * (y * half * half);
}

// Far out 1 / (x sqrt(pi)) (1 - 1/(2 x^2) + 1 3/(2 x^2)^2 - ...).
double erfcx(double x) {
  constexpr double kFar = 10;
  if (x < kFar) return std::exp(x * x) * std::erfc(x);
  const double u = 1 / (2 * x * x);
  double term = 1, sum = 1;
  for (int k = 1; k < 30 && std::abs(term) > kEpsilon / 4; ++k) {
    term *= -(2 * k - 1) * u;
    sum += term;
  }
  return sum / x * std::numbers::inv_sqrtpi;
}

namespace {

// The y >= 0 with erfc(y) = z, 0 < z <= 1: Newton on the logarithm, from Winitzki's approximation.
double erfc_inverse(double z) {
  constexpr double kA = 0.147;
  const double l = std::log(z * (2 - z)), t = 2 / (std::numbers::pi * kA) + l / 2;
  double y = std::sqrt(std::max(0.0, std::sqrt(t * t - l / kA) - t));
  for (int step = 0; step < 5; ++step) {
    // log erfc(y) = log erfcx(y) - y^2, whose slope is -2 / (sqrt(pi) erfcx(y)).
    const double scaled = erfcx(y);
    const double error = std::log(scaled) - y * y - std::log(z);
    y += error * scaled / (2 * std::numbers::inv_sqrtpi);
  }
  return y;
}

}  // namespace

double ndtri(double p) {
  if (!(p >= 0 && p <= 1)) return kNaN;
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  // Around the middle the error function itself keeps more digits than its complement.
  if (p > 0.25 && p < 0.75) return std::numbers::sqrt2 * erfinv(2 * p - 1);
  return p < 0.5 ? -std::numbers::sqrt2 * erfc_inverse(2 * p)
                 : std::numbers::sqrt2 * erfc_inverse(2 * (1 - p));
}

double log_ndtr(double x) {
  const double t = x / std::numbers::sqrt2;
  if (x < -1) return std::log(erfcx(-t) / 2) - t * t;
  return std::log1p(-std::erfc(t) / 2);
}

namespace {

// x^a e^-x / gamma(a + 1) times the sum of x^k / ((a + 1) ... (a + k)).
double gamma_series(double a, double x) {
  double term = 1, sum = 1;
  for (double k = 1; term > sum * kEpsilon / 4; ++k) {
    term *= x / (a + k);
    sum += term;
  }
  return sum * std::exp(a * std::log(x) - x - lgamma(a + 1));
}

// x^a e^-x / gamma(a) times Legendre's continued fraction, by Lentz's method.
double gamma_fraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMost = 5000;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, y = d;
  for (int k = 1; k < kMost; ++k) {
    const double numerator = -k * (k - a);
    b += 2;
    d = numerator * d + b;
    c = b + numerator / c;
    if (std::abs(d) < kTiny) d = kTiny;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    y *= d * c;
    if (std::abs(d * c - 1) < kEpsilon) break;
  }
  return y * std::exp(a * std::log(x) - x - lgamma(a));
}

// The two shares; only one is computed, the other is what is left.
double gamma_share(double a, double x, bool upper) {
  if (!(a >= 0) || !(x >= 0)) return kNaN;
  if (a == 0 && x == 0) return kNaN;
  if (a == 0 || std::isinf(x)) return std::isinf(a) ? kNaN : (upper ? 0 : 1);
  if (x == 0 || std::isinf(a)) return upper ? 1 : 0;
  if (x < a + 1) {
    const double lower = gamma_series(a, x);
    return upper ? 1 - lower : lower;
  }
  const double rest = gamma_fraction(a, x);
  return upper ? rest : 1 - rest;
}

}  // namespace

double gammainc(double a, double x) { return gamma_share(a, x, false); }
double gammaincc(double a, double x) { return gamma_share(a, x, true); }

// P(X <= k) is gammaincc(k + 1, rate), which grows with k.
double poisson_quantile(double u, double rate) {
  if (!(rate >= 0) || !(u >= 0 && u < 1) || std::isinf(rate)) return kNaN;
  if (rate == 0) return 0;
  double low = -1, high = std::ceil(rate + 10 * std::sqrt(rate) + 40);
  while (high - low > 1) {
    const double middle = std::floor((low + high) / 2);
    (gammaincc(middle + 1, rate) >= u ? high : low) = middle;
  }
  return high;
}

}  // namespace rush::kernels
