#include "rush/ops/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/attention.h"
#include "rush/kernels/attrs/random.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

// ---- Shapes ---------------------------------------------------------------------------------

struct Sizes {
  Shape q_batch, kv_batch;  // all but the last two sizes
  int64_t queries, keys, size, v_size;

  Shape of(const Shape& batch, int64_t rows, int64_t cols) const {
    Shape s = batch;
    s.push_back(rows);
    s.push_back(cols);
    return s;
  }
  Shape y() const { return of(q_batch, queries, v_size); }
  Shape weights() const { return of(q_batch, queries, keys); }
};

Shape batch_of(const Shape& s) { return Shape(s.data(), static_cast<size_t>(s.size() - 2)); }

// Groups of heads: k's and v's are alike and divide q's; what stands before them broadcasts.
void check_groups(const char* op, Sizes& sizes, const Shape& q, const Shape& k, const Shape& v) {
  if (q.size() < 3 || k.size() < 3 || v.size() < 3)
    fail<ShapeError>(op, ": enable_gqa needs heads, [..., H, L, E]; q is ", q, ", k is ", k,
                     ", v is ", v);
  const int64_t heads = q[q.size() - 3], groups = k[k.size() - 3];
  if (v[v.size() - 3] != groups || groups == 0 || heads % groups != 0)
    fail<ShapeError>(op, ": with enable_gqa, k and v have as many heads, which divide q's; q has ",
                     heads, ", k has ", groups, ", v has ", v[v.size() - 3]);
  const auto before = [](const Shape& s) {
    return Shape(s.data(), static_cast<size_t>(s.size() - 3));
  };
  const Shape lead = broadcast_shapes(op, broadcast_shapes(op, before(q), before(k)), before(v));
  sizes.q_batch = sizes.kv_batch = lead;
  sizes.q_batch.push_back(heads);
  sizes.kv_batch.push_back(groups);
}

Sizes sizes_of(const char* op, const Shape& q, const Shape& k, const Shape& v, bool grouped) {
  if (q.size() < 2 || k.size() < 2 || v.size() < 2)
    fail<ShapeError>(op, ": wants [..., length, size]; q is ", q, ", k is ", k, ", v is ", v);
  Sizes s;
  s.queries = q[q.size() - 2];
  s.keys = k[k.size() - 2];
  s.size = q.back();
  s.v_size = v.back();
  if (k.back() != s.size)
    fail<ShapeError>(op, ": q and k must agree in their last size; q is ", q, ", k is ", k);
  if (s.size == 0) fail<ShapeError>(op, ": queries have no elements: ", q);
  if (v[v.size() - 2] != s.keys)
    fail<ShapeError>(op, ": k and v must be of one length; k is ", k, ", v is ", v);
  if (grouped) {
    check_groups(op, s, q, k, v);
  } else {
    s.q_batch = broadcast_shapes(op, broadcast_shapes(op, batch_of(q), batch_of(k)), batch_of(v));
    s.kv_batch = s.q_batch;
  }
  return s;
}

Sizes check_inputs(const InferCall& c) {
  want_floating(c, 0);
  want_dtype(c, 1, "k", c.dtype(0));
  want_dtype(c, 2, "v", c.dtype(0));
  const Sizes s =
      sizes_of(c.op, c.shape(0), c.shape(1), c.shape(2), c.attributes<AttentionAttrs>().enable_gqa);
  if (c.is_present(3)) {
    if (c.dtype(3) != DType::kBool && c.dtype(3) != c.dtype(0))
      fail<TypeError>(c.op, ": attn_mask must be bool or of q's dtype ", c.dtype(0), "; got ",
                      c.dtype(3));
    const Shape full = broadcast_shapes(c.op, c.shape(3), s.weights());
    if (!(full == s.weights()))
      fail<ShapeError>(c.op, ": attn_mask of shape ", c.shape(3), " does not broadcast to ",
                       s.weights());
  }
  want_dtype(c, 4, "the random key", DType::kInt64);
  want_shape(c, 4, "the random key", {2});
  return s;
}

DType lse_dtype(DType t) { return is_half(t) ? DType::kFloat32 : t; }
Shape lse_shape(const Sizes& s) {
  Shape rows = s.q_batch;
  rows.push_back(s.queries);
  return rows;
}

void infer_attention(InferCall& c) {
  const Sizes s = check_inputs(c);
  c.result(s.y(), c.dtype(0), Format::kLikeFirst);
  c.result(lse_shape(s), lse_dtype(c.dtype(0)));
}

void infer_attention_grad(InferCall& c) {
  const Sizes s = check_inputs(c);
  want_dtype(c, 5, "y", c.dtype(0));
  want_shape(c, 5, "y", s.y());
  want_dtype(c, 6, "lse", lse_dtype(c.dtype(0)));
  want_shape(c, 6, "lse", lse_shape(s));
  want_dtype(c, 7, "dy", c.dtype(0));
  want_shape(c, 7, "dy", s.y());
  c.result(s.of(s.q_batch, s.queries, s.size), c.dtype(0), Format::kLikeFirst);
  c.result(s.of(s.kv_batch, s.keys, s.size), c.dtype(0), Format::kLikeFirst);
  c.result(s.of(s.kv_batch, s.keys, s.v_size), c.dtype(0), Format::kLikeFirst);
}

