// What compiled functions notice: kinds of arguments, gradients of arguments, and what has changed
// since they were traced.
#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "rush/autograd/autograd.h"
#include "rush/base/testing/errors.h"
#include "rush/graph/compile.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/matmul.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/optim.h"

namespace rush {
namespace {

using Values = std::vector<double>;

// ---- Arguments ---------------------------------------------------------------------------------

TEST(CompileArguments, PlainNumbersAdaptTheirType) {
  const auto f = [](const Tensor& x, const Tensor& k) { return x * k; };
  for (const bool optimise : {false, true}) {
    const auto compiled = compile(f, {.optimise = optimise});
    for (const DType t : {float32, bfloat16, float64, int64})
      for (int i = 1; i < 5; ++i) {
        const Tensor x = full({}, 2, t);
        EXPECT_EQ(compiled(x, 1.5 * i).dtype(), f(x, 1.5 * i).dtype());
        EXPECT_EQ(compiled(x, 1.5 * i).item(), f(x, 1.5 * i).item());
        EXPECT_EQ(compiled(x, i).dtype(), f(x, i).dtype());
        EXPECT_EQ(compiled(x, i).item(), f(x, i).item());
        EXPECT_EQ(compiled(x, Tensor::scalar(i, float32)).dtype(), promote(t, float32));
      }
  }
}

TEST(CompileArguments, PlainNumbersCannotBeLookedAt) {
  const auto branch = compile([](const Tensor& x, const Tensor& k) { return x * k.item(); });
  EXPECT_NE(error_of([&] { branch(ones({2}), 2.0); }).find("compile: item() looks at the values"),
            std::string::npos);
}

TEST(CompileArguments, BackwardAddsToGradientsOfArguments) {
  const auto f = [](const Tensor& x, const Tensor& y) { sum(x * x * y).backward(); };
  const auto compiled = compile(f);
  for (int i = 1; i < 4; ++i) {
    const Tensor x = full({2}, i, float32).requires_grad_(), y = ones({2});
    const Tensor same = full({2}, i, float32).requires_grad_();
    for (int k = 0; k < 4; ++k) {
      compiled(x, y);
      f(same, y);
      EXPECT_EQ(x.grad().to_vector(), same.grad().to_vector());
    }
    EXPECT_FALSE(y.requires_grad());
  }
  EXPECT_EQ(compiled.stats().traces, 2);  // with and without a gradient before
}

TEST(CompileArguments, GradientsOfTransposedArguments) {
  const auto compiled = compile([](const Tensor& x) { sum(x * x).backward(); });
  for (int k = 1; k < 5; ++k) {
    const Tensor x = full({2, 3}, k, float32).t().detach().requires_grad_();
    compiled(x);
    EXPECT_EQ(x.grad().to_vector(), Values(6, 2 * k));
  }
}

TEST(CompileArguments, CanReadTheGradientItLeaves) {
  const Tensor w = ones({2}).requires_grad_();
  const auto compiled = compile([](const Tensor& x) {
    sum(x * 3).backward();
    return x.grad() * 2;
  });
  for (int k = 1; k < 5; ++k) EXPECT_EQ(compiled(w).to_vector(), Values(2, 6 * k));
}

TEST(CompileArguments, GradientsThatCannotBeGivenAreRefused) {
  const auto compiled = compile([](const Tensor& x) { sum(x * x).backward(); });
  const Tensor w = ones({2}).requires_grad_();
  EXPECT_EQ(error_of([&] { compiled(w * 2); }),
            "compile: backward() reaches argument 0, the result of mul, whose history it cannot "
            "follow; give a detached leaf, or use grad()");
  compiled(w);
  compiled(w);
  const Tensor hooked = ones({2}).requires_grad_();
  register_hook(hooked, [](const Tensor& dy) { return dy * 2; });
  hooked.set_grad(zeros({2}));
  EXPECT_EQ(error_of([&] { compiled(hooked); }),
            "compile: argument 0 has hooks on its gradient, which a plan cannot run; apply what "
            "they do inside the function");
  const auto two = compile([](const Tensor& x, const Tensor& y) { sum(x * y).backward(); });
  const Tensor v = ones({2}).requires_grad_(), u = ones({2}).requires_grad_();
  two(u, v);
  const Tensor z = ones({2}).requires_grad_();
  EXPECT_NE(error_of([&] { two(z, z); }).find("is given a gradient, and so is the same tensor"),
            std::string::npos);
}

// ---- Changes after tracing ---------------------------------------------------------------------

TEST(CompileNotices, LeavesThatStopOrStartRequiringGradients) {
  const Tensor a = ones({2}).requires_grad_(), b = ones({2}).requires_grad_();
  const auto compiled = compile([&](const Tensor& x) { sum(a * b * x).backward(); });
  const auto grads = [&] {
    a.set_grad({});
    b.set_grad({});
    compiled(full({2}, 3));
    return std::pair(a.grad().defined(), b.grad().defined());
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(grads(), std::pair(true, true));
  b.requires_grad_(false);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(grads(), std::pair(true, false));
  b.requires_grad_();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(grads(), std::pair(true, true));
  EXPECT_EQ(compiled.stats().traces, 3);
}

TEST(CompileNotices, GroupsAddedToOptimisers) {
  const Tensor a = ones({2}).requires_grad_(), b = ones({2}).requires_grad_();
  optim::SGD opt({a}, {.lr = 1});
  const auto step = compile([&](const Tensor& x) { opt.step(sum((a + b) * x)); });
  for (int i = 0; i < 3; ++i) step(ones({2}));
  opt.add_param_group({b}, {.lr = 0.5});
  b.set_grad({});
  for (int i = 0; i < 3; ++i) step(ones({2}));
  EXPECT_EQ(a.to_vector(), Values(2, 1 - 6));
  EXPECT_EQ(b.to_vector(), Values(2, 1 - 1.5));
}

TEST(CompileNotices, Hooks) {
  const Tensor w = ones({2}).requires_grad_();
  const auto compiled = compile([&](const Tensor& x) { return grad(sum(w * x), w); });
  const auto value = [&] { return compiled(ones({2})).to_vector()[0]; };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(value(), 1);
  HookHandle twice = register_hook(w, [](const Tensor& dy) { return dy * 2; });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(value(), 2);
  HookHandle thrice = register_hook(w, [](const Tensor& dy) { return dy * 3; });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(value(), 6);
  twice.remove();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(value(), 3);
  thrice.remove();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(value(), 1);
}

TEST(CompileNotices, ModelsOfAnotherType) {
  nn::Linear layer(3, 2);
  const auto compiled = compile([&](const Tensor& x) { return layer(x.to(layer.weight.dtype())); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(compiled(ones({1, 3})).dtype(), float32);
  to(layer, float64);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(compiled(ones({1, 3})).dtype(), float64);
}

TEST(CompileNotices, TensorsThatWereReplaced) {
  Tensor w = ones({2});
  const auto f = [&](const Tensor& x) { return x * w; };
  const auto one = compile(f), two = compile(f);
  for (int k = 1; k < 5; ++k) {
    w = full({2}, k, float32);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(one(ones({2})).to_vector(), Values(2, k));
      EXPECT_EQ(one(ones({1})).to_vector(), Values(2, k));
      EXPECT_EQ(two(ones({2})).to_vector(), Values(2, k));
    }
  }
  EXPECT_EQ(one.stats().traces, 8);
  EXPECT_EQ(one.plan_count(), 2u);  // those that can never run again are dropped
}

TEST(CompileNotices, ViewsKeepTheirTensors) {
  std::optional<Tensor> w = ones({2, 2});
  const Tensor row = (*w)[0];
  const auto compiled = compile([&](const Tensor& x) { return x * row; });
  for (int i = 0; i < 2; ++i) compiled(ones({2}));
  w.reset();
  row.fill_(5);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(compiled(ones({2})).to_vector(), Values(2, 5));
  EXPECT_EQ(compiled.stats().traces, 1);
}

TEST(CompileRefuses, Seeding) {
  const auto compiled = compile([](const Tensor& x) {
    manual_seed(3);
    return x + rand({2});
  });
  EXPECT_NE(error_of([&] { compiled(ones({2})); })
                .find("compile: manual_seed() has an effect that a trace cannot carry; seed "
                      "between the calls"),
            std::string::npos);
  manual_seed(3);  // refused inside only
}

TEST(CompileRefuses, NumbersChangedInPlace) {
  const auto made = compile([](const Tensor& x) {
    const Tensor t = Tensor::from({1, 2});
    t += x;
    return t * 2;
  });
  EXPECT_NE(error_of([&] { made(ones({2})); })
                .find("compile: add changes a tensor in place that was made from numbers; clone() "
                      "it first"),
            std::string::npos);
  const auto cloned = compile([](const Tensor& x) {
    const Tensor t = Tensor::from({1, 2}).clone(), scratch = Tensor::empty({2}, float32);
    scratch.copy_(x);
    scratch *= 2;
    t += scratch;
    zeros({2}).add_(t);
    return t;
  });
  for (int i = 1; i < 4; ++i)
    EXPECT_EQ(cloned(full({2}, i)).to_vector(), (Values{1. + 2 * i, 2. + 2 * i}));
}

}  // namespace
}  // namespace rush
