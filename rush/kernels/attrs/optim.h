// Attributes of optimiser steps. Each step takes lists of tensors one after another: parameters,
// gradients, then the states it keeps, all lists in the same order.
#pragma once

#include <cstdint>

#include "rush/base/fields.h"

namespace rush {

// Lists: parameters, gradients, and momentum buffers if momentum is not 0. The first step sets the
// buffers to the gradients.
struct SgdStepAttrs {
  double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
  bool nesterov = false, maximize = false, first_step = false;
  static constexpr auto fields() {
    using A = SgdStepAttrs;
    return std::tuple(Field{"lr", &A::lr}, Field{"momentum", &A::momentum},
                      Field{"dampening", &A::dampening}, Field{"weight_decay", &A::weight_decay},
                      Field{"nesterov", &A::nesterov}, Field{"maximize", &A::maximize},
                      Field{"first_step", &A::first_step});
  }
};

// Lists: parameters, gradients, first moments, second moments, and with amsgrad the largest second
// moments. `decoupled`: weight decay as AdamW does it. `step` counts from 1. `eps_in_root`: eps is
// added to the second moment, not to its root.
struct AdamStepAttrs {
  double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  int64_t step = 1;
  bool decoupled = false, amsgrad = false, maximize = false, eps_in_root = false;
  static constexpr auto fields() {
    using A = AdamStepAttrs;
    return std::tuple(Field{"lr", &A::lr}, Field{"beta1", &A::beta1}, Field{"beta2", &A::beta2},
                      Field{"eps", &A::eps}, Field{"weight_decay", &A::weight_decay},
                      Field{"step", &A::step}, Field{"decoupled", &A::decoupled},
                      Field{"amsgrad", &A::amsgrad}, Field{"maximize", &A::maximize},
                      Field{"eps_in_root", &A::eps_in_root});
  }
};

// Lists: parameters, gradients, mean squares, then momentum buffers if momentum is not 0, then mean
// gradients if centered.
struct RmspropStepAttrs {
  double lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0;
  bool centered = false, maximize = false;
  static constexpr auto fields() {
    using A = RmspropStepAttrs;
    return std::tuple(Field{"lr", &A::lr}, Field{"alpha", &A::alpha}, Field{"eps", &A::eps},
                      Field{"weight_decay", &A::weight_decay}, Field{"momentum", &A::momentum},
                      Field{"centered", &A::centered}, Field{"maximize", &A::maximize});
  }
};

// Lists: parameters, gradients, sums of squares. `step` counts from 1.
struct AdagradStepAttrs {
  double lr = 1e-2, lr_decay = 0, weight_decay = 0, eps = 1e-10;
  int64_t step = 1;
  bool maximize = false;
  static constexpr auto fields() {
    using A = AdagradStepAttrs;
    return std::tuple(Field{"lr", &A::lr}, Field{"lr_decay", &A::lr_decay},
                      Field{"weight_decay", &A::weight_decay}, Field{"eps", &A::eps},
                      Field{"step", &A::step}, Field{"maximize", &A::maximize});
  }
};

struct ScaleListAttrs {
  double factor = 1;
  static constexpr auto fields() { return std::tuple(Field{"factor", &ScaleListAttrs::factor}); }
};

struct TotalNormAttrs {
  double p = 2;
  static constexpr auto fields() { return std::tuple(Field{"p", &TotalNormAttrs::p}); }
};

}  // namespace rush
