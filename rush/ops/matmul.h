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
const Tensor& addmm_(const Tensor& x, const Tensor& a, const Tensor& b);  // x += a @ b, 2-d

// Sums over pairs of axes: axes_a[i] of a with axes_b[i] of b; what is left of a, then of b.
Tensor tensordot(const Tensor& a, const Tensor& b, const Dims& axes_a, const Dims& axes_b);
// The last `axes` axes of a with the first of b.
Tensor tensordot(const Tensor& a, const Tensor& b, int64_t axes = 2);

// Einstein summation: einsum("bij,bjk->bik", {a, b}). Letters name axes; `...` stands for axes that
// broadcast; a letter twice in one operand takes the diagonal; without `->` the result has the
// letters that occur once, in alphabetical order.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands);
inline Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands) {
  return einsum(equation, std::span(operands.begin(), operands.size()));
}

}  // namespace rush
