// Attributes of the ops that name places by strides: those of the memory that a contiguous tensor
// has or would have, counted in elements.
#pragma once

#include <cstdint>
#include <tuple>

#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

// A part of a tensor: of which shape, and where in its memory. For as_strided_grad, which goes the
// other way, the shape is that of the tensor and dy is the part.
struct StridedAttrs {
  Shape shape;
  Dims strides;
  int64_t offset = 0;
  static constexpr auto fields() {
    return std::tuple(Field{"shape", &StridedAttrs::shape},
                      Field{"strides", &StridedAttrs::strides},
                      Field{"offset", &StridedAttrs::offset});
  }
};

}  // namespace rush
