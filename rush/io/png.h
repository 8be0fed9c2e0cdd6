// PNG pictures as uint8 tensors [C, H, W]: C is 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA).
#pragma once

#include <string>

#include "rush/tensor/tensor.h"

namespace rush::io {

// Palettes become RGB, 16 bits become 8. IoError when the file is no sound PNG or has more than
// 2^28 values.
Tensor load_png(const std::string& path);

// ShapeError or TypeError unless the picture is uint8 [C, H, W] with C in 1 to 4 and no empty side.
void save_png(const std::string& path, const Tensor& picture);

}  // namespace rush::io
