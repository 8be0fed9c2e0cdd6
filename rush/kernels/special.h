// Special functions that <cmath> lacks, or that are not safe to call from threads there.
#pragma once

#include <cstdint>

namespace rush::kernels {

double erfinv(double x);                // the inverse of erf on [-1, 1]; NaN outside
double lgamma(double x);                // log |gamma(x)|, without the global sign that C's writes
double digamma(double x);               // the derivative of lgamma
double polygamma(int64_t n, double x);  // the n-th derivative of digamma, n >= 1

}  // namespace rush::kernels
