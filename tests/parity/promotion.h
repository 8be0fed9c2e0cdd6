// What comes out when dtypes meet, for every pair.
#pragma once

#include <nlohmann/json.hpp>

namespace rush::parity {

// Entries {"op", "form", "a", "b", "result", "value"}: the dtype that op gives for operands of
// dtypes a and b ("error" where it refuses), and the first element. Forms: "tensor tensor",
// "tensor 0-d", "0-d tensor", "tensor number", "number tensor"; of a number the dtype names the
// kind: bool, int64 or float64.
nlohmann::json promotions();

}  // namespace rush::parity
