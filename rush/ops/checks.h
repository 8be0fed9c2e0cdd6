// Checks that shape rules of several families share.
#pragma once

#include "rush/core/op.h"

namespace rush {

inline void want_floating(const InferCall& c, size_t i) {
  if (!is_floating(c.dtype(i)))
    fail<TypeError>(c.op, ": wants a floating dtype; got ", c.dtype(i),
                    ", convert with to(float32)");
}

inline void want_dtype(const InferCall& c, size_t i, const char* what, DType wanted) {
  if (c.is_present(i) && c.dtype(i) != wanted)
    fail<TypeError>(c.op, ": ", what, " must be ", wanted, "; got ", c.dtype(i));
}

inline void want_shape(const InferCall& c, size_t i, const char* what, const Shape& wanted) {
  if (c.is_present(i) && !(c.shape(i) == wanted))
    fail<ShapeError>(c.op, ": ", what, " must have shape ", wanted, "; got ", c.shape(i));
}

// An axis of a tensor of `rank` dimensions; a 0-d tensor counts as one of one dimension.
inline int axis_in(const char* op, int64_t axis, int rank) {
  return normalize_axis(op, axis, rank == 0 ? 1 : rank);
}

}  // namespace rush
