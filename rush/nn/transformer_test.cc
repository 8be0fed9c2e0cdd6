// Attention layers against PyTorch - results, gradients, names and shapes - and what goes with
// them.
#include "rush/nn/transformer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "rush/autograd/autograd.h"
#include "rush/base/testing/errors.h"
#include "rush/graph/compile.h"
#include "rush/nn/module.h"
#include "rush/nn/positional.h"
#include "rush/nn/sample.h"
#include "rush/nn/transformer_table_test.h"
#include "rush/ops/attention.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::nn {
namespace {

// sin(0.7 (i + 1) + 0.3 k), as the table's program has it.
Tensor wave(const Shape& shape, int k, double scale = 1) {
  const Tensor t = Tensor::empty(shape, float64);
  for (int64_t i = 0; i < t.numel(); ++i)
    t.data<double>()[i] = scale * std::sin(0.7 * static_cast<double>(i + 1) + 0.3 * k);
  return t;
}
std::vector<Tensor> inputs(const std::vector<Shape>& shapes) {
  std::vector<Tensor> all;
  for (const Shape& s : shapes)
    all.push_back(wave(s, 10 + static_cast<int>(all.size())).requires_grad_());
  return all;
}
double check_sum(const Tensor& t) {
  double sum = 0;
  const auto values = t.detach().contiguous().to_vector();
  for (size_t i = 0; i < values.size(); ++i)
    sum += values[i] * std::cos(0.5 * static_cast<double>(i));
  return sum;
}
std::map<std::string, Tensor> by_name(const ModuleRef& model) {
  std::map<std::string, Tensor> all;
  for (const auto& [name, t] : named_parameters(model)) all.emplace(name, t);
  return all;
}
// A model in float64 with the table's weights.
template <typename M>
M filled(M model) {
  to(model, float64);
  const NoGrad no_grad;
  int k = 0;
  for (const auto& [name, t] : by_name(model)) t.copy_(wave(t.shape(), k++, 0.4));
  return model;
}
Tensor hidden(const Shape& shape, const std::vector<int64_t>& flags) {
  return Tensor::from(flags, shape).to(bool_);
}

void expect_torch(const std::string& name, const ModuleRef& model, const std::vector<Tensor>& in,
                  const Tensor& out, const Tensor& weights = {}) {
  const Tensor factors = Tensor::empty(out.shape(), float64);
  for (int64_t i = 0; i < out.numel(); ++i)
    factors.data<double>()[i] = std::cos(0.5 * static_cast<double>(i));
  sum(out * factors).backward();
  std::vector<double> got = out.detach().contiguous().to_vector();
  got.resize(6);
  got.push_back(check_sum(out));
  if (weights.defined()) got.push_back(check_sum(weights));
  for (const Tensor& x : in) got.push_back(check_sum(x.grad()));
  for (const auto& [_, t] : by_name(model)) got.push_back(check_sum(t.grad()));
  const std::vector<double>& want = kTorchAttention.at(name);
  ASSERT_EQ(got.size(), want.size()) << name;
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], want[i], 1e-10 * std::max(1.0, std::abs(want[i]))) << name << ", " << i;
}

TEST(MultiheadAttention, GivesPyTorchsResults) {
  {
    const auto m = filled(MultiheadAttention(8, 2));
    const auto x = inputs({{3, 2, 8}});
    const auto r = m(x[0], x[0], x[0]);
    expect_torch("plain", m, x, r.output, r.weights);
  }
  {
    const auto m = filled(
        MultiheadAttention(8, 2, {.bias = false, .kdim = 6, .vdim = 5, .batch_first = true}));
    const auto x = inputs({{2, 3, 8}, {2, 4, 6}, {2, 4, 5}});
    expect_torch("kdim, vdim", m, x, m(x[0], x[1], x[2], {.need_weights = false}).output);
  }
  {
    const auto m = filled(MultiheadAttention(8, 2, {.add_bias_kv = true, .add_zero_attn = true}));
    const auto x = inputs({{3, 2, 8}, {4, 2, 8}});
    const auto r = m(x[0], x[1], x[1],
                     {.key_padding_mask = hidden({2, 4}, {0, 0, 0, 1, 1, 0, 0, 0}),
                      .attn_mask = hidden({3, 4}, {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1}),
                      .average_attn_weights = false});
    expect_torch("more keys, masks", m, x, r.output, r.weights);
  }
  {
    const auto m = filled(MultiheadAttention(8, 2));
    const auto x = inputs({{3, 2, 8}, {4, 2, 8}, {4, 2, 8}});
    expect_torch(
        "mask a head", m, x,
        m(x[0], x[1], x[2], {.need_weights = false, .attn_mask = wave({4, 3, 4}, 3)}).output);
  }
  {
    const auto m = filled(MultiheadAttention(8, 4));
    const auto x = inputs({{5, 8}});
    expect_torch("no batch, causal", m, x,
                 m(x[0], x[0], x[0], {.need_weights = false, .is_causal = true}).output);
  }
}

