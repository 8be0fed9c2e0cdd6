#include "bench/workloads.h"

#include <memory>
#include <utility>

#include "rush/base/error.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/loss.h"
#include "rush/ops/movement.h"
#include "rush/ops/pool.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"

namespace rush::bench {
namespace {

Tensor class_ids(int64_t count, int64_t classes) { return randint(0, classes, {count}); }

// 2-16-16-1 with tanh, batch 100, SGD: all of it is overhead.
Workload mlp_micro(const Task& task) {
  struct Net {
    nn::Linear a{2, 16}, b{16, 16}, c{16, 1};
    Tensor operator()(const Tensor& x) const { return c(tanh(b(tanh(a(x))))); }
  };
  const Net net;
  const auto opt = std::make_shared<optim::SGD>(parameters(net), optim::SGDOptions{.lr = 0.01});
  const auto loss = [net](const Tensor& x, const Tensor& y) { return mse_loss(net(x), y); };
  const int64_t n = task.batch_or(100);
  return {step_of(task, net, opt, loss), randn({n, 2}), randn({n, 1})};
}

// 784-800-800-10 with dropout, batch 64, Adam.
Workload mlp_mnist(const Task& task) {
  struct Net {
    nn::Linear a{784, 800}, b{800, 800}, c{800, 10};
    nn::Dropout first{0.2}, second{0.5};
    Tensor operator()(const Tensor& x) const { return c(second(relu(b(first(relu(a(x))))))); }
  };
  const Net net;
  const auto opt = std::make_shared<optim::Adam>(parameters(net), optim::AdamOptions{.lr = 1e-3});
  const auto loss = [net](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); };
  const int64_t n = task.batch_or(64);
  return {step_of(task, net, opt, loss), randn({n, 784}), class_ids(n, 10)};
}

// Two convolutions, pooling, two linear layers, dropout; batch 64, SGD with momentum.
Workload convnet(const Task& task) {
  struct Net {
    nn::Conv2d a{1, 32, 3}, b{32, 64, 3};
    nn::Linear c{9216, 128}, d{128, 10};
    nn::Dropout first{0.25}, second{0.5};
    Tensor operator()(const Tensor& x) const {
      const Tensor features = first(max_pool2d(relu(b(relu(a(x)))), 2));
      return d(second(relu(c(features.flatten(1)))));
    }
  };
  const Net net;
  const auto opt =
      std::make_shared<optim::SGD>(parameters(net), optim::SGDOptions{.lr = 0.01, .momentum = 0.9});
  const auto loss = [net](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); };
  const int64_t n = task.batch_or(64);
  return {step_of(task, net, opt, loss), randn({n, 1, 28, 28}), class_ids(n, 10)};
}

nn::Conv2d unbiased_conv(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return {in, out, kernel, {.stride = stride, .padding = kernel / 2, .bias = false}};
}

// Two convolutions beside a short cut, which is a convolution of its own where sizes change.
struct ResidualBlock {
  struct ShortCut {
    nn::Conv2d conv;
    nn::BatchNorm2d norm;
  };
  nn::Conv2d c1, c2;
  nn::BatchNorm2d b1, b2;
  std::optional<ShortCut> short_cut{};

  static ResidualBlock make(int64_t in, int64_t out, int64_t stride) {
    ResidualBlock block{unbiased_conv(in, out, 3, stride), unbiased_conv(out, out, 3, 1),
                        nn::BatchNorm2d(out), nn::BatchNorm2d(out)};
    if (stride != 1 || in != out)
      block.short_cut = ShortCut{unbiased_conv(in, out, 1, stride), nn::BatchNorm2d(out)};
    return block;
  }
  Tensor operator()(const Tensor& x) const {
    const Tensor y = b2(c2(relu(b1(c1(x)))));
    return relu(y + (short_cut ? short_cut->norm(short_cut->conv(x)) : x));
  }
};

