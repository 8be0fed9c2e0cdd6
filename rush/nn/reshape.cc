#include "rush/nn/reshape.h"

#include "rush/nn/layer.h"
#include "rush/ops/movement.h"

namespace rush::nn {

Tensor Flatten::operator()(const Tensor& x) const { return flatten(x, start_axis, end_axis); }

std::string Flatten::describe() const {
  return Describe("Flatten")
      .option("start_axis", start_axis, int64_t{1})
      .option("end_axis", end_axis, int64_t{-1});
}

Tensor Unflatten::operator()(const Tensor& x) const { return unflatten(x, axis, sizes); }

std::string Unflatten::describe() const { return Describe("Unflatten").arg(axis).arg(sizes); }

Tensor PixelShuffle::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return pixel_shuffle(x, upscale_factor); });
}
std::string PixelShuffle::describe() const { return Describe("PixelShuffle").arg(upscale_factor); }

Tensor PixelUnshuffle::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return pixel_unshuffle(x, downscale_factor); });
}
std::string PixelUnshuffle::describe() const {
  return Describe("PixelUnshuffle").arg(downscale_factor);
}

Tensor ChannelShuffle::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] {
    if (x.rank() < 2 || groups < 1 || x.size(1) % groups != 0)
      fail<ShapeError>("channel_shuffle: groups divide the channels of [N, C, ...]; what came: ",
                       groups, " groups of ", x.shape());
    return flatten(transpose(unflatten(x, 1, {groups, x.size(1) / groups}), 1, 2), 1, 2);
  });
}
std::string ChannelShuffle::describe() const { return Describe("ChannelShuffle").arg(groups); }

}  // namespace rush::nn