TEST(Transformer, LayersGivePyTorchsResults) {
  const TransformerLayerOptions plain{.dim_feedforward = 12, .dropout = 0};
  {
    const auto m = filled(TransformerEncoderLayer(8, 2, plain));
    const auto x = inputs({{4, 2, 8}});
    expect_torch("encoder layer", m, x, m(x[0]));
  }
  {
    const auto m = filled(TransformerEncoderLayer(8, 2,
                                                  {.dim_feedforward = 12,
                                                   .dropout = 0,
                                                   .activation = "gelu",
                                                   .layer_norm_eps = 1e-3,
                                                   .batch_first = true,
                                                   .norm_first = true,
                                                   .bias = false}));
    const auto x = inputs({{2, 4, 8}});
    expect_torch("encoder layer, norm first", m, x,
                 m(x[0], {.mask = triu(ones({4, 4}), 1).to(bool_),
                          .src_key_padding_mask = hidden({2, 4}, {0, 0, 0, 1, 0, 0, 0, 0})}));
  }
  {
    const auto m =
        filled(TransformerEncoder(TransformerEncoderLayer(8, 2, plain), 2, LayerNorm(8)));
    const auto x = inputs({{4, 2, 8}});
    expect_torch("encoder", m, x, m(x[0]));
  }
  {
    const auto m = filled(TransformerDecoderLayer(
        8, 2, {.dim_feedforward = 12, .dropout = 0, .activation = "gelu", .norm_first = true}));
    const auto x = inputs({{3, 2, 8}, {4, 2, 8}});
    expect_torch("decoder layer", m, x,
                 m(x[0], x[1],
                   {.tgt_mask = triu(ones({3, 3}), 1).to(bool_),
                    .memory_key_padding_mask = hidden({2, 4}, {0, 0, 0, 1, 0, 0, 1, 1})}));
  }
  {
    TransformerOptions o;
    o.d_model = 8;
    o.nhead = 2;
    o.num_encoder_layers = 1;
    o.num_decoder_layers = 2;
    o.dim_feedforward = 12;
    o.dropout = 0;
    const auto m = filled(Transformer(o));
    const auto x = inputs({{4, 2, 8}, {3, 2, 8}});
    expect_torch("transformer", m, x,
                 m(x[0], x[1], {.tgt_mask = generate_square_subsequent_mask(3).to(float64)}));
  }
}

TEST(MultiheadAttention, StartsWithPyTorchsWeights) {
  manual_seed(42);
  const MultiheadAttention m(4, 2, {.add_bias_kv = true});
  const std::map<std::string, std::vector<double>> torch = {
      {"in_proj_weight", {-0.2821424, -0.0718147, -0.2487202}},
      {"in_proj_bias", {0, 0, 0}},
      {"bias_k", {-0.5078374, -0.4443743, 0.0748899}},
      {"bias_v", {-0.1935105, 0.4956189, 0.2339515}},
      {"out_proj.weight", {0.3822693, 0.415004, -0.1171362}},
      {"out_proj.bias", {0, 0, 0}}};
  const auto all = by_name(m);
  ASSERT_EQ(all.size(), torch.size());
  for (const auto& [name, want] : torch)
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_NEAR(all.at(name).to_vector()[i], want[i], 1e-6) << name;
}

