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
  void remove_dimension(int d);
  void add_dimension(int64_t n, const int64_t* strides);
};

// The rows of a plan one after another, from the row number `first` on.
class RowWalk {
 public:
  RowWalk(const Plan& plan, int64_t first, const void* attrs);
  const Row& row() const { return row_; }
  void next() {
    for (int d = plan_.rank - 2; d >= 0; --d) {
      if (++index_[d] < plan_.size[d]) return move(d, 1);
      move(d, 1 - plan_.size[d]);
      index_[d] = 0;
    }
  }

 private:
  void move(int dimension, int64_t steps) {
    for (int k = 0; k < plan_.operands; ++k)
      row_.ptr[k] = static_cast<char*>(row_.ptr[k]) +
                    steps * plan_.stride[dimension][k] * static_cast<int64_t>(plan_.item[k]);
  }
  const Plan& plan_;
  Row row_;
  int64_t index_[kMaxRank];
};

Plan make_plan(const View& out, std::span<const View> in);

}  // namespace rush::kernels
