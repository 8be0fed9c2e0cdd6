// Convolutions with 3 x 3 kernels by Winograd's method, F(4 x 4, 3 x 3): tiles of 4 x 4 outputs
// cost 36 multiplications a pair of channels instead of 144.
//
//     y = A' [(G g G') * (B' d B)] A      * element by element, over 6 x 6 places
//
// Summed over channels, the product at each of the 36 places is a matrix product. Rounding errors
// are a few times those of the plain sum, and an infinite input makes NaN of whole tiles. Work is
// cut into fixed blocks: the bits do not depend on threads.
#pragma once

#include "rush/kernels/cpu/conv_geometry.h"

namespace rush::kernels::cpu {

// As many zeros as a window has that reaches beyond an image.
inline constexpr int64_t kMostWinogradChannels = 512;

// Whether the method applies, and is faster than the plain one.
bool winograd_pays(const ConvGeometry& g, bool is_weight_gradient);

// As conv_portable and its gradients, in float.
void conv_winograd(const ConvGeometry& g, const float* x, const float* w, const float* bias,
                   float* y);
void conv_dx_winograd(const ConvGeometry& g, const float* dy, const float* w, float* dx);
void conv_dw_winograd(const ConvGeometry& g, const float* dy, const float* x, float* dw);

}  // namespace rush::kernels::cpu
