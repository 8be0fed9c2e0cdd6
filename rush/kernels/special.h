// Special functions that <cmath> lacks, or that are not safe to call from threads there.
#pragma once

#include <cstdint>

namespace rush::kernels {

double erfinv(double x);                // the inverse of erf on [-1, 1]; NaN outside
double lgamma(double x);                // log |gamma(x)|, without the global sign that C's writes
double digamma(double x);               // the derivative of lgamma
double polygamma(int64_t n, double x);  // the n-th derivative of digamma, n >= 1

double zeta(double s, double x);  // the sum of (x + k)^-s over k >= 0

// Modified Bessel functions of the first kind, of order 0 and 1; scaled: times e^-|x|.
double bessel_i(int order, double x, bool scaled);

double erfcx(double x);     // e^(x^2) erfc(x)
double ndtri(double p);     // where the normal distribution reaches p
double log_ndtr(double x);  // the logarithm of the normal distribution's share below x

// The shares of the gamma function's integral up to x, and from x.
double gammainc(double a, double x);
double gammaincc(double a, double x);
double poisson_quantile(double u, double rate);  // the least k with P(X <= k) >= u

}  // namespace rush::kernels
