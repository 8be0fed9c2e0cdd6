// Optimisers against PyTorch's trajectories, and the rules all of them share.
#include "rush/optim/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>

#include "rush/base/testing/errors.h"
#include "rush/ops/binary.h"
#include "rush/optim/optim.h"
#include "rush/optim/torch_table_test.h"

namespace rush::optim {
namespace {

Tensor parameter(const std::vector<double>& values) {
  Tensor p = Tensor::from(values);
  p.requires_grad_();
  return p;
}

// A bowl of four curvatures with a little ripple.
std::vector<double> gradient(const std::vector<double>& p, int step) {
  const double curvature[] = {1, 0.5, 3, 0.05}, goal[] = {1, -2, 0.5, 4};
  std::vector<double> g(4);
  for (int i = 0; i < 4; ++i) g[i] = curvature[i] * (p[i] - goal[i]) + 0.1 * std::sin(step + i);
  return g;
}

using Make = std::function<std::unique_ptr<Optimizer>(std::vector<Tensor>)>;

template <typename O, typename Options>
Make make(const Options& options) {
  return [options](std::vector<Tensor> params) {
    return std::make_unique<O>(std::move(params), options);
  };
}

const std::map<std::string, Make>& optimizers() {
  static const std::map<std::string, Make> all = {
      {"sgd", make<SGD>(SGDOptions{.lr = 0.1})},
      {"sgd momentum",
       make<SGD>(SGDOptions{.lr = 0.05, .momentum = 0.9, .dampening = 0.1, .weight_decay = 0.01})},
      {"sgd nesterov", make<SGD>(SGDOptions{.lr = 0.05, .momentum = 0.8, .nesterov = true})},
      {"sgd maximize", make<SGD>(SGDOptions{.lr = 0.01, .momentum = 0.5, .maximize = true})},
      {"adam", make<Adam>(AdamOptions{.lr = 0.05})},
      {"adam decay",
       make<Adam>(AdamOptions{.lr = 0.05, .betas = {0.8, 0.95}, .eps = 1e-4, .weight_decay = 0.1})},
      {"adam amsgrad", make<Adam>(AdamOptions{.lr = 0.1, .amsgrad = true})},
      {"adam maximize", make<Adam>(AdamOptions{.lr = 0.1, .maximize = true})},
      {"adamw", make<AdamW>(AdamWOptions{.lr = 0.05})},
      {"adamw decay", make<AdamW>(AdamWOptions{.lr = 0.05, .weight_decay = 0.3, .amsgrad = true})},
      {"rmsprop", make<RMSprop>(RMSpropOptions{.lr = 0.02})},
      {"rmsprop centered",
       make<RMSprop>(RMSpropOptions{
           .lr = 0.02, .alpha = 0.9, .weight_decay = 0.05, .momentum = 0.5, .centered = true})},
      {"adagrad", make<Adagrad>(AdagradOptions{.lr = 0.3})},
      {"adagrad decay", make<Adagrad>(AdagradOptions{.lr = 0.3,
                                                     .lr_decay = 0.05,
                                                     .weight_decay = 0.1,
                                                     .initial_accumulator_value = 0.2,
                                                     .eps = 1e-6})},
      {"adam decoupled",
       make<Adam>(AdamOptions{.lr = 0.05, .weight_decay = 0.1, .decoupled_weight_decay = true})},
      {"adadelta", make<Adadelta>(AdadeltaOptions{.lr = 0.5})},
      {"adadelta decay",
       make<Adadelta>(AdadeltaOptions{.lr = 2, .rho = 0.8, .eps = 1e-4, .weight_decay = 0.1})},
      {"adamax", make<Adamax>(AdamaxOptions{.lr = 0.05})},
      {"adamax decay", make<Adamax>(AdamaxOptions{
                           .lr = 0.05, .betas = {0.8, 0.95}, .eps = 1e-4, .weight_decay = 0.1})},
      {"asgd", make<ASGD>(ASGDOptions{.lr = 0.05, .lambd = 0.01, .t0 = 20, .weight_decay = 0.02})},
      {"nadam", make<NAdam>(NAdamOptions{.lr = 0.02})},
      {"nadam decay", make<NAdam>(NAdamOptions{.lr = 0.02,
                                               .weight_decay = 0.1,
                                               .momentum_decay = 0.1,
                                               .decoupled_weight_decay = true})},
      {"radam", make<RAdam>(RAdamOptions{.lr = 0.05})},
      {"radam decay",
       make<RAdam>(RAdamOptions{
           .lr = 0.05, .betas = {0.8, 0.9}, .weight_decay = 0.1, .decoupled_weight_decay = true})},
      {"radam l2", make<RAdam>(RAdamOptions{.lr = 0.05, .betas = {0.8, 0.9}, .weight_decay = 0.1})},
      {"rprop", make<Rprop>(RpropOptions{.lr = 0.05, .step_sizes = {1e-4, 0.5}})},
  };
  return all;
}

void take_step(Optimizer& opt, const Tensor& p, int step) {
  const std::vector<double> g = gradient(p.to_vector<double>(), step);
  p.set_grad(Tensor::from(g).to(p.dtype()));
  opt.step();
}

class Trajectory : public ::testing::TestWithParam<std::string> {};

TEST_P(Trajectory, IsPyTorchs) {
  const auto& expected = kTrajectories.at(GetParam());
  Tensor p = parameter({0, 1, -1, 2});
  const auto opt = optimizers().at(GetParam())({p});
  for (int step = 1; step <= 100; ++step) {
    take_step(*opt, p, step);
    const int row = step == 1 ? 0 : step == 10 ? 1 : step == 100 ? 2 : -1;
    if (row < 0) continue;
    const auto values = p.to_vector<double>();
    for (int i = 0; i < 4; ++i)
      EXPECT_NEAR(values[i], expected[row][i], 1e-10) << "step " << step << ", element " << i;
  }
}

TEST_P(Trajectory, Float32StaysFloat32AndNear) {
  Tensor p = parameter({0, 1, -1, 2}).detach().to(float32);
  p.requires_grad_();
  const auto opt = optimizers().at(GetParam())({p});
  for (int step = 1; step <= 100; ++step) take_step(*opt, p, step);
  EXPECT_EQ(p.dtype(), float32);
  const auto values = p.to_vector<double>();
  for (int i = 0; i < 4; ++i) EXPECT_NEAR(values[i], kTrajectories.at(GetParam())[2][i], 2e-3) << i;
}

// Saving in the middle and going on with a new optimiser changes nothing.
TEST_P(Trajectory, ContinuesFromASavedState) {
  Tensor p = parameter({0, 1, -1, 2});
  const auto first = optimizers().at(GetParam())({p});
  for (int step = 1; step <= 50; ++step) take_step(*first, p, step);
  State saved;
  for (const auto& [name, t] : first->state()) saved.emplace_back(name, t.clone());
  Tensor q = parameter(p.to_vector<double>());
  for (int step = 51; step <= 100; ++step) take_step(*first, p, step);
  const auto second = optimizers().at(GetParam())({q});
  second->load(saved);
  for (int step = 51; step <= 100; ++step) take_step(*second, q, step);
  EXPECT_EQ(p.to_vector<double>(), q.to_vector<double>());
}

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : optimizers()) names.push_back(name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Optimizers, Trajectory, ::testing::ValuesIn(all_names()),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = c == ' ' ? '_' : c;
                           return name;
                         });