TEST(Transformer, NamesAndShapesArePyTorchs) {
  TransformerOptions o;
  o.d_model = 8;
  o.nhead = 2;
  o.num_encoder_layers = o.num_decoder_layers = 1;
  o.dim_feedforward = 16;
  std::string names;
  for (const auto& [name, t] : by_name(Transformer(o))) names += name + to_text(t.shape()) + "\n";
  EXPECT_EQ(names,
            "decoder.layers.0.linear1.bias[16]\n"
            "decoder.layers.0.linear1.weight[16, 8]\n"
            "decoder.layers.0.linear2.bias[8]\n"
            "decoder.layers.0.linear2.weight[8, 16]\n"
            "decoder.layers.0.multihead_attn.in_proj_bias[24]\n"
            "decoder.layers.0.multihead_attn.in_proj_weight[24, 8]\n"
            "decoder.layers.0.multihead_attn.out_proj.bias[8]\n"
            "decoder.layers.0.multihead_attn.out_proj.weight[8, 8]\n"
            "decoder.layers.0.norm1.bias[8]\n"
            "decoder.layers.0.norm1.weight[8]\n"
            "decoder.layers.0.norm2.bias[8]\n"
            "decoder.layers.0.norm2.weight[8]\n"
            "decoder.layers.0.norm3.bias[8]\n"
            "decoder.layers.0.norm3.weight[8]\n"
            "decoder.layers.0.self_attn.in_proj_bias[24]\n"
            "decoder.layers.0.self_attn.in_proj_weight[24, 8]\n"
            "decoder.layers.0.self_attn.out_proj.bias[8]\n"
            "decoder.layers.0.self_attn.out_proj.weight[8, 8]\n"
            "decoder.norm.bias[8]\n"
            "decoder.norm.weight[8]\n"
            "encoder.layers.0.linear1.bias[16]\n"
            "encoder.layers.0.linear1.weight[16, 8]\n"
            "encoder.layers.0.linear2.bias[8]\n"
            "encoder.layers.0.linear2.weight[8, 16]\n"
            "encoder.layers.0.norm1.bias[8]\n"
            "encoder.layers.0.norm1.weight[8]\n"
            "encoder.layers.0.norm2.bias[8]\n"
            "encoder.layers.0.norm2.weight[8]\n"
            "encoder.layers.0.self_attn.in_proj_bias[24]\n"
            "encoder.layers.0.self_attn.in_proj_weight[24, 8]\n"
            "encoder.layers.0.self_attn.out_proj.bias[8]\n"
            "encoder.layers.0.self_attn.out_proj.weight[8, 8]\n"
            "encoder.norm.bias[8]\n"
            "encoder.norm.weight[8]\n");
}

TEST(Transformer, CopiesOfALayerDoNotShareWeights) {
  const TransformerEncoderLayer layer(8, 2, {.dim_feedforward = 12});
  const TransformerEncoder encoder(layer, 2);
  EXPECT_EQ(parameters(encoder).size(), 2 * parameters(layer).size());
}

TEST(Transformer, ACompiledStepGivesWhatAnEagerOneGives) {
  manual_seed(2);
  TransformerEncoder model(
      TransformerEncoderLayer(16, 2, {.dim_feedforward = 32, .batch_first = true}), 2);
  const Tensor x = randn({3, 7, 16});
  const auto step = [&](const Tensor& in) {
    zero_grad(model);
    const Tensor loss = mean(square(model(in, {.is_causal = true})));
    loss.backward();
    return loss.detach();
  };
  const auto compiled = compile(step);
  const auto run = [&](const auto& f) {  // dropout draws the same numbers
    manual_seed(8);
    const double loss = f(x).item();
    return std::pair(loss, model.layers[0].self_attn.in_proj_weight.grad().to_vector());
  };
  run(compiled);
  const auto a = run(step), b = run(compiled);
  EXPECT_NEAR(a.first, b.first, 1e-6);
  for (size_t i = 0; i < a.second.size(); ++i) EXPECT_NEAR(a.second[i], b.second[i], 1e-6);
}

