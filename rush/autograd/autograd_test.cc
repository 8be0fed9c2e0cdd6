// The walk backward: accumulation, order, release, hooks, depth, and the errors around it.
#include "rush/autograd/autograd.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/tensor/allocator.h"

namespace rush {
namespace {

using Values = std::vector<double>;

Tensor leaf(std::initializer_list<double> values) {
  return Tensor::from<double>(values).requires_grad_();
}

TEST(Backward, GivesTheProductRule) {
  const Tensor a = leaf({2, 3}), b = leaf({5, 7});
  (a * b).sum().backward();
  EXPECT_EQ(a.grad().to_vector(), (Values{5, 7}));
  EXPECT_EQ(b.grad().to_vector(), (Values{2, 3}));
}

TEST(Backward, AccumulatesOverCallsAndOverUses) {
  const Tensor x = leaf({2});
  const Tensor y = (x * x).sum();
  y.backward({}, /*retain_graph=*/true);
  EXPECT_EQ(x.grad().to_vector(), (Values{4}));
  y.backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{8}));

  const Tensor trunk = leaf({3});
  const Tensor shared = trunk * 2.0;
  backward({(shared * shared).sum(), (shared * 5.0).sum()});
  EXPECT_EQ(trunk.grad().to_vector(), (Values{2 * 2 * 2 * 3 + 10}));
}

TEST(Backward, PartsOfATensorAddUpWhereTheyBelong) {
  const Tensor x = leaf({1, 2, 3, 4, 5, 6});
  const Tensor table = (x * 1.0).reshape({3, 2});
  const Tensor whole = table * 10.0;
  Tensor sum = whole.sum() + (table[0] * table[1]).sum() + slice(table, 0, 1).sum();
  sum = sum + (slice(table, 1, 0, 2, 2) * 100.0).sum() + slice(table, 0, 0, 2).sum();
  sum.backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{114, 15, 113, 14, 111, 11}));
}

TEST(Backward, RepeatedOperandsCountOncePerUse) {
  const Tensor a = leaf({3});
  ((a + a) * 5.0).sum().backward();
  EXPECT_EQ(a.grad().to_vector(), (Values{10}));
  a.set_grad({});
  (a - a).sum().backward();
  EXPECT_EQ(a.grad().to_vector(), (Values{0}));
  const Tensor m = Tensor::from<double>({1, 2, 3, 4}, {2, 2}).requires_grad_();
  matmul(m, m).sum().backward();
  EXPECT_EQ(m.grad().to_vector(), (Values{3 + 4, 7 + 4, 3 + 6, 7 + 6}));
}

TEST(Backward, KeepsTheUsersGradientTensorUpToDate) {
  const Tensor x = leaf({1});
  (x * 3.0).sum().backward();
  const Tensor seen = x.grad();
  (x * 4.0).sum().backward();
  EXPECT_EQ(seen.to_vector(), (Values{7}));
}

TEST(Backward, BroadcastAndPromotedGradientsFitTheirInputs) {
  const Tensor row = Tensor::from<float>({1, 2, 3}).requires_grad_();
  const Tensor column = Tensor::from<double>({10, 20}, {2, 1}).requires_grad_();
  const Tensor y = row * column;
  EXPECT_EQ(y.dtype(), float64);
  y.sum().backward();
  EXPECT_EQ(row.grad().dtype(), float32);
  EXPECT_EQ(row.grad().to_vector(), (Values{30, 30, 30}));
  EXPECT_EQ(column.grad().shape(), (Shape{2, 1}));
  EXPECT_EQ(column.grad().to_vector(), (Values{6, 6}));
}

TEST(Backward, SecondWalkWithoutRetainIsAnError) {
  const Tensor x = leaf({2});
  const Tensor y = (x * x).sum();
  y.backward();
  try {
    y.backward();
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("retain_graph"), std::string::npos) << e.what();
  }
  EXPECT_EQ(x.grad().to_vector(), (Values{4})) << "a failing walk must leave gradients alone";
}

