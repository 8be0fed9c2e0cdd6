// Layers in graphs: modes, running averages, and the same bits as eager layers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "rush/graph/session.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"

namespace rush {
namespace {

using Values = std::vector<double>;

struct Modes : testing::Test {
  void SetUp() override {
    manual_seed(1);
    input = randn({6, 3});
  }
  Tensor input;
  Graph graph{"g"};
};

TEST_F(Modes, DropoutFollowsTheRun) {
  const GraphScope scope(graph);
  const Tensor x = placeholder(float32, {"batch", 3}, "x");
  const Tensor y = nn::Dropout{0.5}(x);
  Session s(graph);
  EXPECT_EQ(s.run(y, {{x, input}}).to_vector(), input.to_vector());
  for (int i = 0; i < 3; ++i) {
    const Values v = s.run(y, {{x, input}}, {.training = true}).to_vector();
    EXPECT_GT(std::count(v.begin(), v.end(), 0), 0);
  }
  EXPECT_EQ(s.run(y, {{x, input}}, {.training = false}).to_vector(), input.to_vector());
  const Tensor channels = nn::Dropout2d{0.5}(x.reshape({x.size(0), 3, 1, 1}));
  const Tensor dropped = s.run(channels, {{x, input}}, {.training = true});
  EXPECT_EQ(dropped.shape(), (Shape{6, 3, 1, 1}));
}

TEST_F(Modes, OnlyTheBranchInUseRuns) {
  const GraphScope scope(graph);
  const Tensor x = placeholder(float32, {}, "x"), unfed = placeholder(float32, {}, "unfed");
  const Tensor y = by_mode(unfed * 2, x + 1);
  Session s(graph);
  EXPECT_EQ(s.run(y, {{x, 1}}).item(), 2);
  EXPECT_EQ(s.run(y, {{unfed, 1}}, {.training = true}).item(), 2);
  EXPECT_TRUE(s.run(graph.training(), {}, {.training = true}).item<bool>());
  EXPECT_FALSE(s.run(graph.training(), {}).item<bool>());
}

TEST_F(Modes, RunsThatUpdateTrain) {
  const GraphScope scope(graph);
  const Tensor w = variable(ones({}), "w");
  const Tensor train = optim::SGD({w}).minimize(w * 2);
  Session s(graph);
  s.initialize();
  (void)train;
  EXPECT_FALSE(s.run(graph.training()).item<bool>());
}

// A net with batch norm: in a graph, and eager on a copy of its own.
TEST_F(Modes, BatchNormEqualsEagerToTheBit) {
  for (const bool has_momentum : {true, false}) {
    for (const bool unbiased : {true, false}) {
      nn::BatchNormOptions options{.unbiased_running_var = unbiased};
      if (!has_momentum) options.momentum.reset();
      nn::BatchNorm1d eager(3, options);
      nn::BatchNorm1d layer = clone(eager);
      const Graph g;
      const GraphScope scope(g);
      const Tensor x = placeholder(float32, {"batch", 3}, "x");
      const Tensor y = layer(x);
      Session s(g, {.exact = true});
      s.initialize();
      for (int i = 0; i < 4; ++i) {
        const Tensor batch = input * (i + 1) + i;
        EXPECT_EQ(s.run(y, {{x, batch}}, {.training = true}).to_vector(), eager(batch).to_vector());
        const Values mean = s.value(layer.running_mean).to_vector(),
                     var = s.value(layer.running_var).to_vector();
        for (int c = 0; c < 3; ++c) {
          EXPECT_NEAR(mean[c], eager.running_mean.to_vector()[c], 1e-5);
          EXPECT_NEAR(var[c], eager.running_var.to_vector()[c], 1e-4);
        }
        EXPECT_EQ(s.value(layer.num_batches_tracked).item(), i + 1);
      }
      const Values before = s.value(layer.running_mean).to_vector();
      s.run(y, {{x, input * 9}});
      EXPECT_EQ(s.value(layer.running_mean).to_vector(), before);
      EXPECT_EQ(layer.running_mean.to_vector(), Values(3, 0));  // the layer itself is not touched
    }
  }
}

// Momentum as PyTorch's; a decay (TensorFlow, and what others keep) is 1 - momentum.
TEST_F(Modes, BatchNormConventions) {
  const Values column = input.to_vector();
  double mean = 0, square = 0;
  for (int i = 0; i < 6; ++i) mean += column[3 * i] / 6;
  for (int i = 0; i < 6; ++i) square += (column[3 * i] - mean) * (column[3 * i] - mean);
  for (const double keep : {0.9, 0.1}) {
    nn::BatchNorm1d unbiased(3, {.momentum = 1 - keep});
    nn::BatchNorm1d biased(3, {.momentum = 1 - keep, .unbiased_running_var = false});
    const Tensor a = unbiased(input), b = biased(input);
    EXPECT_NEAR((a - b).to_vector()[4], 0, 1e-6);
    EXPECT_NEAR(unbiased.running_mean.to_vector()[0], (1 - keep) * mean, 1e-6);
    EXPECT_NEAR(unbiased.running_var.to_vector()[0], keep + (1 - keep) * square / 5, 1e-6);
    EXPECT_NEAR(biased.running_mean.to_vector()[0], (1 - keep) * mean, 1e-6);
    EXPECT_NEAR(biased.running_var.to_vector()[0], keep + (1 - keep) * square / 6, 1e-6);
  }
}

TEST_F(Modes, BatchNormGradientWhileEvaluating) {
  nn::BatchNorm1d layer(3, {.eps = 1e-3});
  layer.running_var.copy_(Tensor::from({1, 4, 9}));
  layer.weight.detach().copy_(Tensor::from({1, 2, 3}));
  const GraphScope scope(graph);
  const Tensor x = placeholder(float32, {kUnknown, 3}, "x");
  const Tensor dx = gradients(sum(layer(x)), x);
  Session s(graph);
  s.initialize();
  const Values got = s.run(dx, {{x, input}}).to_vector();
  for (int c = 0; c < 3; ++c)
    EXPECT_NEAR(got[c], (c + 1) / std::sqrt((c + 1.0) * (c + 1) + 1e-3), 1e-6);
  EXPECT_EQ(s.value(layer.running_var).to_vector(), (Values{1, 4, 9}));
  EXPECT_NEAR(s.run(dx, {{x, input}}, {.training = true}).to_vector()[0], 0, 1e-5);
}

TEST_F(Modes, InstanceNormTracksAsEagerDoes) {
  const Tensor images = randn({2, 3, 4, 4});
  nn::InstanceNorm2d eager(3, {.affine = true, .track_running_stats = true});
  nn::InstanceNorm2d layer = clone(eager);
  const GraphScope scope(graph);
  const Tensor x = placeholder(float32, {"batch", 3, 4, 4}, "x");
  const Tensor y = layer(x);
  Session s(graph);
  s.initialize();
  for (int i = 0; i < 3; ++i) {
    const Values got = s.run(y, {{x, images}}, {.training = true}).to_vector(),
                 want = eager(images).to_vector();
    for (size_t k = 0; k < got.size(); ++k) EXPECT_NEAR(got[k], want[k], 1e-5);
  }
  for (int c = 0; c < 3; ++c)
    EXPECT_NEAR(s.value(layer.running_var).to_vector()[c], eager.running_var.to_vector()[c], 1e-5);
}

struct Net {
  nn::Linear fc1{3, 8};
  nn::BatchNorm1d norm{8};
  nn::Dropout drop{0.25};
  nn::Linear out{8, 2};
  Tensor operator()(const Tensor& x) const { return out(drop(relu(norm(fc1(x))))); }
};

TEST_F(Modes, ANetTrainsInAGraphAsItDoesEagerly) {
  Net net;
  Net eager = clone(net);
  const Tensor labels = Tensor::from(std::vector<int64_t>{0, 1, 0, 1, 1, 0});
  const GraphScope scope(graph);
  const Tensor x = placeholder(float32, {"batch", 3}, "x"), y = placeholder(int64, {"batch"}, "y");
  const Tensor loss = nn::cross_entropy(net(x), y);
  name_variables(net, "net.");
  optim::Adam adam(parameters(net), {.lr = 0.01}), eager_adam(parameters(eager), {.lr = 0.01});
  const Tensor train = adam.minimize(loss);
  Session s(graph, {.exact = true});
  s.initialize();
  optim::StepLR schedule(adam, {.step_size = 4}), eager_schedule(eager_adam, {.step_size = 4});
  for (int i = 0; i < 10; ++i) {
    manual_seed(i);
    const double got = s.run({loss, train}, {{x, input}, {y, labels}})[0].item();
    manual_seed(i);
    const Tensor want = nn::cross_entropy(eager(input), labels);
    eager_adam.step(want);
    schedule.step();
    eager_schedule.step();
    EXPECT_EQ(got, want.item()) << i;
  }
  for (const auto& [name, t] : state(eager))
    EXPECT_EQ(s.value("net." + name).to_vector(), t.to_vector()) << name;
  EXPECT_EQ(graph.variable_names()[0], "net.fc1.weight");
}

}  // namespace
}  // namespace rush
