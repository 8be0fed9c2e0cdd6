// A generator's state as bytes, laid out as PyTorch's CPU generator lays them out, so that states
// in checkpoints go both ways.
#pragma once

#include "rush/base/random.h"
#include "rush/tensor/tensor.h"

namespace rush::python {

Tensor generator_state(Generator& generator);  // uint8 [5056]
// TypeError or ShapeError when `state` is none.
void set_generator_state(Generator& generator, const Tensor& state);

}  // namespace rush::python