TEST(Backward, RefusesWhatHasNoAnswer) {
  const Tensor x = leaf({1, 2});
  EXPECT_THROW((x * 2.0).backward(), ShapeError);
  EXPECT_THROW((x * 2.0).backward(zeros({3}, float64)), ShapeError);
  EXPECT_THROW(zeros({1}).backward(), Error);
  EXPECT_THROW(Tensor::from<int64_t>({1}).requires_grad_(), TypeError);
  const NoGrad no_grad;
  EXPECT_THROW((x * 2.0).sum().backward(), Error);
}

TEST(Backward, TakesASeedForNonScalars) {
  const Tensor x = leaf({1, 2});
  (x * x).backward(Tensor::from<double>({10, 100}));
  EXPECT_EQ(x.grad().to_vector(), (Values{20, 400}));
}

// Activations write over a large gradient that only the walk holds; nobody may see that.
TEST(Backward, OverwritesNoGradientThatSomebodyHolds) {
  constexpr int64_t kSize = 40000;
  const auto all = [](const Tensor& t, double value) {
    return t.to_vector() == Values(kSize, value);
  };
  const Tensor x = full({kSize}, -0.5).requires_grad_(), seed = full({kSize}, 3.0);
  relu(x).backward(seed);
  EXPECT_TRUE(all(seed, 3) && all(x.grad(), 0)) << "the user's seed";

  const Tensor inner = x * 2.0, y = relu(inner), z = y * 4.0;
  Tensor seen;
  const HookHandle handle = register_hook(y, [&](const Tensor& dy) { return seen = dy, Tensor(); });
  z.sum().backward();
  EXPECT_TRUE(all(seen, 4)) << "what a hook keeps";

  const Tensor kept = x * 1.0;
  retain_grad(kept);
  (relu(kept) + kept).sum().backward();
  EXPECT_TRUE(all(kept.grad(), 1)) << "a gradient that goes two ways";

  const Tensor a = x * 3.0, b = x * 5.0;
  const auto both = grad({(relu(a) + relu(b * -1.0)).sum()}, {a, b});
  EXPECT_TRUE(all(both[0], 0) && all(both[1], -1));
}

TEST(Backward, NeedsNoSecondGradientForAnActivation) {
  constexpr int64_t kSize = 1 << 20;
  const Tensor x = full({kSize}, 0.5).requires_grad_();
  const Tensor y = gelu(x) * 2.0, seed = ones({kSize});
  reset_peak_memory();
  const int64_t before = memory_stats().allocated;
  y.backward(seed);
  EXPECT_LE(memory_stats().peak - before, kSize * 4 + 4096) << "one, from y to x";
}

TEST(Grad, LeavesLeavesAloneAndReachesIntermediates) {
  const Tensor x = leaf({3});
  const Tensor h = x * x;
  const Tensor y = (h * h).sum();
  const auto g = grad({y}, {h, x}, {}, {.retain_graph = true});
  EXPECT_EQ(g[0].to_vector(), (Values{18}));
  EXPECT_EQ(g[1].to_vector(), (Values{108}));
  EXPECT_FALSE(x.grad().defined());
  const Tensor other = leaf({1});
  EXPECT_THROW(grad({y}, {other}, {}, {.retain_graph = true}), Error);
  EXPECT_FALSE(grad({y}, {other}, {}, {.allow_unused = true})[0].defined());
}

TEST(Grad, AnyOrder) {
  const Tensor x = leaf({2});
  Tensor y = x * x * x * x;  // x^4
  const double expected[] = {32, 48, 48, 24};
  for (const double want : expected) {
    y = grad(y.sum(), x, {}, {.create_graph = true});
    EXPECT_DOUBLE_EQ(y.item(), want);
  }
  EXPECT_FALSE(y.requires_grad() && grad(y.sum(), x, {}, {.allow_unused = true}).defined() &&
               grad(y.sum(), x, {}, {.allow_unused = true}).item() != 0);
}

TEST(Grad, SecondOrderThroughTanh) {
  const Tensor x = leaf({0.3, -1.2});
  const Tensor first = grad(tanh(x).sum(), x, {}, {.create_graph = true});
  const Tensor second = grad(first.sum(), x);
  for (int i = 0; i < 2; ++i) {
    const double t = std::tanh(x.to_vector()[i]);
    EXPECT_NEAR(second.to_vector()[i], -2 * t * (1 - t * t), 1e-14);
  }
}