// ---- The formula ----------------------------------------------------------------------------

// Heads of keys, each as often as there are queries for it.
Tensor for_queries(const Tensor& kv, const Tensor& q, const AttentionAttrs& a) {
  if (!a.enable_gqa) return kv;
  const int64_t group = q.size(-3) / kv.size(-3);
  return group == 1 ? kv : repeat_interleave(kv, group, -3);
}
// The sum over the queries that share a head: the reverse.
Tensor for_keys(const Tensor& g, const Tensor& q, const Tensor& kv, const AttentionAttrs& a) {
  if (!a.enable_gqa || q.size(-3) == kv.size(-3)) return g;
  const int64_t axis = g.rank() - 3;
  return sum(unflatten(g, axis, {kv.size(-3), q.size(-3) / kv.size(-3)}), {axis + 1});
}

double scale_of(const Tensor& q, const AttentionAttrs& a) {
  return a.scale.value_or(1 / std::sqrt(static_cast<double>(q.size(-1))));
}

// 0 where query i sees key j, which it does for j <= i; minus infinity elsewhere.
Tensor causal_mask(int64_t queries, int64_t keys, DType t) {
  const Tensor i = unsqueeze(arange(Tensor(queries), DType::kInt64), 1);
  return where(le(arange(Tensor(keys), DType::kInt64), i), Tensor::scalar(0, t),
               Tensor::scalar(-std::numeric_limits<double>::infinity(), t));
}

// softmax(scale q k^T + mask), 0 in rows that see nothing, and the logarithms of its sums.
struct Weights {
  Tensor p, lse;
};
Weights weights_of(const Tensor& q, const Tensor& k, const Tensor& mask, const AttentionAttrs& a) {
  const double infinity = std::numeric_limits<double>::infinity();
  Tensor s = matmul(q * scale_of(q, a), transpose(for_queries(k, q, a), -2, -1));
  if (mask.defined())
    s = mask.dtype() == DType::kBool ? where(mask, s, Tensor::scalar(-infinity, s.dtype()))
                                     : s + mask;
  if (a.is_causal) s = s + causal_mask(s.size(-2), s.size(-1), s.dtype());
  if (s.size(-1) == 0) return {s, sum(s, {-1}) - infinity};
  const Tensor high = amax(s.detach(), {-1}, true);
  const Tensor shift = where(eq(high, Tensor(-infinity)), 0.0, high);
  const Tensor e = exp(s - shift), total = sum(e, {-1}, true);
  return {e / where(eq(total, 0.0), 1.0, total), squeeze(log(total) + shift, -1)};
}

// x: weights, of which the random stream has one for every batch of queries.
Tensor dropped(const Tensor& x, const Tensor& key, const AttentionAttrs& a, const Shape& full) {
  if (!key.defined()) return x;
  const Tensor all = x.shape() == full ? x : expand(x, full);
  return apply(*find_op("dropout"), {all, key}, DropoutAttrs{a.dropout_p});
}

Shape full_shape(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionAttrs& a) {
  return sizes_of("scaled_dot_product_attention", q.shape(), k.shape(), v.shape(), a.enable_gqa)
      .weights();
}

Tensors attention_body(std::span<const Tensor> in, const void* attrs) {
  const auto& a = *static_cast<const AttentionAttrs*>(attrs);
  const Weights w = weights_of(in[0], in[1], in[3], a);
  const Tensor y = matmul(dropped(w.p, in[4], a, full_shape(in[0], in[1], in[2], a)),
                          for_queries(in[2], in[0], a));
  return {y, cast(w.lse, lse_dtype(in[0].dtype()))};
}

// What the scores of a query change by: p (dy v^T - the sum of p times that).
Tensor score_grad(const Tensor& p, const Tensor& v, const Tensor& key, const Tensor& dy,
                  const AttentionAttrs& a, const Shape& full) {
  const Tensor dp = dropped(matmul(dy, transpose(v, -2, -1)), key, a, full);
  return p * (dp - sum(p * dp, {-1}, true));
}

// The weights are computed anew, so that second derivatives come out whole.
Tensors attention_grad_body(std::span<const Tensor> in, const void* attrs) {
  const auto& a = *static_cast<const AttentionAttrs*>(attrs);
  const Tensor &q = in[0], &k = in[1], &v = in[2], &key = in[4], &dy = in[7];
  const Tensor p = weights_of(q, k, in[3], a).p;
  const Shape full = full_shape(q, k, v, a);
  const Tensor ds = score_grad(p, for_queries(v, q, a), key, dy, a, full) * scale_of(q, a);
  const auto turned = [](const Tensor& x) { return transpose(x, -2, -1); };
  return {matmul(ds, for_queries(k, q, a)), for_keys(matmul(turned(ds), q), q, k, a),
          for_keys(matmul(turned(dropped(p, key, a, full)), dy), q, v, a)};
}

