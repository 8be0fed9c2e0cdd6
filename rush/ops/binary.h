// Element-wise ops of two and three operands. Operands broadcast; dtypes promote as PyTorch's do;
// plain numbers may stand for tensors.
#pragma once

#include "rush/tensor/tensor.h"

namespace rush {

// Arithmetic. div is true division: integers become floating.
Tensor add(const Tensor& x, const Tensor& y);
Tensor sub(const Tensor& x, const Tensor& y);
Tensor mul(const Tensor& x, const Tensor& y);
Tensor div(const Tensor& x, const Tensor& y);
Tensor floor_divide(const Tensor& x, const Tensor& y);
Tensor remainder(const Tensor& x, const Tensor& y);  // the sign of y
Tensor fmod(const Tensor& x, const Tensor& y);       // the sign of x
Tensor pow(const Tensor& x, const Tensor& exponent);
Tensor maximum(const Tensor& x, const Tensor& y);  // NaN if either is
Tensor minimum(const Tensor& x, const Tensor& y);
Tensor fmax(const Tensor& x, const Tensor& y);  // NaN only if both are
Tensor fmin(const Tensor& x, const Tensor& y);

// Floating functions.
Tensor atan2(const Tensor& y, const Tensor& x);
Tensor hypot(const Tensor& x, const Tensor& y);
Tensor logaddexp(const Tensor& x, const Tensor& y);
Tensor xlogy(const Tensor& x, const Tensor& y);
Tensor copysign(const Tensor& x, const Tensor& y);
Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight);
Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, double value = 1);
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, double value = 1);

// Comparisons and logic: the result is bool.
Tensor eq(const Tensor& x, const Tensor& y);
Tensor ne(const Tensor& x, const Tensor& y);
Tensor lt(const Tensor& x, const Tensor& y);
Tensor le(const Tensor& x, const Tensor& y);
Tensor gt(const Tensor& x, const Tensor& y);
Tensor ge(const Tensor& x, const Tensor& y);
Tensor isclose(const Tensor& x, const Tensor& y, double rtol = 1e-5, double atol = 1e-8,
               bool equal_nan = false);
Tensor logical_and(const Tensor& x, const Tensor& y);
Tensor logical_or(const Tensor& x, const Tensor& y);
Tensor logical_xor(const Tensor& x, const Tensor& y);

// Bits of integers (and, or, xor: of bool too).
Tensor bitwise_and(const Tensor& x, const Tensor& y);
Tensor bitwise_or(const Tensor& x, const Tensor& y);
Tensor bitwise_xor(const Tensor& x, const Tensor& y);
Tensor bitwise_left_shift(const Tensor& x, const Tensor& y);
Tensor bitwise_right_shift(const Tensor& x, const Tensor& y);

// condition ? x : y; the condition is bool.
Tensor where(const Tensor& condition, const Tensor& x, const Tensor& y);

inline Tensor operator+(const Tensor& x, const Tensor& y) { return add(x, y); }
inline Tensor operator-(const Tensor& x, const Tensor& y) { return sub(x, y); }
inline Tensor operator*(const Tensor& x, const Tensor& y) { return mul(x, y); }
inline Tensor operator/(const Tensor& x, const Tensor& y) { return div(x, y); }
Tensor operator-(const Tensor& x);

// Gradients of tanh, sigmoid and relu, from their outputs.
Tensor tanh_grad(const Tensor& dy, const Tensor& y);     // dy (1 - y^2)
Tensor sigmoid_grad(const Tensor& dy, const Tensor& y);  // dy y (1 - y)
Tensor relu_grad(const Tensor& dy, const Tensor& y);     // y > 0 ? dy : 0

}  // namespace rush
