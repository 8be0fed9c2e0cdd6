// The formulas of recurrent ops in other ops: what their kernels are tested against, and what
// second derivatives go through. Inputs and outputs are those of the records in recurrent.cc.
#pragma once

#include <span>

#include "rush/core/op.h"

namespace rush {

Tensors rnn_body(std::span<const Tensor> in, const void* attrs);
Tensors rnn_grad_body(std::span<const Tensor> in, const void* attrs);
Tensors lstm_body(std::span<const Tensor> in, const void* attrs);
Tensors lstm_grad_body(std::span<const Tensor> in, const void* attrs);
Tensors gru_body(std::span<const Tensor> in, const void* attrs);
Tensors gru_grad_body(std::span<const Tensor> in, const void* attrs);

}  // namespace rush
