// How many arithmetic operations the ops take that are more than element-wise: contractions,
// convolutions, attention and recurrent layers, a multiply and an add counting as two. What padding
// or a mask leaves out counts all the same, except for causal attention, where it is half the work.
#include "rush/core/cost.h"

#include <algorithm>

#include "rush/kernels/attrs/attention.h"

namespace rush {
namespace {

using Views = std::span<const kernels::View>;

double numel(const kernels::View& v) { return static_cast<double>(v.numel()); }
// Elements beside axis 0.
double row_size(const kernels::View& v) {
  double n = 1;
  for (int d = 1; d < v.shape.size(); ++d) n *= static_cast<double>(v.shape[d]);
  return n;
}

// a: [..., m, k]: every number of the product takes k multiply-adds.
double matmul_flops(Views in, Views out, const void*) {
  return in[0].shape.empty() ? 0 : 2 * numel(out[0]) * static_cast<double>(in[0].shape.back());
}
// weight: [out, in]
double linear_flops(Views in, Views out, const void*) {
  const bool has_bias = in.size() > 2 && in[2].data;
  return numel(out[0]) * (2 * row_size(in[1]) + has_bias);
}
double addmm_flops(Views in, Views, const void*) {
  return 2 * numel(in[0]) * static_cast<double>(in[1].shape.back());
}

// weight: [O, C/groups, kernel...]: every number of y: [N, O, ...] takes C/groups * kernel.
double conv_flops(Views in, Views out, const void*) {
  const bool has_bias = in.size() > 2 && in[2].data;
  return numel(out[0]) * (2 * row_size(in[1]) + has_bias);
}
double conv_dx_flops(Views in, Views, const void*) { return 2 * numel(in[0]) * row_size(in[1]); }
double conv_dw_flops(Views in, Views out, const void*) {
  return 2 * numel(in[0]) * row_size(out[0]);
}

// Pairs of a query and a key that meet, over all heads. q: [..., L, E], k: [..., S, E], y: [..., L,
// Ev]
double attention_pairs(Views in, const kernels::View& y, const void* attrs) {
  const double length = static_cast<double>(y.shape[y.shape.size() - 2]);
  const double keys = static_cast<double>(in[1].shape[in[1].shape.size() - 2]);
  const double heads = numel(y) / std::max(1.0, length * static_cast<double>(y.shape.back()));
  double pairs = length * keys;
  if (static_cast<const AttentionAttrs*>(attrs)->is_causal) {
    const double below = std::min(length, keys);  // queries that do not see every key
    pairs = below * (below + 1) / 2 + (length - below) * keys;
  }
  return heads * pairs;
}
double last(const kernels::View& v) { return static_cast<double>(v.shape.back()); }
// q k^T and weights v
double attention_flops(Views in, Views out, const void* attrs) {
  return 2 * attention_pairs(in, out[0], attrs) * (last(in[0]) + last(in[2]));
}
// q k^T again, then the gradients of weights and v, of q and k
double attention_grad_flops(Views in, Views, const void* attrs) {
  return 2 * attention_pairs(in, in[5], attrs) * (3 * last(in[0]) + 2 * last(in[2]));
}

// weight_hh: [gates * H, H] meets the state of every step and sequence; x: [..., gates * H].
double sequence_flops(Views in, Views, const void*) { return 2 * numel(in[0]) * row_size(in[1]); }
// The gradients of the state and of weight_hh.
double sequence_grad_flops(Views in, Views, const void*) {
  return 4 * numel(in[0]) * row_size(in[1]);
}

[[maybe_unused]] const bool kAreSet = [] {
  set_cost_rule("matmul", {matmul_flops});
  set_cost_rule("linear", {linear_flops});
  set_cost_rule("addmm_", {addmm_flops});
  set_cost_rule("conv", {conv_flops});
  set_cost_rule("conv_dx", {conv_dx_flops});
  set_cost_rule("conv_dw", {conv_dw_flops});
  set_cost_rule("scaled_dot_product_attention", {attention_flops});
  set_cost_rule("scaled_dot_product_attention_grad", {attention_grad_flops});
  for (const char* op : {"rnn_sequence", "lstm_sequence", "gru_sequence"})
    set_cost_rule(op, {sequence_flops});
  for (const char* op : {"rnn_sequence_grad", "lstm_sequence_grad", "gru_sequence_grad"})
    set_cost_rule(op, {sequence_grad_flops});
  for (const char* op : {"embedding", "gather", "index"}) set_cost_rule(op, {nullptr, true});
  set_cost_rule("cast", {});
  return true;
}();

}  // namespace
}  // namespace rush
