// Records of special functions, each with the derivative that closes it under differentiation.
#include "rush/ops/special.h"

#include <cmath>
#include <numbers>

#include "rush/core/apply.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"

namespace rush {
namespace {

constexpr std::initializer_list<DType> kIntegers = {uint8, int8, int16, int32, int64};
const double kRootTwoPi = std::sqrt(2 * std::numbers::pi);

Define& function(Define& d) { return d.elementwise(Types::kFloat).floating_only(); }

const Op& kI0 = function(Define("i0", "The modified Bessel function of order 0.").args({"x"}))
                    .grad([](Dy dy, X<> x) { return dy * i1(x); });
const Op& kI0e = function(Define("i0e", "i0(x) e^-|x|.").args({"x"})).grad([](Dy dy, X<> x, Y<> y) {
  return dy * (i1e(x) - sign(x) * y);
});
// (i0 - i1 / x, which is 1/2 at 0.)
const Op& kI1 = function(Define("i1", "The modified Bessel function of order 1.").args({"x"}))
                    .grad([](Dy dy, X<> x, Y<> y) {
                      const Tensor is_zero = eq(x, 0);
                      return dy * where(is_zero, 0.5, i0(x) - y / where(is_zero, 1.0, x));
                    });
const Op& kI1e = function(Define("i1e", "i1(x) e^-|x|.").args({"x"})).grad([](Dy dy, X<> x, Y<> y) {
  const Tensor is_zero = eq(x, 0), safe = where(is_zero, 1.0, x);
  return dy * where(is_zero, 0.5, i0e(x) - y * (sign(x) + 1 / safe));
});
const Op& kJ0 =
    function(Define("bessel_j0", "The Bessel function of the first kind, order 0.").args({"x"}))
        .grad([](Dy dy, X<> x) { return neg(dy * bessel_j1(x)); });
const Op& kJ1 =
    function(Define("bessel_j1", "The Bessel function of the first kind, order 1.").args({"x"}))
        .grad([](Dy dy, X<> x, Y<> y) {
          const Tensor is_zero = eq(x, 0);
          return dy * where(is_zero, 0.5, bessel_j0(x) - y / where(is_zero, 1.0, x));
        });
const Op& kY0 =
    function(Define("bessel_y0", "The Bessel function of the second kind, order 0.").args({"x"}))
        .grad([](Dy dy, X<> x) { return neg(dy * bessel_y1(x)); });
const Op& kY1 =
    function(Define("bessel_y1", "The Bessel function of the second kind, order 1.").args({"x"}))
        .grad([](Dy dy, X<> x, Y<> y) { return dy * (bessel_y0(x) - y / x); });

const Op& kErfcx =
    function(Define("erfcx", "e^(x^2) erfc(x).").args({"x"})).grad([](Dy dy, X<> x, Y<> y) {
      return dy * (x * y * 2 - 2 * std::numbers::inv_sqrtpi);
    });
const Op& kNdtri = function(Define("ndtri", "Where the normal distribution reaches p.").args({"p"}))
                       .grad([](Dy dy, Y<> y) { return dy * (exp(square(y) * 0.5) * kRootTwoPi); });
// The density over the share, without the exponentials that cancel.
const Op& kLogNdtr =
    function(
        Define("log_ndtr", "The logarithm of the normal distribution's share below x.").args({"x"}))
        .grad([](Dy dy, X<> x) {
          return dy * (std::sqrt(2 / std::numbers::pi) / erfcx(x * -(1 / std::numbers::sqrt2)));
        });
const Op& kZeta = function(Define("zeta", "The sum of (x + k)^-s over k >= 0.").args({"s", "x"}))
                      .grad(nullptr)
                      .grad([](Dy dy, X<0> s, X<1> x) { return neg(dy * (s * zeta(s + 1, x))); });
const Op& kXlog1py =
    function(
        Define("xlog1py", "x log(1 + y), which is 0 where x is, whatever y is.").args({"x", "y"}))
        .grad([](Dy dy, X<0> x, X<1> y) {
          return where(logical_and(eq(x, 0), le(y, -1)), 0.0, dy * log1p(y));
        })
        .grad([](Dy dy, X<0> x, X<1> y) { return dy * x / (y + 1); });

// x^(a-1) e^-x / gamma(a)
Tensor gamma_density(const Tensor& a, const Tensor& x) {
  return exp((a - 1) * log(x) - x - lgamma(a));
}
const Op& kGammainc =
    function(Define("gammainc", "The share up to x of the integral that gives gamma(a).")
                 .args({"a", "x"}))
        .grad(nullptr)
        .grad([](Dy dy, X<0> a, X<1> x) { return dy * gamma_density(a, x); });
const Op& kGammaincc =
    function(Define("gammaincc", "1 - gammainc(a, x), exact where it is small.").args({"a", "x"}))
        .grad(nullptr)
        .grad([](Dy dy, X<0> a, X<1> x) { return neg(dy * gamma_density(a, x)); });

const Op& kHeaviside =
    Define("heaviside", "0 where x is negative, 1 where it is positive, else `values`.")
        .args({"x", "values"})
        .elementwise();
const Op& kNextafter = Define("nextafter", "The next number after x on the way to y.")
                           .args({"x", "y"})
                           .elementwise()
                           .dtypes({float32, float64});
const Op& kGcd =
    Define("gcd", "The greatest common divisor.").args({"x", "y"}).elementwise().dtypes(kIntegers);
const Op& kLcm =
    Define("lcm", "The least common multiple.").args({"x", "y"}).elementwise().dtypes(kIntegers);

}  // namespace

Tensor i0(const Tensor& x) { return apply(kI0, {x}); }
Tensor i0e(const Tensor& x) { return apply(kI0e, {x}); }
Tensor i1(const Tensor& x) { return apply(kI1, {x}); }
Tensor i1e(const Tensor& x) { return apply(kI1e, {x}); }
Tensor bessel_j0(const Tensor& x) { return apply(kJ0, {x}); }
Tensor bessel_j1(const Tensor& x) { return apply(kJ1, {x}); }
Tensor bessel_y0(const Tensor& x) { return apply(kY0, {x}); }
Tensor bessel_y1(const Tensor& x) { return apply(kY1, {x}); }
Tensor erfcx(const Tensor& x) { return apply(kErfcx, {x}); }
Tensor ndtri(const Tensor& p) { return apply(kNdtri, {p}); }
Tensor log_ndtr(const Tensor& x) { return apply(kLogNdtr, {x}); }
Tensor zeta(const Tensor& s, const Tensor& x) { return apply(kZeta, {s, x}); }
Tensor xlog1py(const Tensor& x, const Tensor& y) { return apply(kXlog1py, {x, y}); }
Tensor gammainc(const Tensor& a, const Tensor& x) { return apply(kGammainc, {a, x}); }
Tensor gammaincc(const Tensor& a, const Tensor& x) { return apply(kGammaincc, {a, x}); }
Tensor heaviside(const Tensor& x, const Tensor& values) { return apply(kHeaviside, {x, values}); }
Tensor nextafter(const Tensor& x, const Tensor& y) { return apply(kNextafter, {x, y}); }
Tensor gcd(const Tensor& x, const Tensor& y) { return apply(kGcd, {x, y}); }
Tensor lcm(const Tensor& x, const Tensor& y) { return apply(kLcm, {x, y}); }

}  // namespace rush