TEST(KVCache, TokenByTokenGivesWhatTheWholeSequenceGives) {
  const NoGrad no_grad;
  manual_seed(4);
  TransformerEncoder model(
      TransformerEncoderLayer(16, 4, {.dim_feedforward = 32, .batch_first = true}), 2,
      LayerNorm(16));
  eval(model);
  const Tensor x = randn({2, 11, 16});
  const auto whole = model(x, {.is_causal = true});
  for (int64_t first : {1, 4}) {  // tokens at once
    std::vector<KVCache> cache;
    for (int64_t at = 0; at < 11;) {
      const int64_t count = at == 0 ? first : at == 7 ? 3 : 1;
      const Tensor y = model(narrow(x, 1, at, count), {.is_causal = true, .cache = &cache});
      EXPECT_LT(max(abs(y - narrow(whole, 1, at, count))).item(), 1e-5) << at;
      at += count;
    }
    EXPECT_EQ(cache[1].length(), 11);
    cache[0].truncate(5);
    cache[1].truncate(5);
    const Tensor again = model(narrow(x, 1, 5, 1), {.is_causal = true, .cache = &cache});
    EXPECT_LT(max(abs(again - narrow(whole, 1, 5, 1))).item(), 1e-5);
  }
}

TEST(KVCache, GrowsByDoublingAndStartsAnew) {
  KVCache cache(2);
  const Tensor k = ones({1, 2, 1, 4}), v = ones({1, 2, 1, 3});
  std::vector<int64_t> room;
  for (int i = 0; i < 5; ++i) {
    cache.append(k * i, v);
    room.push_back(cache.capacity());
  }
  EXPECT_EQ(room, (std::vector<int64_t>{2, 2, 4, 4, 8}));
  const auto all = cache.append(k * 5, v);
  EXPECT_EQ(all.values.shape(), (Shape{1, 2, 6, 3}));
  for (int64_t i = 0; i < 6; ++i) EXPECT_EQ(select(all.keys, 2, i).contiguous().to_vector()[0], i);
  EXPECT_NE(error_of<ShapeError>([&] {
              cache.append(ones({2, 2, 1, 4}), ones({2, 2, 1, 3}));
            }).find("reset()"),
            std::string::npos);
  EXPECT_NE(error_of<IndexError>([&] { cache.truncate(7); }).find("from 0 to 6"),
            std::string::npos);
  cache.reset();
  EXPECT_EQ(cache.length(), 0);
  EXPECT_EQ(cache.append(ones({2, 2, 1, 4}), ones({2, 2, 1, 3})).keys.size(0), 2);
  EXPECT_NE(error_of([&] {
              cache.append(ones({2, 2, 1, 4}).requires_grad_(), ones({2, 2, 1, 3}));
            }).find("NoGrad"),
            std::string::npos);
}

TEST(MultiheadAttention, RefusesWhatDoesNotFit) {
  EXPECT_EQ(error_of([] { MultiheadAttention(10, 3); }),
            "MultiheadAttention: embed_dim must be a positive multiple of num_heads; got 10 and 3");
  EXPECT_NE(error_of([] { MultiheadAttention(8, 2, {.dropout = 2}); }).find("[0, 1]"),
            std::string::npos);
  EXPECT_EQ(error_of([] { TransformerEncoderLayer(8, 2, {.activation = "swish"}); }),
            "TransformerEncoderLayer: activation is relu or gelu; got swish");
  const MultiheadAttention m(8, 2);
  const Tensor x = ones({3, 2, 8});
  const auto text = [&](const Tensor& q, const Tensor& k, const AttendOptions& o) {
    return error_of([&] { m(q, k, k, o); });
  };
  EXPECT_EQ(text(ones({3, 2, 7}), x, {}),
            "MultiheadAttention(8, 2): MultiheadAttention: last sizes must be 8, 8, 8; got "
            "[3, 2, 7], [3, 2, 8], [3, 2, 8]");
  EXPECT_NE(text(ones({3, 4, 8}), x, {}).find("of one batch"), std::string::npos);
  EXPECT_NE(text(ones({8}), x, {}).find("[L, N, E]"), std::string::npos);
  EXPECT_NE(text(x, x, {.attn_mask = ones({2, 3}, bool_)}).find("[3, 3] or [4, 3, 3]; got [2, 3]"),
            std::string::npos);
  EXPECT_NE(text(x, x, {.key_padding_mask = ones({3, 3}, bool_)}).find("must be [2, 3]"),
            std::string::npos);
  EXPECT_NE(text(x, x, {.attn_mask = ones({3, 3}, int64)}).find("bool or floating"),
            std::string::npos);
}

