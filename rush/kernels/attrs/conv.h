// Attributes of the convolutions.
#pragma once

#include <cstdint>
#include <tuple>

#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

// One entry an axis of space. `size`: the spatial sizes of the result. conv_dx and conv_dw need it
// (several sizes fit); conv has it where the result is not the usual one, and is empty otherwise.
// Padding behind the input follows from the sizes, so it may differ from that in front.
struct ConvAttrs {
  Dims stride, padding, dilation;
  int64_t groups = 1;
  Dims size;
  static constexpr auto fields() {
    return std::tuple(Field{"stride", &ConvAttrs::stride}, Field{"padding", &ConvAttrs::padding},
                      Field{"dilation", &ConvAttrs::dilation}, Field{"groups", &ConvAttrs::groups},
                      Field{"size", &ConvAttrs::size});
  }
};

}  // namespace rush