TEST(Tape, NoGradRecordsNothingAndDetachCuts) {
  const Tensor x = leaf({2});
  {
    const NoGrad no_grad;
    EXPECT_FALSE((x * x).requires_grad());
    const EnableGrad enabled;
    EXPECT_TRUE((x * x).requires_grad());
  }
  EXPECT_TRUE(grad_enabled());
  const Tensor y = (x * x).detach() * x;
  y.sum().backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{4}));
  EXPECT_FALSE(eq(x, x).requires_grad());
}

TEST(Tape, SixtyDoublingsTakeLinearTime) {
  const Tensor x = leaf({1});
  Tensor y = x;
  for (int i = 0; i < 60; ++i) y = y + y;
  y.sum().backward();
  EXPECT_EQ(x.grad().item(), std::pow(2.0, 60));
}

TEST(Tape, AMillionOpsNeedNoRecursion) {
  const int64_t before = memory_stats().allocated;
  {
    const Tensor x = leaf({1});
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y + 1.0;
    y.sum().backward();
    EXPECT_EQ(x.grad().item(), 1);
  }
  EXPECT_EQ(memory_stats().allocated, before);
}

TEST(Tape, FreesEverythingAlsoWhenNobodyWalksIt) {
  const int64_t before = memory_stats().allocated;
  {
    const Tensor x = leaf({1, 2, 3});
    const Tensor y = tanh(x * x).sum();
  }
  {
    const Tensor x = leaf({1, 2, 3});
    x.set_grad(zeros({3}, float64));
    backward({tanh(x).sum()}, {}, {.create_graph = true});
    x.set_grad({});
  }
  EXPECT_EQ(memory_stats().allocated, before);
}

TEST(InPlace, WritesAreSeenThroughTheTapeOrRefused) {
  const Tensor x = leaf({1, 2});
  Tensor y = x * 3.0;
  y += x;
  y *= 2.0;
  y.sum().backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{8, 8}));
  EXPECT_THROW(x += 1.0, Error);
  {
    const NoGrad no_grad;
    x += 1.0;
  }
  EXPECT_EQ(x.to_vector(), (Values{2, 3}));
}

TEST(InPlace, RulesReadTheValueFromBeforeTheWrite) {
  const Tensor x = leaf({1, 2});
  const Tensor y = x * 3.0;
  apply_in_place(*find_op("square"), y, {});
  y *= y;  // 81 x^4
  y.sum().backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{324, 2592}));
  const Tensor z = x * 3.0;
  apply_in_place(*find_op("logical_not"), z, {});
  EXPECT_EQ(z.to_vector(), (Values{0, 0}));
  EXPECT_EQ(grad((z + x).sum(), x).to_vector(), (Values{1, 1}));
}

TEST(InPlace, ChangingASavedValueIsNoticed) {
  const Tensor x = leaf({1, 2});
  const Tensor y = tanh(x);
  const Tensor z = y * y;
  y += 1.0;
  try {
    z.sum().backward();
    FAIL() << "no error";
  } catch (const Error& e) {
    const std::string text = e.what();
    EXPECT_NE(text.find("mul"), std::string::npos) << text;
    EXPECT_NE(text.find("add"), std::string::npos) << text;
  }
}

TEST(InPlace, WritesThroughViewsReachTheWholeAndItsOtherViews) {
  const Tensor x = leaf({1, 2, 3, 4});
  const Tensor h = x * 2.0;
  const Tensor before = h.reshape({2, 2}), row = before[1], column = before.t()[0];
  row *= 3.0;  // h = 2 4 18 24
  column += 1.0;
  EXPECT_EQ(h.to_vector(), (Values{3, 4, 19, 24}));
  (before * before).sum().backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{12, 16, 228, 288}));
}

