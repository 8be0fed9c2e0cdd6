// Recurrent layers over whole sequences: what the layers of nn/recurrent.h are made of.
//
// x holds every step's share of the input, linear(input, weight_ih, bias_ih): [T, B, gates * H],
// or, of packed sequences, the rows of all steps one after another with their batch_sizes.
// weight_hh: [gates * H, H]; states before the first step: [B, H], zeros if left out.
#pragma once

#include "rush/kernels/attrs/recurrent.h"
#include "rush/tensor/tensor.h"

namespace rush {

// y: every step's state, laid out as x; h (and of LSTM c): each sequence's last one, [B, H].
struct SequenceResult {
  Tensor y, h, c;
};

// h = tanh(x + W h), or relu
SequenceResult rnn_sequence(const Tensor& x, const Tensor& weight_hh, const Tensor& hx = {},
                            const RnnAttrs& options = {});
// i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of x + W h;  c = f c + i g,  h = o tanh(c)
SequenceResult lstm_sequence(const Tensor& x, const Tensor& weight_hh, const Tensor& hx = {},
                             const Tensor& cx = {}, const SequenceAttrs& options = {});
// r, z = sigmoid of x + W h + b;  n = tanh(x_n + r (W_n h + b_n)),  h = (1 - z) n + z h
SequenceResult gru_sequence(const Tensor& x, const Tensor& weight_hh, const Tensor& bias_hh = {},
                            const Tensor& hx = {}, const SequenceAttrs& options = {});
// LSTM whose state is projected, h = R (o tanh(c)). weight_hh: [4 * H, P], weight_hr: [P, H],
// hx: [B, P], cx: [B, H]. A composition of other ops.
SequenceResult lstm_projected_sequence(const Tensor& x, const Tensor& weight_hh,
                                       const Tensor& weight_hr, const Tensor& hx = {},
                                       const Tensor& cx = {}, const SequenceAttrs& options = {});

}  // namespace rush
