// Multi-head attention.
#pragma once

#include <optional>

#include "rush/nn/kv_cache.h"
#include "rush/nn/linear.h"

namespace rush::nn {

struct MultiheadAttentionOptions {
  double dropout = 0;  // of the weights, while training
  bool bias = true;
  bool add_bias_kv = false;               // a learned key and value after the others
  bool add_zero_attn = false;             // a key and value of zeros after the others
  std::optional<int64_t> kdim{}, vdim{};  // of keys and values; none: embed_dim
  bool batch_first = false;               // [N, L, E] instead of [L, N, E]
};

// Masks: bool, true where a query may NOT look (the reverse of scaled_dot_product_attention's, as
// in PyTorch), or numbers that are added.
struct AttendOptions {
  Tensor key_padding_mask{};  // [N, S]
  bool need_weights = true;   // false: faster, and no L x S weights in memory
  Tensor attn_mask{};         // [L, S] or [N * heads, L, S]
  bool average_attn_weights = true;
  bool is_causal = false;    // query i sees keys 0 .. i; an attn_mask beside it must say the same
  KVCache* cache = nullptr;  // of the tokens before: keys and values are added to it
};

// output: as the query; weights: [N, L, S] (or [N, heads, L, S]) if asked for.
struct AttentionResult {
  Tensor output, weights;
};

// Every head attends with its own projections of query, key and value; what the heads found is put
// together by out_proj. Inputs: [L, N, E] or, without a batch, [L, E].
class MultiheadAttention {
 public:
  MultiheadAttention(int64_t embed_dim, int64_t num_heads,
                     const MultiheadAttentionOptions& options = {});
  AttentionResult operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                             const AttendOptions& options = {}) const;
  void fields(Visitor& v);
  std::string describe() const;
  const MultiheadAttentionOptions& options() const { return options_; }

  Tensor in_proj_weight;                               // [3 E, E], or where kdim or vdim differ:
  Tensor q_proj_weight, k_proj_weight, v_proj_weight;  // [E, E], [E, kdim], [E, vdim]
  Tensor in_proj_bias;                                 // [3 E]
  Linear out_proj;
  Tensor bias_k, bias_v;  // [1, 1, E]
  Mode training = true;

 private:
  struct Heads;
  void check(const Tensor& query, const Tensor& key, const Tensor& value) const;
  Tensor by_head(const Tensor& x) const;
  int64_t add_further_keys(Heads& x) const;
  Heads project(const Tensor& query, const Tensor& key, const Tensor& value) const;
  AttentionResult attend(const Tensor& query, const Tensor& key, const Tensor& value,
                         const AttendOptions& o) const;
  AttentionResult run(const Tensor& query, const Tensor& key, const Tensor& value,
                      const AttendOptions& o, bool is_training) const;

  int64_t embed_dim_, heads_;
  MultiheadAttentionOptions options_;
};

// [size, size] to be added to scores: 0 where query i may look, at keys 0 .. i, else -infinity.
Tensor generate_square_subsequent_mask(int64_t size);

}  // namespace rush::nn
