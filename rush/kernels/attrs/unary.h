// Attributes of element-wise ops of one operand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "rush/base/fields.h"

namespace rush {

struct GeluAttrs {
  std::string approximate = "none";  // or "tanh"
  static constexpr auto fields() {
    return std::tuple(Field{"approximate", &GeluAttrs::approximate});
  }
};
struct SoftplusAttrs {
  double beta = 1, threshold = 20;
  static constexpr auto fields() {
    return std::tuple(Field{"beta", &SoftplusAttrs::beta},
                      Field{"threshold", &SoftplusAttrs::threshold});
  }
};
struct EluAttrs {
  double alpha = 1;
  static constexpr auto fields() { return std::tuple(Field{"alpha", &EluAttrs::alpha}); }
};
struct LeakyReluAttrs {
  double negative_slope = 0.01;
  static constexpr auto fields() {
    return std::tuple(Field{"negative_slope", &LeakyReluAttrs::negative_slope});
  }
};
struct HardtanhAttrs {
  double min_val = -1, max_val = 1;
  static constexpr auto fields() {
    return std::tuple(Field{"min_val", &HardtanhAttrs::min_val},
                      Field{"max_val", &HardtanhAttrs::max_val});
  }
};
struct ShrinkAttrs {
  double lambd = 0.5;
  static constexpr auto fields() { return std::tuple(Field{"lambd", &ShrinkAttrs::lambd}); }
};
struct ThresholdAttrs {
  double threshold = 0, value = 0;
  static constexpr auto fields() {
    return std::tuple(Field{"threshold", &ThresholdAttrs::threshold},
                      Field{"value", &ThresholdAttrs::value});
  }
};
struct ClampAttrs {
  std::optional<double> min, max;
  static constexpr auto fields() {
    return std::tuple(Field{"min", &ClampAttrs::min}, Field{"max", &ClampAttrs::max});
  }
};
struct NanToNumAttrs {
  double nan = 0;
  std::optional<double> posinf, neginf;  // absent: the largest finite numbers
  static constexpr auto fields() {
    return std::tuple(Field{"nan", &NanToNumAttrs::nan}, Field{"posinf", &NanToNumAttrs::posinf},
                      Field{"neginf", &NanToNumAttrs::neginf});
  }
};
struct PolygammaAttrs {
  int64_t n = 1;
  static constexpr auto fields() { return std::tuple(Field{"n", &PolygammaAttrs::n}); }
};
struct LogitAttrs {
  std::optional<double> eps;
  static constexpr auto fields() { return std::tuple(Field{"eps", &LogitAttrs::eps}); }
};

}  // namespace rush