TEST(Optimizer, SkipsParametersWithoutGradient) {
  Tensor p = parameter({1}), q = parameter({2});
  Adam opt({p, q}, {.lr = 0.5});
  p.set_grad(Tensor::from(std::vector<double>{1}));
  opt.step();
  EXPECT_NE(p.item(), 1);
  EXPECT_EQ(q.item(), 2);
  EXPECT_EQ(opt.state().size(), 4u);  // step, two means, the rate: nothing for q
}

TEST(Optimizer, GroupsHaveOptionsOfTheirOwn) {
  Tensor p = parameter({1}), q = parameter({1});
  SGD opt({p}, {.lr = 0.1});
  opt.add_param_group({q}, {.lr = 0.5});
  for (const Tensor& t : {p, q}) t.set_grad(Tensor::from(std::vector<double>{1}));
  opt.step();
  EXPECT_DOUBLE_EQ(p.item(), 0.9);
  EXPECT_DOUBLE_EQ(q.item(), 0.5);
  opt.options(1).lr = 1;
  opt.set_lr(0, 0.2);
  opt.step();
  EXPECT_NEAR(p.item(), 0.7, 1e-15);
  EXPECT_NEAR(q.item(), -0.5, 1e-15);
}

TEST(Optimizer, ZeroGradForgetsOrZeroes) {
  Tensor p = parameter({1});
  SGD opt({p}, {});
  p.set_grad(Tensor::from(std::vector<double>{1}));
  opt.zero_grad(false);
  ASSERT_TRUE(p.grad().defined());
  EXPECT_EQ(p.grad().item(), 0);
  opt.zero_grad();
  EXPECT_FALSE(p.grad().defined());
}

