// Optimisers over 50 steps of one small problem, the rate halved midway, and schedulers' rates.
#include <iostream>
#include <iterator>

#include "rush/autograd/autograd.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/loss.h"
#include "rush/ops/matmul.h"
#include "rush/ops/random.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"
#include "tests/parity/layers.h"

namespace rush::parity {
namespace {

using nlohmann::json;
using optim::Optimizer;

constexpr int kSteps = 50;

struct OptimizerCase {
  std::string torch;  // with the parameters as p and torch.optim as O
  std::function<std::unique_ptr<Optimizer>(std::vector<Tensor>)> make;
  bool halve = true;     // the rate, after 25 steps
  double tolerance = 1;  // float32 magnifies rounding over the steps
  bool matrices = false;
};

template <typename Opt, typename Options>
OptimizerCase row(const std::string& torch, const Options& options) {
  return {torch, [options](std::vector<Tensor> p) {
            return std::make_unique<Opt>(std::move(p), options);
          }};
}

// For steps whose rounding is that of bfloat16, or is magnified by a search.
OptimizerCase loosely(OptimizerCase c, double tolerance, bool halve = true, bool matrices = false) {
  c.tolerance = tolerance;
  c.halve = halve;
  c.matrices = matrices;
  return c;
}

std::vector<OptimizerCase> first_cases() {
  using namespace optim;
  return {
      row<SGD>("O.SGD(p, lr=0.1)", SGDOptions{.lr = 0.1}),
      row<SGD>("O.SGD(p, lr=0.1, momentum=0.9, dampening=0.2, weight_decay=0.05)",
               SGDOptions{.lr = 0.1, .momentum = 0.9, .dampening = 0.2, .weight_decay = 0.05}),
      row<SGD>("O.SGD(p, lr=0.1, momentum=0.8, nesterov=True)",
               SGDOptions{.lr = 0.1, .momentum = 0.8, .nesterov = true}),
      row<SGD>("O.SGD(p, lr=0.001, maximize=True)", SGDOptions{.lr = 0.001, .maximize = true}),
      row<Adagrad>("O.Adagrad(p, lr=0.1, lr_decay=0.01, initial_accumulator_value=0.1)",
                   AdagradOptions{.lr = 0.1, .lr_decay = 0.01, .initial_accumulator_value = 0.1}),
      row<RMSprop>(
          "O.RMSprop(p, lr=0.01, centered=True, momentum=0.5, weight_decay=0.01)",
          RMSpropOptions{.lr = 0.01, .weight_decay = 0.01, .momentum = 0.5, .centered = true}),
      row<RMSprop>("O.RMSprop(p, lr=0.01)", RMSpropOptions{.lr = 0.01}),
      row<Adam>("O.Adam(p, lr=0.02)", AdamOptions{.lr = 0.02}),
      row<Adam>(
          "O.Adam(p, lr=0.02, betas=(0.8, 0.9), eps=1e-3, amsgrad=True, weight_decay=0.1)",
          AdamOptions{
              .lr = 0.02, .betas = {0.8, 0.9}, .eps = 1e-3, .weight_decay = 0.1, .amsgrad = true}),
      row<Adam>("O.Adam(p, lr=0.02, weight_decay=0.1, decoupled_weight_decay=True)",
                AdamOptions{.lr = 0.02, .weight_decay = 0.1, .decoupled_weight_decay = true}),
      row<AdamW>("O.AdamW(p, lr=0.02)", AdamWOptions{.lr = 0.02}),
      row<AdamW>("O.AdamW(p, lr=0.02, amsgrad=True, maximize=True)",
                 AdamWOptions{.lr = 0.02, .amsgrad = true, .maximize = true}),
  };
}

std::vector<OptimizerCase> second_cases() {
  using namespace optim;
  constexpr double kBfloat16 = 1e8, kSearch = 10;
  return {
      row<Adadelta>("O.Adadelta(p, lr=2, rho=0.8, weight_decay=0.01)",
                    AdadeltaOptions{.lr = 2, .rho = 0.8, .weight_decay = 0.01}),
      row<Adamax>("O.Adamax(p, lr=0.02, weight_decay=0.01)",
                  AdamaxOptions{.lr = 0.02, .weight_decay = 0.01}),
      loosely(row<ASGD>("O.ASGD(p, lr=0.1, lambd=0.01, t0=10)",
                        ASGDOptions{.lr = 0.1, .lambd = 0.01, .t0 = 10}),
              1, false),
      row<NAdam>("O.NAdam(p, lr=0.02, weight_decay=0.1)",
                 NAdamOptions{.lr = 0.02, .weight_decay = 0.1}),
      row<NAdam>("O.NAdam(p, lr=0.02, weight_decay=0.1, decoupled_weight_decay=True)",
                 NAdamOptions{.lr = 0.02, .weight_decay = 0.1, .decoupled_weight_decay = true}),
      row<RAdam>("O.RAdam(p, lr=0.02, betas=(0.9, 0.95))",
                 RAdamOptions{.lr = 0.02, .betas = {0.9, 0.95}}),
      row<RAdam>("O.RAdam(p, lr=0.02, weight_decay=0.1, decoupled_weight_decay=True)",
                 RAdamOptions{.lr = 0.02, .weight_decay = 0.1, .decoupled_weight_decay = true}),
      row<Rprop>("O.Rprop(p, lr=0.01)", RpropOptions{.lr = 0.01}),
      loosely(row<Muon>("O.Muon(p, lr=0.002)", MuonOptions{.lr = 0.002}), kBfloat16, true, true),
      loosely(row<Muon>("O.Muon(p, lr=0.002, nesterov=False, adjust_lr_fn='match_rms_adamw')",
                        MuonOptions{
                            .lr = 0.002, .nesterov = false, .adjust_lr = MuonRate::kMatchRmsAdamW}),
              kBfloat16, true, true),
      loosely(row<LBFGS>("O.LBFGS(p, lr=0.1, max_iter=4, history_size=5)",
                         LBFGSOptions{.lr = 0.1, .max_iter = 4, .history_size = 5}),
              kSearch),
      loosely(row<LBFGS>("O.LBFGS(p, max_iter=4, line_search_fn='strong_wolfe')",
                         LBFGSOptions{.max_iter = 4, .line_search = LineSearch::kStrongWolfe}),
              kSearch, false),
  };
}

json describe(const OptimizerCase& c, DType t, Archive& archive) {
  manual_seed(11);
  const Tensor x = randn({8, 5}, t), y = randn({8, 3}, t);
  Tensors params = {randn({5, 6}, t), randn({6, 3}, t)};
  if (!c.matrices) params.push_back(randn({6}, t));
  params.push_back(randn({2, 2}, t));  // gets no gradient: left alone
  for (const Tensor& p : params) p.requires_grad_();
  json entry = {{"torch", c.torch},
                {"dtype", name_of(t)},
                {"halve", c.halve},
                {"tolerance", c.tolerance},
                {"x", archive.add(x)},
                {"y", archive.add(y)},
                {"params", archive.add(params)}};
  const auto opt = c.make({params.begin(), params.end()});
  std::vector<double> losses;
  for (int i = 0; i < kSteps; ++i) {
    if (c.halve && i == kSteps / 2) opt->set_lr(opt->lr() / 2);
    const Tensor loss = opt->step([&] {
      opt->zero_grad();
      Tensor hidden = matmul(x, params[0]);
      if (!c.matrices) hidden = hidden + params[2];
      const Tensor l = mse_loss(matmul(tanh(hidden), params[1]), y);
      l.backward();
      return l;
    });
    losses.push_back(loss.item());
  }
  entry["losses"] = losses;
  entry["after"] = archive.add(params);
  json names = json::array();
  for (const auto& [name, value] : opt->state())
    if (name.rfind("0.", 0) == 0) names.push_back(name.substr(2));
  entry["state"] = names;
  return entry;
}

using MakeScheduler = std::function<std::unique_ptr<optim::Scheduler>(Optimizer&)>;

template <typename S, typename... Arguments>
MakeScheduler with(Arguments... arguments) {
  return [=](Optimizer& opt) { return std::make_unique<S>(opt, arguments...); };
}

std::vector<std::pair<std::string, MakeScheduler>> scheduler_cases() {
  using namespace optim;
  const auto falling = [](int64_t epoch) { return 1.0 / static_cast<double>(1 + epoch); };
  return {
      {"S.StepLR(o, 7, gamma=0.5)", with<StepLR>(StepLROptions{7, 0.5})},
      {"S.MultiStepLR(o, [5, 9, 30], gamma=0.5)",
       with<MultiStepLR>(MultiStepLROptions{{5, 9, 30}, 0.5})},
      {"S.ConstantLR(o)", with<ConstantLR>(ConstantLROptions{})},
      {"S.LinearLR(o)", with<LinearLR>(LinearLROptions{})},
      {"S.ExponentialLR(o, 0.9)", with<ExponentialLR>(ExponentialLROptions{0.9})},
      {"S.PolynomialLR(o, total_iters=30, power=1.5)",
       with<PolynomialLR>(PolynomialLROptions{30, 1.5})},
      {"S.CosineAnnealingLR(o, 20, eta_min=0.01)",
       with<CosineAnnealingLR>(CosineAnnealingLROptions{20, 0.01})},
      {"S.CosineAnnealingWarmRestarts(o, 6, T_mult=2)",
       with<CosineAnnealingWarmRestarts>(CosineAnnealingWarmRestartsOptions{6, 2})},
      {"S.CyclicLR(o, 0.01, 0.2, step_size_up=6, step_size_down=3)",
       with<CyclicLR>(CyclicLROptions{0.01, 0.2, 6, 3})},
      {"S.OneCycleLR(o, 1, total_steps=50)",
       with<OneCycleLR>(OneCycleLROptions{.max_lr = 1, .total_steps = 50})},
      {"S.LambdaLR(o, lambda e: 1 / (1 + e))", with<LambdaLR>(falling)},
      {"S.MultiplicativeLR(o, lambda e: 0.9 + 0.1 / (1 + e))",
       with<MultiplicativeLR>([falling](int64_t e) { return 0.9 + 0.1 * falling(e); })},
      {"O.swa_utils.SWALR(o, 0.02, anneal_epochs=12)", with<SWALR>(SWALROptions{0.02, 12})},
  };
}

}  // namespace

json optimizers(Archive& archive) {
  json all = json::array();
  for (const auto& cases : {first_cases(), second_cases()})
    for (const OptimizerCase& c : cases)
      for (DType t : {float64, float32}) all.push_back(describe(c, t, archive));
  return all;
}

json schedulers() {
  json all = json::array();
  for (const auto& [torch, make] : scheduler_cases()) {
    const Tensor p = Tensor::from({1.0, 2.0}).requires_grad_();
    optim::SGD opt({p}, {.lr = 0.1, .momentum = 0.9});
    const auto schedule = make(opt);
    std::vector<double> rates, momenta;
    for (int i = 0; i < kSteps; ++i) {
      rates.push_back(opt.lr());
      momenta.push_back(*opt.momentum(0));
      if (i + 1 < kSteps) schedule->step();
    }
    all.push_back({{"torch", torch}, {"rates", rates}, {"momenta", momenta}});
  }
  return all;
}

}  // namespace rush::parity
