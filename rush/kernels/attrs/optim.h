// Attributes of optimiser steps. Each step takes lists of tensors one after another: parameters,
// gradients, then the states it keeps, all lists in the same order.
#pragma once

#include <cstdint>

#include "rush/base/fields.h"

namespace rush {

// Lists: parameters, gradients, and momentum buffers if momentum is not 0. The first step sets the
// buffers to the gradients. `lr_in_momentum`: the buffers hold steps, not gradients.
struct SgdStepAttrs {
  double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
  bool nesterov = false, maximize = false, first_step = false, lr_in_momentum = false;
  static constexpr auto fields() {
    using A = SgdStepAttrs;
    return std::tuple(Field{"lr", &A::lr}, Field{"momentum", &A::momentum},
                      Field{"dampening", &A::dampening}, Field{"weight_decay", &A::weight_decay},
                      Field{"nesterov", &A::nesterov}, Field{"maximize", &A::maximize},
                      Field{"first_step", &A::first_step},
                      Field{"lr_in_momentum", &A::lr_in_momentum});
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
// gradients if centered. `eps_in_root`: eps is added to the mean square, not to its root.
struct RmspropStepAttrs {
  double lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, momentum = 0;
  bool centered = false, maximize = false, eps_in_root = false, lr_in_momentum = false;
  static constexpr auto fields() {
    using A = RmspropStepAttrs;
    return std::tuple(Field{"lr", &A::lr}, Field{"alpha", &A::alpha}, Field{"eps", &A::eps},
                      Field{"weight_decay", &A::weight_decay}, Field{"momentum", &A::momentum},
                      Field{"centered", &A::centered}, Field{"maximize", &A::maximize},
                      Field{"eps_in_root", &A::eps_in_root},
                      Field{"lr_in_momentum", &A::lr_in_momentum});
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

// Lists: parameters, gradients, mean squares of gradients, mean squares of steps.
struct AdadeltaStepAttrs {
  double lr = 1, rho = 0.9, eps = 1e-6, weight_decay = 0;
  bool maximize = false;
  static constexpr auto fields() {
    using A = AdadeltaStepAttrs;
    return std::tuple(Field{"lr", &A::lr}, Field{"rho", &A::rho}, Field{"eps", &A::eps},
                      Field{"weight_decay", &A::weight_decay}, Field{"maximize", &A::maximize});
  }
};

// Lists: parameters, gradients, first moments, largest gradients. step_size: with its correction.
struct AdamaxStepAttrs {
  double step_size = 2e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0;
  bool maximize = false;
  static constexpr auto fields() {
    using A = AdamaxStepAttrs;
    return std::tuple(Field{"step_size", &A::step_size}, Field{"beta1", &A::beta1},
                      Field{"beta2", &A::beta2}, Field{"eps", &A::eps},
                      Field{"weight_decay", &A::weight_decay}, Field{"maximize", &A::maximize});
  }
};

// Lists: parameters, gradients, averages of the parameters. The averages move by mu.
struct AsgdStepAttrs {
  double eta = 1e-2, lambd = 1e-4, mu = 1, weight_decay = 0;
  bool maximize = false;
  static constexpr auto fields() {
    using A = AsgdStepAttrs;
    return std::tuple(Field{"eta", &A::eta}, Field{"lambd", &A::lambd}, Field{"mu", &A::mu},
                      Field{"weight_decay", &A::weight_decay}, Field{"maximize", &A::maximize});
  }
};

// Lists: parameters, gradients, first moments, second moments. A step is
//   (mean_size m + gradient_size grad) / (sqrt(v / correction) + eps)
// from parameters shrunk by `shrink` (decoupled weight decay).
struct NadamStepAttrs {
  double mean_size = 0, gradient_size = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, correction = 1,
         weight_decay = 0, shrink = 0;
  bool maximize = false;
  static constexpr auto fields() {
    using A = NadamStepAttrs;
    return std::tuple(Field{"mean_size", &A::mean_size}, Field{"gradient_size", &A::gradient_size},
                      Field{"beta1", &A::beta1}, Field{"beta2", &A::beta2}, Field{"eps", &A::eps},
                      Field{"correction", &A::correction}, Field{"weight_decay", &A::weight_decay},
                      Field{"shrink", &A::shrink}, Field{"maximize", &A::maximize});
  }
};

// Lists: parameters, gradients, first moments, second moments. A step is step_size m, over
// sqrt(v) + eps if is_adaptive, from parameters shrunk by `shrink` (decoupled weight decay).
struct RadamStepAttrs {
  double step_size = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0, shrink = 0;
  bool is_adaptive = false, maximize = false;
  static constexpr auto fields() {
    using A = RadamStepAttrs;
    return std::tuple(Field{"step_size", &A::step_size}, Field{"beta1", &A::beta1},
                      Field{"beta2", &A::beta2}, Field{"eps", &A::eps},
                      Field{"weight_decay", &A::weight_decay}, Field{"shrink", &A::shrink},
                      Field{"is_adaptive", &A::is_adaptive}, Field{"maximize", &A::maximize});
  }
};

// Lists: parameters, gradients, gradients before, sizes of the steps.
struct RpropStepAttrs {
  double eta_minus = 0.5, eta_plus = 1.2, step_min = 1e-6, step_max = 50;
  bool maximize = false;
  static constexpr auto fields() {
    using A = RpropStepAttrs;
    return std::tuple(Field{"eta_minus", &A::eta_minus}, Field{"eta_plus", &A::eta_plus},
                      Field{"step_min", &A::step_min}, Field{"step_max", &A::step_max},
                      Field{"maximize", &A::maximize});
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
