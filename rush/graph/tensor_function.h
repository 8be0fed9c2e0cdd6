// A function that can be traced, with its arguments and results erased to lists.
#pragma once

#include <functional>
#include <vector>

#include "rush/tensor/tensor.h"

namespace rush::graph {

using TensorFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

}  // namespace rush::graph
