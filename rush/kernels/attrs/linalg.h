// Attributes of linear algebra.
#pragma once

#include <tuple>

#include "rush/base/fields.h"

namespace rush {

struct TriangleSideAttrs {  // cholesky, eigh: which triangle is read (and, of a factor, filled)
  bool upper = false;
  static constexpr auto fields() { return std::tuple(Field{"upper", &TriangleSideAttrs::upper}); }
};
struct SolveTriangularAttrs {
  bool upper = false;
  bool unitriangular = false;  // the diagonal counts as ones
  static constexpr auto fields() {
    return std::tuple(Field{"upper", &SolveTriangularAttrs::upper},
                      Field{"unitriangular", &SolveTriangularAttrs::unitriangular});
  }
};
struct FullMatricesAttrs {  // qr, svd: whether the orthogonal factors are square
  bool full = false;
  static constexpr auto fields() { return std::tuple(Field{"full", &FullMatricesAttrs::full}); }
};
struct PinvAttrs {  // singular values at or below atol, or rtol times the largest, count as 0
  double atol = 0, rtol = 0;
  static constexpr auto fields() {
    return std::tuple(Field{"atol", &PinvAttrs::atol}, Field{"rtol", &PinvAttrs::rtol});
  }
};

}  // namespace rush
