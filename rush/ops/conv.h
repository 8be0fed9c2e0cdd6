// Convolutions over 1, 2 or 3 axes of space. Results are channels-last in memory, which is what the
// next convolution reads fastest; shapes are PyTorch's.
#pragma once

#include "rush/kernels/attrs/conv.h"
#include "rush/ops/per_axis.h"
#include "rush/tensor/tensor.h"

namespace rush {

struct ConvOptions {
  PerAxis stride = 1, padding = 0, dilation = 1;
  int64_t groups = 1;
  // Instead of padding: as much as gives ceil(size / stride), the odd element behind.
  bool same = false;
};
// x: [N, C, size...] or [C, size...], weight: [O, C/groups, kernel...], bias: [O] or none
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const ConvOptions& options = {});
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const ConvOptions& options = {});
Tensor conv3d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const ConvOptions& options = {});

struct ConvTransposeOptions {
  PerAxis stride = 1, padding = 0, output_padding = 0;
  int64_t groups = 1;
  PerAxis dilation = 1;
  bool same = false;  // instead of padding: the reverse of such a convolution, size * stride
};
// x: [N, C, size...] or [C, size...], weight: [C, O/groups, kernel...], bias: [O] or none
Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTransposeOptions& options = {});
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTransposeOptions& options = {});
Tensor conv_transpose3d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTransposeOptions& options = {});

// The three forms that differentiate into each other. attrs.size: the spatial size of the result.
Tensor conv(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvAttrs& attrs);
Tensor conv_dx(const Tensor& dy, const Tensor& weight, const ConvAttrs& attrs);
Tensor conv_dw(const Tensor& dy, const Tensor& x, const ConvAttrs& attrs);

}  // namespace rush
