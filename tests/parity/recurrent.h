// Recurrent layers and cells for judge_recurrent.py: weights, inputs, results and all gradients.
#pragma once

#include "tests/parity/archive.h"

namespace rush::parity {

nlohmann::json recurrent(Archive& archive);

}  // namespace rush::parity
