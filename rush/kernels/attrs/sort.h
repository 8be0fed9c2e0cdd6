// Attributes of sorting.
#pragma once

#include <cstdint>

#include "rush/base/fields.h"

namespace rush {

struct SortAttrs {
  int64_t axis = -1;
  bool descending = false;
  static constexpr auto fields() {
    return std::tuple(Field{"axis", &SortAttrs::axis}, Field{"descending", &SortAttrs::descending});
  }
};

struct TopkAttrs {
  int64_t k = 1, axis = -1;
  bool largest = true;
  static constexpr auto fields() {
    return std::tuple(Field{"k", &TopkAttrs::k}, Field{"axis", &TopkAttrs::axis},
                      Field{"largest", &TopkAttrs::largest});
  }
};

}  // namespace rush
