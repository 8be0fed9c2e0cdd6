// The dimensions of a call as loops see them: in the order of the output's strides, with sizes of 1
// dropped and neighbours merged that all operands walk in one stride.
#pragma once

#include <span>

#include "rush/kernels/kernel.h"

namespace rush::kernels {

// Operand 0 is the output. Strides count elements. Requires (make_plan): `out` has two or more
// elements, and every input its shape.
struct Plan {
  int rank = 0, operands = 0;
  int64_t size[kMaxRank];  // outermost first
  int64_t stride[kMaxRank][kMaxOperands];
  void* base[kMaxOperands];
  size_t item[kMaxOperands];  // bytes of an element; 0 for an absent input

  int64_t rows() const;  // how many rows along the last dimension there are
  // The row number `outer`.
  Row row_at(int64_t outer, const void* attrs) const;
  void swap_dimensions(int a, int b);
  void add_dimension(int64_t n, const int64_t* strides);
};

Plan make_plan(const View& out, std::span<const View> in);

}  // namespace rush::kernels
