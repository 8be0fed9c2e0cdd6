// Attention: what each query finds among keys and values.
#pragma once

#include <optional>

#include "rush/tensor/tensor.h"

namespace rush {

struct AttentionOptions {
  Tensor attn_mask{};      // broadcasts to [..., L, S]: bool, true where a query may look; or added
  double dropout_p = 0;    // of the weights, always on: pass 0 outside training
  bool is_causal = false;  // query i sees keys 0 .. i; not together with attn_mask
  std::optional<double> scale{};  // none: 1 / sqrt(E)
  bool enable_gqa = false;        // k and v may have fewer heads: H is a multiple of theirs
};

// softmax(scale q k^T + mask) v, without the L x S matrix of weights in memory.
// q: [..., H, L, E], k: [..., H, S, E], v: [..., H, S, Ev] -> [..., H, L, Ev]; leading dimensions
// broadcast. A query that sees no key gives zeros.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options = {});

// The same as a formula, with the weights: [..., H, L, S], after dropout.
struct AttentionWeights {
  Tensor output, weights;
};
AttentionWeights attention_with_weights(const Tensor& q, const Tensor& k, const Tensor& v,
                                        const AttentionOptions& options = {});

}  // namespace rush