// ---- Records --------------------------------------------------------------------------------

const Op& kAttentionKey =
    Define("attention_key",
           "Where in the random stream the numbers for the dropout of attention's weights start.")
        .args({"q", "k"})
        .random()
        .shape([](InferCall& c) {
          if (c.shape(0).size() < 2 || c.shape(1).size() < 2)
            fail<ShapeError>(c.op, ": wants [..., length, size]; q is ", c.shape(0), ", k is ",
                             c.shape(1));
          c.result({2}, DType::kInt64);
        });

const Op& kAttentionGrad =
    Define("scaled_dot_product_attention_grad",
           "Gradients of scaled_dot_product_attention with respect to q, k and v.")
        .args({"q", "k", "v", "attn_mask?", "key?", "y", "lse", "dy"})
        .attrs<AttentionAttrs>()
        .outputs(3)
        .floating_only()
        .shape(infer_attention_grad)
        .body(attention_grad_body);

const Op& kAttention =
    Define("scaled_dot_product_attention",
           "softmax(scale q k^T + mask) v without the matrix of weights in memory. q: [..., H, L, "
           "E], k: [..., H, S, E], v: [..., H, S, Ev], attn_mask: bool (true: may look) or added, "
           "broadcast to [..., H, L, S]. Also gives the logarithms of softmax's sums. A query that "
           "sees no key gives zeros.")
        .args({"q", "k", "v", "attn_mask?", "key?"})
        .attrs<AttentionAttrs>()
        .outputs(2)
        .floating_only()
        .shape(infer_attention)
        .body(attention_body)
        .grads([](Dy dy, X<0> q, X<1> k, X<2> v, X<3> mask, X<4> key, Y<0> y, Y<1> lse, Wants wants,
                  const AttentionAttrs& a) -> Tensors {
          Tensors d;
          if (wants[0] || wants[1] || wants[2])
            d = apply_multi(kAttentionGrad, {q, k, v, mask, key, y, lse, dy}, a);
          else
            d = {Tensor(), Tensor(), Tensor()};
          Tensor d_mask;
          if (wants[3] && mask.dtype() != DType::kBool)
            d_mask = sum_to(score_grad(weights_of(q, k, mask, a).p, for_queries(v, q, a), key, dy,
                                       a, full_shape(q, k, v, a)),
                            mask.shape());
          return {d[0], d[1], d[2], d_mask, Tensor()};
        });

AttentionAttrs attrs_of(const AttentionOptions& o) {
  return {o.scale, o.dropout_p, o.is_causal, o.enable_gqa};
}

void check_options(const AttentionOptions& o) {
  const char* op = "scaled_dot_product_attention";
  if (!(o.dropout_p >= 0 && o.dropout_p <= 1))
    fail(op, ": dropout_p is a probability, in [0, 1]; got ", o.dropout_p);
  if (o.is_causal && o.attn_mask.defined())
    fail(op,
         ": give attn_mask or is_causal, not both; a causal mask can be combined with another "
         "one: mask & ones({L, S}, bool_).tril()");
}

// A floating mask in the dtype of the scores.
Tensor fitting_mask(const Tensor& mask, const Tensor& q) {
  if (!mask.defined() || !is_floating(mask.dtype()) || !is_half(q.dtype())) return mask;
  return mask.dtype() == DType::kFloat32 ? cast(mask, q.dtype()) : mask;
}

Tensor random_key(const Tensor& q, const Tensor& k, double p) {
  return p > 0 && p < 1 ? apply(kAttentionKey, {q, k}) : Tensor();
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& o) {
  check_options(o);
  AttentionAttrs attrs = attrs_of(o);
  const Tensor key = random_key(q, k, o.dropout_p);
  if (!key.defined()) attrs.dropout_p = 0;
  const Tensor y = apply(kAttention, {q, k, v, fitting_mask(o.attn_mask, q), key}, attrs);
  return o.dropout_p == 1 ? y * 0.0 : y;
}

AttentionWeights attention_with_weights(const Tensor& q, const Tensor& k, const Tensor& v,
                                        const AttentionOptions& o) {
  check_options(o);
  const AttentionAttrs attrs = attrs_of(o);
  const Shape full = full_shape(q, k, v, attrs);
  Tensor p = weights_of(q, k, fitting_mask(o.attn_mask, q), attrs).p;
  if (o.dropout_p == 1)
    p = p * 0.0;
  else
    p = dropped(p, random_key(q, k, o.dropout_p), attrs, full);
  return {matmul(p, for_queries(v, q, attrs)), p};
}

}  // namespace rush
