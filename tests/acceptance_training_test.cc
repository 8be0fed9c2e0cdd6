// What the engines before ours disagreed on or got wrong in training: batch norm, optimisers,
// extreme scores, first weights, and the gradients of everything they had.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "rush/autograd/gradcheck.h"
#include "rush/rush.h"

namespace rush {
namespace {

using Values = std::vector<double>;

double at(const Tensor& t, size_t i) { return t.to_vector<double>()[i]; }

// ---- 20: batch norm ------------------------------------------------------------------------

// One channel with mean 3 and variance 2 (unbiased 2.5).
Tensor batch() { return Tensor::from(Values{1, 2, 3, 4, 5}, {5, 1}); }

TEST(Acceptance, Check20OneBatchNormServesEveryConvention) {
  struct Convention {
    nn::BatchNormOptions options;
    double kept, variance;
  };
  const Convention all[] = {
      {{.momentum = 0.1}, 0.9, 2.5},                              // PyTorch
      {{.decay = 0.999}, 0.999, 2.5},                             // TensorFlow, np-auto-diff
      {{.unbiased_running_var = false, .decay = 0.1}, 0.1, 2.0},  // MiniTorch keeps 10 %
  };
  for (const Convention& c : all) {
    nn::BatchNorm1d norm(1, c.options);
    to(norm, float64);
    norm(batch());
    EXPECT_NEAR(norm.running_mean.item(), (1 - c.kept) * 3, 1e-12);
    EXPECT_NEAR(norm.running_var.item(), c.kept + (1 - c.kept) * c.variance, 1e-12);
  }
  EXPECT_THROW(nn::BatchNorm1d(1, {.decay = 1.5}), Error);
}

TEST(Acceptance, Check20EvaluationUsesAndKeepsTheRunningValues) {
  nn::BatchNorm1d norm(1, {.eps = 1e-3});
  to(norm, float64);
  norm.weight.detach().fill_(2);
  norm(batch());
  eval(norm);
  const double mean = norm.running_mean.item(), var = norm.running_var.item();
  const Tensor x = batch().requires_grad_();
  sum(norm(x)).backward();
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(at(x.grad(), i), 2 / std::sqrt(var + 1e-3), 1e-12);
  EXPECT_EQ(norm.running_mean.item(), mean);
  EXPECT_EQ(norm.running_var.item(), var);
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 1);
}

// ---- 21: optimisers ------------------------------------------------------------------------

using Rule = std::function<void(double& p, double g, double lr, int t)>;

// 100 random steps in float32 with the rate changed midway, against the rule in double precision;
// a parameter without a gradient stays as it is.
void expect_rule(optim::Optimizer& opt, const Tensor& p, const Tensor& unused, const Rule& rule) {
  double expected = p.item();
  Generator noise(5);
  const Tensor gradients = Tensor::empty({100}, float32);
  normal_(gradients, 0.2, 1, &noise);
  const auto g = gradients.to_vector<double>();
  for (int t = 1; t <= 100; ++t) {
    if (t == 51) opt.set_lr(opt.lr() * 0.3);
    p.set_grad(Tensor::scalar(g[static_cast<size_t>(t - 1)], float32));
    opt.step();
    rule(expected, g[static_cast<size_t>(t - 1)], opt.lr(), t);
  }
  EXPECT_NEAR(p.item(), expected, 2e-6 * std::max(1.0, std::abs(expected)));
  EXPECT_EQ(p.dtype(), float32);
  EXPECT_EQ(unused.item(), 7);
}

template <typename Opt, typename Options>
void expect_optimizer(const Options& options, const Rule& rule) {
  const Tensor p = Tensor::scalar(1, float32).requires_grad_();
  const Tensor unused = Tensor::scalar(7, float32).requires_grad_();
  Opt opt({p, unused}, options);
  expect_rule(opt, p, unused, rule);
}

TEST(Acceptance, Check21OptimisersFollowTheirFormulas) {
  using namespace optim;
  expect_optimizer<SGD>(SGDOptions{.lr = 0.01},
                        [](double& p, double g, double lr, int) { p -= lr * g; });
  expect_optimizer<SGD>(SGDOptions{.lr = 0.01, .momentum = 0.9},
                        [m = 0.0](double& p, double g, double lr, int) mutable {
                          m = 0.9 * m + g;
                          p -= lr * m;
                        });
  expect_optimizer<SGD>(SGDOptions{.lr = 0.01, .momentum = 0.9, .lr_in_momentum = true},
                        [m = 0.0](double& p, double g, double lr, int) mutable {
                          m = 0.9 * m - lr * g;  // TinyNet's
                          p += m;
                        });
  expect_optimizer<SGD>(SGDOptions{.lr = 0.01, .momentum = 0.9, .nesterov = true},
                        [m = 0.0](double& p, double g, double lr, int) mutable {
                          m = 0.9 * m + g;
                          p -= lr * (g + 0.9 * m);
                        });
  expect_optimizer<Adagrad>(AdagradOptions{.lr = 0.05, .eps = 1e-8},
                            [s = 0.0](double& p, double g, double lr, int) mutable {
                              s += g * g;
                              p -= lr * g / (std::sqrt(s) + 1e-8);
                            });
}

TEST(Acceptance, Check21RmspropAndAdamInBothForms) {
  using namespace optim;
  expect_optimizer<RMSprop>(RMSpropOptions{.lr = 0.01, .alpha = 0.9, .momentum = 0.5},
                            [s = 0.0, m = 0.0](double& p, double g, double lr, int) mutable {
                              s = 0.9 * s + 0.1 * g * g;
                              m = 0.5 * m + g / (std::sqrt(s) + 1e-8);
                              p -= lr * m;
                            });
  expect_optimizer<RMSprop>(RMSpropOptions{.lr = 0.01,
                                           .alpha = 0.9,
                                           .eps = 1e-3,
                                           .momentum = 0.5,
                                           .eps_in_root = true,
                                           .lr_in_momentum = true},
                            [s = 0.0, m = 0.0](double& p, double g, double lr, int) mutable {
                              s = 0.9 * s + 0.1 * g * g;
                              m = 0.5 * m + lr * g / std::sqrt(s + 1e-3);
                              p -= m;
                            });
  for (const bool hat : {false, true})
    expect_optimizer<Adam>(AdamOptions{.lr = 0.01, .eps = 1e-2, .epsilon_hat = hat},
                           [hat, m = 0.0, v = 0.0](double& p, double g, double lr, int t) mutable {
                             m = 0.9 * m + 0.1 * g;
                             v = 0.999 * v + 0.001 * g * g;
                             const double first = 1 - std::pow(0.9, t),
                                          second = 1 - std::pow(0.999, t);
                             p -= hat ? lr * std::sqrt(second) / first * m / (std::sqrt(v) + 1e-2)
                                      : lr * m / first / (std::sqrt(v / second) + 1e-2);
                           });
}

// ---- 22: extreme scores --------------------------------------------------------------------

void expect_finite(const char* what, const Tensor& x, const Tensor& y) {
  sum(y).backward();
  EXPECT_TRUE(all(isfinite(y.detach())).item<bool>()) << what;
  EXPECT_TRUE(all(isfinite(x.grad())).item<bool>()) << what << "'s gradient";
  x.set_grad({});
}

TEST(Acceptance, Check22LargeScoresGiveFiniteValuesAndGradients) {
  for (DType t : {float32, float64}) {
    const Tensor x =
        Tensor::from(Values{1e4, -1e4, 0, -1e4, -1e4 + 1, -1e4 - 1, 0.5, -0.5, 1e4}, {3, 3})
            .to(t)
            .requires_grad_();
    const Tensor ids = Tensor::from(std::vector<int64_t>{1, 1, 0});
    const Tensor target = full({3, 3}, 0.3, t);
    expect_finite("softmax", x, softmax(x, 1));
    expect_finite("log_softmax", x, log_softmax(x, 1));
    expect_finite("cross_entropy", x, cross_entropy(x, ids));
    expect_finite("sigmoid", x, sigmoid(x));
    expect_finite("logsigmoid", x, logsigmoid(x));
    expect_finite("tanh", x, tanh(x));
    expect_finite("binary_cross_entropy_with_logits", x,
                  binary_cross_entropy_with_logits(x, target));
    expect_finite("binary_cross_entropy", x, binary_cross_entropy(sigmoid(x), target));
    expect_finite("multilabel_soft_margin_loss", x, multilabel_soft_margin_loss(x, target));
    // A row far below the batch's maximum is normalised by its own.
    EXPECT_NEAR(at(softmax(x.detach(), 1), 4), 1 / (1 + std::exp(-1) + std::exp(-2)), 1e-3);
  }
}

TEST(Acceptance, Check22CrossEntropyHonoursAnUpstreamFactor) {
  const Tensor x = Tensor::from(Values{1, 2, 3, 0, 0, 1}, {2, 3}).requires_grad_();
  const Tensor ids = Tensor::from(std::vector<int64_t>{0, 2});
  cross_entropy(x, ids).backward();
  const Values once = x.grad().to_vector<double>();
  x.set_grad({});
  (cross_entropy(x, ids) * 5).backward();
  for (size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(at(x.grad(), i), 5 * once[i], 1e-12);
}

// ---- 24: first weights ---------------------------------------------------------------------

struct Moments {
  double mean, deviation, low, high;
};
Moments moments_of(const Tensor& t) {
  return {mean(t).item(), std_dev(t).item(), min(t).item(), max(t).item()};
}

TEST(Acceptance, Check24InitialisersHaveTheirMomentsAndBounds) {
  using namespace nn::init;
  manual_seed(24);
  const Tensor t = Tensor::empty({200, 300}, float32);
  struct Row {
    const char* name;
    std::function<const Tensor&()> fill;
    double deviation, bound;  // 0: normal, without one
  };
  const double root3 = std::sqrt(3.0);
  const Row rows[] = {{"Glorot uniform", [&]() -> auto& {return xavier_uniform_(t);
}
, std::sqrt(2 / 500.0), std::sqrt(6 / 500.0)
}  // namespace
, {"Glorot normal", [&]() -> auto& {return xavier_normal_(t);
}  // namespace rush
, std::sqrt(2 / 500.0), 0
}
, {"He uniform", [&]() -> auto& {return kaiming_uniform_(t);
}
, std::sqrt(2 / 300.0), std::sqrt(6 / 300.0)
}
, {"He normal", [&]() -> auto& {return kaiming_normal_(t);
}
, std::sqrt(2 / 300.0), 0
}
, {"LeCun uniform", [&]() -> auto& {return lecun_uniform_(t);
}
, std::sqrt(1 / 300.0), std::sqrt(3 / 300.0)
}
, {"LeCun normal", [&]() -> auto& {return lecun_normal_(t);
}
, std::sqrt(1 / 300.0), 0
}
, {"picograd", [&]() -> auto& {return picograd_uniform_(t);
}
, 1 / std::sqrt(60000.0) / root3, 1 / std::sqrt(60000.0)
}
, {"TinyNet", [&]() -> auto& {return tinynet_uniform_(t, 300);
}
, 0.5 / 300 / root3, 0.5 / 300
}
,
}
;
for (const Row& row : rows) {
  const Moments m = moments_of(row.fill());
  EXPECT_NEAR(m.mean, 0, 0.02 * row.deviation) << row.name;
  EXPECT_NEAR(m.deviation, row.deviation, 0.02 * row.deviation) << row.name;
  if (row.bound == 0) continue;
  EXPECT_LE(std::max(-m.low, m.high), row.bound * (1 + 1e-6)) << row.name;
  EXPECT_GE(std::min(-m.low, m.high), row.bound * 0.99) << row.name;
}
EXPECT_EQ(t.dtype(), float32);
}

TEST(Acceptance, Check24TruncatedNormalIsCentred) {
  manual_seed(24);
  const Tensor t = Tensor::empty({200, 300}, float32);
  const Moments m = moments_of(nn::init::truncated_normal_(t, 5, 0.5));
  EXPECT_NEAR(m.mean, 5, 0.01);
  EXPECT_NEAR(m.deviation, 0.5 * 0.8796, 0.01);  // of a normal cut at two deviations
  EXPECT_GE(m.low, 4);
  EXPECT_LE(m.high, 6);
}

TEST(Acceptance, Check24OneSeedGivesDifferentTensorsButTheSameRun) {
  const auto run = [] {
    manual_seed(3);
    const nn::Linear a(4, 4), b(4, 4);
    return std::pair(a.weight.to_vector(), b.weight.to_vector());
  };
  const auto first = run(), second = run();
  EXPECT_NE(first.first, first.second);
  EXPECT_EQ(first, second);
}

TEST(Acceptance, Check24SparseColumns) {
  manual_seed(1);
  const Tensor t = nn::init::sparse_(Tensor::empty({10, 6}, float32), 0.25, 1);
  const Tensor zeros_in_column = sum(eq(t, 0), {0});
  EXPECT_EQ(zeros_in_column.to_vector<int64_t>(), (std::vector<int64_t>(6, 3)));
  EXPECT_THROW(nn::init::sparse_(t, 2), Error);
  EXPECT_THROW(nn::init::sparse_(Tensor::empty({3}, float32), 0.5), ShapeError);
}

// ---- 25: gradients by differences -----------------------------------------------------------

using Function = std::function<Tensor(const Tensors&)>;

void expect_gradients(const char* what, const Tensors& inputs, const Function& f) {
  for (const Tensor& x : inputs) x.requires_grad_();
  const auto all = [&](const Tensors& v) -> Tensors { return {f(v)}; };
  EXPECT_NO_THROW(gradcheck(all, inputs, {.atol = 1e-8, .rtol = 1e-6})) << what;
}

TEST(Acceptance, Check25GradientsOfLayersAgreeWithDifferences) {
  manual_seed(25);
  const auto x = [](const Shape& shape) { return randn(shape, float64); };
  expect_gradients("LRN", {x({2, 5, 3})},
                   [](const auto& v) { return local_response_norm(v[0], 3, 0.5, 0.75, 2); });
  expect_gradients("moments", {x({3, 4})}, [](const auto& v) {
    const VarMean m = var_mean(v[0], {0}, 0);
    return m.var * m.mean;
  });
  expect_gradients("leaky", {x({4, 4})}, [](const auto& v) { return leaky_relu(v[0], 0.1); });
  expect_gradients("pad", {x({2, 3})}, [](const auto& v) { return pad(v[0], {1, 2}); });
  expect_gradients("slice", {x({4, 5})}, [](const auto& v) { return slice(v[0], 1, 0, 5, 2) * 3; });
  expect_gradients("l2", {x({3, 4})}, [](const auto& v) { return sum(square(v[0])) / 2; });
  expect_gradients("normalize", {x({3, 4})}, [](const auto& v) { return normalize(v[0]); });
  const Tensor mask = cast(gt(rand({4, 5}), 0.5), float64) * 2;
  expect_gradients("dropout with a fixed mask", {x({4, 5})},
                   [mask](const auto& v) { return v[0] * mask; });
  expect_gradients("max pool", {x({1, 2, 5, 5})},
                   [](const auto& v) { return max_pool2d(v[0], 3, {.stride = 2, .same = true}); });
  expect_gradients("average pool", {x({1, 2, 5, 5})},
                   [](const auto& v) { return avg_pool2d(v[0], 3, {.stride = 2, .same = true}); });
  expect_gradients("batch norm", {x({6, 3}), x({3}), x({3})},
                   [](const auto& v) { return batch_norm(v[0], {}, {}, v[1], v[2], true); });
  expect_gradients("layer norm", {x({3, 4}), x({4}), x({4})},
                   [](const auto& v) { return layer_norm(v[0], {4}, v[1], v[2]); });
  expect_gradients("conv, same", {x({1, 2, 5, 4}), x({3, 2, 3, 2}), x({3})}, [](const auto& v) {
    return conv2d(v[0], v[1], v[2], {.stride = 2, .same = true});
  });
  expect_gradients("transposed conv, same", {x({1, 3, 3, 2}), x({3, 2, 3, 4})}, [](const auto& v) {
    return conv_transpose2d(v[0], v[1], {}, {.stride = 2, .same = true});
  });
}

TEST(Acceptance, Check25GradientsOfLossesAgreeWithDifferences) {
  manual_seed(26);
  const auto x = [](const Shape& shape) { return randn(shape, float64); };
  const Tensor ids = Tensor::from(std::vector<int64_t>{2, 0, 1});
  const Tensor signs = Tensor::from(Values{1, -1, 1});
  const Tensor soft = softmax(x({3, 4}), 1);
  expect_gradients("cross_entropy", {x({3, 4})},
                   [=](const auto& v) { return cross_entropy(v[0], ids); });
  expect_gradients("sigmoid cross entropy", {x({3, 4})},
                   [=](const auto& v) { return binary_cross_entropy_with_logits(v[0], soft); });
  expect_gradients("nll_loss", {x({3, 4})},
                   [=](const auto& v) { return nll_loss(log_softmax(v[0], 1), ids); });
  expect_gradients("mse_loss", {x({3, 4})}, [=](const auto& v) { return mse_loss(v[0], soft); });
  expect_gradients("huber_loss", {x({3, 4})},
                   [=](const auto& v) { return huber_loss(v[0], soft); });
  expect_gradients("kl_div", {x({3, 4})},
                   [=](const auto& v) { return kl_div(log_softmax(v[0], 1), soft); });
  expect_gradients("multi_margin_loss", {x({3, 4})},
                   [=](const auto& v) { return multi_margin_loss(v[0], ids); });
  expect_gradients("cosine_embedding_loss", {x({3, 4}), x({3, 4})},
                   [=](const auto& v) { return cosine_embedding_loss(v[0], v[1], signs); });
  expect_gradients("triplet_margin_loss", {x({3, 4}), x({3, 4}), x({3, 4})},
                   [](const auto& v) { return triplet_margin_loss(v[0], v[1], v[2]); });
  expect_gradients("poisson_nll_loss", {x({3, 4})},
                   [=](const auto& v) { return poisson_nll_loss(v[0], soft); });
  const Tensor lengths = Tensor::from(std::vector<int64_t>{5, 4, 5});
  const Tensor labels = Tensor::from(std::vector<int64_t>{1, 2, 3, 3, 2, 1}, {3, 2});
  const Tensor counts = Tensor::from(std::vector<int64_t>{2, 2, 1});
  expect_gradients("ctc_loss", {x({5, 3, 4})}, [=](const auto& v) {
    return ctc_loss(log_softmax(v[0], 2), labels, lengths, counts);
  });
}

TEST(Acceptance, Check25DropoutInEvaluationIsIdentity) {
  nn::Dropout drop{0.5, false};
  const Tensor x = randn({4, 5}).requires_grad_();
  const Tensor y = drop(x);
  EXPECT_EQ(y.to_vector(), x.to_vector());
  sum(y).backward();
  EXPECT_EQ(x.grad().to_vector(), ones({4, 5}).to_vector());
}

}  // namespace
}  // namespace rush
