#include <gtest/gtest.h>

#include <random>

#include "rush/graph/compile.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/plan.h"
#include "rush/graph/testing/build_program.h"
#include "rush/kernels/attrs/softmax.h"
#include "rush/nn/nn.h"
#include "rush/optim/optim.h"

namespace rush::graph {
namespace {

using testing::Build;

int64_t arena_of(const Program& p) {
  return plan_memory(p, std::vector<bool>(p.buffers.size())).arena_bytes;
}
int copies_in(const Program& p) {
  int n = 0;
  for (const Instruction& i : p.instructions) n += i.is_recomputed;
  return n;
}

// Layers x -> exp(x w): forward keeps what the products and exponentials give, backward reads it
// from the last to the first.
Program layers(int depth, int64_t n) {
  Build b;
  const Operand w = b.argument({n, n});
  Operand x = b.argument({n, n});
  std::vector<Operand> products, outputs;
  for (int k = 0; k < depth; ++k) {
    products.push_back(b.call("matmul", {x, w}));
    outputs.push_back(x = b.rows("tanh", {products.back()}));
  }
  Operand dy = x;
  for (int k = depth; k-- > 0;) {
    const Operand dx = b.call("matmul", {dy, outputs[static_cast<size_t>(k)]});
    dy = b.rows("mul", {dx, products[static_cast<size_t>(k)]});
  }
  b.result(dy);
  return std::move(b.program);
}

TEST(Rematerialize, FreesCheapValuesBetweenTheHalves) {
  Program program = layers(6, 160);
  const int64_t before = arena_of(program);
  EXPECT_TRUE(
      testing::keeps_bits(program, rematerialize, {randn({160, 160}) * 0.05, randn({160, 160})}));
  EXPECT_GE(copies_in(program), 4);
  EXPECT_LT(arena_of(program), before * 3 / 4);
}

TEST(Rematerialize, LeavesSmallValuesAlone) {
  Program program = layers(6, 16);
  EXPECT_TRUE(testing::keeps_bits(program, rematerialize, {randn({16, 16}), randn({16, 16})}));
  EXPECT_EQ(copies_in(program), 0);
}

TEST(Rematerialize, ReadsNoStateThatHasChangedSince) {
  const Shape shape = {200, 200};
  Build b;
  const Operand x = b.argument(shape), s = b.state(randn(shape));
  const Operand y = b.rows("mul", {x, s});
  b.add("add", {s, x}, {s});
  const Operand z = b.call("matmul", {x, b.call("matmul", {x, x})});
  b.result(b.rows("add", {b.call("matmul", {z, z}), y}));
  EXPECT_TRUE(testing::keeps_bits(b.program, rematerialize, {randn(shape)}));
  EXPECT_EQ(copies_in(b.program), 0);
}

TEST(Rematerialize, MakesAttentionWeightsAgain) {
  Build b;
  const Operand q = b.argument({4, 600, 16}), k = b.argument({4, 600, 16});
  const Operand scores = b.call("matmul", {q, Build::transposed(k)});
  const Operand weights = b.call("softmax", {scores}, SoftmaxAttrs{-1});
  const Operand y = b.call("matmul", {weights, k});
  const Operand other = b.call("matmul", {y, Build::transposed(q)});
  b.result(b.call("softmax_grad", {b.call("matmul", {other, weights}), weights}, SoftmaxAttrs{-1}));
  EXPECT_TRUE(
      testing::keeps_bits(b.program, rematerialize, {randn({4, 600, 16}), randn({4, 600, 16})}));
  EXPECT_EQ(copies_in(b.program), 2);
}

// Random programs whose values are read early and late, with states that change in between, and
// fused afterwards.
TEST(Rematerialize, KeepsTheBitsOfRandomPrograms) {
  int copies = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
    const Shape shape = {130, 130};
    manual_seed(seed);
    Build b;
    std::vector<Operand> values = {b.argument(shape), b.argument({130}), b.argument(shape)};
    const Operand s = b.state(randn(shape));
    for (int k = 0; k < 24; ++k) {
      const Operand &x = values[below(values.size())], &y = values[below(values.size())];
      const char* const two[] = {"sub", "mul", "maximum"};
      const char* const one[] = {"tanh", "sigmoid", "relu"};
      const size_t kind = below(8);
      if (kind < 3)
        values.push_back(b.rows(two[below(3)], {x, below(4) == 0 ? s : y}));
      else if (kind < 5)
        values.push_back(b.rows(one[below(3)], {x}));
      else if (kind == 5)
        b.add("add", {s, Build::expanded(x, shape)}, {s});
      else if (x.layout.rank() == 2 && y.layout.rank() == 2)
        values.push_back(b.rows("tanh", {b.call("matmul", {x, Build::transposed(y)})}));
    }
    Operand sum = values.back();
    for (size_t k = values.size(); k-- > 3;) sum = b.rows("add", {sum, values[k]});
    b.result(sum);
    const auto both = [](Program& p) {
      rematerialize(p);
      verify(p, "rematerialize");
      fuse_elementwise(p);
    };
    ASSERT_TRUE(testing::keeps_bits(b.program, both, {randn(shape), randn({130}), randn(shape)}))
        << "seed " << seed;
    copies += copies_in(b.program);
  }
  EXPECT_GT(copies, 60);
}

struct Block {
  nn::Conv2d conv{16, 16, 3, {.padding = 1}};
  nn::BatchNorm2d norm{16};
};
struct Net {
  nn::Conv2d first{3, 16, 3, {.padding = 1}};
  std::vector<Block> blocks = std::vector<Block>(5);
  nn::Linear last{16, 10};
  Tensor operator()(const Tensor& x) const {
    Tensor y = relu(first(x));
    for (const Block& b : blocks) y = relu(b.norm(b.conv(y)) + y);
    return last(dropout(gelu(mean(y, {2, 3})), 0.3));
  }
};

// What five steps leave in parameters and running averages.
std::vector<std::vector<char>> trained(const CompileOptions* options, int64_t* arena = nullptr) {
  manual_seed(3);
  Net net;
  optim::SGD opt(parameters(net), {.lr = 0.05, .momentum = 0.9});
  const auto step = [&](const Tensor& x, const Tensor& y) {
    const Tensor loss = cross_entropy(net(x), y);
    opt.step(loss);
    return loss;
  };
  const auto compiled = compile(step, options ? *options : CompileOptions{});
  for (int i = 0; i < 5; ++i) {
    const Tensor x = randn({8, 3, 24, 24}), y = randint(0, 10, {8});
    if (options)
      compiled(x, y);
    else
      step(x, y);
  }
  if (arena) *arena = compiled.stats().arena_bytes;
  std::vector<std::vector<char>> left;
  for (const auto& [name, t] : state(net)) left.push_back(testing::bytes_of(t));
  return left;
}

TEST(Rematerialize, TrainsANetworkWithBatchNormToTheSameBits) {
  const CompileOptions exact{.exact = true}, plain{.optimise = false};
  int64_t arena = 0, plain_arena = 0;
  const auto eager = trained(nullptr);
  EXPECT_EQ(trained(&exact, &arena), eager);
  EXPECT_EQ(trained(&plain, &plain_arena), eager);
  EXPECT_LT(arena, plain_arena * 17 / 20);
}

}  // namespace
}  // namespace rush::graph
