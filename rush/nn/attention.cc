#include "rush/nn/attention.h"

#include <limits>

#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/attention.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::nn {
namespace {

const char* const kName = "MultiheadAttention";

bool is_same(const Tensor& a, const Tensor& b) { return &a.body() == &b.body(); }

// A mask as scaled_dot_product_attention takes it: true where a query may look, or numbers.
Tensor turned(const Tensor& mask) {
  return mask.defined() && mask.dtype() == DType::kBool ? logical_not(mask) : mask;
}
// Numbers for a mask that says where a query may look.
Tensor as_numbers(const Tensor& mask, DType t) {
  if (mask.dtype() != DType::kBool) return mask;
  return where(mask, Tensor::scalar(0, t),
               Tensor::scalar(-std::numeric_limits<double>::infinity(), t));
}
// Both at once, of masks as scaled_dot_product_attention takes them.
Tensor combined(const Tensor& a, const Tensor& b, DType t) {
  if (!a.defined() || !b.defined()) return a.defined() ? a : b;
  if (a.dtype() == DType::kBool && b.dtype() == DType::kBool) return logical_and(a, b);
  return as_numbers(a, t) + as_numbers(b, t);
}

// [L, S], true where query i, which comes after `past` other tokens, sees key j.
Tensor causal(int64_t queries, int64_t keys, int64_t past) {
  const Tensor i = unsqueeze(arange(Tensor(queries), DType::kInt64), 1);
  return le(arange(Tensor(keys), DType::kInt64), i + past);
}

// Columns for `count` further keys that everybody sees.
Tensor with_more_keys(const Tensor& mask, int64_t count) {
  if (!mask.defined() || count == 0) return mask;
  Shape more = mask.shape();
  more[more.size() - 1] = count;
  return cat({mask, full(more, mask.dtype() == DType::kBool ? 1 : 0, mask.dtype())}, -1);
}

void check_mask(const char* what, const Tensor& mask) {
  if (mask.dtype() != DType::kBool && !is_floating(mask.dtype()))
    fail<TypeError>(kName, ": ", what, " must be bool or floating; got ", mask.dtype());
}

}  // namespace

// By head: [N, H, length, E / H].
struct MultiheadAttention::Heads {
  Tensor q, k, v;
};

MultiheadAttention::MultiheadAttention(int64_t embed_dim, int64_t num_heads,
                                       const MultiheadAttentionOptions& options)
    : out_proj(embed_dim < 0 ? 0 : embed_dim, embed_dim < 0 ? 0 : embed_dim,
               {.bias = options.bias}),
      embed_dim_(embed_dim),
      heads_(num_heads),
      options_(options) {
  if (embed_dim <= 0 || num_heads <= 0 || embed_dim % num_heads != 0)
    fail(kName, ": embed_dim must be a positive multiple of num_heads; got ", embed_dim, " and ",
         num_heads);
  if (!(options.dropout >= 0 && options.dropout <= 1))
    fail(kName, ": dropout is a probability, in [0, 1]; got ", options.dropout);
  const int64_t kdim = options.kdim.value_or(embed_dim), vdim = options.vdim.value_or(embed_dim);
  if (kdim == embed_dim && vdim == embed_dim) {
    in_proj_weight = init::xavier_uniform_(make_parameter({3 * embed_dim, embed_dim}));
  } else {
    q_proj_weight = init::xavier_uniform_(make_parameter({embed_dim, embed_dim}));
    k_proj_weight = init::xavier_uniform_(make_parameter({embed_dim, kdim}));
    v_proj_weight = init::xavier_uniform_(make_parameter({embed_dim, vdim}));
  }
  if (options.bias) {
    in_proj_bias = init::zeros_(make_parameter({3 * embed_dim}));
    const NoGrad no_grad;
    init::zeros_(out_proj.bias);
  }
  if (options.add_bias_kv) {
    bias_k = init::xavier_normal_(make_parameter({1, 1, embed_dim}));
    bias_v = init::xavier_normal_(make_parameter({1, 1, embed_dim}));
  }
  for (const Tensor* t : {&in_proj_weight, &q_proj_weight, &k_proj_weight, &v_proj_weight,
                          &in_proj_bias, &bias_k, &bias_v})
    train_from_here(*t);
}

void MultiheadAttention::fields(Visitor& v) {
  v("in_proj_weight", in_proj_weight);
  v("q_proj_weight", q_proj_weight);
  v("k_proj_weight", k_proj_weight);
  v("v_proj_weight", v_proj_weight);
  v("in_proj_bias", in_proj_bias);
  v("bias_k", bias_k);
  v("bias_v", bias_v);
  v("out_proj", out_proj);
  v("training", training);
}

