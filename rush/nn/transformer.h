// The transformer of "Attention is all you need", and its parts. Inputs are [L, N, E], or
// [N, L, E] with batch_first; masks as in nn::MultiheadAttention.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rush/nn/attention.h"
#include "rush/nn/dropout.h"
#include "rush/nn/norm.h"

namespace rush::nn {

struct TransformerLayerOptions {
  int64_t dim_feedforward = 2048;
  double dropout = 0.1;
  std::string activation = "relu";  // or "gelu"
  double layer_norm_eps = 1e-5;
  bool batch_first = false;
  bool norm_first = false;  // norms stand before attention and feed-forward, not after the sums
  bool bias = true;
};

struct EncodeOptions {
  Tensor mask{};                     // [L, L] or [N * heads, L, L]
  Tensor src_key_padding_mask{};     // [N, L]
  bool is_causal = false;            // token i sees tokens 0 .. i
  std::vector<KVCache>* cache = {};  // of the tokens before, one a layer; made where it is empty
};

// Attention, then two linear layers, each added to its input and normalised.
class TransformerEncoderLayer {
 public:
  TransformerEncoderLayer(int64_t d_model, int64_t nhead,
                          const TransformerLayerOptions& options = {});
  // `cache`: this layer's; o.cache is not looked at.
  Tensor operator()(const Tensor& src, const EncodeOptions& o = {}, KVCache* cache = {}) const;
  void fields(Visitor& v);

  MultiheadAttention self_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2;
  Dropout dropout, dropout1, dropout2;

 private:
  TransformerLayerOptions options_;
};

class TransformerEncoder {
 public:
  // `num_layers` copies of `layer`.
  TransformerEncoder(const TransformerEncoderLayer& layer, int64_t num_layers,
                     std::optional<LayerNorm> norm = {});
  Tensor operator()(const Tensor& src, const EncodeOptions& o = {}) const;
  void fields(Visitor& v);

  std::vector<TransformerEncoderLayer> layers;
  std::optional<LayerNorm> norm;
};

struct DecodeOptions {
  Tensor tgt_mask{}, memory_mask{};
  Tensor tgt_key_padding_mask{}, memory_key_padding_mask{};
  bool tgt_is_causal = false, memory_is_causal = false;
  std::vector<KVCache>* cache = {};  // of self-attention, one a layer; made where it is empty
};

// Attention to itself, then to the memory an encoder made, then two linear layers.
class TransformerDecoderLayer {
 public:
  TransformerDecoderLayer(int64_t d_model, int64_t nhead,
                          const TransformerLayerOptions& options = {});
  Tensor operator()(const Tensor& tgt, const Tensor& memory, const DecodeOptions& o = {},
                    KVCache* cache = {}) const;
  void fields(Visitor& v);

  MultiheadAttention self_attn, multihead_attn;
  Linear linear1, linear2;
  LayerNorm norm1, norm2, norm3;
  Dropout dropout, dropout1, dropout2, dropout3;

 private:
  TransformerLayerOptions options_;
};

class TransformerDecoder {
 public:
  TransformerDecoder(const TransformerDecoderLayer& layer, int64_t num_layers,
                     std::optional<LayerNorm> norm = {});
  Tensor operator()(const Tensor& tgt, const Tensor& memory, const DecodeOptions& o = {}) const;
  void fields(Visitor& v);

  std::vector<TransformerDecoderLayer> layers;
  std::optional<LayerNorm> norm;
};

struct TransformerOptions : TransformerLayerOptions {
  int64_t d_model = 512, nhead = 8;
  int64_t num_encoder_layers = 6, num_decoder_layers = 6;
};

struct TransformerMasks {
  Tensor src_mask{}, tgt_mask{}, memory_mask{};
  Tensor src_key_padding_mask{}, tgt_key_padding_mask{}, memory_key_padding_mask{};
  bool src_is_causal = false, tgt_is_causal = false, memory_is_causal = false;
};

class Transformer {
 public:
  explicit Transformer(const TransformerOptions& options = {});
  // src: [S, N, E], tgt: [T, N, E] -> [T, N, E].
  Tensor operator()(const Tensor& src, const Tensor& tgt, const TransformerMasks& masks = {}) const;
  void fields(Visitor& v);

  TransformerEncoder encoder;
  TransformerDecoder decoder;
};

}  // namespace rush::nn
