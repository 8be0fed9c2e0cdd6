#include "rush/nn/image.h"

#include "rush/nn/layer.h"

namespace rush::nn {

Upsample::Upsample(const UpsampleOptions& options) : options_(options) {
  if ((options.size.size() == 0) == options.scale_factor.empty())
    fail<Error>("Upsample: takes a size or a scale_factor, and got ",
                options.scale_factor.empty() ? "neither" : "both");
}

Tensor Upsample::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] {
    return interpolate(x, {.size = options_.size,
                           .scale_factor = options_.scale_factor,
                           .mode = options_.mode,
                           .align_corners = options_.align_corners});
  });
}

std::string Upsample::describe() const {
  Describe text("Upsample");
  if (options_.size.size() > 0) text.option("size", options_.size, Dims{});
  if (!options_.scale_factor.empty()) text.option("scale_factor", options_.scale_factor[0], 0.0);
  return text.option("mode", options_.mode, std::string());
}

Tensor Unfold::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return im2col(x, kernel, options); });
}
std::string Unfold::describe() const { return Describe("Unfold").arg(kernel.values()); }

Tensor Fold::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return fold(x, output_size, kernel, options); });
}
std::string Fold::describe() const {
  return Describe("Fold").arg(output_size).arg(kernel.values());
}

}  // namespace rush::nn
