// Attributes of the ops that name places by strides: those of the memory that a contiguous tensor
// has or would have, counted in elements.
#pragma once

#include <cstdint>
#include <tuple>

#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

// A part of a tensor: of which shape, and where in its memory.
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
// The reverse: where the elements of a part go in a tensor of `shape`.
struct StridedGradAttrs {
  Shape shape;
  Dims strides;
  int64_t offset = 0;
  static constexpr auto fields() {
    return std::tuple(Field{"shape", &StridedGradAttrs::shape},
                      Field{"strides", &StridedGradAttrs::strides},
                      Field{"offset", &StridedGradAttrs::offset});
  }
};

}  // namespace rush
