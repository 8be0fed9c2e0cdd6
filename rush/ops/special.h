// Special functions and the rarer element-wise ones. The names of torch.special are in
// rush::special.
#pragma once

#include "rush/ops/binary.h"
#include "rush/ops/reduce.h"
#include "rush/ops/softmax.h"
#include "rush/ops/unary.h"

namespace rush {

// Bessel functions: modified ones (with e: times e^-|x|), and of the first and second kind.
Tensor i0(const Tensor& x);
Tensor i0e(const Tensor& x);
Tensor i1(const Tensor& x);
Tensor i1e(const Tensor& x);
Tensor bessel_j0(const Tensor& x);
Tensor bessel_j1(const Tensor& x);
Tensor bessel_y0(const Tensor& x);
Tensor bessel_y1(const Tensor& x);

// The normal distribution: its share below x, the logarithm of that, and its inverse.
Tensor ndtr(const Tensor& x);
Tensor log_ndtr(const Tensor& x);
Tensor ndtri(const Tensor& p);
Tensor erfcx(const Tensor& x);  // e^(x^2) erfc(x)
Tensor entr(const Tensor& x);   // -x log(x); 0 at 0, -inf below

Tensor zeta(const Tensor& s, const Tensor& x);       // the sum of (x + k)^-s over k >= 0
Tensor xlog1py(const Tensor& x, const Tensor& y);    // x log(1 + y), 0 where x is
Tensor gammainc(const Tensor& a, const Tensor& x);   // the gamma integral's share up to x
Tensor gammaincc(const Tensor& a, const Tensor& x);  // and from x; no gradient for a
Tensor multigammaln(const Tensor& x, int64_t p);     // log of the p-dimensional gamma function

Tensor logaddexp2(const Tensor& x, const Tensor& y);  // log2(2^x + 2^y)
Tensor heaviside(const Tensor& x, const Tensor& values);
Tensor nextafter(const Tensor& x, const Tensor& y);
Tensor gcd(const Tensor& x, const Tensor& y);  // integers
Tensor lcm(const Tensor& x, const Tensor& y);
Tensor ldexp(const Tensor& x, const Tensor& other);  // x 2^other
struct Frexp {
  Tensor mantissa, exponent;  // |mantissa| in [1/2, 1); int32
};
Frexp frexp(const Tensor& x);
Tensor float_power(const Tensor& x, const Tensor& exponent);  // in float64
Tensor deg2rad(const Tensor& x);
Tensor rad2deg(const Tensor& x);
Tensor signbit(const Tensor& x);  // whether the sign is minus, that of -0 too
Tensor positive(const Tensor& x);
Tensor isposinf(const Tensor& x);
Tensor isneginf(const Tensor& x);
Tensor clamp_min(const Tensor& x, double min);
Tensor clamp_max(const Tensor& x, double max);
Tensor clip(const Tensor& x, std::optional<double> min, std::optional<double> max = {});
Tensor round_to(const Tensor& x, int64_t decimals);  // PyTorch's round(x, decimals=...)

// Whether all elements are close (isclose), or shapes and elements the same. They look at values.
bool allclose(const Tensor& x, const Tensor& y, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false);
bool equal(const Tensor& x, const Tensor& y);

namespace special {
using rush::bessel_j0, rush::bessel_j1, rush::bessel_y0, rush::bessel_y1, rush::digamma, rush::entr,
    rush::erf, rush::erfc, rush::erfcx, rush::erfinv, rush::exp2, rush::expm1, rush::gammainc,
    rush::gammaincc, rush::i0, rush::i0e, rush::i1, rush::i1e, rush::log1p, rush::log_ndtr,
    rush::log_softmax, rush::logit, rush::logsumexp, rush::multigammaln, rush::ndtr, rush::ndtri,
    rush::polygamma, rush::round, rush::sinc, rush::softmax, rush::xlog1py, rush::xlogy, rush::zeta;
inline Tensor gammaln(const Tensor& x) { return lgamma(x); }
inline Tensor psi(const Tensor& x) { return digamma(x); }
inline Tensor expit(const Tensor& x) { return sigmoid(x); }
}  // namespace special

}  // namespace rush
