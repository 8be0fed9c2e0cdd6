#include "rush/kernels/cpu/pool_windows.h"

#include <algorithm>

namespace rush::kernels::cpu {
namespace {

AxisWindow adaptive_window(int64_t i, int64_t in, int64_t out) {
  const int64_t start = i * in / out, end = ((i + 1) * in + out - 1) / out;
  return {start, end - start, end - start};
}

AxisWindow window(int64_t i, int64_t in, int64_t kernel, int64_t stride, int64_t pad, int64_t step,
                  bool include_pad) {
  const int64_t start = i * stride - pad;
  const int64_t skipped = start < 0 ? (-start + step - 1) / step : 0;
  const int64_t first = start + skipped * step;
  const int64_t inside = first >= in ? 0 : (in - 1 - first) / step + 1;
  const int64_t count = std::max<int64_t>(0, std::min(kernel - skipped, inside));
  // Averages count the padding on both sides, but nothing beyond it.
  const int64_t padded = std::min(start + kernel, in + pad) - start;
  return {first, count, include_pad ? padded : count};
}

}  // namespace

PoolWindows::PoolWindows(const Shape& in_shape, const Shape& out_shape, const PoolAttrs& attrs)
    : divisor_override(attrs.divisor_override) {
  const int axes = in_shape.size() - 2;
  for (int d = 0; d < 3; ++d) {
    const int own = d - (3 - axes);
    in[d] = own < 0 ? 1 : in_shape[2 + own];
    out[d] = own < 0 ? 1 : out_shape[2 + own];
    step[d] = own < 0 || attrs.is_adaptive() ? 1 : attrs.dilation[own];
    for (int64_t i = 0; i < out[d]; ++i) {
      if (own < 0)
        axis[d].push_back({0, 1, 1});
      else if (attrs.is_adaptive())
        axis[d].push_back(adaptive_window(i, in[d], out[d]));
      else
        axis[d].push_back(window(i, in[d], attrs.kernel[own], attrs.stride[own], attrs.padding[own],
                                 step[d], attrs.count_include_pad));
    }
  }
}

PoolTensor::PoolTensor(const View& v)
    : n(v.shape[0]), c(v.shape[1]), stride_n(v.strides[0]), stride_c(v.strides[1]) {
  const int axes = v.shape.size() - 2;
  for (int d = 0; d < 3; ++d) {
    const int own = d - (3 - axes);
    stride[d] = own < 0 ? 0 : v.strides[2 + own];
  }
}

}  // namespace rush::kernels::cpu
