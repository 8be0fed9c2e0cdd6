// Products of matrices and what is made of them.
#pragma once

#include <span>
#include <string_view>

#include "rush/tensor/tensor.h"

namespace rush {

// a: [..., M, K], b: [..., K, N] -> [..., M, N]; leading dimensions broadcast; a 1-d operand is a
// row (a) or a column (b) whose dimension is left out of the result.
Tensor matmul(const Tensor& a, const Tensor& b);
// x: [..., in], weight: [out, in], bias: [out] or none -> [..., out]
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

Tensor mm(const Tensor& a, const Tensor& b);     // [M, K], [K, N] -> [M, N]
Tensor bmm(const Tensor& a, const Tensor& b);    // [B, M, K], [B, K, N] -> [B, M, N]
Tensor mv(const Tensor& a, const Tensor& x);     // [M, K], [K] -> [M]
Tensor dot(const Tensor& x, const Tensor& y);    // [N], [N] -> []
Tensor outer(const Tensor& x, const Tensor& y);  // [M], [N] -> [M, N]

struct AddmmOptions {
  double beta = 1, alpha = 1;
};
// beta * input + alpha * (a @ b); input broadcasts to the product.
Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, AddmmOptions options = {});
Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, AddmmOptions options = {});
// The same with the sum of all products of a: [B, M, K] and b: [B, K, N].
Tensor addbmm(const Tensor& input, const Tensor& a, const Tensor& b, AddmmOptions options = {});
Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& x, AddmmOptions options = {});
// With the outer product of x: [M] and y: [N].
Tensor addr(const Tensor& input, const Tensor& x, const Tensor& y, AddmmOptions options = {});
const Tensor& addmm_(const Tensor& x, const Tensor& a, const Tensor& b);  // x += a @ b, 2-d

// Sums over pairs of axes: axes_a[i] of a with axes_b[i] of b; what is left of a, then of b.
Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& axes_a, const Dims& axes_b);
// The last `axes` axes of a with the first of b.
Tensor tensordot(const Tensor& a, const Tensor& b, int64_t axes = 2);

Tensor inner(const Tensor& a, const Tensor& b);  // sums over the last axis of both
Tensor vdot(const Tensor& x, const Tensor& y);   // dot: there are no complex numbers here
Tensor ger(const Tensor& x, const Tensor& y);    // outer
Tensor kron(const Tensor& a, const Tensor& b);   // every element of a times b
// Vectors of three along an axis; the others broadcast.
Tensor cross(const Tensor& a, const Tensor& b, int64_t axis = -1);
// The product of matrices in the order that needs the fewest multiplications; the first and the
// last may be 1-d.
Tensor multi_dot(std::span<const Tensor> matrices);
inline Tensor multi_dot(std::initializer_list<Tensor> matrices) {
  return multi_dot(std::span(matrices.begin(), matrices.size()));
}
// x with every entry along `axis` whose norm is above maxnorm scaled down to it.
Tensor renorm(const Tensor& x, double p, int64_t axis, double maxnorm);

// Einstein summation: einsum("bij,bjk->bik", {a, b}). Letters name axes; `...` stands for axes that
// broadcast; a letter twice in one operand takes the diagonal; without `->` the result has the
// letters that occur once, in alphabetical order.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands);
inline Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands) {
  return einsum(equation, std::span(operands.begin(), operands.size()));
}

}  // namespace rush
