// What the engines before ours tested or should have tested against PyTorch, at their sizes.
#pragma once

#include "tests/parity/archive.h"

namespace rush::parity {

// [{"name", "torch", "atol", "in", "out", "weights", "first"}]: the gradients are those of sum(out
// * weights).
nlohmann::json acceptance(Archive& archive);

}  // namespace rush::parity
