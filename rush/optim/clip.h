// Keeping gradients in bounds, between backward() and step().
#pragma once

#include <vector>

#include "rush/tensor/tensor.h"

namespace rush::optim {

struct ClipNormOptions {
  double norm_type = 2;             // infinity: the largest element
  bool error_if_nonfinite = false;  // instead of spreading NaN or infinity
};
// Scales all gradients down together so that the norm of all their elements is at most max_norm.
// Returns the norm before (0-d). Parameters without a gradient are passed over.
Tensor clip_grad_norm_(const std::vector<Tensor>& params, double max_norm,
                       const ClipNormOptions& options = {});
// Cuts every element of every gradient to [-clip_value, clip_value].
void clip_grad_value_(const std::vector<Tensor>& params, double clip_value);

}  // namespace rush::optim
