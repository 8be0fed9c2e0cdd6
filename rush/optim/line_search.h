// A line search for the strong Wolfe conditions: lower enough, and flat enough.
#pragma once

#include <functional>

#include "rush/tensor/tensor.h"

namespace rush::optim {

// A place on the line: how far from the start, the loss and its slope there.
struct LinePoint {
  double at, loss, slope;
  Tensor gradient;
};

struct LineSearchOptions {
  double enough = 1e-4, flat = 0.9;  // c1 and c2
  double smallest = 1e-9;            // a bracket is given up when the largest move in it is less
  double largest_direction = 1;      // the largest element of the direction
  int64_t most = 25;                 // evaluations after the first
};

// Goes from `start` (at 0, with a falling slope) first to `guess`, then where cubic interpolation
// points. Gives the best point found.
LinePoint strong_wolfe(const std::function<LinePoint(double at)>& evaluate, const LinePoint& start,
                       double guess, const LineSearchOptions& options);

}  // namespace rush::optim
