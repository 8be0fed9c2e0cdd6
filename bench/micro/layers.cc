// Layers whose kernels are more than a loop over elements or one product: forward, and with
// gradients.
#include <functional>
#include <string>
#include <vector>

#include "bench/micro/micro.h"
#include "rush/autograd/autograd.h"
#include "rush/nn/nn.h"
#include "rush/ops/attention.h"
#include "rush/ops/create.h"
#include "rush/ops/loss.h"
#include "rush/ops/movement.h"
#include "rush/ops/norm.h"
#include "rush/ops/pool.h"
#include "rush/ops/random.h"
#include "rush/ops/softmax.h"

namespace rush::bench {
namespace {

// What is run, and what gradients are asked for.
struct Case {
  std::function<Tensor()> forward;
  std::vector<Tensor> leaves;
};

Tensor leaf(const Shape& shape) { return randn(shape).requires_grad_(); }

void run_forward(benchmark::State& state, const std::function<Case()>& make) {
  const Case c = make();
  const NoGrad no_grad;
  for (auto _ : state) benchmark::DoNotOptimize(c.forward());
}

void run_with_gradients(benchmark::State& state, const std::function<Case()>& make) {
  const Case c = make();
  const Tensor dy = ones(c.forward().shape());
  for (auto _ : state) benchmark::DoNotOptimize(grad({c.forward()}, c.leaves, {dy}));
}

Case softmax_of(const Shape& shape) {
  const Tensor x = leaf(shape);
  return {[x] { return softmax(x, -1); }, {x}};
}

Case cross_entropy_of(int64_t rows, int64_t classes) {
  const Tensor x = leaf({rows, classes}), y = randint(0, classes, {rows});
  return {[x, y] { return cross_entropy(x, y); }, {x}};
}

Case layer_norm_of(const Shape& shape) {
  const Tensor x = leaf(shape), w = leaf({shape.back()}), b = leaf({shape.back()});
  return {[=] { return layer_norm(x, {w.size(0)}, w, b); }, {x, w, b}};
}

Case batch_norm_of(const Shape& shape) {
  const nn::BatchNorm2d norm(shape[1]);
  const Tensor x = leaf(shape);
  return {[=] { return norm(x); }, {x}};
}

Case max_pool_of(const Shape& shape) {
  const Tensor x = leaf(shape);
  return {[x] { return max_pool2d(x, 2); }, {x}};
}

Case dropout_of(const Shape& shape) {
  const nn::Dropout dropout{0.5};
  const Tensor x = leaf(shape);
  return {[=] { return dropout(x); }, {x}};
}

Case embedding_of(int64_t count, int64_t width, const Shape& ids) {
  const nn::Embedding embedding(count, width);
  const Tensor which = randint(0, count, ids);
  return {[=] { return embedding(which); }, parameters(embedding)};
}

template <typename Layer>
Case recurrent(int64_t batch, int64_t steps, int64_t inputs, int64_t hidden) {
  const Layer layer(inputs, hidden, {.batch_first = true});
  const Tensor x = leaf({batch, steps, inputs});
  std::vector<Tensor> leaves = parameters(layer);
  leaves.push_back(x);
  return {[=] { return layer(x).output; }, leaves};
}

Case attention_of(int64_t batch, int64_t heads, int64_t length, int64_t size, bool is_causal) {
  const Shape shape{batch, heads, length, size};
  const Tensor q = leaf(shape), k = leaf(shape), v = leaf(shape);
  const auto call = [=] { return scaled_dot_product_attention(q, k, v, {.is_causal = is_causal}); };
  return {call, {q, k, v}};
}

void add(const std::string& name, const std::function<Case()>& make) {
  benchmark::RegisterBenchmark((name + "/forward").c_str(), run_forward, make)->UseRealTime();
  benchmark::RegisterBenchmark((name + "/with_gradients").c_str(), run_with_gradients, make)
      ->UseRealTime();
}

const bool kRegistered = [] {
  add("softmax/64x10", [] { return softmax_of({64, 10}); });
  add("softmax/3072x64", [] { return softmax_of({3072, 64}); });
  add("softmax/2048x1000", [] { return softmax_of({2048, 1000}); });
  add("cross_entropy/64x10", [] { return cross_entropy_of(64, 10); });
  add("cross_entropy/4096x65", [] { return cross_entropy_of(4096, 65); });
  add("layer_norm/768x128", [] { return layer_norm_of({768, 128}); });
  add("layer_norm/2048x384", [] { return layer_norm_of({2048, 384}); });
  add("batch_norm/64x16x32x32", [] { return batch_norm_of({64, 16, 32, 32}); });
  add("batch_norm/64x64x8x8", [] { return batch_norm_of({64, 64, 8, 8}); });
  add("max_pool2d/64x64x24x24", [] { return max_pool_of({64, 64, 24, 24}); });
  add("dropout/64x9216", [] { return dropout_of({64, 9216}); });
  add("embedding/65x256/32x128", [] { return embedding_of(65, 256, {32, 128}); });
  add("rnn/64x28/28-128", [] { return recurrent<nn::RNN>(64, 28, 28, 128); });
  add("gru/64x28/28-128", [] { return recurrent<nn::GRU>(64, 28, 28, 128); });
  add("lstm/32x128/256-256", [] { return recurrent<nn::LSTM>(32, 128, 256, 256); });
  add("lstm/1x128/64-64", [] { return recurrent<nn::LSTM>(1, 128, 64, 64); });
  for (const bool is_causal : {false, true}) {
    const std::string name = is_causal ? "attention_causal" : "attention";
    add(name + "/12x4x64x32", [=] { return attention_of(12, 4, 64, 32, is_causal); });
    add(name + "/8x6x256x64", [=] { return attention_of(8, 6, 256, 64, is_causal); });
    add(name + "/2x8x1024x64", [=] { return attention_of(2, 8, 1024, 64, is_causal); });
  }
  return true;
}();

}  // namespace
}  // namespace rush::bench
