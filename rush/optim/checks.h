// Checks of options, in the words of the optimiser at hand.
#pragma once

#include "rush/base/error.h"

namespace rush::optim {

inline void require_at_least_zero(const char* optimizer, const char* option, double value) {
  if (!(value >= 0)) fail(optimizer, ": ", option, " is at least 0; what came: ", value);
}
inline void require_fraction(const char* optimizer, const char* option, double value) {
  if (!(value >= 0 && value < 1))
    fail(optimizer, ": ", option, " is in [0, 1); what came: ", value);
}

}  // namespace rush::optim
