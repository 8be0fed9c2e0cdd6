// Attention.
#include "function.h"
#include "random_masks.h"
#include "rows.h"
#include "rush/ops/attention.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"

namespace rush::python {
namespace {

// With dropout PyTorch computes the weights and drops some of them: the same numbers are drawn.
Tensor attention_with_dropout(const Tensor& q, const Tensor& k, const Tensor& v, double p,
                              const AttentionOptions& options) {
  const Tensor weights = dropped(attention_with_weights(q, k, v, options).weights, p, true);
  const bool has_groups = options.enable_gqa && v.size(-3) != q.size(-3);
  return matmul(weights, has_groups ? repeat_interleave(v, q.size(-3) / v.size(-3), -3) : v);
}

}  // namespace

void add_attention_rows() {
  Rows("nn").add(
      "scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, "
      "is_causal=False, scale=None, enable_gqa=False)",
      [](const Tensor& q, const Tensor& k, const Tensor& v, const Maybe& mask, double dropout_p,
         bool is_causal, std::optional<double> scale, bool enable_gqa) {
        const AttentionOptions options{
            .attn_mask = mask, .is_causal = is_causal, .scale = scale, .enable_gqa = enable_gqa};
        if (dropout_p > 0) return attention_with_dropout(q, k, v, dropout_p, options);
        return scaled_dot_product_attention(q, k, v, options);
      },
      kLowerPrecision,
      "softmax(scale query key^T + attn_mask) value over [.., heads, length, size]. attn_mask: "
      "bool, True where a query may look, or numbers that are added; is_causal: query i sees keys "
      "0 .. i; enable_gqa: several queries' heads share one of key and value.");
}

}  // namespace rush::python
