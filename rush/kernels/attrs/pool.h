// Attributes of the pools.
#pragma once

#include <cstdint>
#include <tuple>

#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

// One entry an axis of space. An adaptive pool has only output_size. The gradients carry the pool's
// attributes and the spatial size of its input.
struct PoolAttrs {
  Dims kernel, stride, padding, dilation;
  bool ceil_mode = false;
  bool count_include_pad = true;  // average pools
  int64_t divisor_override = 0;   // average pools; 0: none
  Dims output_size;
  Dims input_size;
  bool is_adaptive() const { return !output_size.empty(); }
  static constexpr auto fields() {
    return std::tuple(
        Field{"kernel", &PoolAttrs::kernel}, Field{"stride", &PoolAttrs::stride},
        Field{"padding", &PoolAttrs::padding}, Field{"dilation", &PoolAttrs::dilation},
        Field{"ceil_mode", &PoolAttrs::ceil_mode},
        Field{"count_include_pad", &PoolAttrs::count_include_pad},
        Field{"divisor_override", &PoolAttrs::divisor_override},
        Field{"output_size", &PoolAttrs::output_size}, Field{"input_size", &PoolAttrs::input_size});
  }
};

}  // namespace rush