TEST(Optimizer, StepOnALossDoesAllThree) {
  Tensor p = parameter({3});
  SGD opt({p}, {.lr = 0.25});
  for (int i = 0; i < 2; ++i) opt.step((p * p).reshape({}));
  EXPECT_DOUBLE_EQ(p.item(), 0.75);  // halved twice: the second gradient does not add to the first
}

TEST(Optimizer, SeesNewValuesThroughTheSameTensor) {
  Tensor p = parameter({3});
  Tensor handle = p;
  SGD opt({p}, {.lr = 1});
  handle.set_grad(Tensor::from(std::vector<double>{1}));
  opt.step();
  EXPECT_EQ(handle.item(), 2);
}

TEST(Optimizer, RejectsBadInput) {
  Tensor p = parameter({1});
  EXPECT_EQ(error_of([&] { SGD({p}, {.lr = -1}); }), "SGD: lr is at least 0; what came: -1");
  EXPECT_EQ(error_of([&] {
              Adam({p}, {.betas = {0.9, 1}});
            }),
            "Adam: betas[1] is in [0, 1); what came: 1");
  EXPECT_NE(error_of([&] { SGD({p}, {.nesterov = true}); }), "no error");
  EXPECT_NE(error_of([&] { SGD({}, {}); }), "no error");
  EXPECT_NE(error_of([&] { SGD({p, p}, {}); }), "no error");
  EXPECT_NE(error_of([&] { SGD({p * 2}, {}); }), "no error");
  EXPECT_NE(error_of([&] { SGD({Tensor()}, {}); }), "no error");
  EXPECT_THROW(SGD({Tensor::from(std::vector<int64_t>{1})}, {}), TypeError);
  SGD opt({p}, {});
  EXPECT_THROW(opt.add_param_group({p}, {}), Error);
  EXPECT_THROW(opt.options(1), IndexError);
  EXPECT_THROW(opt.set_lr(1, 0.1), IndexError);
}

TEST(Optimizer, LoadsAllOrNothing) {
  Tensor p = parameter({1, 2}), q = parameter({1});
  Adam opt({p, q}, {.lr = 0.1});
  State bad = {{"groups.0.lr", Tensor::scalar(0.5, float64)},
               {"0.step", Tensor::scalar(3, float64)},
               {"0.exp_avg", Tensor::from(std::vector<double>{1, 2, 3})},
               {"7.exp_avg", Tensor::from(std::vector<double>{1})}};
  EXPECT_EQ(error_of([&] { opt.load(bad); }),
            "Adam: the state does not fit: 0.exp_avg is [3] where the parameter is [2]; "
            "7.exp_avg is unexpected");
  EXPECT_EQ(opt.lr(), 0.1);
  EXPECT_EQ(opt.state().size(), 1u);
}

}  // namespace
}  // namespace rush::optim
