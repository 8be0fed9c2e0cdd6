// What the tables of linear algebra share.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "convert.h"

namespace rush::python {

// The order of a norm: a number, a name ("fro", "nuc"), or neither.
struct NormOrder {
  std::optional<double> number;
  std::string name;
  bool is_given() const { return number || !name.empty(); }
};
template <>
struct From<NormOrder> {
  static constexpr const char* kName = "Union[float, str, None]";
  using Place = NormOrder;
  static bool load(PyObject* o, NormOrder& place);
  static NormOrder& get(NormOrder& place) { return place; }
};

// PyTorch's rules for which norm is meant: of all elements, of vectors along an axis, of matrices.
Tensor norm_of(const Tensor& x, const NormOrder& order, const Dims& axes, bool keepdim);

// The permutation matrices P of a = P L U, from the rows that were swapped (counted from 1).
// pivots: [.., K] -> [.., n, n]
Tensor permutation_of(const Tensor& pivots, int64_t n, DType dtype);
// L [.., M, K] and U [.., K, N] of their common storage [.., M, N].
std::pair<Tensor, Tensor> unpacked_factors(const Tensor& lu);
// X with A X = B (left = false: X A = B; adjoint: A^T for A), from lu_factor's results.
Tensor solved_by_factors(const Tensor& lu, const Tensor& pivots, const Tensor& b, bool left,
                         bool adjoint);
// The first columns of the product of Householder's reflections, from geqrf's storage and factors.
Tensor householder_product(const Tensor& a, const Tensor& tau);

// A function of matrices, and int32 which of them it failed for: there it gives NaN.
using MatrixFunction = Tensor (*)(const Tensor& a, const Tensor& b);
std::pair<Tensor, Tensor> with_info(MatrixFunction f, const Tensor& a, const Tensor& b,
                                    bool check_errors);

}  // namespace rush::python
