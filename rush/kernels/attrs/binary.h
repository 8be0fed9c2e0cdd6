// Attributes of element-wise ops of two and three operands.
#pragma once

#include <tuple>

#include "rush/base/fields.h"

namespace rush {

struct IscloseAttrs {
  double rtol = 1e-5, atol = 1e-8;
  bool equal_nan = false;
  static constexpr auto fields() {
    return std::tuple(Field{"rtol", &IscloseAttrs::rtol}, Field{"atol", &IscloseAttrs::atol},
                      Field{"equal_nan", &IscloseAttrs::equal_nan});
  }
};
struct AddcAttrs {  // addcmul, addcdiv
  double value = 1;
  static constexpr auto fields() { return std::tuple(Field{"value", &AddcAttrs::value}); }
};

}  // namespace rush
