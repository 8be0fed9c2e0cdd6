// What the sources of linear algebra share.
#pragma once

#include "rush/core/op.h"
#include "rush/ops/movement.h"

namespace rush::linalg {

inline Tensor transposed(const Tensor& a) { return transpose(a, -2, -1); }

inline void want_real(const char* op, DType t) {
  if (t != DType::kFloat32 && t != DType::kFloat64)
    fail<TypeError>(op, ": wants float32 or float64; got ", t);
}
inline void want_matrix(const char* op, const Shape& a) {
  if (a.size() < 2) fail<ShapeError>(op, ": wants matrices [..., M, N]; got ", a);
}
inline void want_square(const char* op, const Shape& a) {
  want_matrix(op, a);
  if (a[a.size() - 1] != a[a.size() - 2])
    fail<ShapeError>(op, ": wants square matrices [..., N, N]; got ", a);
}
// a's leading axes, and after them `rest`.
inline Shape batch_of(const Shape& a, std::initializer_list<int64_t> rest, int matrix_axes = 2) {
  Shape s(a.data(), static_cast<size_t>(a.size() - matrix_axes));
  for (int64_t n : rest) s.push_back(n);
  return s;
}
// The identity, to be broadcast.
Tensor identity_like(const Tensor& a);

}  // namespace rush::linalg
