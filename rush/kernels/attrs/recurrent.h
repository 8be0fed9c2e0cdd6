// Attributes of recurrent layers over whole sequences.
#pragma once

#include <cstdint>
#include <vector>

#include "rush/base/fields.h"

namespace rush {

// reverse: from the last step to the first. batch_sizes: of packed sequences, how many are still
// running at each step, never more than at the step before; none: x is [T, B, ...].
struct SequenceAttrs {
  bool reverse = false;
  std::vector<int64_t> batch_sizes{};
  static constexpr auto fields() {
    return std::tuple(Field{"reverse", &SequenceAttrs::reverse},
                      Field{"batch_sizes", &SequenceAttrs::batch_sizes});
  }
};

// relu: max(x, 0) takes the place of tanh.
struct RnnAttrs {
  bool relu = false;
  bool reverse = false;
  std::vector<int64_t> batch_sizes{};
  static constexpr auto fields() {
    return std::tuple(Field{"relu", &RnnAttrs::relu}, Field{"reverse", &RnnAttrs::reverse},
                      Field{"batch_sizes", &RnnAttrs::batch_sizes});
  }
};

}  // namespace rush
