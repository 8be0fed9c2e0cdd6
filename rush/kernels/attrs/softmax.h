// Attributes of softmax and its kin.
#pragma once

#include <cstdint>

#include "rush/base/fields.h"

namespace rush {

struct SoftmaxAttrs {
  int64_t axis = -1;
  static constexpr auto fields() { return std::tuple(Field{"axis", &SoftmaxAttrs::axis}); }
};

}  // namespace rush