TEST(InPlace, ViewsFollowAWriteToTheWhole) {
  const Tensor x = leaf({1, 2, 3, 4});
  const Tensor h = x * 2.0;
  const Tensor view = h.reshape({2, 2});
  h *= h;
  view.sum().backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{8, 16, 24, 32}));
}

TEST(InPlace, ValuesWithAHistoryMayBeWrittenIntoPartsOfAConstant) {
  const Tensor x = leaf({1, 2});
  const Tensor buffer = zeros({2, 2}, float64);
  const Tensor other = buffer[1];
  Tensor(buffer[0]).copy_(x * x);
  EXPECT_TRUE(buffer.requires_grad());
  Tensor(buffer.t()[0]) += x;
  EXPECT_EQ(buffer.to_vector(), (Values{2, 4, 2, 0}));
  (buffer.sum() + other.sum()).backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{3, 6}));
}

TEST(InPlace, WritesThroughViewsOfDenseTensorsInAnyOrderOfAxes) {
  const Tensor x = leaf({1, 2, 3, 4, 5, 6}).reshape({2, 3});
  const Tensor h = x.t() * 2.0;  // [3, 2], columns first in memory
  Tensor(h[{Slice(1, 3), 1}]).fill_(7);
  const auto gradient = grad({(h * h).sum()}, {x})[0].to_vector();
  EXPECT_EQ(gradient, (Values{8, 16, 24, 32, 0, 0}));
}

TEST(InPlace, ViewsOfLeavesAndThoseTakenUnderNoGradAreRefused) {
  const Tensor x = leaf({1, 2});
  const Tensor of_leaf = x[0];
  EXPECT_THROW(of_leaf += 1.0, Error);
  const Tensor h = x * 2.0;
  Tensor view;
  {
    const NoGrad no_grad;
    view = h[0];
  }
  EXPECT_THROW(view += 1.0, Error);
  EXPECT_EQ(h.to_vector(), (Values{2, 4}));
}

TEST(InPlace, OverwritingAllGivesZerosToWhatWasThere) {
  const Tensor x = leaf({1, 2});
  const Tensor h = x * 2.0;
  h.zero_();
  EXPECT_TRUE(h.requires_grad());
  h.sum().backward();
  EXPECT_EQ(x.grad().to_vector(), (Values{0, 0}));
}

TEST(InPlace, ViewsOutliveAnOptimisersStep) {
  const Tensor w = leaf({1, 2});
  const Tensor view = w.reshape({2, 1});
  {
    const NoGrad no_grad;
    w += 1.0;
  }
  (view * 3.0).sum().backward();
  EXPECT_EQ(w.grad().to_vector(), (Values{3, 3}));
}

TEST(InPlace, RefusesWrongShapesAndTypes) {
  const Tensor x = zeros({2});
  EXPECT_THROW(x += zeros({3}), ShapeError);
  EXPECT_THROW(x += zeros({2, 2}), ShapeError);
  const Tensor whole = Tensor::from<int64_t>({1, 2});
  EXPECT_THROW(whole += 1.5, TypeError);
  whole += 2;
  EXPECT_EQ(whole.to_vector<int64_t>(), (std::vector<int64_t>{3, 4}));
  EXPECT_THROW(zeros({1}).expand({3}) += 1.0, Error);
}

TEST(InPlace, OverlappingOperandsAreReadBeforeTheyAreWritten) {
  const Tensor x = Tensor::from<double>({1, 2, 3, 4}, {2, 2});
  x += x.t();
  EXPECT_EQ(x.to_vector(), (Values{2, 5, 5, 8}));
}

TEST(Hooks, SeeAndReplaceGradients) {
  const Tensor x = leaf({1});
  const Tensor h = x * 2.0;
  double seen = 0;
  HookHandle handle = register_hook(h, [&](const Tensor& g) {
    seen = g.item();
    return g * 10.0;
  });
  retain_grad(h);
  (h * 3.0).sum().backward({}, true);
  EXPECT_EQ(seen, 3);
  EXPECT_EQ(x.grad().item(), 60);
  EXPECT_EQ(h.grad().item(), 30);
  handle.remove();
  x.set_grad({});
  (h * 3.0).sum().backward();
  EXPECT_EQ(x.grad().item(), 6);
}

