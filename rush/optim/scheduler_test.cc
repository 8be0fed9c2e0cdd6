// Schedules against the rates PyTorch gives.
#include "rush/optim/scheduler.h"

#include <gtest/gtest.h>

#include <memory>
#include <type_traits>

#include "rush/base/error.h"
#include "rush/optim/adagrad.h"
#include "rush/optim/schedules.h"
#include "rush/optim/sgd.h"
#include "rush/optim/torch_table_test.h"

namespace rush::optim {
namespace {

struct Problem {
  Tensor p = [] {
    Tensor t = Tensor::from(std::vector<double>{0});
    t.requires_grad_();
    return t;
  }();
  SGD opt{{p}, {.lr = 0.1, .momentum = 0.9}};
};

void expect_rates(Problem& problem, Scheduler& schedule, const std::string& name) {
  const std::vector<double>& rates = kRates.at(name);
  const auto momenta = kRates.find(name + " momentum");
  for (size_t i = 0; i < rates.size(); ++i) {
    EXPECT_NEAR(problem.opt.lr(), rates[i], 1e-12) << name << ", step " << i;
    if (momenta != kRates.end()) {
      EXPECT_NEAR(*problem.opt.momentum(0), momenta->second[i], 1e-12) << name << ", step " << i;
    }
    if (i + 1 < rates.size()) schedule.step();
  }
}

TEST(Scheduler, RatesArePyTorchs) {
  {
    Problem t;
    LambdaLR s(t.opt, [](int64_t epoch) { return 1.0 / static_cast<double>(1 + epoch); });
    expect_rates(t, s, "lambda");
  }
  {
    Problem t;
    StepLR s(t.opt, {.step_size = 3, .gamma = 0.5});
    expect_rates(t, s, "step");
  }
  {
    Problem t;
    MultiStepLR s(t.opt, {.milestones = {9, 2, 5, 5}, .gamma = 0.5});
    expect_rates(t, s, "multi step");
  }
  {
    Problem t;
    ExponentialLR s(t.opt, {.gamma = 0.9});
    expect_rates(t, s, "exponential");
  }
  {
    Problem t;
    CosineAnnealingLR s(t.opt, {.t_max = 10, .eta_min = 0.01});
    expect_rates(t, s, "cosine");
  }
  {
    Problem t;
    LinearLR s(t.opt, {.start_factor = 0.25, .total_iters = 6});
    expect_rates(t, s, "linear");
  }
  {
    Problem t;
    OneCycleLR s(t.opt, {.max_lr = 1, .total_steps = 14});
    expect_rates(t, s, "one cycle");
  }
  {
    Problem t;
    OneCycleLR s(t.opt, {.max_lr = 0.5,
                         .total_steps = 14,
                         .pct_start = 0.4,
                         .anneal = Anneal::kLinear,
                         .three_phase = true});
    expect_rates(t, s, "one cycle linear");
  }
  {
    Problem t;
    LinearLR warmup(t.opt, {.start_factor = 0.1, .total_iters = 4});
    CosineAnnealingLR cosine(t.opt, {.t_max = 8});
    SequentialLR s(t.opt, {warmup, cosine}, {4});
    expect_rates(t, s, "sequential");
  }
}

TEST(Scheduler, MoreRatesArePyTorchs) {
  const auto check = [](const char* name, const auto& make) {
    Problem t;
    const auto schedule = make(t.opt);
    expect_rates(t, *schedule, name);
  };
  const auto with = []<typename S>(std::type_identity<S>, const auto& options) {
    return [=](Optimizer& opt) { return std::make_unique<S>(opt, options); };
  };
  check("constant", with(std::type_identity<ConstantLR>(),
                         ConstantLROptions{.factor = 0.25, .total_iters = 4}));
  check("polynomial", with(std::type_identity<PolynomialLR>(),
                           PolynomialLROptions{.total_iters = 8, .power = 2}));
  const std::type_identity<CosineAnnealingWarmRestarts> restarts;
  check("restarts",
        with(restarts, CosineAnnealingWarmRestartsOptions{.t_0 = 3, .t_mult = 2, .eta_min = 0.01}));
  check("restarts even", with(restarts, CosineAnnealingWarmRestartsOptions{.t_0 = 4}));
  const std::type_identity<CyclicLR> cyclic;
  check("cyclic", with(cyclic, CyclicLROptions{.base_lr = 0.01,
                                               .max_lr = 0.2,
                                               .step_size_up = 3,
                                               .step_size_down = 2,
                                               .mode = CycleMode::kTriangular2}));
  check("cyclic exp", with(cyclic, CyclicLROptions{.base_lr = 0.01,
                                                   .max_lr = 0.2,
                                                   .step_size_up = 4,
                                                   .mode = CycleMode::kExpRange,
                                                   .gamma = 0.9,
                                                   .cycle_momentum = false}));
  check("multiplicative", with(std::type_identity<MultiplicativeLR>(),
                               [](int64_t epoch) { return epoch % 2 ? 0.9 : 0.8; }));
  const std::type_identity<SWALR> swa;
  check("swa", with(swa, SWALROptions{.swa_lr = 0.02, .anneal_epochs = 5}));
  check("swa linear",
        with(swa, SWALROptions{.swa_lr = 0.5, .anneal_epochs = 4, .anneal = Anneal::kLinear}));
}

TEST(Scheduler, ChainsAsPyTorchDoes) {
  Problem t;
  ConstantLR constant(t.opt, {.factor = 0.1, .total_iters = 3});
  CosineAnnealingLR cosine(t.opt, {.t_max = 10, .eta_min = 0.01});
  ExponentialLR exponential(t.opt, {.gamma = 0.9});
  ChainedScheduler all(t.opt, {constant, cosine, exponential});
  expect_rates(t, all, "chained");
  const double last = t.opt.lr();
  const State saved = all.state();
  all.step();
  all.load(saved);
  EXPECT_DOUBLE_EQ(t.opt.lr(), last);
}

TEST(Scheduler, TakesAFunctionForEachGroup) {
  Problem t;
  const Tensor q = Tensor::from(std::vector<double>{0}).requires_grad_();
  t.opt.add_param_group({q}, {.lr = 1});
  using F = std::function<double(int64_t)>;
  LambdaLR s(t.opt, std::vector<F>{[](int64_t) { return 0.5; }, [](int64_t e) { return 1.0 + e; }});
  s.step();
  EXPECT_DOUBLE_EQ(t.opt.lr(0), 0.05);
  EXPECT_DOUBLE_EQ(t.opt.lr(1), 2);
  EXPECT_THROW(LambdaLR(t.opt, std::vector<F>{}), Error);
}

TEST(Scheduler, PlateauFollowsTheMetric) {
  Problem t;
  ReduceLROnPlateau s(t.opt, {.factor = 0.5, .patience = 2, .cooldown = 1, .min_lr = 0.02});
  const double metrics[] = {1, 0.9, 0.9, 0.95, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8};
  const double rates[] = {0.1,  0.1,   0.1,   0.1,   0.05,  0.05, 0.05,
                          0.05, 0.025, 0.025, 0.025, 0.025, 0.02, 0.02};
  for (int i = 0; i < 14; ++i) {
    s.step(metrics[i]);
    EXPECT_NEAR(t.opt.lr(), rates[i], 1e-12) << "step " << i;
  }
}

TEST(Scheduler, PlateauMaximizes) {
  Problem t;
  ReduceLROnPlateau s(
      t.opt, {.maximize = true, .patience = 1, .threshold = 0.05, .relative_threshold = false});
  const double metrics[] = {0.1, 0.2, 0.22, 0.24, 0.3, 0.34, 0.34, 0.34};
  const double rates[] = {0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001};
  for (int i = 0; i < 8; ++i) {
    s.step(metrics[i]);
    EXPECT_NEAR(t.opt.lr(), rates[i], 1e-12) << "step " << i;
  }
}

TEST(Scheduler, ContinuesFromASavedState) {
  Problem first, second;
  CosineAnnealingLR a(first.opt, {.t_max = 10});
  for (int i = 0; i < 4; ++i) a.step();
  CosineAnnealingLR b(second.opt, {.t_max = 10});
  b.load(a.state());
  EXPECT_EQ(first.opt.lr(), second.opt.lr());
  a.step();
  b.step();
  EXPECT_EQ(first.opt.lr(), second.opt.lr());
}

TEST(Scheduler, ScalesEveryGroupFromItsOwnRate) {
  Problem t;
  Tensor q = Tensor::from(std::vector<double>{0});
  q.requires_grad_();
  t.opt.add_param_group({q}, {.lr = 1});
  StepLR s(t.opt, {.step_size = 1, .gamma = 0.5});
  s.step();
  EXPECT_DOUBLE_EQ(t.opt.lr(0), 0.05);
  EXPECT_DOUBLE_EQ(t.opt.lr(1), 0.5);
}

TEST(Scheduler, RejectsBadInput) {
  Problem t;
  EXPECT_THROW(StepLR(t.opt, {}), Error);
  EXPECT_THROW(CosineAnnealingLR(t.opt, {}), Error);
  EXPECT_THROW(ReduceLROnPlateau(t.opt, {.factor = 1}), Error);
  EXPECT_THROW(ConstantLR(t.opt, {.factor = 2}), Error);
  EXPECT_THROW(PolynomialLR(t.opt, {.total_iters = 0}), Error);
  EXPECT_THROW(CosineAnnealingWarmRestarts(t.opt, {}), Error);
  EXPECT_THROW(CosineAnnealingWarmRestarts(t.opt, {.t_0 = 2, .t_mult = 0}), Error);
  EXPECT_THROW(CyclicLR(t.opt, {.max_lr = 1, .step_size_up = 0}), Error);
  EXPECT_THROW(SWALR(t.opt, {.anneal_epochs = -1}), Error);
  EXPECT_THROW(ChainedScheduler(t.opt, {}), Error);
  StepLR a(t.opt, {.step_size = 1}), b(t.opt, {.step_size = 1});
  EXPECT_THROW(SequentialLR(t.opt, {a, b}, {}), Error);
  Adagrad without_momentum({t.p}, {});
  EXPECT_THROW(OneCycleLR(without_momentum, {.max_lr = 1, .total_steps = 5}), Error);
  EXPECT_THROW(CyclicLR(without_momentum, {.max_lr = 1}), Error);
  OneCycleLR cycle(t.opt, {.max_lr = 1, .total_steps = 2});
  cycle.step();
  EXPECT_THROW(cycle.step(), Error);
  EXPECT_EQ(cycle.last_epoch(), 1);
}

}  // namespace
}  // namespace rush::optim
