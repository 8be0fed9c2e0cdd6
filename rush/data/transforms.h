// Changes to batches of images [N, C, H, W]: each is a small struct with
// `Tensor operator()(const Tensor& images, Random& random) const`, which leaves its argument as it
// is. compose(a, b, c) applies them in order. Whatever is random is drawn per image.
#pragma once

#include <tuple>
#include <utility>
#include <vector>

#include "rush/data/random.h"
#include "rush/tensor/tensor.h"

namespace rush::data {

// Any number type to float32, times `scale`: uint8 pixels become 0 to 1.
struct ToFloat {
  double scale = 1.0 / 255.0;
  Tensor operator()(const Tensor& images, Random& random) const;
};

// (x - mean) / std for each channel; one mean and std serve all channels. uint8 images are taken as
// 0 to 1 first, so that no ToFloat is needed in front.
struct Normalize {
  std::vector<double> mean, std;
  Tensor operator()(const Tensor& images, Random& random) const;
};

// Adds a border of `padding` pixels of value 0 and cuts out [height, width] somewhere. Any type.
struct RandomCrop {
  int64_t height, width;
  int64_t padding = 0;
  Tensor operator()(const Tensor& images, Random& random) const;
};

// Mirrors left to right (or top to bottom) with the given probability. Any type.
struct RandomFlip {
  double probability = 0.5;
  bool vertical = false;
  Tensor operator()(const Tensor& images, Random& random) const;
};

// Turns, scales and shifts about the centre, with bilinear interpolation; `fill` comes in from
// outside. float32 images.
struct RandomAffine {
  double degrees = 0;  // turned by -degrees to degrees
  double shift = 0;    // moved by up to so many pixels, in x and y
  double scale_from = 1.0, scale_to = 1.0;
  float fill = 0;
  Tensor operator()(const Tensor& images, Random& random) const;
};

template <typename... Ts>
class Compose {
 public:
  explicit Compose(Ts... steps) : steps_(std::move(steps)...) {}
  Tensor operator()(const Tensor& images, Random& random) const {
    Tensor x = images;
    std::apply([&](const Ts&... step) { ((x = step(x, random)), ...); }, steps_);
    return x;
  }

 private:
  std::tuple<Ts...> steps_;
};
template <typename... Ts>
Compose<Ts...> compose(Ts... steps) {
  return Compose<Ts...>(std::move(steps)...);
}

}  // namespace rush::data
