// Recurrent layers: PyTorch's numbers, modes, precision and threads, bad input. (Every option is
// compared with PyTorch in tests/parity.)
#include "rush/nn/recurrent.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>

#include "rush/autograd/autograd.h"
#include "rush/autograd/gradcheck.h"
#include "rush/base/testing/errors.h"
#include "rush/base/threads.h"
#include "rush/core/apply.h"
#include "rush/graph/compile.h"
#include "rush/graph/graph.h"
#include "rush/graph/session.h"
#include "rush/nn/module.h"
#include "rush/nn/recurrent_cell.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/recurrent.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::nn {
namespace {

void expect_near(const Tensor& a, const Tensor& b, double bound) {
  ASSERT_EQ(a.shape(), b.shape());
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  for (size_t i = 0; i < x.size(); ++i)
    ASSERT_NEAR(x[i], y[i], bound * std::max(1.0, std::abs(y[i]))) << "element " << i;
}

TEST(Recurrent, StartsWithPyTorchsWeights) {  // torch.manual_seed(42); torch.nn.GRU(2, 2)
  manual_seed(42);
  const GRU gru(2, 2);
  const auto first = gru.weights[0].weight_ih.to_vector<double>();
  EXPECT_NEAR(first[0], 0.54061037, 1e-7);
  EXPECT_NEAR(first[11], 0.13234161, 1e-7);
  EXPECT_NEAR(gru.weights[0].bias_hh.to_vector<double>()[5], 0.43695661, 1e-7);
}

TEST(Recurrent, NamesWeightsAsPyTorch) {
  const LSTM lstm(3, 4, {.num_layers = 2, .bidirectional = true, .proj_size = 2});
  std::vector<std::string> names;
  for (const auto& [name, t] : state(lstm)) names.push_back(name);
  ASSERT_EQ(names.size(), 20u);
  EXPECT_EQ(names[0], "weight_ih_l0");
  EXPECT_EQ(names[4], "weight_hr_l0");
  EXPECT_EQ(names[5], "weight_ih_l0_reverse");
  EXPECT_EQ(names[19], "weight_hr_l1_reverse");
  EXPECT_EQ(lstm.weights[2].weight_ih.shape(), (Shape{16, 4}));
  EXPECT_EQ(GRU(3, 4, {.num_layers = 2, .batch_first = true}).describe(),
            "GRU(3, 4, {.num_layers = 2, .batch_first = true})");
  EXPECT_EQ(RNN(3, 4, {.nonlinearity = "relu"}).describe(), "RNN(3, 4, {.nonlinearity = relu})");
}

// A sequence by hand, step by step with the cell.
TEST(Recurrent, IsItsCellInALoop) {
  const GRU gru(3, 5);
  GRUCell cell(3, 5);
  const RecurrentWeights& w = gru.weights[0];
  load(cell, {{"weight_ih", w.weight_ih},
              {"weight_hh", w.weight_hh},
              {"bias_ih", w.bias_ih},
              {"bias_hh", w.bias_hh}});
  const Tensor x = randn({7, 2, 3});
  Tensor h = zeros({2, 5});
  const auto [y, last] = gru(x);
  for (int64_t t = 0; t < 7; ++t) {
    h = cell(select(x, 0, t), h);
    expect_near(select(y, 0, t), h, 1e-6);
  }
  expect_near(select(last, 0, 0), h, 1e-6);
}

// Sizes at which weights are packed and rows are shared out; the formulas in other ops as judge.
Tensor composed_lstm(const Tensor& x, const Tensor& weight) {
  const int64_t n = weight.size(1);
  Tensor h = zeros({x.size(1), n}, x.dtype()), c = h;
  std::vector<Tensor> all;
  for (const Tensor& step : unbind(x)) {
    const Tensors g = chunk(step + matmul(h, t(weight)), 4, 1);
    c = sigmoid(g[1]) * c + sigmoid(g[0]) * tanh(g[2]);
    h = sigmoid(g[3]) * tanh(c);
    all.push_back(h);
  }
  return stack(all);
}

TEST(Recurrent, KernelAgreesWithTheFormulaAtWorkingSizes) {
  for (DType type : {float32, float64}) {
    const double bound = type == float32 ? 2e-4 : 1e-11;
    const Tensor x = randn({12, 37, 4 * 70}, type).requires_grad_();
    const Tensor w = (randn({4 * 70, 70}, type) * 0.1).detach().requires_grad_();
    const Tensor dy = randn({12, 37, 70}, type);
    const Tensor y = lstm_sequence(x, w).y, z = composed_lstm(x, w);
    expect_near(y, z, bound);
    const auto got = grad({y}, {x, w}, {dy}), want = grad({z}, {x, w}, {dy});
    expect_near(got[0], want[0], bound);
    expect_near(got[1], want[1], 10 * bound);
  }
}

TEST(Recurrent, GivesTheSameBitsAtAnyThreadCount) {
  const GRU gru(32, 96, {.bidirectional = true});
  const Tensor x = randn({9, 50, 32});
  const int before = num_threads();
  set_deterministic(true);
  std::vector<float> first;
  for (int threads : {1, 2, 3}) {
    set_num_threads(threads);
    const auto [y, h] = gru(x);
    zero_grad(gru);
    sum(square(y)).backward();
    std::vector<float> bits = y.to_vector<float>();
    for (const Tensor& p : parameters(gru)) {
      const auto values = p.grad().to_vector<float>();
      bits.insert(bits.end(), values.begin(), values.end());
    }
    if (threads == 1) first = bits;
    EXPECT_TRUE(bits == first) << threads << " threads";
  }
  set_deterministic(false);
  set_num_threads(before);
}

// Fewer sequences than threads: these share out the hidden units of each step.
TEST(Recurrent, GivesTheSameBitsForFewSequences) {
  const Tensor x = randn({20, 2, 16});
  const auto check = [&](const auto& layer) {
    const int before = num_threads();
    std::vector<float> first;
    for (int threads : {1, 3, 8}) {
      set_num_threads(threads);
      const std::vector<float> bits = layer(x).output.template to_vector<float>();
      if (threads == 1) first = bits;
      EXPECT_TRUE(bits == first) << layer.describe() << ", " << threads << " threads";
    }
    set_num_threads(before);
  };
  check(RNN(16, 320));
  check(LSTM(16, 192, {.bidirectional = true}));
  check(LSTM(16, 200));  // no multiple of a panel
  check(GRU(16, 256, {.num_layers = 2}));
}

// Second derivatives go through the formula.
TEST(Recurrent, HasSecondDerivatives) {
  GRU gru(2, 2, {.bidirectional = true});
  to(gru, float64);
  const auto run = [&](const Tensors& in) -> Tensors {
    const auto r = gru(pack_padded_sequence(in[0], {1, 3}, {.enforce_sorted = false}), in[1]);
    return {r.output.data, r.h};
  };
  gradgradcheck(run, {randn({3, 2, 2}, float64).requires_grad_(),
                      randn({2, 2, 2}, float64).requires_grad_()});
}

// Check 14: time and memory grow with the length, not faster.
TEST(Acceptance14, GruOf200StepsGoesBackwardInUnderASecond) {
  const GRU gru(16, 32);
  const Tensor x = randn({200, 4, 16}).requires_grad_();
  const auto start = std::chrono::steady_clock::now();
  sum(gru(x).output).backward();
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  EXPECT_LT(taken.count(), 1.0);
  EXPECT_TRUE(x.grad().defined());
}

TEST(Recurrent, ComputesHalfWidthTypesInFloat) {
  for (DType type : {float16, bfloat16}) {
    LSTM narrow(6, 8, {.bidirectional = true}), wide = clone(narrow);
    to(narrow, type);
    load(wide, state(narrow));
    const Tensor x = cast(randn({5, 3, 6}), type);
    const auto y = narrow(x).output;
    EXPECT_EQ(y.dtype(), type);
    expect_near(cast(y, float32), wide(cast(x, float32)).output, 0.03);
  }
}

TEST(Recurrent, DropsOnlyBetweenLayersAndInTraining) {
  GRU gru(3, 64, {.num_layers = 2, .dropout = 1});
  const Tensor x = randn({4, 2, 3});
  const Tensor once = gru(x).output;
  expect_near(gru(randn({4, 2, 3})).output, once, 1e-6);  // nothing of x gets through
  eval(gru);
  EXPECT_GT(amax(abs(gru(x).output - once)).item(), 1e-3);
}

TEST(Recurrent, RunsInGraphsOfUnknownBatch) {
  const GRU gru(3, 4, {.num_layers = 2, .batch_first = true, .bidirectional = true});
  Graph graph;
  Tensor x, y, h;
  {
    const GraphScope scope(graph);
    x = placeholder(float32, {"batch", 5, 3});
    const auto r = gru(x);
    y = r.output;
    h = r.h;
  }
  Session session(graph);
  session.initialize();
  for (int64_t batch : {2, 6}) {
    const Tensor value = randn({batch, 5, 3});
    const auto got = session.run({y, h}, {{x, value}});
    const auto want = gru(value);
    expect_near(got[0], want.output, 1e-6);
    expect_near(got[1], want.h, 1e-6);
  }
}

TEST(Recurrent, CompiledStepsTrainAsEagerOnes) {
  const LSTM lstm(3, 8, {.num_layers = 2}), copy = clone(lstm);
  const auto step = [](const LSTM& net, const Tensor& x) {
    const Tensor loss = mean(square(net(x).output));
    loss.backward();
    NoGrad off;
    for (const Tensor& p : parameters(net)) p.sub_(p.grad() * 0.1);
    zero_grad(net);
    return loss;
  };
  auto compiled = compile([&](const Tensor& x) { return step(copy, x); });
  for (int i = 0; i < 4; ++i) {
    const Tensor x = randn({6, 3, 3});
    EXPECT_NEAR(compiled(x).item(), step(lstm, x).item(), 1e-6);
  }
}

TEST(Recurrent, AcceptsAnEmptyBatch) {
  const LSTM lstm(3, 4, {.bidirectional = true});
  const auto [y, s] = lstm(zeros({5, 0, 3}));
  EXPECT_EQ(y.shape(), (Shape{5, 0, 8}));
  EXPECT_EQ(s.c.shape(), (Shape{2, 0, 4}));
  sum(y).backward();
  EXPECT_EQ(amax(abs(lstm.weights[0].weight_hh.grad())).item(), 0);
}

TEST(Recurrent, RefusesBadInput) {
  const GRU gru(3, 4);
  const LSTM lstm(3, 4, {.bidirectional = true});
  expect_error(
      [&] {
        gru(zeros({5, 2, 7}));
      },
      {"GRU(3, 4): GRU: input must be [steps, batch, 3] or [steps, 3]; got [5, 2, 7]"});
  expect_error([&] { gru(zeros({0, 2, 3})); }, {"at least one step; input is [0, 2, 3]"});
  expect_error(
      [&] {
        gru(zeros({5, 2, 3}), zeros({1, 3, 4}));
      },
      {"hx must have shape [1, 2, 4]; got [1, 3, 4]"});
  expect_error(
      [&] {
        gru(zeros({5, 3}), zeros({1, 1, 4}));
      },
      {"hx must have shape [1, 4]; got [1, 1, 4]"});
  expect_error(
      [&] {
        lstm(zeros({5, 2, 3}), {zeros({2, 2, 4}), zeros({1, 2, 4})});
      },
      {"cx must have shape [2, 2, 4]; got [1, 2, 4]"});
  expect_error([&] { gru(PackedSequence{}); }, {"the packed sequence is empty"});
  expect_error(
      [&] {
        gru(PackedSequence{zeros({4, 3}), {2, 3}});
      },
      {"batch sizes are 1 or more and never grow; got 2 and then 3"});
  expect_error([&] { gru(PackedSequence{zeros({4, 3}), {2, 1}}); }, {"x must be [3, ...]"});
  expect_error([&] { gru(zeros({5, 2, 3}, int64)); }, {"int64"});
  expect_error([] { GRU(3, 0); }, {"GRU: hidden_size is at least 1; what came: 0"});
  expect_error([] { GRU(3, 4, {.num_layers = 0}); }, {"num_layers is at least 1"});
  expect_error([] { GRU(3, 4, {.dropout = 1.5}); }, {"0 to 1; what came: 1.5"});
  expect_error([] { LSTM(3, 4, {.proj_size = 4}); }, {"proj_size is smaller than"});
  expect_error([] { RNN(3, 4, {.nonlinearity = "x"}); }, {"tanh or relu; what came: x"});
  expect_error([] { RNNCell(3, 4, {.nonlinearity = "x"}); }, {"tanh or relu; what came: x"});
  expect_error([] { GRUCell(0, 4); }, {"sizes are at least 1; what came: 0 and 4"});
  expect_error(
      [] {
        GRUCell(3, 4)(zeros({2, 7}));
      },
      {"gru_cell: input must be [batch, 3] or [3]; got [2, 7]"});
  expect_error(
      [] {
        LSTMCell(3, 4)(zeros({2, 3}), {zeros({3, 4}), {}});
      },
      {"lstm_cell: a state must have shape [2, 4]; got [3, 4]"});
}

}  // namespace
}  // namespace rush::nn