// ResNet-20 for 32 x 32 images, batch 64, SGD with momentum and weight decay.
Workload resnet20(const Task& task) {
  struct Net {
    nn::Conv2d conv = unbiased_conv(3, 16, 3, 1);
    nn::BatchNorm2d norm{16};
    std::vector<ResidualBlock> blocks{};
    nn::Linear out{64, 10};
    Tensor operator()(const Tensor& image) const {
      Tensor x = relu(norm(conv(image)));
      for (const ResidualBlock& block : blocks) x = block(x);
      return out(adaptive_avg_pool2d(x, 1).flatten(1));
    }
  };
  Net net;
  int64_t channels = 16;
  for (const int64_t width : {16, 32, 64})
    for (int i = 0; i < 3; ++i) {
      const bool shrinks = i == 0 && width > 16;
      net.blocks.push_back(ResidualBlock::make(channels, width, shrinks ? 2 : 1));
      channels = width;
    }
  const auto opt = std::make_shared<optim::SGD>(
      parameters(net), optim::SGDOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 1e-4});
  const auto loss = [net](const Tensor& x, const Tensor& y) { return cross_entropy(net(x), y); };
  const int64_t n = task.batch_or(64);
  return {step_of(task, net, opt, loss), randn({n, 3, 32, 32}), class_ids(n, 10)};
}

// A variational autoencoder with two convolutions on each side, batch 64, Adam.
Workload conv_vae(const Task& task) {
  struct Net {
    nn::Conv2d e1{1, 32, 4, {.stride = 2, .padding = 1}},
        e2{32, 64, 4, {.stride = 2, .padding = 1}};
    nn::Linear mean{3136, 20}, log_variance{3136, 20}, d0{20, 3136};
    nn::ConvTranspose2d d1{64, 32, 4, {.stride = 2, .padding = 1}},
        d2{32, 1, 4, {.stride = 2, .padding = 1}};
    struct Output {
      Tensor image, mean, log_variance;
    };
    Output encode_and_decode(const Tensor& x) const {
      const Tensor h = relu(e2(relu(e1(x)))).flatten(1);
      const Tensor mu = mean(h), lv = log_variance(h);
      const Tensor z = mu + randn_like(mu) * exp(0.5 * lv);
      return {d2(relu(d1(relu(d0(z)).reshape({-1, 64, 7, 7})))), mu, lv};
    }
    Tensor operator()(const Tensor& x) const { return encode_and_decode(x).image; }
    Tensor loss(const Tensor& x) const {
      const double examples = static_cast<double>(x.size(0));
      const auto [y, mu, lv] = encode_and_decode(x);
      const Tensor reconstruction = binary_cross_entropy_with_logits(y, x, {}, Reduction::kSum);
      return reconstruction / examples - 0.5 * (1 + lv - mu * mu - exp(lv)).sum() / examples;
    }
  };
  const Net net;
  const auto opt = std::make_shared<optim::Adam>(parameters(net), optim::AdamOptions{.lr = 1e-3});
  const auto loss = [net](const Tensor& x, const Tensor&) { return net.loss(x); };
  const Tensor x = rand({task.batch_or(64), 1, 28, 28});
  return {step_of(task, net, opt, loss), x, x};
}

using Maker = Workload (*)(const Task& task);
constexpr std::pair<std::string_view, Maker> kWorkloads[] = {
    {"mlp_micro", mlp_micro}, {"mlp_mnist", mlp_mnist}, {"convnet", convnet},
    {"resnet20", resnet20},   {"gru_mnist", gru_mnist}, {"char_lstm", char_lstm},
    {"gpt_baby", gpt_baby},   {"gpt_mid", gpt_mid},     {"conv_vae", conv_vae}};

}  // namespace

std::vector<std::string_view> workload_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, make] : kWorkloads) names.push_back(name);
  return names;
}

Workload make_workload(std::string_view name, const Task& task) {
  for (const auto& [known, make] : kWorkloads)
    if (known == name) return make(task);
  fail("bench: there is no workload called ", name);
}

}  // namespace rush::bench
