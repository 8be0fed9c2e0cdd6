#include <gtest/gtest.h>

#include "rush/autograd/autograd.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/plan.h"
#include "rush/graph/tracer.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/adam.h"

namespace rush::graph {
namespace {

// Two large products and a small one; the parameters after four steps.
struct Training {
  Tensor w[3] = {randn({16, 32768}).requires_grad_(), randn({32768, 16}).requires_grad_(),
                 randn({16}).requires_grad_()};
  optim::Adam opt{{w[0], w[1], w[2]}, {.lr = 1e-3}};

  std::vector<Tensor> step(const Tensor& x) {
    opt.step(sum(matmul(tanh(matmul(x, w[0])), w[1]) * w[2]));
    return {};
  }
};

std::vector<double> train(bool early, int64_t* arena_bytes, int* steps_apart) {
  manual_seed(4);
  Training t;
  std::vector<Tensor> none;
  const std::vector<Tensor> x = {randn({4, 16})};
  const TensorFunction step = [&](const std::vector<Tensor>& in) { return t.step(in[0]); };
  step(x);
  Trace traced = trace(step, x, none);
  prune(traced.program);
  if (early) early_updates(traced.program);
  verify(traced.program, "early_updates");
  *steps_apart = 0;
  for (const Instruction& i : traced.program.instructions) *steps_apart += i.name() == "adam_step";
  Plan plan(std::move(traced.program));
  *arena_bytes = plan.arena_bytes();
  for (int i = 0; i < 2; ++i) plan.run(x, none);
  std::vector<double> values;
  for (const Tensor& w : t.w)
    for (double v : w.to_vector()) values.push_back(v);
  return values;
}

TEST(EarlyUpdates, GiveLargeParametersStepsOfTheirOwn) {
  int64_t late_bytes, early_bytes;
  int late_steps, early_steps;
  const auto late = train(false, &late_bytes, &late_steps);
  const auto early = train(true, &early_bytes, &early_steps);
  EXPECT_EQ(late, early);
  EXPECT_EQ(late_steps, 1);
  EXPECT_EQ(early_steps, 3);
  EXPECT_LT(early_bytes, late_bytes);
}

}  // namespace
}  // namespace rush::graph
