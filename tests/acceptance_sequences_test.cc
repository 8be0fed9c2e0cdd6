// What TinyNet shows on sequences: multilayer perceptrons that scan as convolutions, and a network
// of convolutions that could not be trained there.
#include <gtest/gtest.h>

#include <cmath>

#include "rush/autograd/gradcheck.h"
#include "rush/rush.h"

namespace rush {
namespace {

constexpr int64_t kFeatures = 24, kFrames = 128, kWindow = 8, kStride = 4, kPlaces = 31;

double largest_difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  return amax(abs(a - b)).item();
}

// The weights [out, frames * features] of a layer that sees some frames, as a convolution's.
Tensor as_kernel(const Tensor& weight, int64_t frames) {
  return transpose(reshape(weight, {weight.size(0), frames, weight.size(1) / frames}), 1, 2);
}

// 192 - 8 - 16 - 4 on every window of 8 frames, taken by hand. x: [1, 24, 128] -> [1, 4 * 31]
struct Weights {
  Tensor w1, w2, w3;
};
Tensor sliding(const Tensor& x, const Weights& w) {
  Tensors all;
  for (int64_t place = 0; place < kPlaces; ++place) {
    const Tensor window = reshape(t(narrow(x[0], 1, place * kStride, kWindow)), {1, -1});
    all.push_back(linear(relu(linear(relu(linear(window, w.w1)), w.w2)), w.w3));
  }
  return reshape(stack(all, 2), {1, -1});
}

// The whole window at once, then every place by itself.
Tensor simple(const Tensor& x, const Weights& w) {
  Tensor y = relu(conv1d(x, as_kernel(w.w1, kWindow), {}, {.stride = kStride}));
  y = relu(conv1d(y, as_kernel(w.w2, 1)));
  return conv1d(y, as_kernel(w.w3, 1)).flatten(1);
}

// Two frames, then two of those, then two of these: parts of the window share their weights.
Tensor distributed(const Tensor& x, const Weights& w) {
  Tensor y = relu(conv1d(x, as_kernel(w.w1, 2), {}, {.stride = 2}));
  y = relu(conv1d(y, as_kernel(w.w2, 2), {}, {.stride = 2}));
  return conv1d(y, as_kernel(w.w3, 2)).flatten(1);
}

// The perceptron with the blocks of w on its diagonals: `times` of them.
Tensor blocks(const Tensor& w, int64_t times) {
  Tensors rows;
  for (int64_t i = 0; i < times; ++i)
    rows.push_back(pad(w, {i * w.size(1), (times - 1 - i) * w.size(1)}));
  return cat(rows);
}

Tensor drawn(const Shape& shape) { return (randn(shape, float64) * 0.3).detach(); }

void expect_same(const Weights& w, const std::function<Tensor(const Tensor&)>& scan,
                 const std::function<Tensor(const Tensor&)>& slide, const Tensor& x) {
  const std::vector<Tensor> by{x, w.w1, w.w2, w.w3};
  const Tensor a = scan(x), b = slide(x);
  EXPECT_EQ(a.shape(), (Shape{1, 4 * kPlaces}));
  EXPECT_LT(largest_difference(a, b), 1e-12);
  const Tensor weights = cos(arange(a.numel(), float64)).reshape(a.shape());
  const auto da = grad({a}, by, {weights}), db = grad({b}, by, {weights});
  for (size_t i = 0; i < by.size(); ++i)
    EXPECT_LT(largest_difference(da[i], db[i]), 1e-12 * std::max(1.0, amax(abs(db[i])).item()));
}

Weights wanting(Weights w) {
  for (Tensor* t : {&w.w1, &w.w2, &w.w3}) t->requires_grad_();
  return w;
}

TEST(Acceptance11, SimpleScanIsTheSlidingPerceptron) {
  manual_seed(4);
  const Tensor x = drawn({1, kFeatures, kFrames}).requires_grad_();
  const Weights w = wanting({drawn({8, kWindow * kFeatures}), drawn({16, 8}), drawn({4, 16})});
  expect_same(
      w, [&](const Tensor& in) { return simple(in, w); },
      [&](const Tensor& in) { return sliding(in, w); }, x);
}

TEST(Acceptance11, DistributedScanIsAPerceptronWithSharedWeights) {
  manual_seed(5);
  const Tensor x = drawn({1, kFeatures, kFrames}).requires_grad_();
  const Weights w = wanting({drawn({2, 2 * kFeatures}), drawn({8, 4}), drawn({4, 16})});
  const auto shared = [&] { return Weights{blocks(w.w1, 4), blocks(w.w2, 2), w.w3}; };
  expect_same(
      w, [&](const Tensor& in) { return distributed(in, w); },
      [&](const Tensor& in) { return sliding(in, shared()); }, x);
  expect_same(
      w, [&](const Tensor& in) { return distributed(in, w); },
      [&](const Tensor& in) { return simple(in, shared()); }, x);
}

struct TinyCnn {
  nn::Conv1d a{24, 56, 5}, b{56, 28, 6, {.stride = 2}}, c{28, 14, 2, {.stride = 2}};
  nn::Linear out{14 * 13, 10};
  Tensor operator()(const Tensor& x) const {
    return out(sigmoid(c(relu(b(tanh(a(x)))))).flatten(1));
  }
};

// The gradient along one direction, by differences of the loss.
TEST(Acceptance12, TinyNetsCnnTrainsOnDataThatRequiresNoGradient) {
  manual_seed(6);
  TinyCnn net;
  to(net, float64);
  const Tensor x = randn({4, 24, 60}, float64), y = randint(0, 10, {4});
  ASSERT_FALSE(x.requires_grad());
  const auto loss = [&] { return nn::cross_entropy(net(x), y); };
  loss().backward();
  for (const Tensor& w : {net.a.weight, net.b.weight, net.c.weight, net.out.weight}) {
    ASSERT_TRUE(w.grad().defined());
    EXPECT_GT(amax(abs(w.grad())).item(), 0);
    const NoGrad off;
    const double step = 1e-6;
    const Tensor direction = randn(w.shape(), float64);
    w.add_(direction * step);
    const double above = loss().item();
    w.sub_(direction * (2 * step));
    const double below = loss().item();
    w.add_(direction * step);
    const double slope = sum(direction * w.grad()).item();
    EXPECT_NEAR((above - below) / (2 * step), slope, 1e-6 * std::max(1.0, std::abs(slope)));
  }
  optim::Adam opt(parameters(net), {.lr = 1e-2});
  const double before = loss().item();
  for (int i = 0; i < 5; ++i) opt.step(loss());
  EXPECT_LT(loss().item(), before);
}

}  // namespace
}  // namespace rush
