// Unknown sizes (base/unknown.h) become known: numbers that were computed from
// them, again.
#pragma once

#include <functional>

#include "rush/base/unknown.h"

namespace rush::graph {

// The number that `value` would have been, had the sizes been those that
// `size_of` tells. Of reals, also quotients with an unknown size below, and
// square roots.
int64_t resolve_size(int64_t value, const std::function<int64_t(int64_t)>& size_of);
double resolve_size(double value, const std::function<int64_t(int64_t)>& size_of);

}  // namespace rush::graph
