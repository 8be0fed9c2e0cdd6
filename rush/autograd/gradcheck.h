// gradcheck: compares gradients with central differences, in float64.
//
// The outputs are projected on fixed random weights, so one backward pass and two evaluations per
// input element suffice: a wrong entry of the Jacobian shows itself at its input element.
#pragma once

#include "rush/autograd/functional.h"

namespace rush {

struct GradCheckOptions {
  double eps = 1e-6;  // step of the central difference
  double atol = 1e-5, rtol = 1e-3;
  bool raise = true;  // a mismatch raises Error naming the worst element and both values
};

// Whether the gradients of f's floating outputs by every input that requires one agree with central
// differences: |analytic - numeric| <= atol + rtol * |numeric|. Inputs that require no gradient are
// passed on as they are. Errors: TypeError when a checked input or an output is not float64, Error
// when no input requires a gradient or when f gives different values in two calls.
bool gradcheck(const TensorsFunction& f, const Tensors& inputs,
               const GradCheckOptions& options = {});
bool gradcheck(const TensorFunction& f, const Tensor& x, const GradCheckOptions& options = {});

// The same for the gradients themselves, as functions of the inputs and of the arriving gradients.
bool gradgradcheck(const TensorsFunction& f, const Tensors& inputs,
                   const GradCheckOptions& options = {});
bool gradgradcheck(const TensorFunction& f, const Tensor& x, const GradCheckOptions& options = {});

}  // namespace rush
