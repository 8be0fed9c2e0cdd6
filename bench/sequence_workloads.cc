// Networks for sequences; x: [B, T, features].
#include <cmath>
#include <memory>

#include "bench/workloads.h"
#include "rush/nn/nn.h"
#include "rush/ops/attention.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/loss.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"

namespace rush::bench {
namespace {

Tensor token_loss(const Tensor& scores, const Tensor& y) {
  return cross_entropy(scores.flatten(0, 1), y.flatten());
}

struct CausalBlock {
  int64_t heads;
  nn::LayerNorm n1, n2;
  nn::Linear qkv, p, f1, f2;

  static CausalBlock make(int64_t width, int64_t heads) {
    return {heads,
            nn::LayerNorm(width),
            nn::LayerNorm(width),
            nn::Linear(width, 3 * width),
            nn::Linear(width, width),
            nn::Linear(width, 4 * width),
            nn::Linear(4 * width, width)};
  }
  // x: [B, T, C]
  Tensor attend(const Tensor& x) const {
    const int64_t b = x.size(0), t = x.size(1), width = x.size(2), head = width / heads;
    const auto by_head = [&](const Tensor& part) {
      return part.reshape({b, t, heads, head}).transpose(1, 2);
    };
    const Tensors parts = split(qkv(x), width, 2);
    const Tensor y = scaled_dot_product_attention(by_head(parts[0]), by_head(parts[1]),
                                                  by_head(parts[2]), {.is_causal = true});
    return p(y.transpose(1, 2).reshape({b, t, width}));
  }
  Tensor operator()(const Tensor& x) const {
    const Tensor y = x + attend(n1(x));
    return y + f2(gelu(f1(n2(y))));
  }
};

struct Gpt {
  nn::Embedding tokens, places;
  std::vector<CausalBlock> blocks;
  nn::LayerNorm norm;
  nn::Linear head;
  Tensor positions;

  Tensor operator()(const Tensor& ids) const {
    Tensor x = tokens(ids) + places(positions);
    for (const CausalBlock& block : blocks) x = block(x);
    return head(norm(x));
  }
};

struct GptSizes {
  int64_t layers, heads, width, length, batch;
};

Workload gpt(const GptSizes& s, const Task& task) {
  constexpr int64_t kVocabulary = 65;
  Gpt net{nn::Embedding(kVocabulary, s.width),
          nn::Embedding(s.length, s.width),
          {},
          nn::LayerNorm(s.width),
          nn::Linear(s.width, kVocabulary, {.bias = false}),
          arange(s.length)};
  for (int64_t i = 0; i < s.layers; ++i) net.blocks.push_back(CausalBlock::make(s.width, s.heads));
  const auto opt = std::make_shared<optim::AdamW>(parameters(net), optim::AdamWOptions{.lr = 1e-3});
  const auto loss = [net](const Tensor& x, const Tensor& y) { return token_loss(net(x), y); };
  const int64_t n = task.batch_or(s.batch);
  return {step_of(task, net, opt, loss), randint(0, kVocabulary, {n, s.length}),
          randint(0, kVocabulary, {n, s.length})};
}

}  // namespace

// The rows of an image as a sequence: 28 steps of 28, 128 hidden, batch 64, Adam.
Workload gru_mnist(const Task& task) {
  struct Net {
    nn::GRU gru{28, 128, {.batch_first = true}};
    nn::Linear out{128, 10};
    Tensor operator()(const Tensor& x) const { return out(gru(x).h[0]); }
  };
  const Net net;
  const auto opt = std::make_shared<optim::Adam>(parameters(net), optim::AdamOptions{.lr = 1e-3});
  const auto loss = [net](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); };
  const int64_t n = task.batch_or(64);
  return {step_of(task, net, opt, loss), randn({n, 28, 28}), randint(0, 10, {n})};
}

// Characters: 2 layers of 256, 128 steps, batch 32, Adam.
Workload char_lstm(const Task& task) {
  constexpr int64_t kVocabulary = 65, kHidden = 256;
  struct Net {
    nn::Embedding embedding{kVocabulary, kHidden};
    nn::LSTM lstm{kHidden, kHidden, {.num_layers = 2, .batch_first = true}};
    nn::Linear out{kHidden, kVocabulary};
    Tensor operator()(const Tensor& ids) const { return out(lstm(embedding(ids)).output); }
  };
  const Net net;
  const auto opt = std::make_shared<optim::Adam>(parameters(net), optim::AdamOptions{.lr = 1e-3});
  const auto loss = [net](const Tensor& x, const Tensor& y) { return token_loss(net(x), y); };
  const int64_t n = task.batch_or(32);
  return {step_of(task, net, opt, loss), randint(0, kVocabulary, {n, 128}),
          randint(0, kVocabulary, {n, 128})};
}

Workload gpt_baby(const Task& task) {
  return gpt({.layers = 4, .heads = 4, .width = 128, .length = 64, .batch = 12}, task);
}
Workload gpt_mid(const Task& task) {
  return gpt({.layers = 6, .heads = 6, .width = 384, .length = 256, .batch = 8}, task);
}

}  // namespace rush::bench
