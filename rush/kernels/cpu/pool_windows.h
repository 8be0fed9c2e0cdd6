// The windows of a pool: along each axis, where the window of each output position starts, how many
// elements of the input it holds, and for averages by what it counts. Adaptive and ordinary pools
// differ only here.
#pragma once

#include <cstdint>
#include <vector>

#include "rush/kernels/attrs/pool.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

struct AxisWindow {
  int64_t start;   // first element inside the input
  int64_t count;   // elements inside the input, `step` apart
  int64_t weight;  // elements that an average counts along this axis
};

struct PoolWindows {
  int64_t in[3], out[3], step[3];
  std::vector<AxisWindow> axis[3];
  int64_t divisor_override;

  // `in` and `out`: shapes [N, C, space...] of a pool's input and output.
  PoolWindows(const Shape& in_shape, const Shape& out_shape, const PoolAttrs& attrs);
  int64_t divisor(int64_t d, int64_t h, int64_t w) const {
    if (divisor_override) return divisor_override;
    return axis[0][d].weight * axis[1][h].weight * axis[2][w].weight;
  }
};

// A tensor [N, C, space...] with always three axes of space.
struct PoolTensor {
  int64_t n, c;
  int64_t stride_n, stride_c, stride[3];
  explicit PoolTensor(const View& v);
};

}  // namespace rush::kernels::cpu
