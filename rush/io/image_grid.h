// Many small images as one picture: samples of a generator, a manifold, filters.
//
//   io::save_png("samples.png", io::image_grid(images, {.columns = 10, .low = -1}));
#pragma once

#include "rush/tensor/tensor.h"

namespace rush::io {

struct GridOptions {
  int64_t columns = 0;        // 0: as many as make the grid about square
  int64_t gap = 2;            // pixels between images
  int64_t scale = 1;          // each pixel becomes so many, both ways
  double low = 0, high = 1;   // what becomes black and white; values beyond are cut off
  uint8_t background = 0x60;  // of gaps and empty places
};

// images: [N, C, H, W], float32 or uint8 (taken as it is), row after row of the grid -> uint8
// [C, height, width], as save_png takes it.
Tensor image_grid(const Tensor& images, const GridOptions& options = {});

}  // namespace rush::io
