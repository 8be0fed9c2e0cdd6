// Networks for sequences. Recurrent layers take one product of all inputs at once, then go through
// time; x: [B, T, features] as everywhere, [T, B, ...] inside, so that a moment lies in one piece.
#include <cmath>
#include <memory>

#include "bench/workloads.h"
#include "rush/nn/init.h"
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

// Weights of a recurrent layer with `gates` gates, in PyTorch's order and with its two biases.
struct GateWeights {
  Tensor weight_ih, weight_hh, bias_ih, bias_hh;

  static GateWeights make(int64_t in, int64_t hidden, int64_t gates) {
    const double bound = 1 / std::sqrt(static_cast<double>(hidden));
    const auto drawn = [&](const Shape& shape) {
      return uniform_(empty(shape), -bound, bound).requires_grad_();
    };
    return {drawn({gates * hidden, in}), drawn({gates * hidden, hidden}), drawn({gates * hidden}),
            drawn({gates * hidden})};
  }
  int64_t hidden() const { return weight_hh.size(1); }
  // x: [T, B, in] -> a tensor [B, gates * hidden] for every moment.
  Tensors inputs(const Tensor& x) const { return unbind(linear(x, weight_ih, bias_ih)); }
  Tensor recurrent(const Tensor& h) const { return linear(h, weight_hh, bias_hh); }
};

//   r, z = sigmoid(x Wr + h Ur), sigmoid(x Wz + h Uz),  n = tanh(x Wn + r * (h Un))
//   h = (1 - z) n + z h
struct Gru {
  GateWeights gates;

  // x: [T, B, in] -> the last state [B, hidden].
  Tensor operator()(const Tensor& x) const {
    Tensor h = zeros({x.size(1), gates.hidden()});
    for (const Tensor& input : gates.inputs(x)) {
      const Tensors from_x = chunk(input, 3, 1), from_h = chunk(gates.recurrent(h), 3, 1);
      const Tensor r = sigmoid(from_x[0] + from_h[0]), z = sigmoid(from_x[1] + from_h[1]);
      const Tensor n = tanh(from_x[2] + r * from_h[2]);
      h = n + z * (h - n);
    }
    return h;
  }
};

//   i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of x W + h U
//   c = f c + i g,  h = o tanh(c)
struct Lstm {
  GateWeights gates;

  // x: [T, B, in] -> all states [T, B, hidden].
  Tensor operator()(const Tensor& x) const {
    Tensor h = zeros({x.size(1), gates.hidden()}), c = zeros({x.size(1), gates.hidden()});
    Tensors states;
    for (const Tensor& input : gates.inputs(x)) {
      const Tensors gate = chunk(input + gates.recurrent(h), 4, 1);
      c = sigmoid(gate[1]) * c + sigmoid(gate[0]) * tanh(gate[2]);
      h = sigmoid(gate[3]) * tanh(c);
      states.push_back(h);
    }
    return stack(states);
  }
};

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

Workload gpt(const GptSizes& s) {
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
  return {training_step(opt, loss), randint(0, kVocabulary, {s.batch, s.length}),
          randint(0, kVocabulary, {s.batch, s.length})};
}

}  // namespace

// The rows of an image as a sequence: 28 steps of 28, 128 hidden, batch 64, Adam.
Workload gru_mnist() {
  struct Net {
    Gru gru{GateWeights::make(28, 128, 3)};
    nn::Linear out{128, 10};
    Tensor operator()(const Tensor& x) const { return out(gru(x.transpose(0, 1))); }
  };
  const Net net;
  const auto opt = std::make_shared<optim::Adam>(parameters(net), optim::AdamOptions{.lr = 1e-3});
  const auto loss = [net](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); };
  return {training_step(opt, loss), randn({64, 28, 28}), randint(0, 10, {64})};
}

// Characters: 2 layers of 256, 128 steps, batch 32, Adam.
Workload char_lstm() {
  constexpr int64_t kVocabulary = 65, kHidden = 256;
  struct Net {
    nn::Embedding embedding{kVocabulary, kHidden};
    Lstm first{GateWeights::make(kHidden, kHidden, 4)},
        second{GateWeights::make(kHidden, kHidden, 4)};
    nn::Linear out{kHidden, kVocabulary};
    Tensor operator()(const Tensor& ids) const {
      return out(second(first(embedding(ids.t()))).transpose(0, 1));
    }
  };
  const Net net;
  const auto opt = std::make_shared<optim::Adam>(parameters(net), optim::AdamOptions{.lr = 1e-3});
  const auto loss = [net](const Tensor& x, const Tensor& y) { return token_loss(net(x), y); };
  return {training_step(opt, loss), randint(0, kVocabulary, {32, 128}),
          randint(0, kVocabulary, {32, 128})};
}

Workload gpt_baby() {
  return gpt({.layers = 4, .heads = 4, .width = 128, .length = 64, .batch = 12});
}
Workload gpt_mid() {
  return gpt({.layers = 6, .heads = 6, .width = 384, .length = 256, .batch = 8});
}

}  // namespace rush::bench
