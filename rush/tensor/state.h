// State: named tensors in order, as a model, an optimiser or a file of weights holds them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rush/tensor/tensor.h"

namespace rush {

using State = std::vector<std::pair<std::string, Tensor>>;

}  // namespace rush
