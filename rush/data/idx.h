// IDX, the format of MNIST and its relatives: a big-endian header (two zero bytes, element type,
// rank, sizes), then the elements. Plain or gzipped; told apart by content.
#pragma once

#include <string>

#include "rush/tensor/tensor.h"

namespace rush::data {

// The whole file as a tensor of its own type (uint8, int8, int16, int32, float32, float64). IoError
// naming the file, what was expected and what was found when anything is not as it should be;
// sizes are checked against the file's length before memory is asked for.
Tensor read_idx(const std::string& path);

}  // namespace rush::data
