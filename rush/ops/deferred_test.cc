// What stops gradients stops them in graphs as well: on placeholders, gradients are written down
// and then replayed.
#include <gtest/gtest.h>

#include "rush/autograd/autograd.h"
#include "rush/ops/binary.h"
#include "rush/ops/cases/replay.h"
#include "rush/ops/unary.h"

namespace rush::testing {
namespace {

// d f(x) / dx at 3, by a graph.
double slope_at_three(Tensor (*f)(const Tensor&)) {
  const Tensor x = make_symbolic({{}, float64});
  const std::vector<Tensor> dx =
      grad({f(x)}, {x}, {Tensor::scalar(1, float64)}, {.allow_unused = true});
  if (!dx[0].defined()) return 0;
  return replay({dx[0]}, {x}, {Tensor::scalar(3, float64)})[0].item();
}

TEST(Deferred, GradientsFlowThroughWhatIsRecorded) {
  EXPECT_EQ(slope_at_three([](const Tensor& x) { return x * x; }), 6);
}

TEST(Deferred, DetachIsAConstant) {
  EXPECT_EQ(slope_at_three([](const Tensor& x) { return x * x.detach(); }), 3);
  EXPECT_EQ(slope_at_three([](const Tensor& x) { return square(x).detach(); }), 0);
}

TEST(Deferred, NoGradMakesConstants) {
  EXPECT_EQ(slope_at_three([](const Tensor& x) {
              const NoGrad off;
              return x * x;
            }),
            0);
  EXPECT_EQ(slope_at_three([](const Tensor& x) {
              Tensor factor;
              {
                const NoGrad off;
                factor = x * 5;
              }
              return factor * x;
            }),
            15);
}

}  // namespace
}  // namespace rush::testing
