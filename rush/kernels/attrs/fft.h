// Attributes of the Fourier transform.
#pragma once

#include <cstdint>
#include <tuple>

#include "rush/base/fields.h"

namespace rush {

struct FftAttrs {
  int64_t axis = 0;      // not the last one, which holds real and imaginary parts
  bool inverse = false;  // e^(+i ...)
  double scale = 1;
  static constexpr auto fields() {
    return std::tuple(Field{"axis", &FftAttrs::axis}, Field{"inverse", &FftAttrs::inverse},
                      Field{"scale", &FftAttrs::scale});
  }
};

}  // namespace rush
