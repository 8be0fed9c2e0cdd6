// Models, losses and optimisers together: small networks that must learn.
#include <gtest/gtest.h>

#include <cmath>

#include "rush/nn/nn.h"
#include "rush/ops/random.h"
#include "rush/optim/optim.h"

namespace rush {
namespace {

struct Mlp {
  nn::Linear fc1{2, 32}, fc2{32, 32}, out{32, 2};
  Tensor operator()(const Tensor& x) const { return out(nn::Tanh{}(fc2(nn::Tanh{}(fc1(x))))); }
};

// Four clouds in the corners; those on a diagonal belong together.
struct Corners {
  Tensor x, y;
  explicit Corners(int n) {
    std::vector<float> points;
    std::vector<int64_t> labels;
    const auto noise = randn({n, 2}).to_vector<float>();
    for (int i = 0; i < n; ++i) {
      const int a = i % 2, b = i / 2 % 2;
      points.push_back(static_cast<float>(2 * a - 1) + 0.2f * noise[static_cast<size_t>(2 * i)]);
      points.push_back(static_cast<float>(2 * b - 1) +
                       0.2f * noise[static_cast<size_t>(2 * i + 1)]);
      labels.push_back(a ^ b);
    }
    x = Tensor::from(points, {n, 2});
    y = Tensor::from(labels);
  }
};

template <typename O>
double final_loss(O& opt, const Mlp& net, const Corners& data, int steps) {
  for (int i = 0; i < steps; ++i) opt.step(nn::cross_entropy(net(data.x), data.y));
  return nn::cross_entropy(net(data.x), data.y).item();
}

TEST(Training, EveryOptimizerLearnsTheCorners) {
  manual_seed(3);
  const Corners data(64);
  const Mlp start;
  {
    const Mlp net = clone(start);
    optim::SGD opt(parameters(net), {.lr = 0.2, .momentum = 0.9});
    EXPECT_LT(final_loss(opt, net, data, 100), 0.02);
  }
  {
    const Mlp net = clone(start);
    optim::Adam opt(parameters(net), {.lr = 1e-2});
    EXPECT_LT(final_loss(opt, net, data, 100), 0.02);
  }
  {
    const Mlp net = clone(start);
    optim::AdamW opt(parameters(net), {.lr = 1e-2});
    EXPECT_LT(final_loss(opt, net, data, 100), 0.02);
  }
  {
    const Mlp net = clone(start);
    optim::RMSprop opt(parameters(net), {.lr = 3e-3});
    EXPECT_LT(final_loss(opt, net, data, 100), 0.02);
  }
  {
    const Mlp net = clone(start);
    optim::Adagrad opt(parameters(net), {.lr = 0.1});
    EXPECT_LT(final_loss(opt, net, data, 100), 0.02);
  }
}

TEST(Training, TwoRunsFromOneSeedGiveTheSameBits) {
  std::vector<float> weights[2];
  for (auto& w : weights) {
    manual_seed(5);
    const Corners data(64);
    struct Net {
      Mlp body;
      nn::Dropout drop{0.3};
    } net;
    optim::Adam opt(parameters(net), {.lr = 1e-2});
    for (int i = 0; i < 20; ++i) opt.step(nn::cross_entropy(net.body(net.drop(data.x)), data.y));
    w = net.body.out.weight.to_vector<float>();
  }
  EXPECT_EQ(weights[0], weights[1]);
}

// A whole small network: every kind of layer takes part in the gradient.
TEST(Training, AConvolutionalNetworkFitsItsBatch) {
  manual_seed(1);
  nn::Sequential net{nn::Conv2d{1, 8, 3, {.padding = 1}},
                     nn::BatchNorm2d{8},
                     nn::ReLU{},
                     nn::MaxPool2d{2},
                     nn::Conv2d{8, 8, 3},
                     nn::ReLU{},
                     nn::Flatten{},
                     nn::Dropout{0.1},
                     nn::Linear{8 * 2 * 2, 4}};
  const Tensor x = randn({16, 1, 8, 8}), y = randint(4, {16});
  optim::Adam opt(parameters(net), {.lr = 1e-2});
  double first = 0;
  for (int i = 0; i < 60; ++i) {
    const Tensor loss = nn::cross_entropy(net(x), y);
    if (i == 0) first = loss.item();
    opt.step(loss);
  }
  eval(net);
  EXPECT_GT(first, 1);
  EXPECT_LT(nn::cross_entropy(net(x), y).item(), 0.1);
}

}  // namespace
}  // namespace rush
