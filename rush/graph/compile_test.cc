#include "rush/graph/compile.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "rush/autograd/autograd.h"
#include "rush/base/testing/errors.h"
#include "rush/base/threads.h"
#include "rush/graph/plan.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/loss.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"
#include "rush/optim/scheduler.h"
#include "rush/tensor/allocator.h"

namespace rush {
namespace {

constexpr CompileOptions kExact{.exact = true};

struct Mlp {
  nn::Linear first{4, 8}, second{8, 3};
  Tensor operator()(const Tensor& x) const { return second(relu(first(x))); }
};

// The losses of a few steps of training, eager or compiled.
template <typename Net, typename MakeOptimizer>
std::vector<double> losses_of(bool is_compiled, const MakeOptimizer& make, const Shape& x_shape,
                              const CompileOptions& options = kExact, int steps = 12) {
  manual_seed(5);
  Net net;
  auto opt = make(parameters(net));
  const auto step = [&](const Tensor& x, const Tensor& y) {
    const Tensor loss = cross_entropy(net(x), y);
    opt->step(loss);
    return loss;
  };
  const auto compiled = compile(step, options);
  std::vector<double> losses;
  for (int i = 0; i < steps; ++i) {
    const Tensor x = randn(x_shape), y = randint(0, 3, {x_shape[0]});
    losses.push_back(is_compiled ? compiled(x, y).item() : step(x, y).item());
    if (i == steps / 2) opt->set_lr(opt->lr() / 2);
  }
  if (is_compiled) {
    EXPECT_GE(compiled.stats().planned_runs, steps - 4);
  }
  return losses;
}

template <typename Optimizer, typename Options>
auto maker(const Options& options) {
  return [options](std::vector<Tensor> params) {
    return std::make_unique<Optimizer>(std::move(params), options);
  };
}

TEST(Compile, GivesWhatTheFunctionGives) {
  const auto f = [](const Tensor& x, const Tensor& y) { return sum(tanh(x) * y + 2, {1}); };
  const auto compiled = compile(f, kExact);
  for (int i = 0; i < 4; ++i) {
    const Tensor x = randn({3, 5}), y = randn({5});
    EXPECT_EQ(compiled(x, y).to_vector(), f(x, y).to_vector());
  }
  EXPECT_EQ(compiled.stats().traces, 1);
  EXPECT_EQ(compiled.stats().planned_runs, 3);
}

TEST(Compile, TrainsAsEagerDoesWithEveryOptimiser) {
  const auto check = [](const auto& make) {
    const Shape shape = {16, 4};
    EXPECT_EQ(losses_of<Mlp>(true, make, shape), losses_of<Mlp>(false, make, shape));
  };
  check(maker<optim::SGD>(optim::SGDOptions{.lr = 0.1}));
  check(maker<optim::SGD>(optim::SGDOptions{.lr = 0.1, .momentum = 0.9, .nesterov = true}));
  check(maker<optim::Adam>(optim::AdamOptions{.lr = 1e-2}));
  check(maker<optim::Adam>(optim::AdamOptions{.lr = 1e-2, .amsgrad = true}));
  check(maker<optim::AdamW>(optim::AdamWOptions{.lr = 1e-2}));
  check(
      maker<optim::RMSprop>(optim::RMSpropOptions{.lr = 1e-2, .momentum = 0.9, .centered = true}));
  check(maker<optim::Adagrad>(optim::AdagradOptions{.lr = 1e-2}));
  check(maker<optim::Adadelta>(optim::AdadeltaOptions{.lr = 1}));
  check(maker<optim::Adamax>(optim::AdamaxOptions{.lr = 1e-2}));
  check(maker<optim::ASGD>(optim::ASGDOptions{.lr = 1e-2, .t0 = 2}));
  check(maker<optim::NAdam>(optim::NAdamOptions{.lr = 1e-2}));
  check(maker<optim::RAdam>(optim::RAdamOptions{.lr = 1e-2, .betas = {0.9, 0.9}}));
  check(maker<optim::Rprop>(optim::RpropOptions{.lr = 1e-2}));
}

struct MatrixNet {
  nn::Linear a{4, 8, {.bias = false}}, b{8, 3, {.bias = false}};
  Tensor operator()(const Tensor& x) const { return b(tanh(a(x))); }
};

// Its steps are many ops whose numbers are computed anew for each run.
TEST(Compile, TrainsAsEagerDoesWithMuon) {
  const auto make = maker<optim::Muon>(optim::MuonOptions{.lr = 1e-2});
  EXPECT_EQ(losses_of<MatrixNet>(true, make, {16, 4}), losses_of<MatrixNet>(false, make, {16, 4}));
}

struct ConvNet {
  nn::Conv2d conv{1, 4, 3};
  nn::BatchNorm2d norm{4};
  nn::Dropout drop{0.3};
  nn::Linear out{4 * 3 * 3, 3};
  Tensor operator()(const Tensor& x) const {
    return out(drop(flatten(nn::MaxPool2d(2)(relu(norm(conv(x)))), 1)));
  }
};

TEST(Compile, KeepsRunningStatisticsAndDrawsAgain) {
  const auto make = maker<optim::SGD>(optim::SGDOptions{.lr = 0.05, .momentum = 0.9});
  const Shape shape = {8, 1, 8, 8};
  EXPECT_EQ(losses_of<ConvNet>(true, make, shape), losses_of<ConvNet>(false, make, shape));
}

TEST(Compile, FusedPlansStayWithinRounding) {
  const auto make = maker<optim::Adam>(optim::AdamOptions{.lr = 1e-2});
  const Shape shape = {8, 1, 8, 8};
  const auto fused = losses_of<ConvNet>(true, make, shape, {});
  const auto eager = losses_of<ConvNet>(false, make, shape);
  for (size_t i = 0; i < eager.size(); ++i) EXPECT_NEAR(fused[i], eager[i], 1e-4 * eager[i]);
}

TEST(Compile, FollowsTrainingModes) {
  manual_seed(1);
  ConvNet net;
  const auto compiled = compile([&](const Tensor& x) { return net(x); }, kExact);
  const Tensor x = randn({4, 1, 8, 8});
  for (int i = 0; i < 3; ++i) {
    train(net);
    EXPECT_NE(compiled(x).to_vector(), compiled(x).to_vector());
    eval(net);
    EXPECT_EQ(compiled(x).to_vector(), net(x).to_vector());
    EXPECT_EQ(compiled(x).to_vector(), net(x).to_vector());
  }
  EXPECT_EQ(compiled.plan_count(), 2u);
}

TEST(Compile, RetracesForOtherShapesAndForgetsOldPlans) {
  const auto compiled = compile([](const Tensor& x) { return x * 2; }, {.cache_size = 2});
  for (int64_t n = 1; n < 6; ++n)
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(compiled(ones({n})).to_vector(), std::vector<double>(n, 2));
  EXPECT_EQ(compiled.plan_count(), 2u);
  EXPECT_EQ(compiled.stats().traces, 5);
  compiled(ones({2}, int64));
  EXPECT_EQ(compiled.stats().traces, 6);
}

TEST(Compile, TakesTransposedAndSlicedArguments) {
  const auto f = [](const Tensor& x) { return x + sum(x, {0}); };
  const auto compiled = compile(f, kExact);
  const Tensor base = randn({6, 8});
  const Tensor views[] = {base, base.t(), Tensor(base[{Slice(1, 5), Slice(2, 6)}]),
                          base.transpose(0, 1).contiguous()};
  for (int i = 0; i < 3; ++i)
    for (const Tensor& v : views) EXPECT_EQ(compiled(v).to_vector(), f(v).to_vector());
}

TEST(Compile, ReturnsTuplesListsAndNothing) {
  const Tensor x = ones({2});
  const auto both = compile([](const Tensor& a) { return std::tuple(a + 1, a - 1); });
  Tensor total = zeros({2});
  const auto none = compile([&](const Tensor& a) { total += a; });
  const auto list = compile([](const Tensor& a) { return std::vector<Tensor>{a * 2, a * 3}; });
  for (int i = 0; i < 3; ++i) {
    const auto [up, down] = both(x);
    EXPECT_EQ(up.to_vector(), (std::vector<double>{2, 2}));
    EXPECT_EQ(down.to_vector(), (std::vector<double>{0, 0}));
    none(x);
    EXPECT_EQ(list(x)[1].to_vector(), (std::vector<double>{3, 3}));
  }
  EXPECT_EQ(total.to_vector(), (std::vector<double>{3, 3}));
}

TEST(Compile, ResultsOfEarlierRunsStay) {
  const auto compiled = compile([](const Tensor& x) { return x * 10; });
  std::vector<Tensor> results;
  for (int i = 0; i < 5; ++i) results.push_back(compiled(full({2}, i)));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(results[i].to_vector(), std::vector<double>(2, 10 * i));
}

TEST(Compile, ReturnsArgumentsStatesAndViews) {
  const Tensor state = ones({3});
  const auto compiled = compile([&](const Tensor& x) {
    state += x;
    return std::vector<Tensor>{x, state, x[{Slice(1, 3)}], full({2}, 4), x, expand(x, {2, 3})};
  });
  for (int i = 0; i < 3; ++i) {
    const auto r = compiled(Tensor::from({1, 2, 3}));
    EXPECT_EQ(r[0].to_vector(), (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(r[1].to_vector(), state.to_vector());
    EXPECT_EQ(r[2].to_vector(), (std::vector<double>{2, 3}));
    EXPECT_EQ(r[3].to_vector(), (std::vector<double>{4, 4}));
    EXPECT_EQ(r[5].to_vector(), (std::vector<double>{1, 2, 3, 1, 2, 3}));
  }
  EXPECT_EQ(state.to_vector(), (std::vector<double>{4, 7, 10}));
}

TEST(Compile, LeavesAndAddsToGradientsAsEagerDoes) {
  const Tensor w = Tensor::from({1, 2, 3}).requires_grad_();
  const auto backward = compile([&](const Tensor& x) { sum(w * x).backward(); });
  const Tensor x = Tensor::from({1, 10, 100});
  for (int round = 0; round < 3; ++round) {
    w.set_grad({});
    for (int i = 1; i < 4; ++i) {
      backward(x);
      EXPECT_EQ(w.grad().to_vector(), (std::vector<double>{1. * i, 10. * i, 100. * i}));
    }
  }
  EXPECT_LE(backward.stats().traces, 3);
}

TEST(Compile, ClearsGradientsAnOptimiserHasUsed) {
  const Tensor w = ones({3}).requires_grad_();
  optim::SGD opt({w}, {.lr = 1});
  const auto step = compile([&](const Tensor& x) { opt.step(sum(w * x)); });
  for (int i = 0; i < 3; ++i) {
    step(ones({3}));
    EXPECT_FALSE(w.grad().defined());
  }
  EXPECT_EQ(w.to_vector(), std::vector<double>(3, -2));
}

TEST(Compile, FollowsGradientsOfArguments) {
  const auto compiled = compile([](const Tensor& x) { return grad(sum(x * x * x), x); });
  for (int i = 1; i < 4; ++i) {
    const Tensor x = full({2}, i).to(float32).requires_grad_();
    EXPECT_EQ(compiled(x).to_vector(), std::vector<double>(2, 3. * i * i));
  }
}

TEST(Compile, ClipsGradientsInside) {
  const auto train = [](bool is_compiled) {
    manual_seed(2);
    Mlp net;
    optim::SGD opt(parameters(net), {.lr = 0.5});
    const auto step = [&](const Tensor& x, const Tensor& y) {
      opt.zero_grad();
      cross_entropy(net(x), y).backward();
      const Tensor norm = optim::clip_grad_norm_(parameters(net), 0.1);
      opt.step();
      return norm;
    };
    const auto compiled = compile(step, kExact);
    std::vector<double> norms;
    for (int i = 0; i < 6; ++i) {
      const Tensor x = randn({5, 4}), y = randint(0, 3, {5});
      norms.push_back(is_compiled ? compiled(x, y).item() : step(x, y).item());
    }
    return norms;
  };
  EXPECT_EQ(train(true), train(false));
}

// What an earlier backward() left is read where it lies, not as it was when traced.
TEST(Compile, ReadsGradientsThatWereMadeOutside) {
  const Tensor w = ones({2}).requires_grad_();
  optim::SGD opt({w}, {.lr = 1});
  const auto step = compile([&](const Tensor& k) {
    opt.step();
    return w.grad() * k;
  });
  for (int i = 1; i < 6; ++i) {
    w.set_grad(full({2}, i).to(float32));
    EXPECT_EQ(step(ones({2})).to_vector(), std::vector<double>(2, i));
  }
  EXPECT_EQ(w.to_vector(), std::vector<double>(2, 1 - 15));
}

TEST(Compile, AccumulatesWhenNobodyClears) {
  const auto train = [](bool is_compiled) {
    const Tensor w = ones({2}).requires_grad_();
    optim::SGD opt({w}, {.lr = 0.1});
    const auto step = [&](const Tensor& x) {
      sum(w * w * x).backward();
      opt.step();
    };
    const auto compiled = compile(step, kExact);
    for (int i = 0; i < 6; ++i) is_compiled ? compiled(ones({2})) : step(ones({2}));
    return w.to_vector();
  };
  EXPECT_EQ(train(true), train(false));
}

TEST(Compile, GradientsOfOtherLayoutsAreTracedAgain) {
  const Tensor w = ones({2, 3}).requires_grad_();
  const auto add = compile([&](const Tensor& x) { sum(w * x).backward(); });
  for (int i = 0; i < 4; ++i) {
    const Tensor before = i % 2 ? zeros({3, 2}).t() : zeros({2, 3});
    w.set_grad(before);
    add(ones({2, 3}));
    EXPECT_EQ(w.grad().to_vector(), std::vector<double>(6, 1));
  }
}

TEST(Compile, TellsArgumentsFromCapturedTensors) {
  const Tensor w = Tensor::from({1, 2});
  const auto compiled = compile([&](const Tensor& x) { return x * 10 + w; });
  compiled(w);
  EXPECT_EQ(compiled(zeros({2})).to_vector(), w.to_vector());
  const auto changing = compile([&](const Tensor& x) {
    w += 1;
    return x * 2;
  });
  changing(zeros({2}));
  expect_error([&] { changing(w); }, {"compile: argument 0", "changes in place", "clone()"});
}

TEST(Compile, ResultsAreNobodyElsesFromTheFirstCallOn) {
  const auto constant = compile([](const Tensor& x) {
    return std::vector<Tensor>{Tensor::from({1, 2}), x, x};
  });
  const Tensor x = ones({2});
  for (int i = 0; i < 3; ++i) {
    const auto r = constant(x);
    EXPECT_EQ(r[0].to_vector(), (std::vector<double>{1, 2}));
    for (const Tensor& t : r) t += 10;
    EXPECT_EQ(r[1].to_vector(), std::vector<double>(2, 11));
    EXPECT_EQ(x.to_vector(), std::vector<double>(2, 1));
  }
}

TEST(Compile, AFailedRunTakesNoStep) {
  const auto train = [](bool fails) {
    const Tensor table = ones({4, 2}).requires_grad_();
    optim::Adam opt({table}, {.lr = 0.1});
    const auto step = compile([&](const Tensor& ids) { opt.step(sum(embedding(table, ids))); });
    for (int64_t i = 0; i < 8; ++i) {
      if (fails && i > 4) {
        EXPECT_THROW(step(Tensor::from(std::vector<int64_t>{9})), Error);
      }
      step(Tensor::from(std::vector<int64_t>{i % 4}));
    }
    return table.to_vector();
  };
  EXPECT_EQ(train(true), train(false));
}

TEST(Compile, StepsOfGradientsThatAreViews) {
  const Tensor w = ones({4}).requires_grad_();
  optim::Adam opt({w}, {.lr = 0.1});
  const auto step = compile([&](const Tensor& x) { opt.step(sum(w) * sum(x)); });
  for (int i = 0; i < 4; ++i) step(ones({2}));
  EXPECT_NEAR(w.to_vector()[0], 0.6, 1e-5);
}

TEST(Compile, PlainNumbersAreArguments) {
  const auto compiled = compile([](const Tensor& x, const Tensor& k) { return x * k; });
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(compiled(ones({2}), 1.5 * i).to_vector(), std::vector<double>(2, 1.5 * i));
}

TEST(Compile, OneArgumentGivenTwiceIsTwoArguments) {
  const auto compiled = compile([](const Tensor& a, const Tensor& b) { return a - b; });
  const Tensor x = ones({2});
  compiled(x, x);
  EXPECT_EQ(compiled(x, zeros({2})).to_vector(), std::vector<double>(2, 1));
}

TEST(Compile, NestsInsideAnother) {
  const auto inner = compile([](const Tensor& x) { return x + 1; });
  const auto outer = compile([&](const Tensor& x) { return inner(x) * 2; });
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(outer(full({1}, i)).to_vector(), std::vector<double>(1, 2 * (i + 1)));
}

TEST(Compile, AllocatesNothingAfterTheFirstRuns) {
  const int threads = num_threads();
  set_num_threads(1);
  manual_seed(3);
  Mlp net;
  optim::Adam opt(parameters(net), {.lr = 1e-2});
  const auto step = compile([&](const Tensor& x, const Tensor& y) {
    const Tensor loss = cross_entropy(net(x), y);
    opt.step(loss);
    return loss;
  });
  const Tensor x = randn({64, 4}), y = randint(0, 3, {64});
  for (int i = 0; i < 5; ++i) step(x, y);
  const MemoryStats before = memory_stats();
  for (int i = 0; i < 10; ++i) step(x, y);
  const MemoryStats after = memory_stats();
  EXPECT_EQ(after.system_allocations, before.system_allocations);
  EXPECT_EQ(after.allocated, before.allocated);
  set_num_threads(threads);
}

TEST(Compile, ExplainsItself) {
  const auto compiled =
      compile([](const Tensor& x) { return sum(tanh(matmul(x, x)) * 2 + 1); }, {.timing = true});
  EXPECT_NE(compiled.explain().find("no plan has run yet"), std::string::npos);
  for (int i = 0; i < 3; ++i) compiled(ones({4, 4}));
  const std::string text = compiled.explain();
  for (const char* part : {"matmul", "tanh", "arena", "result", "us", "instructions"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(Compile, RunsFromSeveralThreads) {
  const Tensor w = randn({8, 8});
  const auto compiled = compile([&](const Tensor& x) { return relu(matmul(x, w)); }, kExact);
  compiled(randn({4, 8}));
  std::vector<std::thread> threads;
  for (int k = 0; k < 2; ++k)
    threads.emplace_back([&, k] {
      for (int i = 0; i < 50; ++i) {
        const Tensor x = full({4, 8}, 0.01 * (k * 50 + i));
        EXPECT_EQ(compiled(x).to_vector(), relu(matmul(x, w)).to_vector());
      }
    });
  for (std::thread& t : threads) t.join();
}

// ---- What cannot be carried over
// ------------------------------------------------------------------

TEST(Compile, RefusesLooksAtValues) {
  const auto branch = compile([](const Tensor& x) { return sum(x).item() > 0 ? x : -x; });
  expect_error([&] { branch(ones({2})); },
               {"compile: item() looks at the values of a tensor float32[]", "where()"});
  const auto list = compile([](const Tensor& x) { return x * x.to_vector()[0]; });
  expect_error([&] { list(ones({2})); }, {"compile: to_vector()"});
  const Tensor captured = ones({});
  const auto outside = compile([&](const Tensor& x) { return captured.item() > 0 ? x : -x; });
  expect_error([&] { outside(ones({2})); }, {"compile: item()"});
  const auto print = compile([](const Tensor& x) { return to_string(x), x; });
  expect_error([&] { print(ones({2})); }, {"compile: data()"});
  const auto mask = compile([](const Tensor& x) { return Tensor(x[gt(x, 0)]); });
  expect_error([&] { mask(ones({2})); }, {"compile: "});
}

TEST(Compile, RefusesWritesToArguments) {
  const auto compiled = compile([](const Tensor& x) {
    x += 1;
    return x * 2;
  });
  expect_error([&] { compiled(ones({2})); },
               {"compile: add writes to an argument in place", "clone()"});
}

TEST(Compile, RefusesTensorsThatEscape) {
  Tensor last;
  const auto compiled = compile([&](const Tensor& x) {
    last = x * 2;
    return last + 1;
  });
  compiled(ones({2}));
  compiled(ones({2}));
  expect_error([&] { compiled(ones({2})); },
               {"compile: a tensor of shape [2] made by mul outlives the function", "return"});
}

TEST(Compile, RefusesSchedulersAndOwnGenerators) {
  const Tensor w = ones({1}).requires_grad_();
  optim::SGD opt({w}, {.lr = 1});
  optim::StepLR scheduler(opt, {.step_size = 1});
  const auto scheduled = compile([&](const Tensor& x) {
    opt.step(sum(w * x));
    scheduler.step();
  });
  expect_error([&] { scheduled(ones({1})); }, {"compile: ", "step", "trace cannot carry"});
  Generator own(3);
  const auto drawn = compile([&](const Tensor& x) {
    const Tensor noise = zeros_like(x);
    uniform_(noise, 0, 1, &own);
    return x + noise;
  });
  expect_error([&] { drawn(ones({1})); }, {"compile: uniform_", "generator"});
}

TEST(Compile, RefusesBadOptionsAndArguments) {
  const auto f = [](const Tensor& x) { return x; };
  expect_error([&] { compile(f, {.autocast = int32}); }, {"autocast works in bfloat16; got int32"});
  expect_error([&] { compile(f, {.cache_size = 0}); }, {"at least one plan"});
  expect_error([&] { compile(f)(Tensor()); }, {"compile: an argument is an undefined tensor"});
  expect_error([&] { compile([](const Tensor&) { return Tensor(); })(ones({1})); },
               {"compile: the function returned an undefined tensor"});
  expect_error([&] { compile(f)(make_symbolic({{2}, float32})); }, {"an argument is symbolic"});
}

TEST(Compile, ErrorsOfAPlanLeaveItUsable) {
  const Tensor table = randn({4, 2});
  const auto compiled = compile([&](const Tensor& ids) { return embedding(table, ids); });
  const Tensor good = Tensor::from(std::vector<int64_t>{1, 2});
  const std::vector<double> expected = compiled(good).to_vector();
  compiled(good);
  EXPECT_THROW(compiled(Tensor::from(std::vector<int64_t>{1, 9})), Error);
  EXPECT_EQ(compiled(good).to_vector(), expected);
}

TEST(Compile, AFailingTraceRestoresTheThread) {
  const auto failing = compile([](const Tensor& x) { return matmul(x, x); });
  EXPECT_THROW(failing(ones({2, 3})), ShapeError);
  EXPECT_EQ(ones({2}).to_vector(), std::vector<double>(2, 1));  // would be refused while traced
  EXPECT_EQ(failing(ones({2, 2})).to_vector(), std::vector<double>(4, 2));
}

}  // namespace
}  // namespace rush