std::string MultiheadAttention::describe() const {
  return Describe(kName)
      .arg(embed_dim_)
      .arg(heads_)
      .option("dropout", options_.dropout, 0.0)
      .option("bias", options_.bias, true)
      .option("add_bias_kv", options_.add_bias_kv, false)
      .option("add_zero_attn", options_.add_zero_attn, false)
      .option("kdim", options_.kdim.value_or(embed_dim_), embed_dim_)
      .option("vdim", options_.vdim.value_or(embed_dim_), embed_dim_)
      .option("batch_first", options_.batch_first, false);
}

void MultiheadAttention::check(const Tensor& query, const Tensor& key, const Tensor& value) const {
  const int64_t kdim = options_.kdim.value_or(embed_dim_);
  const int64_t vdim = options_.vdim.value_or(embed_dim_);
  const int rank = query.rank();
  if ((rank != 2 && rank != 3) || key.rank() != rank || value.rank() != rank)
    fail<ShapeError>(kName, ": query, key and value must be ",
                     options_.batch_first ? "[N, L, E]" : "[L, N, E]", " or [L, E]; got ",
                     query.shape(), ", ", key.shape(), ", ", value.shape());
  if (query.size(-1) != embed_dim_ || key.size(-1) != kdim || value.size(-1) != vdim)
    fail<ShapeError>(kName, ": last sizes must be ", embed_dim_, ", ", kdim, ", ", vdim, "; got ",
                     query.shape(), ", ", key.shape(), ", ", value.shape());
  const int batch = options_.batch_first ? 0 : 1, length = rank == 3 ? 1 - batch : 0;
  if (key.size(length) != value.size(length) ||
      (rank == 3 && (key.size(batch) != value.size(batch) || key.size(batch) != query.size(batch))))
    fail<ShapeError>(kName, ": key and value must be of one length, and all of one batch; got ",
                     query.shape(), ", ", key.shape(), ", ", value.shape());
}

MultiheadAttention::Heads MultiheadAttention::project(const Tensor& query, const Tensor& key,
                                                      const Tensor& value) const {
  const int64_t e = embed_dim_;
  const auto rows = [&](const Tensor& t, int64_t i, int64_t count) {
    return t.defined() ? narrow(t, 0, i * e, count * e) : t;
  };
  const auto parts = [&](const Tensor& x, int64_t i, int64_t count) {  // of one product
    return linear(x, rows(in_proj_weight, i, count), rows(in_proj_bias, i, count));
  };
  if (!in_proj_weight.defined())
    return {linear(query, q_proj_weight, rows(in_proj_bias, 0, 1)),
            linear(key, k_proj_weight, rows(in_proj_bias, 1, 1)),
            linear(value, v_proj_weight, rows(in_proj_bias, 2, 1))};
  if (is_same(key, value)) {
    if (is_same(query, key)) {
      const Tensors all = split(linear(query, in_proj_weight, in_proj_bias), e, -1);
      return {all[0], all[1], all[2]};
    }
    const Tensors both = split(parts(key, 1, 2), e, -1);
    return {parts(query, 0, 1), both[0], both[1]};
  }
  return {parts(query, 0, 1), parts(key, 1, 1), parts(value, 2, 1)};
}

AttentionResult MultiheadAttention::operator()(const Tensor& query, const Tensor& key,
                                               const Tensor& value, const AttendOptions& o) const {
  AttentionResult result;
  in_layer(*this, in_proj_weight.defined() ? in_proj_weight : q_proj_weight, [&] {
    check(query, key, value);
    result = attend(query, key, value, o);
    return result.output;
  });
  return result;
}

// In a graph, where the mode is told to each run, both are written down.
AttentionResult MultiheadAttention::attend(const Tensor& query, const Tensor& key,
                                           const Tensor& value, const AttendOptions& o) const {
  if (options_.dropout == 0) return run(query, key, value, o, false);
  if (query.has_data()) return run(query, key, value, o, training);
  const AttentionResult on = run(query, key, value, o, true);
  const AttentionResult off = run(query, key, value, o, false);
  return {by_mode(on.output, off.output),
          o.need_weights ? by_mode(on.weights, off.weights) : Tensor()};
}