TEST(Positions, SinusoidsAreThoseOfThePaper) {
  const Tensor p = sinusoidal_encoding(3, 5, 7);
  EXPECT_EQ(p.shape(), (Shape{3, 5}));
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t c = 0; c < 5; ++c) {
      const double angle =
          static_cast<double>(i + 7) / std::pow(10000, static_cast<double>(c / 2 * 2) / 5);
      EXPECT_NEAR(p.to_vector()[static_cast<size_t>(i * 5 + c)],
                  c % 2 == 0 ? std::sin(angle) : std::cos(angle), 1e-6);
    }
}

TEST(Positions, RotaryProductsDependOnDistances) {
  manual_seed(6);
  for (bool interleaved : {false, true}) {
    const RotaryEmbedding rotary{.dim = 8, .interleaved = interleaved};
    const Tensor q = randn({1, 8}), k = randn({1, 8});
    const double a = sum(rotary(q, 3) * rotary(k, 1)).item();
    const double b = sum(rotary(q, 103) * rotary(k, 101)).item();
    EXPECT_NEAR(a, b, 1e-4);
    EXPECT_NEAR(sum(square(rotary(q, 9))).item(), sum(square(q)).item(), 1e-4);
  }
  EXPECT_NE(error_of([] {
              RotaryEmbedding{.dim = 7}(ones({2, 7}));
            }).find("even"),
            std::string::npos);
}

TEST(Positions, AlibiLowersScoresByDistance) {
  EXPECT_EQ(alibi_slopes(4).to_vector(), (std::vector<double>{0.25, 0.0625, 0.015625, 0.00390625}));
  EXPECT_EQ(alibi_slopes(3).to_vector(), (std::vector<double>{0.0625, 0.00390625, 0.25}));
  EXPECT_EQ(alibi_bias(1, 2, 3).to_vector(),
            (std::vector<double>{-0.00390625, 0, -0.00390625, -0.0078125, -0.00390625, 0}));
}

TEST(Positions, LearnedOnesAreAddedAndRunOut) {
  const LearnedPositions p(4, 2);
  const Tensor y = p(zeros({1, 3, 2}), 1);
  EXPECT_EQ(y.contiguous().to_vector(), narrow(p.weight, 0, 1, 3).contiguous().to_vector());
  EXPECT_NE(error_of<IndexError>([&] {
              p(zeros({3, 2}), 2);
            }).find("there are 4"),
            std::string::npos);
}

TEST(Sample, KeepsToWhatIsLetThrough) {
  manual_seed(11);
  const Tensor scores = log(Tensor::from(std::vector<double>{0.5, 0.3, 0.15, 0.05}));
  const auto counts = [&](const SampleOptions& o) {
    std::vector<int> count(4);
    for (double id : sample_tokens(expand(scores, {4000, 4}), o).to_vector())
      ++count[static_cast<size_t>(id)];
    return count;
  };
  EXPECT_EQ(counts({.temperature = 0})[0], 4000);
  EXPECT_EQ(counts({.top_k = 1})[0], 4000);
  EXPECT_EQ(counts({.top_k = 2})[2], 0);
  EXPECT_EQ(counts({.top_p = 0.9})[3], 0);
  EXPECT_GT(counts({.top_p = 0.9})[2], 400);
  EXPECT_NEAR(counts({})[1], 1200, 120);
  EXPECT_EQ(error_of([&] { sample_tokens(scores, {.top_p = 1.5}); }),
            "sample_tokens: top_p must be in (0, 1]; got 1.5");
}

}  // namespace
}  // namespace rush::nn
