// From a picture of a digit to what the network was trained on: light ink on black, cut out, 20
// pixels at its longest side, its centre of mass in the middle of 28 x 28.
#pragma once

#include "rush/io/terminal.h"
#include "rush/tensor/tensor.h"

namespace rush::app {

// picture: uint8 [C, H, W] -> float32 [1, 1, 28, 28], 0 to 1. Error when it shows nothing. A
// picture of 28 x 28 with a dark background is taken as it is.
Tensor digit_from_picture(const Tensor& picture);

// One image of [N, 1, 28, 28], uint8 or float32 of 0 to 1, for the terminal.
io::GreyPicture picture_of(const Tensor& images, int64_t index);

}  // namespace rush::app
