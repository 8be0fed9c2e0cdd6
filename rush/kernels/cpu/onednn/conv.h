// Convolution and its two gradients by oneDNN. Compiled only where RUSH_WITH_ONEDNN is 1.
#pragma once

#include "rush/kernels/cpu/conv_geometry.h"

namespace rush::kernels::cpu::onednn {

enum class Pass : int64_t { kForward, kDataGradient, kWeightGradient };

// Operands of a pass: x and y (or their gradients) dense and channels-last, w (or its gradient)
// contiguous, all of one dtype, float32 or bfloat16.
struct ConvOperands {
  void* x;
  void* w;
  void* bias;  // forward only; may be null
  void* y;
  DType dtype;
};

// False: oneDNN has no kernel for it.
bool conv(Pass pass, const ConvGeometry& g, const ConvOperands& operands);

}  // namespace rush::kernels::cpu::onednn
