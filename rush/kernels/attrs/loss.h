// Attributes of losses.
#pragma once

#include <cstdint>

#include "rush/base/fields.h"

namespace rush {

// What becomes of the losses of single elements.
enum class Reduction : uint8_t { kNone, kMean, kSum };

struct LossAttrs {
  Reduction reduction = Reduction::kMean;
  static constexpr auto fields() { return std::tuple(Field{"reduction", &LossAttrs::reduction}); }
};

struct ClassLossAttrs {
  int64_t ignore_index = -100;
  double label_smoothing = 0;
  Reduction reduction = Reduction::kMean;
  static constexpr auto fields() {
    return std::tuple(Field{"ignore_index", &ClassLossAttrs::ignore_index},
                      Field{"label_smoothing", &ClassLossAttrs::label_smoothing},
                      Field{"reduction", &ClassLossAttrs::reduction});
  }
};

struct SmoothL1Attrs {
  double beta = 1;  // the width of the quadratic part
  static constexpr auto fields() { return std::tuple(Field{"beta", &SmoothL1Attrs::beta}); }
};

}  // namespace rush
