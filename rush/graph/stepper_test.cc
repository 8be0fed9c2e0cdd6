#include "rush/graph/stepper.h"

#include <gtest/gtest.h>

#include "rush/base/testing/errors.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

using Values = std::vector<double>;
using Names = std::vector<std::string>;

struct Steps : testing::Test {
  Graph graph{"g"};
  GraphScope scope{graph};
  Tensor x = placeholder(float32, {2}, "x");
  Tensor w = variable(Tensor::from({3, 4}), "w");
  Tensor product = x * w;
  Tensor loss = sum(square(product) + product);
  Session session{graph};
  void SetUp() override { session.initialize(); }
};

TEST_F(Steps, GoForwardAndThenBackward) {
  Stepper s(session, loss, {{x, Tensor::from({1, 2})}});
  Names forward, backward;
  while (s.forward()) forward.push_back(s.node());
  EXPECT_EQ(forward, (Names{"x", "w", "mul", "square", "add", "sum"}));
  EXPECT_EQ(s.op(), "sum");
  EXPECT_EQ(s.inputs(), Names{"add"});
  EXPECT_EQ(s.value().item(), 9 + 64 + 11);
  EXPECT_EQ(s.value("mul").to_vector(), (Values{3, 8}));
  while (s.backward()) backward.push_back(s.node());
  EXPECT_EQ(backward, (Names{"sum", "add", "square", "mul", "w", "x"}));
  EXPECT_EQ(s.gradient("mul").to_vector(), (Values{7, 17}));
  EXPECT_EQ(s.gradient(w).to_vector(),
            session.run(gradients(loss, w), {{x, Tensor::from({1, 2})}}).to_vector());
  EXPECT_EQ(session.value(w).to_vector(), (Values{3, 4}));
}

TEST_F(Steps, SayWhatIsNotThereYet) {
  const Tensor other = x * 7;
  Stepper s(session, loss, {{x, Tensor::from({1, 2})}});
  EXPECT_EQ(error_of([&] { s.value("mul"); }),
            "stepper: mul has no value yet; forward() has not reached it");
  EXPECT_EQ(error_of([&] { s.values(other); }),
            "stepper: mul_1 is not needed for sum, so it has no value");
  EXPECT_EQ(error_of([&] { s.node(); }), "stepper: no step has been made; call forward()");
  s.forward();
  EXPECT_EQ(error_of([&] { s.backward(); }),
            "stepper: the forward half is not done; call forward() first");
  while (s.forward()) continue;
  s.backward();
  EXPECT_EQ(error_of([&] { s.gradient(w); }),
            "stepper: w has no gradient yet; backward() has not reached it");
  EXPECT_EQ(s.gradient().item(), 1);
}

}  // namespace
}  // namespace rush
