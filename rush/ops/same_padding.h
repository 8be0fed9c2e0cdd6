// "Same" padding as TensorFlow counts: ceil(size / stride) windows, the odd element behind.
#pragma once

#include <algorithm>
#include <cstdint>

namespace rush {

struct SamePadding {
  int64_t windows, before, after;
};

// span: what a window covers, dilation * (kernel - 1) + 1.
inline SamePadding same_padding(int64_t size, int64_t span, int64_t stride) {
  const int64_t windows = (size + stride - 1) / stride;
  const int64_t total = std::max<int64_t>((windows - 1) * stride + span - size, 0);
  return {windows, total / 2, total - total / 2};
}

}  // namespace rush
