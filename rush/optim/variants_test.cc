// Optimisers as other libraries have them, Muon, and steps with a closure.
#include <gtest/gtest.h>

#include <cmath>

#include "rush/autograd/autograd.h"
#include "rush/graph/graph.h"
#include "rush/graph/session.h"
#include "rush/ops/binary.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"

namespace rush::optim {
namespace {

Tensor parameter(const std::vector<double>& values, const Shape& shape) {
  return Tensor::from(values, shape).requires_grad_();
}
Tensor number(double value) { return parameter({value}, {}); }
void set_gradient(const Tensor& p, double g) { p.set_grad(Tensor::scalar(g, p.dtype())); }

// 20 steps with the rate halved after ten; `formula(p, g, lr, t)` takes them by hand.
template <typename Opt, typename Formula>
void expect_steps(Opt& opt, const Tensor& p, Formula formula) {
  double expected = p.item();
  for (int t = 1; t <= 20; ++t) {
    const double g = std::sin(t) + 0.3;
    if (t == 11) opt.set_lr(opt.lr() / 2);
    set_gradient(p, g);
    opt.step();
    formula(expected, g, opt.lr(), t);
    ASSERT_NEAR(p.item(), expected, 1e-12) << "step " << t;
  }
}

TEST(Variants, MomentumOfStepsKeepsOldRates) {
  const Tensor p = number(1);
  SGD opt({p}, {.lr = 0.1, .momentum = 0.9, .lr_in_momentum = true});
  expect_steps(opt, p, [m = 0.0](double& x, double g, double lr, int) mutable {
    m = 0.9 * m + lr * g;
    x -= m;
  });
}

TEST(Variants, NesterovMomentumOfSteps) {
  const Tensor p = number(1);
  SGD opt({p}, {.lr = 0.1, .momentum = 0.9, .nesterov = true, .lr_in_momentum = true});
  expect_steps(opt, p, [m = 0.0](double& x, double g, double lr, int) mutable {
    m = 0.9 * m + lr * g;
    x -= 0.9 * m + lr * g;
  });
}

TEST(Variants, AdamWithEpsilonHat) {
  const Tensor p = number(1);
  Adam opt({p}, {.lr = 0.1, .eps = 0.01, .epsilon_hat = true});
  expect_steps(opt, p, [m = 0.0, v = 0.0](double& x, double g, double lr, int t) mutable {
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    x -=
        lr * std::sqrt(1 - std::pow(0.999, t)) / (1 - std::pow(0.9, t)) * m / (std::sqrt(v) + 0.01);
  });
}

TEST(Variants, RMSpropAsTensorFlowHasIt) {
  const Tensor p = number(1);
  RMSprop opt({p}, {.lr = 0.1,
                    .alpha = 0.9,
                    .eps = 0.01,
                    .momentum = 0.8,
                    .eps_in_root = true,
                    .lr_in_momentum = true});
  expect_steps(opt, p, [s = 0.0, m = 0.0](double& x, double g, double lr, int) mutable {
    s = 0.9 * s + 0.1 * g * g;
    m = 0.8 * m + lr * g / std::sqrt(s + 0.01);
    x -= m;
  });
}

TEST(Muon, MakesTheDirectionsEquallyLong) {
  const Tensor p = parameter({1, 2, 3, 4, 5, 7}, {3, 2});
  Muon opt({p}, {.lr = 0.1, .ns_steps = 20, .ns_dtype = float64});
  p.set_grad(parameter({1, 0, 0, 2, 0, 0}, {3, 2}).detach());
  opt.step();
  const auto values = p.to_vector<double>();
  const double rate = 0.1 * std::sqrt(1.5);
  // The gradient's singular directions are the first two axes, each now of a length near 1.
  for (int i : {0, 3}) {
    const double length = ((i == 0 ? 1 : 4) * 0.99 - values[static_cast<size_t>(i)]) / rate;
    EXPECT_GT(length, 0.6);
    EXPECT_LT(length, 1.3);
  }
  EXPECT_DOUBLE_EQ(values[5], 7 * 0.99);
  EXPECT_EQ(opt.state().size(), 3u);  // step, momentum_buffer, the rate
}

TEST(Muon, RefusesOtherThanMatrices) {
  EXPECT_THROW(Muon({number(1)}), ShapeError);
  const Tensor p = parameter({1, 2}, {1, 2});
  EXPECT_THROW(Muon({p}, {.ns_steps = 100}), Error);
  EXPECT_THROW(Muon({p}, {.momentum = -1}), Error);
  EXPECT_THROW(Muon({p}, {.ns_dtype = int64}), TypeError);
  Muon opt({p});
  EXPECT_THROW(opt.add_param_group({number(1)}, {}), ShapeError);
}

// Three runs of a session give what three eager steps give.
template <typename Opt, typename Options>
void expect_session(const Options& options) {
  const std::vector<double> start = {1, -2, 0.5, 3};
  const auto loss_of = [](const Tensor& w) { return sum(square(square(w) - 1)); };
  const Tensor w = parameter(start, {2, 2});
  Opt eager({w}, options);
  for (int i = 0; i < 3; ++i) eager.step(loss_of(w));

  Graph graph("training");
  const GraphScope scope(graph);
  const Tensor v = variable(Tensor::from(start, {2, 2}), "v");
  Opt symbolic({v}, options);
  const Tensor train = symbolic.minimize(loss_of(v));
  Session session(graph);
  session.initialize();
  for (int i = 0; i < 3; ++i) session.run(train);
  const auto expected = w.to_vector<double>(), values = session.value(v).to_vector<double>();
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(values[i], expected[i], 1e-10);
}

TEST(Optimizer, NewOnesTrainInSessions) {
  expect_session<Adadelta>(AdadeltaOptions{});
  expect_session<Adamax>(AdamaxOptions{});
  expect_session<ASGD>(ASGDOptions{.t0 = 1});
  expect_session<NAdam>(NAdamOptions{});
  expect_session<RAdam>(RAdamOptions{.betas = {0.9, 0.9}});
  expect_session<Rprop>(RpropOptions{});
  expect_session<Muon>(MuonOptions{.ns_dtype = float64});
  EXPECT_THROW(expect_session<LBFGS>(LBFGSOptions{}), Error);
}

TEST(Optimizer, StepsWithAClosure) {
  const Tensor p = number(3);
  SGD opt({p}, {.lr = 0.25});
  const Tensor loss = opt.step([&] {
    opt.zero_grad();
    const Tensor l = p * p;
    l.backward();
    return l;
  });
  EXPECT_EQ(loss.item(), 9);
  EXPECT_EQ(p.item(), 1.5);
}

TEST(Optimizer, NewOnesRejectBadOptions) {
  const Tensor p = number(1);
  EXPECT_THROW(Adadelta({p}, {.rho = 1.5}), Error);
  EXPECT_THROW(Adadelta({p}, {.eps = -1}), Error);
  EXPECT_THROW(Adamax({p}, {.betas = {0.9, 1}}), Error);
  EXPECT_THROW(ASGD({p}, {.lr = -1}), Error);
  EXPECT_THROW(NAdam({p}, {.momentum_decay = -1}), Error);
  EXPECT_THROW(RAdam({p}, {.betas = {-0.1, 0.9}}), Error);
  EXPECT_THROW(Rprop({p}, {.etas = {1.5, 2}}), Error);
  EXPECT_THROW(Rprop({p}, {.step_sizes = {1, 0.5}}), Error);
}

}  // namespace
}  // namespace rush::optim
