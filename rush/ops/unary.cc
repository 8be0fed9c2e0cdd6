#include "rush/ops/unary.h"

#include <cmath>
#include <numbers>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/unary.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/over_gradient.h"

namespace rush {
namespace {

constexpr std::initializer_list<DType> kNumbers = {uint8,   int8,     int16,   int32,  int64,
                                                   float16, bfloat16, float32, float64};
constexpr std::initializer_list<DType> kBits = {bool_, uint8, int8, int16, int32, int64};
constexpr double kLn2 = std::numbers::ln2, kLn10 = std::numbers::ln10;
constexpr double kTwoOverSqrtPi = 2 * std::numbers::inv_sqrtpi;

const Op& kNeg = Define("neg", "-x.").args({"x"}).elementwise().dtypes(kNumbers).grad([](Dy dy) {
  return neg(dy);
});
const Op& kAbs = Define("abs", "The size of x.")
                     .args({"x"})
                     .elementwise()
                     .dtypes(kNumbers)
                     .grad([](Dy dy, X<> x) { return dy * sign(x); });
const Op& kSign = Define("sign", "-1, 0 or 1; 0 for NaN.")
                      .args({"x"})
                      .elementwise()
                      .dtypes(kNumbers)
                      .grad([](Dy dy) { return zeros_like(dy); });
const Op& kSquare =
    Define("square", "x^2.").args({"x"}).elementwise().dtypes(kNumbers).grad([](Dy dy, X<> x) {
      return dy * (x * 2);
    });
const Op& kSqrt = Define("sqrt", "The square root of x.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, Y<> y) { return dy / (y * 2); });
const Op& kRsqrt = Define("rsqrt", "1 / sqrt(x).")
                       .args({"x"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, Y<> y) { return dy * -0.5 * (y * y * y); });
const Op& kReciprocal = Define("reciprocal", "1 / x.")
                            .args({"x"})
                            .elementwise(Types::kFloat)
                            .floating_only()
                            .grad([](Dy dy, Y<> y) { return neg(dy * (y * y)); });
const Op& kFloor = Define("floor", "The largest whole number not above x.")
                       .args({"x"})
                       .elementwise()
                       .dtypes(kNumbers)
                       .grad([](Dy dy) { return zeros_like(dy); });
const Op& kCeil = Define("ceil", "The smallest whole number not below x.")
                      .args({"x"})
                      .elementwise()
                      .dtypes(kNumbers)
                      .grad([](Dy dy) { return zeros_like(dy); });
const Op& kRound = Define("round", "The nearest whole number; ties go to the even one.")
                       .args({"x"})
                       .elementwise()
                       .dtypes(kNumbers)
                       .grad([](Dy dy) { return zeros_like(dy); });
const Op& kTrunc = Define("trunc", "x without its fraction.")
                       .args({"x"})
                       .elementwise()
                       .dtypes(kNumbers)
                       .grad([](Dy dy) { return zeros_like(dy); });
const Op& kFrac =
    Define("frac", "x - trunc(x).").args({"x"}).elementwise().floating_only().grad([](Dy dy) {
      return dy;
    });
const Op& kExp = Define("exp", "e^x.")
                     .args({"x"})
                     .elementwise(Types::kFloat)
                     .floating_only()
                     .grad([](Dy dy, Y<> y) { return dy * y; });
const Op& kExp2 = Define("exp2", "2^x.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, Y<> y) { return dy * (y * kLn2); });
const Op& kExpm1 = Define("expm1", "e^x - 1, exact near 0.")
                       .args({"x"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, Y<> y) { return dy * (y + 1); });
const Op& kLog = Define("log", "The natural logarithm.")
                     .args({"x"})
                     .elementwise(Types::kFloat)
                     .floating_only()
                     .grad([](Dy dy, X<> x) { return dy / x; });
const Op& kLog2 = Define("log2", "The logarithm to base 2.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, X<> x) { return dy / (x * kLn2); });
const Op& kLog10 = Define("log10", "The logarithm to base 10.")
                       .args({"x"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, X<> x) { return dy / (x * kLn10); });
const Op& kLog1p = Define("log1p", "log(1 + x), exact near 0.")
                       .args({"x"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, X<> x) { return dy / (x + 1); });
const Op& kSin = Define("sin", "The sine of x radians.")
                     .args({"x"})
                     .elementwise(Types::kFloat)
                     .floating_only()
                     .grad([](Dy dy, X<> x) { return dy * cos(x); });
const Op& kCos = Define("cos", "The cosine of x radians.")
                     .args({"x"})
                     .elementwise(Types::kFloat)
                     .floating_only()
                     .grad([](Dy dy, X<> x) { return neg(dy * sin(x)); });
const Op& kTan = Define("tan", "The tangent of x radians.")
                     .args({"x"})
                     .elementwise(Types::kFloat)
                     .floating_only()
                     .grad([](Dy dy, Y<> y) { return dy * (square(y) + 1); });
const Op& kAsin = Define("asin", "The angle in [-pi/2, pi/2] whose sine is x.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, X<> x) { return dy * rsqrt(1 - square(x)); });
const Op& kAcos = Define("acos", "The angle in [0, pi] whose cosine is x.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, X<> x) { return neg(dy * rsqrt(1 - square(x))); });
const Op& kAtan = Define("atan", "The angle in (-pi/2, pi/2) whose tangent is x.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, X<> x) { return dy / (square(x) + 1); });
const Op& kSinh = Define("sinh", "The hyperbolic sine.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, X<> x) { return dy * cosh(x); });
const Op& kCosh = Define("cosh", "The hyperbolic cosine.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, X<> x) { return dy * sinh(x); });
const Op& kTanh = Define("tanh", "The hyperbolic tangent.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, Y<> y) { return over::tanh_grad(dy, y); });
const Op& kAsinh = Define("asinh", "The inverse of sinh.")
                       .args({"x"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, X<> x) { return dy * rsqrt(square(x) + 1); });
const Op& kAcosh = Define("acosh", "The inverse of cosh; NaN below 1.")
                       .args({"x"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, X<> x) { return dy * rsqrt(square(x) - 1); });
const Op& kAtanh = Define("atanh", "The inverse of tanh; NaN outside [-1, 1].")
                       .args({"x"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, X<> x) { return dy / (1 - square(x)); });
const Op& kErf =
    Define("erf", "The error function.")
        .args({"x"})
        .elementwise(Types::kFloat)
        .floating_only()
        .grad([](Dy dy, X<> x) { return dy * (exp(neg(square(x))) * kTwoOverSqrtPi); });
const Op& kErfc =
    Define("erfc", "1 - erf(x), exact where it is small.")
        .args({"x"})
        .elementwise(Types::kFloat)
        .floating_only()
        .grad([](Dy dy, X<> x) { return dy * (exp(neg(square(x))) * -kTwoOverSqrtPi); });
const Op& kErfinv = Define("erfinv", "The inverse of erf; NaN outside [-1, 1].")
                        .args({"x"})
                        .elementwise(Types::kFloat)
                        .floating_only()
                        .grad([](Dy dy, Y<> y) { return dy * (exp(square(y)) / kTwoOverSqrtPi); });
const Op& kLgamma = Define("lgamma", "The logarithm of the size of the gamma function.")
                        .args({"x"})
                        .elementwise(Types::kFloat)
                        .floating_only()
                        .grad([](Dy dy, X<> x) { return dy * digamma(x); });
const Op& kDigamma = Define("digamma", "The derivative of lgamma.")
                         .args({"x"})
                         .elementwise(Types::kFloat)
                         .floating_only()
                         .grad([](Dy dy, X<> x) { return dy * polygamma(1, x); });
const Op& kPolygamma =
    Define("polygamma", "The n-th derivative of digamma.")
        .args({"x"})
        .attrs<PolygammaAttrs>()
        .elementwise(Types::kFloat)
        .floating_only()
        .grad([](Dy dy, X<> x, const PolygammaAttrs& a) { return dy * polygamma(a.n + 1, x); });
const Op& kSigmoid = Define("sigmoid", "1 / (1 + e^-x).")
                         .args({"x"})
                         .elementwise(Types::kFloat)
                         .floating_only()
                         .grad([](Dy dy, Y<> y) { return over::sigmoid_grad(dy, y); });
const Op& kIsnan =
    Define("isnan", "Whether x is not a number.").args({"x"}).elementwise(Types::kCompare);
const Op& kIsinf =
    Define("isinf", "Whether x is infinite.").args({"x"}).elementwise(Types::kCompare);
const Op& kIsfinite = Define("isfinite", "Whether x is neither infinite nor NaN.")
                          .args({"x"})
                          .elementwise(Types::kCompare);
const Op& kLogicalNot =
    Define("logical_not", "Whether x is 0.").args({"x"}).elementwise(Types::kCompare);
const Op& kBitwiseNot = Define("bitwise_not", "x with every bit the other way.")
                            .args({"x"})
                            .elementwise()
                            .dtypes(kBits);
// Passes at the bounds.
const Op& kClamp = Define("clamp", "x, but not below min nor above max.")
                       .args({"x"})
                       .attrs<ClampAttrs>()
                       .elementwise()
                       .dtypes(kNumbers)
                       .grad([](Dy dy, X<> x, const ClampAttrs& a) {
                         if (a.min && a.max)
                           return where(logical_and(ge(x, *a.min), le(x, *a.max)), dy, 0.0);
                         return where(a.min ? ge(x, *a.min) : le(x, *a.max), dy, 0.0);
                       });
const Op& kNanToNum = Define("nan_to_num", "x with NaN and infinities replaced by numbers.")
                          .args({"x"})
                          .attrs<NanToNumAttrs>()
                          .elementwise()
                          .grad([](Dy dy, X<> x) { return where(isfinite(x), dy, 0.0); });
const Op& kSinc = Define("sinc", "sin(pi x) / (pi x), which is 1 at 0.")
                      .args({"x"})
                      .elementwise(Types::kFloat)
                      .floating_only()
                      .grad([](Dy dy, X<> x) {
                        const Tensor angle = x * std::numbers::pi;
                        const Tensor slope = (angle * cos(angle) - sin(angle)) / (angle * x);
                        return where(eq(x, 0), 0.0, dy * slope);
                      });

}  // namespace

Tensor neg(const Tensor& x) { return apply(kNeg, {x}); }
Tensor abs(const Tensor& x) { return apply(kAbs, {x}); }
Tensor sign(const Tensor& x) { return apply(kSign, {x}); }
Tensor square(const Tensor& x) { return apply(kSquare, {x}); }
Tensor sqrt(const Tensor& x) { return apply(kSqrt, {x}); }
Tensor rsqrt(const Tensor& x) { return apply(kRsqrt, {x}); }
Tensor reciprocal(const Tensor& x) { return apply(kReciprocal, {x}); }
Tensor floor(const Tensor& x) { return apply(kFloor, {x}); }
Tensor ceil(const Tensor& x) { return apply(kCeil, {x}); }
Tensor round(const Tensor& x) { return apply(kRound, {x}); }
Tensor trunc(const Tensor& x) { return apply(kTrunc, {x}); }
Tensor frac(const Tensor& x) { return apply(kFrac, {x}); }
Tensor exp(const Tensor& x) { return apply(kExp, {x}); }
Tensor exp2(const Tensor& x) { return apply(kExp2, {x}); }
Tensor expm1(const Tensor& x) { return apply(kExpm1, {x}); }
Tensor log(const Tensor& x) { return apply(kLog, {x}); }
Tensor log2(const Tensor& x) { return apply(kLog2, {x}); }
Tensor log10(const Tensor& x) { return apply(kLog10, {x}); }
Tensor log1p(const Tensor& x) { return apply(kLog1p, {x}); }
Tensor sin(const Tensor& x) { return apply(kSin, {x}); }
Tensor cos(const Tensor& x) { return apply(kCos, {x}); }
Tensor tan(const Tensor& x) { return apply(kTan, {x}); }
Tensor asin(const Tensor& x) { return apply(kAsin, {x}); }
Tensor acos(const Tensor& x) { return apply(kAcos, {x}); }
Tensor atan(const Tensor& x) { return apply(kAtan, {x}); }
Tensor sinh(const Tensor& x) { return apply(kSinh, {x}); }
Tensor cosh(const Tensor& x) { return apply(kCosh, {x}); }
Tensor tanh(const Tensor& x) { return apply(kTanh, {x}); }
Tensor asinh(const Tensor& x) { return apply(kAsinh, {x}); }
Tensor acosh(const Tensor& x) { return apply(kAcosh, {x}); }
Tensor atanh(const Tensor& x) { return apply(kAtanh, {x}); }
Tensor erf(const Tensor& x) { return apply(kErf, {x}); }
Tensor erfc(const Tensor& x) { return apply(kErfc, {x}); }
Tensor erfinv(const Tensor& x) { return apply(kErfinv, {x}); }
Tensor lgamma(const Tensor& x) { return apply(kLgamma, {x}); }
Tensor digamma(const Tensor& x) { return apply(kDigamma, {x}); }
Tensor polygamma(int64_t n, const Tensor& x) {
  if (n < 0) fail("polygamma: n must not be negative; got ", n);
  return n == 0 ? digamma(x) : apply(kPolygamma, {x}, PolygammaAttrs{n});
}
Tensor sigmoid(const Tensor& x) { return apply(kSigmoid, {x}); }
Tensor isnan(const Tensor& x) { return apply(kIsnan, {x}); }
Tensor isinf(const Tensor& x) { return apply(kIsinf, {x}); }
Tensor isfinite(const Tensor& x) { return apply(kIsfinite, {x}); }
Tensor logical_not(const Tensor& x) { return apply(kLogicalNot, {x}); }
Tensor bitwise_not(const Tensor& x) { return apply(kBitwiseNot, {x}); }
Tensor clamp(const Tensor& x, std::optional<double> min, std::optional<double> max) {
  if (!min && !max) fail("clamp: give min, max or both");
  const auto is_whole = [](const std::optional<double>& v) { return !v || *v == std::trunc(*v); };
  if (!is_floating(x.dtype()) && !(is_whole(min) && is_whole(max)))
    return clamp(cast(x, default_dtype()), min, max);
  return apply(kClamp, {x}, ClampAttrs{min, max});
}
Tensor nan_to_num(const Tensor& x, double nan, std::optional<double> posinf,
                  std::optional<double> neginf) {
  return apply(kNanToNum, {x}, NanToNumAttrs{nan, posinf, neginf});
}
Tensor sinc(const Tensor& x) { return apply(kSinc, {x}); }

}  // namespace rush
