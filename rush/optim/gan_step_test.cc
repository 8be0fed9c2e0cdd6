// Two networks with opposite aims in one program: each step moves its own network and leaves the
// other as it is, eagerly and in a graph, with the gradient stopped on one edge.
#include <gtest/gtest.h>

#include "rush/autograd/autograd.h"
#include "rush/graph/session.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/optim/adam.h"

namespace rush {
namespace {

struct Generator {
  nn::Linear seed{4, 2 * 3 * 3};
  nn::ConvTranspose2d up{2, 1, 4, {.stride = 2, .padding = 1}};
  Tensor operator()(const Tensor& z) const { return tanh(up(seed(z).reshape({-1, 2, 3, 3}))); }
};
struct Discriminator {
  nn::Conv2d conv{1, 3, 3, {.stride = 2, .padding = 1}};
  nn::Linear score{3 * 3 * 3, 1};
  Tensor operator()(const Tensor& x) const {
    return score(leaky_relu(conv(x), 0.3).reshape({-1, 27}));
  }
};

Tensor to_tell(const Tensor& real, const Tensor& drawn) {
  return mean(softplus(-real)) + mean(softplus(drawn));
}
Tensor to_fool(const Tensor& drawn) { return mean(softplus(-drawn)); }

std::vector<std::vector<double>> values(const std::vector<Tensor>& tensors) {
  std::vector<std::vector<double>> list;
  for (const Tensor& t : tensors) list.push_back(t.to_vector());
  return list;
}

TEST(GanStep, TheDiscriminatorsLossGivesTheGeneratorNoGradient) {
  manual_seed(1);
  Generator g;
  Discriminator d;
  optim::Adam adam(parameters(d), {.lr = 0.01});
  const auto before = values(parameters(g));
  const Tensor drawn = g(randn({5, 4}));
  to_tell(d(randn({5, 1, 6, 6})), d(drawn.detach())).backward();
  for (const Tensor& p : parameters(g)) EXPECT_FALSE(p.grad().defined());
  for (const Tensor& p : parameters(d)) EXPECT_GT(max(abs(p.grad())).item(), 0);
  adam.step();
  EXPECT_EQ(values(parameters(g)), before);
}

TEST(GanStep, TheGeneratorsStepLeavesTheDiscriminatorAsItIs) {
  manual_seed(2);
  Generator g;
  Discriminator d;
  optim::Adam adam(parameters(g), {.lr = 0.01});
  const auto generator = values(parameters(g)), discriminator = values(parameters(d));
  adam.step(grad({to_fool(d(g(randn({5, 4}))))}, parameters(g)));
  EXPECT_EQ(values(parameters(d)), discriminator);
  for (const Tensor& p : parameters(d)) EXPECT_FALSE(p.grad().defined());
  const auto moved = values(parameters(g));
  for (size_t i = 0; i < moved.size(); ++i) EXPECT_NE(moved[i], generator[i]) << i;
}

struct GanGraph : testing::Test {
  GanGraph() {
    manual_seed(3);
    name_variables(g, "g.");
    name_variables(d, "d.");
    noise = placeholder(float32, {"batch", 4}, "noise");
    real = placeholder(float32, {"batch", 1, 6, 6}, "real");
    drawn = g(noise);
  }
  std::vector<std::vector<double>> of(Session& session, const nn::ModuleRef& model) const {
    std::vector<Tensor> list;
    for (const Tensor& p : parameters(model)) list.push_back(session.value(p));
    return values(list);
  }
  // Made before the scope: in it, random numbers are nodes that every run draws anew.
  Tensor some_noise = randn({5, 4}), some_real = randn({5, 1, 6, 6});
  Graph graph{"gan"};
  GraphScope scope{graph};
  Generator g;
  Discriminator d;
  Tensor noise, real, drawn;
};

TEST_F(GanGraph, AStoppedEdgeGivesZeroGradients) {
  const Tensor loss = to_tell(d(real), d(stop_gradient(drawn)));
  EXPECT_THROW(gradients({loss}, parameters(g)), Error);
  const auto zero = gradients({loss}, parameters(g), {}, {.allow_unused = true});
  Session session(graph);
  session.initialize();
  for (const Tensor& t : session.run(zero, {{noise, some_noise}, {real, some_real}}))
    EXPECT_EQ(max(abs(t)).item(), 0);
}

TEST_F(GanGraph, EachStepMovesItsOwnNetwork) {
  const Tensor tell = to_tell(d(real), d(stop_gradient(drawn))), fool = to_fool(d(drawn));
  optim::Adam for_d(parameters(d), {.lr = 0.01}), for_g(parameters(g), {.lr = 0.01});
  const Tensor train_d = for_d.minimize(tell), train_g = for_g.minimize(fool);
  Session session(graph);
  session.initialize();
  const std::vector<Feed> feeds{{noise, some_noise}, {real, some_real}};
  const auto g0 = of(session, g), d0 = of(session, d);
  session.run(train_d, feeds);
  const auto d1 = of(session, d);
  EXPECT_EQ(of(session, g), g0);
  EXPECT_NE(d1, d0);
  session.run(train_g, feeds);
  EXPECT_EQ(of(session, d), d1);
  EXPECT_NE(of(session, g), g0);
}

}  // namespace
}  // namespace rush
