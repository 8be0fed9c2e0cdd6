// The numbers that describe a convolution, with always three axes of space (missing ones in front
// have size 1). Plain int64 throughout, so that it can be compared and hashed as bytes.
#pragma once

#include <cstdint>

#include "rush/kernels/attrs/conv.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

struct ConvGeometry {
  int64_t rank;             // axes of space the user has: 1, 2 or 3
  int64_t n, c, o, groups;  // batch, channels of x and of y
  int64_t in[3], out[3], kernel[3];
  int64_t stride[3], pad[3], dilation[3];

  // x: [n, c, in...], w: [o, c/groups, kernel...], y: [n, o, out...]
  static ConvGeometry of(const View& x, const View& w, const View& y, const ConvAttrs& attrs);
  int64_t in_size() const { return in[0] * in[1] * in[2]; }
  int64_t out_size() const { return out[0] * out[1] * out[2]; }
  int64_t kernel_size() const { return kernel[0] * kernel[1] * kernel[2]; }
  int64_t weight_count() const { return o * (c / groups) * kernel_size(); }
  int64_t work() const { return n * out_size() * weight_count(); }  // multiply-adds
};

// Our own kernels: x, dx, y, dy dense and channels-last, w and dw contiguous. bias may be null.
template <typename T>
void conv_portable(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y);
template <typename T>
void conv_dx_portable(const ConvGeometry& g, const T* dy, const T* w, T* dx);
template <typename T>
void conv_dw_portable(const ConvGeometry& g, const T* dy, const T* x, T* dw);

}  // namespace rush::kernels::cpu