TEST(Hooks, AnExceptionLeavesGradientsUntouched) {
  const Tensor x = leaf({1}), w = leaf({2});
  register_hook(x, [](const Tensor&) -> Tensor { fail("from the hook"); });
  EXPECT_THROW((x * w).sum().backward(), Error);
  EXPECT_FALSE(w.grad().defined());
}

Tensor squared(const Tensor& x) {
  return custom_op(
      "squared", {x},
      [](CustomContext& c, const std::vector<Tensor>& in) {
        c.save({in[0]});
        return Tensors{in[0] * in[0]};
      },
      [](CustomContext& c, const Tensors& dys) { return Tensors{dys[0] * 2.0 * c.saved()[0]}; })[0];
}

TEST(CustomOp, HasGradientsOfAnyOrder) {
  const Tensor x = leaf({3});
  const Tensor first = grad(squared(x).sum(), x, {}, {.create_graph = true});
  EXPECT_EQ(first.item(), 6);
  EXPECT_EQ(grad(first.sum(), x).item(), 2);
}

TEST(CustomOp, SavedOutputsMakeNoCycleAndReleasedOnesAnError) {
  const int64_t before = memory_stats().allocated;
  {
    const Tensor x = leaf({0.5});
    const Tensor y = custom_op(
        "exponential", {x},
        [](CustomContext& c, const std::vector<Tensor>& in) {
          const Tensor out = exp(in[0]);
          c.save({out});
          return Tensors{out};
        },
        [](CustomContext& c, const Tensors& dys) { return Tensors{dys[0] * c.saved()[0]}; })[0];
    y.sum().backward();
    EXPECT_DOUBLE_EQ(x.grad().item(), std::exp(0.5));
    EXPECT_THROW(y.sum().backward(), Error);
  }
  EXPECT_EQ(memory_stats().allocated, before);
}

TEST(Checkpoint, GivesTheSameGradientsAlsoToCapturedTensors) {
  const Tensor w = leaf({0.3, 0.7}), x = leaf({1, 2});
  const auto segment = [&](const std::vector<Tensor>& in) { return Tensors{tanh(in[0] * w) * w}; };
  segment({x})[0].sum().backward();
  const Values want_w = w.grad().to_vector(), want_x = x.grad().to_vector();
  w.set_grad({});
  x.set_grad({});
  checkpoint(segment, {x})[0].sum().backward();
  EXPECT_EQ(w.grad().to_vector(), want_w);
  EXPECT_EQ(x.grad().to_vector(), want_x);
  const Tensor first = grad(checkpoint(segment, {x})[0].sum(), x, {}, {.create_graph = true});
  const Tensor reference = grad(segment({x})[0].sum(), x, {}, {.create_graph = true});
  EXPECT_EQ(grad(first.sum(), w).to_vector(), grad(reference.sum(), w).to_vector());
}

TEST(Checkpoint, DrawsTheSameRandomNumbersAgain) {
  const Tensor x = ones({64}, float64).requires_grad_();
  Tensor seen;
  const Tensor y = checkpoint(
      [&](const std::vector<Tensor>& in) {
        seen = dropout(in[0], 0.5) * 3.0;
        return Tensors{seen};
      },
      {x})[0];
  const Values forward = y.to_vector();
  y.sum().backward();
  EXPECT_EQ(x.grad().to_vector(), forward) << "dropout of ones: the gradient is the output";
}

TEST(Anomaly, NamesTheFirstOpThatWentWrong) {
  const DetectAnomaly on;
  const Tensor x = leaf({0, 1});
  try {
    log(x);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()).rfind("log: made a NaN or an infinity", 0), 0u) << e.what();
  }
  const Tensor y = sqrt(x);  // finite, but its gradient at 0 is not
  try {
    y.sum().backward();
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("in the gradient of sqrt"), std::string::npos) << e.what();
  }
}

TEST(Threads, MayTrainOnSharedLeaves) {
  const Tensor w = leaf({1});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) (w * 2.0).sum().backward();
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(w.grad().item(), 2000);
}

}  // namespace
}  // namespace rush