namespace {

// The mask over all keys of [N, H, L, S] scores, or none.
struct MaskSizes {
  int64_t batch, heads, queries, keys, past, more;
};
Tensor whole_mask(const AttendOptions& o, const MaskSizes& s, bool is_causal, DType t) {
  Tensor mask;
  if (o.attn_mask.defined() && !is_causal) {
    check_mask("attn_mask", o.attn_mask);
    const Shape rows{s.queries, s.keys}, all{s.batch * s.heads, s.queries, s.keys};
    if (!(o.attn_mask.shape() == rows) && !(o.attn_mask.shape() == all))
      fail<ShapeError>(kName, ": attn_mask must be ", rows, " or ", all, "; got ",
                       o.attn_mask.shape());
    mask = turned(o.attn_mask);
    if (mask.rank() == 3) mask = reshape(mask, {s.batch, s.heads, s.queries, s.keys});
  } else if (is_causal) {
    mask = causal(s.queries, s.keys, s.past);
  }
  if (o.key_padding_mask.defined()) {
    check_mask("key_padding_mask", o.key_padding_mask);
    const Tensor padding =
        o.key_padding_mask.rank() == 1 ? unsqueeze(o.key_padding_mask, 0) : o.key_padding_mask;
    if (!(padding.shape() == Shape{s.batch, s.keys}))
      fail<ShapeError>(kName, ": key_padding_mask must be ", Shape{s.batch, s.keys}, "; got ",
                       o.key_padding_mask.shape());
    mask = combined(mask, turned(unsqueeze(unsqueeze(padding, 1), 1)), t);
  }
  return with_more_keys(mask, s.more);
}

}  // namespace

// [L, N, E] or [L, E] -> [N, H, L, E / H]
Tensor MultiheadAttention::by_head(const Tensor& x) const {
  const bool first = options_.batch_first;
  const Tensor t = x.rank() == 3 ? x : unsqueeze(x, first ? 0 : 1);
  const Tensor heads = reshape(t, {t.size(0), t.size(1), heads_, embed_dim_ / heads_});
  return first ? transpose(heads, 1, 2) : permute(heads, {1, 2, 0, 3});
}

// The learned key and value, and those of zeros. Gives their number.
int64_t MultiheadAttention::add_further_keys(Heads& x) const {
  const int64_t keys = x.k.size(2), head = embed_dim_ / heads_;
  const auto add = [&](Tensor& t, const Tensor& more) {
    t = cat({t, expand(more, {t.size(0), heads_, 1, head})}, 2);
  };
  if (bias_k.defined()) {
    add(x.k, reshape(bias_k, {1, heads_, 1, head}));
    add(x.v, reshape(bias_v, {1, heads_, 1, head}));
  }
  if (options_.add_zero_attn) {
    const Tensor zero = zeros({1, 1, 1, 1}, x.k.dtype());
    add(x.k, zero);
    add(x.v, zero);
  }
  return x.k.size(2) - keys;
}

AttentionResult MultiheadAttention::run(const Tensor& query, const Tensor& key, const Tensor& value,
                                        const AttendOptions& o, bool is_training) const {
  Heads x = project(query, key, value);
  x = {by_head(x.q), by_head(x.k), by_head(x.v)};
  const int64_t past = o.cache ? o.cache->length() : 0;
  if (o.cache) {
    const KVCache::Both all = o.cache->append(x.k, x.v);
    x.k = all.keys;
    x.v = all.values;
  }
  const int64_t keys = x.k.size(2), queries = x.q.size(2);
  const MaskSizes sizes{x.q.size(0), heads_, queries, keys, past, add_further_keys(x)};
  AttentionOptions how{.dropout_p = is_training ? options_.dropout : 0};
  const bool is_causal = o.is_causal && (queries > 1 || past == 0);  // the newest sees all others
  how.is_causal =
      is_causal && past == 0 && sizes.more == 0 && !o.need_weights && !o.key_padding_mask.defined();
  if (!how.is_causal)
    how.attn_mask =
        whole_mask(o, sizes, is_causal && (!o.attn_mask.defined() || past > 0), x.q.dtype());
  AttentionResult result;
  if (o.need_weights) {
    const AttentionWeights found = attention_with_weights(x.q, x.k, x.v, how);
    result = {found.output, o.average_attn_weights ? mean(found.weights, {1}) : found.weights};
  } else {
    result.output = scaled_dot_product_attention(x.q, x.k, x.v, how);
  }
  Tensor y = result.output;
  y = options_.batch_first ? transpose(y, 1, 2) : permute(y, {2, 0, 1, 3});
  result.output = out_proj(reshape(y, {y.size(0), y.size(1), embed_dim_}));
  if (query.rank() == 3) return result;
  return {squeeze(result.output, options_.batch_first ? 0 : 1),
          result.weights.defined() ? squeeze(result.weights, 0) : Tensor()};
}

Tensor generate_square_subsequent_mask(int64_t size) {
  if (size < 0) fail("generate_square_subsequent_mask: size must not be negative; got ", size);
  return triu(full({size, size}, -std::numeric_limits<double>::infinity()), 1);
}

}  // namespace rush::nn
