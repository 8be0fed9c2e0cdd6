// Convolution layers over 1, 2 or 3 axes of space, and their transposes.
//
//   nn::Conv2d c{1, 32, 3, {.stride = 2, .padding = 1}};     // x: [N, 1, H, W] -> [N, 32, H', W']
#pragma once

#include "rush/nn/visitor.h"
#include "rush/ops/per_axis.h"

namespace rush::nn {

struct ConvLayerOptions {
  PerAxis stride = 1, padding = 0, dilation = 1;
  int64_t groups = 1;
  bool bias = true;
  std::string padding_mode = "zeros";  // or reflect, replicate, circular
  bool same = false;                   // instead of padding: size / stride, rounded up
};

// x: [N, C, size...] or [C, size...]; weight: [out, in / groups, kernel...], bias: [out].
template <int axes>
class Conv {
 public:
  Conv(int64_t in_channels, int64_t out_channels, const PerAxis& kernel,
       const ConvLayerOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight, bias;

 private:
  Tensor padded(const Tensor& x) const;

  ConvLayerOptions options_;
};
extern template class Conv<1>;
extern template class Conv<2>;
extern template class Conv<3>;
using Conv1d = Conv<1>;
using Conv2d = Conv<2>;
using Conv3d = Conv<3>;

struct ConvTransposeLayerOptions {
  PerAxis stride = 1, padding = 0, output_padding = 0;
  int64_t groups = 1;
  bool bias = true;
  PerAxis dilation = 1;
  bool same = false;  // instead of padding: size * stride
};

// The gradient of a convolution as a layer: stride s makes the result s times larger.
// weight: [in, out / groups, kernel...], bias: [out].
template <int axes>
class ConvTranspose {
 public:
  ConvTranspose(int64_t in_channels, int64_t out_channels, const PerAxis& kernel,
                const ConvTransposeLayerOptions& options = {});
  Tensor operator()(const Tensor& x) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight, bias;

 private:
  ConvTransposeLayerOptions options_;
};
extern template class ConvTranspose<1>;
extern template class ConvTranspose<2>;
extern template class ConvTranspose<3>;
using ConvTranspose1d = ConvTranspose<1>;
using ConvTranspose2d = ConvTranspose<2>;
using ConvTranspose3d = ConvTranspose<3>;

}  // namespace rush::nn
