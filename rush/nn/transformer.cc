#include "rush/nn/transformer.h"

#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/nn/module.h"
#include "rush/ops/binary.h"
#include "rush/ops/unary.h"

namespace rush::nn {
namespace {

MultiheadAttention make_attention(int64_t d_model, int64_t nhead,
                                  const TransformerLayerOptions& o) {
  return MultiheadAttention(d_model, nhead,
                            {.dropout = o.dropout, .bias = o.bias, .batch_first = o.batch_first});
}
LayerNorm make_norm(int64_t d_model, const TransformerLayerOptions& o) {
  return LayerNorm(d_model, {.eps = o.layer_norm_eps, .bias = o.bias});
}

void check_options(const char* layer, const TransformerLayerOptions& o) {
  if (o.activation != "relu" && o.activation != "gelu")
    fail(layer, ": activation is relu or gelu; got ", o.activation);
  if (o.dim_feedforward < 0)
    fail(layer, ": dim_feedforward must not be negative; got ", o.dim_feedforward);
}

// x + part(x), normalised before the part or after the sum.
template <typename F>
Tensor residual(const Tensor& x, const LayerNorm& norm, bool norm_first, const F& part) {
  return norm_first ? x + part(norm(x)) : norm(x + part(x));
}

template <typename Layer>
Tensor feed_forward(const Layer& layer, const Tensor& x, const std::string& activation) {
  const Tensor hidden = layer.linear1(x);
  return layer.linear2(layer.dropout(activation == "relu" ? relu(hidden) : gelu(hidden)));
}

template <typename Layer>
std::vector<Layer> copies(const char* name, const Layer& layer, int64_t count) {
  if (count < 0) fail(name, ": the number of layers must not be negative; got ", count);
  std::vector<Layer> all;
  for (int64_t i = 0; i < count; ++i) all.push_back(clone(layer));
  return all;
}

KVCache* cache_of(const char* name, std::vector<KVCache>* all, size_t i, size_t layers) {
  if (all == nullptr) return nullptr;
  if (all->empty()) all->resize(layers);
  if (all->size() != layers)
    fail(name, ": the cache is for ", all->size(), " layers; there are ", layers);
  return &(*all)[i];
}

}  // namespace

// ---- Encoder --------------------------------------------------------------------------------

TransformerEncoderLayer::TransformerEncoderLayer(int64_t d_model, int64_t nhead,
                                                 const TransformerLayerOptions& o)
    : self_attn(make_attention(d_model, nhead, o)),
      linear1(d_model, o.dim_feedforward, {.bias = o.bias}),
      linear2(o.dim_feedforward, d_model, {.bias = o.bias}),
      norm1(make_norm(d_model, o)),
      norm2(make_norm(d_model, o)),
      dropout{o.dropout},
      dropout1{o.dropout},
      dropout2{o.dropout},
      options_(o) {
  check_options("TransformerEncoderLayer", o);
}

Tensor TransformerEncoderLayer::operator()(const Tensor& src, const EncodeOptions& o,
                                           KVCache* cache) const {
  const AttendOptions attend{.key_padding_mask = o.src_key_padding_mask,
                             .need_weights = false,
                             .attn_mask = o.mask,
                             .is_causal = o.is_causal,
                             .cache = cache};
  const Tensor x = residual(src, norm1, options_.norm_first, [&](const Tensor& y) {
    return dropout1(self_attn(y, y, y, attend).output);
  });
  return residual(x, norm2, options_.norm_first, [&](const Tensor& y) {
    return dropout2(feed_forward(*this, y, options_.activation));
  });
}

void TransformerEncoderLayer::fields(Visitor& v) {
  v("self_attn", self_attn);
  v("linear1", linear1);
  v("dropout", dropout);
  v("linear2", linear2);
  v("norm1", norm1);
  v("norm2", norm2);
  v("dropout1", dropout1);
  v("dropout2", dropout2);
}

TransformerEncoder::TransformerEncoder(const TransformerEncoderLayer& layer, int64_t num_layers,
                                       std::optional<LayerNorm> final_norm)
    : layers(copies("TransformerEncoder", layer, num_layers)), norm(std::move(final_norm)) {}

Tensor TransformerEncoder::operator()(const Tensor& src, const EncodeOptions& o) const {
  Tensor x = src;
  for (size_t i = 0; i < layers.size(); ++i)
    x = layers[i](x, o, cache_of("TransformerEncoder", o.cache, i, layers.size()));
  return norm ? (*norm)(x) : x;
}

void TransformerEncoder::fields(Visitor& v) {
  v("layers", layers);
  v("norm", norm);
}

// ---- Decoder --------------------------------------------------------------------------------

TransformerDecoderLayer::TransformerDecoderLayer(int64_t d_model, int64_t nhead,
                                                 const TransformerLayerOptions& o)
    : self_attn(make_attention(d_model, nhead, o)),
      multihead_attn(make_attention(d_model, nhead, o)),
      linear1(d_model, o.dim_feedforward, {.bias = o.bias}),
      linear2(o.dim_feedforward, d_model, {.bias = o.bias}),
      norm1(make_norm(d_model, o)),
      norm2(make_norm(d_model, o)),
      norm3(make_norm(d_model, o)),
      dropout{o.dropout},
      dropout1{o.dropout},
      dropout2{o.dropout},
      dropout3{o.dropout},
      options_(o) {
  check_options("TransformerDecoderLayer", o);
}

Tensor TransformerDecoderLayer::operator()(const Tensor& tgt, const Tensor& memory,
                                           const DecodeOptions& o, KVCache* cache) const {
  const AttendOptions to_itself{.key_padding_mask = o.tgt_key_padding_mask,
                                .need_weights = false,
                                .attn_mask = o.tgt_mask,
                                .is_causal = o.tgt_is_causal,
                                .cache = cache};
  const AttendOptions to_memory{.key_padding_mask = o.memory_key_padding_mask,
                                .need_weights = false,
                                .attn_mask = o.memory_mask,
                                .is_causal = o.memory_is_causal};
  Tensor x = residual(tgt, norm1, options_.norm_first, [&](const Tensor& y) {
    return dropout1(self_attn(y, y, y, to_itself).output);
  });
  x = residual(x, norm2, options_.norm_first, [&](const Tensor& y) {
    return dropout2(multihead_attn(y, memory, memory, to_memory).output);
  });
  return residual(x, norm3, options_.norm_first, [&](const Tensor& y) {
    return dropout3(feed_forward(*this, y, options_.activation));
  });
}

void TransformerDecoderLayer::fields(Visitor& v) {
  v("self_attn", self_attn);
  v("multihead_attn", multihead_attn);
  v("linear1", linear1);
  v("dropout", dropout);
  v("linear2", linear2);
  v("norm1", norm1);
  v("norm2", norm2);
  v("norm3", norm3);
  v("dropout1", dropout1);
  v("dropout2", dropout2);
  v("dropout3", dropout3);
}

TransformerDecoder::TransformerDecoder(const TransformerDecoderLayer& layer, int64_t num_layers,
                                       std::optional<LayerNorm> final_norm)
    : layers(copies("TransformerDecoder", layer, num_layers)), norm(std::move(final_norm)) {}

Tensor TransformerDecoder::operator()(const Tensor& tgt, const Tensor& memory,
                                      const DecodeOptions& o) const {
  Tensor x = tgt;
  for (size_t i = 0; i < layers.size(); ++i)
    x = layers[i](x, memory, o, cache_of("TransformerDecoder", o.cache, i, layers.size()));
  return norm ? (*norm)(x) : x;
}

void TransformerDecoder::fields(Visitor& v) {
  v("layers", layers);
  v("norm", norm);
}

// ---- Both -----------------------------------------------------------------------------------

Transformer::Transformer(const TransformerOptions& o)
    : encoder(TransformerEncoderLayer(o.d_model, o.nhead, o), o.num_encoder_layers,
              make_norm(o.d_model, o)),
      decoder(TransformerDecoderLayer(o.d_model, o.nhead, o), o.num_decoder_layers,
              make_norm(o.d_model, o)) {
  for (const Tensor& p : parameters(*this))
    if (p.rank() > 1) init::xavier_uniform_(p);
}

Tensor Transformer::operator()(const Tensor& src, const Tensor& tgt,
                               const TransformerMasks& m) const {
  const Tensor memory = encoder(src, {.mask = m.src_mask,
                                      .src_key_padding_mask = m.src_key_padding_mask,
                                      .is_causal = m.src_is_causal});
  return decoder(tgt, memory,
                 {.tgt_mask = m.tgt_mask,
                  .memory_mask = m.memory_mask,
                  .tgt_key_padding_mask = m.tgt_key_padding_mask,
                  .memory_key_padding_mask = m.memory_key_padding_mask,
                  .tgt_is_causal = m.tgt_is_causal,
                  .memory_is_causal = m.memory_is_causal});
}

void Transformer::fields(Visitor& v) {
  v("encoder", encoder);
  v("decoder", decoder);
}

}  // namespace rush::nn
