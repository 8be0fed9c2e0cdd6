// Attributes of normalisations.
#pragma once

#include "rush/base/fields.h"
#include "rush/base/shape.h"

namespace rush {

// training: the batch's own statistics are used, and the running ones move towards them by
// `momentum`; otherwise the running ones are used.
struct BatchNormAttrs {
  double momentum = 0.1, eps = 1e-5;
  static constexpr auto fields() {
    return std::tuple(Field{"momentum", &BatchNormAttrs::momentum},
                      Field{"eps", &BatchNormAttrs::eps});
  }
};

// Normalises over the last `axes` axes.
struct LayerNormAttrs {
  int64_t axes = 1;
  double eps = 1e-5;
  static constexpr auto fields() {
    return std::tuple(Field{"axes", &LayerNormAttrs::axes}, Field{"eps", &LayerNormAttrs::eps});
  }
};

}  // namespace rush
