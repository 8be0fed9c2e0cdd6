// What is done with models: parameters, state, load, to, train, clone, printing.
#include "rush/nn/module.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <sstream>

#include "rush/base/testing/errors.h"
#include "rush/core/apply.h"
#include "rush/nn/activation.h"
#include "rush/nn/dropout.h"
#include "rush/nn/linear.h"
#include "rush/nn/sequential.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

struct Net {
  int hidden = 5;
  nn::Linear fc1{3, hidden}, out{hidden, 2};
  nn::Dropout drop{0.25};
  Tensor count = Tensor::from(std::vector<int64_t>{7});
  Tensor operator()(const Tensor& x) { return out(drop(relu(fc1(x)))); }
};

std::vector<std::string> names_of(const State& state) {
  std::vector<std::string> names;
  for (const auto& [name, t] : state) names.push_back(name);
  return names;
}
using Names = std::vector<std::string>;

TEST(Module, NamesParametersAndBuffersAsPyTorch) {
  Net net;
  EXPECT_EQ(names_of(named_parameters(net)),
            (Names{"fc1.weight", "fc1.bias", "out.weight", "out.bias"}));
  EXPECT_EQ(names_of(named_buffers(net)), (Names{"count"}));
  EXPECT_EQ(state(net).size(), 5u);
  EXPECT_EQ(parameters(net)[0].shape(), (Shape{5, 3}));
  EXPECT_EQ(parameter_count(net), 15 + 5 + 10 + 2);
}

TEST(Module, ASharedTensorIsOneParameter) {
  struct Tied {
    nn::Linear encode{3, 3}, decode{3, 3};
  } net;
  net.decode.weight = net.encode.weight;
  EXPECT_EQ(names_of(named_parameters(net)),
            (Names{"encode.weight", "encode.bias", "decode.bias"}));
  EXPECT_EQ(state(net).size(), 4u);
  const Tied copy = clone(net);
  EXPECT_TRUE(copy.decode.weight.is_same(copy.encode.weight));
  EXPECT_FALSE(copy.decode.weight.is_same(net.encode.weight));
}

TEST(Module, TrainAndEvalReachEverySwitch) {
  struct Deep {
    std::vector<Net> nets{Net{}, Net{}};
    nn::SequentialList list;
    std::optional<nn::Dropout> drop = nn::Dropout{};
  } model;
  model.list.add(nn::Dropout{});
  eval(model);
  EXPECT_FALSE(model.nets[1].drop.training);
  EXPECT_FALSE(model.list[0].get<nn::Dropout>()->training);
  EXPECT_FALSE(model.drop->training);
  train(model);
  EXPECT_TRUE(model.nets[1].drop.training);
  EXPECT_TRUE(model.list[0].get<nn::Dropout>()->training);
}

TEST(Module, LoadCopiesByName) {
  Net a, b;
  const LoadReport report = load(b, state(a));
  EXPECT_TRUE(report.missing.empty());
  EXPECT_EQ(a.fc1.weight.to_vector<double>(), b.fc1.weight.to_vector<double>());
  EXPECT_FALSE(a.fc1.weight.is_same(b.fc1.weight));
  EXPECT_TRUE(b.fc1.weight.requires_grad());
}

TEST(Module, LoadConvertsFloatingTypes) {
  Net a, b;
  to(a, float64);
  load(b, state(a));
  EXPECT_EQ(b.fc1.weight.dtype(), float32);
}

TEST(Module, LoadListsAllThatDoesNotFitAndChangesNothing) {
  Net net;
  const auto before = net.fc1.weight.to_vector<double>();
  State bad = {{"fc1.weight", Tensor::from(std::vector<float>(15, 1), {5, 3})},
               {"fc1.bias", Tensor::from(std::vector<float>(4, 1), {4})},
               {"out.weight", Tensor::from(std::vector<float>(10, 1), {2, 5})},
               {"count", Tensor::from(std::vector<float>{1})},
               {"other", Tensor::from(std::vector<float>{1})}};
  EXPECT_EQ(error_of([&] { load(net, bad); }),
            "load: the state does not fit Net; clashes: fc1.bias is [5] in the model and [4] in "
            "the state, count is int64 in the model and float32 in the state; missing: out.bias; "
            "unexpected: other");
  EXPECT_THROW(load(net, bad, {.strict = false}), ShapeError);
  EXPECT_EQ(net.fc1.weight.to_vector<double>(), before);
}

TEST(Module, LenientLoadReportsWhatItPassedOver) {
  Net net;
  const LoadReport report =
      load(net, {{"out.bias", Tensor::from(std::vector<float>{1, 2})}, {"extra", Tensor(1)}},
           {.strict = false});
  EXPECT_EQ(report.missing, (Names{"fc1.weight", "fc1.bias", "out.weight", "count"}));
  EXPECT_EQ(report.unexpected, (Names{"extra"}));
  EXPECT_EQ(net.out.bias.to_vector<double>(), (std::vector<double>{1, 2}));
}

TEST(Module, ToConvertsInPlace) {
  Net net;
  const Tensor handle = net.fc1.weight;
  to(net, float64);
  EXPECT_EQ(handle.dtype(), float64);
  EXPECT_TRUE(handle.requires_grad());
  EXPECT_TRUE(handle.is_leaf());
  EXPECT_EQ(net.count.dtype(), int64);
  const Tensor y = net(Tensor::from(std::vector<double>(6, 1), {2, 3}));
  EXPECT_EQ(y.dtype(), float64);
}

TEST(Module, CloneSharesNothing) {
  Net net;
  Net copy = clone(net);
  nn::SequentialList list;
  list.add(nn::Linear(2, 2));
  const nn::SequentialList list_copy = clone(list);
  net.fc1.bias.detach().fill_(100);
  EXPECT_NE(copy.fc1.bias.to_vector<double>()[0], 100);
  EXPECT_TRUE(copy.fc1.bias.requires_grad());
  EXPECT_FALSE(list[0].get<nn::Linear>()->weight.is_same(list_copy[0].get<nn::Linear>()->weight));
}

TEST(Module, CloneRefusesSharedPointers) {
  struct Holder {
    std::shared_ptr<nn::Linear> layer = std::make_shared<nn::Linear>(1, 1);
  } model;
  EXPECT_EQ(parameter_count(model), 2);
  EXPECT_NE(error_of([&] { clone(model); }).find("'layer' is held by shared_ptr"),
            std::string::npos);
}

TEST(Module, ZeroGradForgetsAllGradients) {
  Net net;
  net.out.bias.set_grad(Tensor::from(std::vector<float>{1, 2}));
  zero_grad(net);
  EXPECT_FALSE(net.out.bias.grad().defined());
}

TEST(Module, FrozenTensorsAreNoParameters) {
  Net net;
  requires_grad_(net.fc1, false);
  EXPECT_EQ(names_of(named_parameters(net)), (Names{"out.weight", "out.bias"}));
  requires_grad_(net, true);
  EXPECT_EQ(named_parameters(net).size(), 4u);
}

TEST(Module, ApplyReachesEveryLayerOfAType) {
  Net net;
  apply<nn::Linear>(net, [](nn::Linear& l) {
    NoGrad guard;
    l.bias.fill_(2);
  });
  EXPECT_EQ(net.out.bias.to_vector<double>(), (std::vector<double>{2, 2}));
}

TEST(Module, PrintsAsATree) {
  struct Model {
    Net body;
    nn::Sequential<nn::Linear, nn::ReLU> head{nn::Linear{2, 1, {.bias = false}}, nn::ReLU{}};
    nn::SequentialList list;
    Tensor scale = Tensor::from(std::vector<float>{1, 2, 3});
    struct {
      int depth = 1;
    } options;
    Tensor operator()(const Tensor& x) { return x; }
  } model;
  model.list.add(nn::Dropout{0.5}).add([](const Tensor& x) { return x; });
  std::ostringstream out;
  out << model;
  EXPECT_EQ(out.str(),
            "Model(\n"
            "  (body): Net(\n"
            "    (fc1): Linear(3, 5), 20 parameters\n"
            "    (out): Linear(5, 2), 12 parameters\n"
            "    (drop): Dropout(0.25)\n"
            "    (count): int64[1]\n"
            "  ), 32 parameters\n"
            "  (head): Sequential(\n"
            "    (0): Linear(2, 1, {.bias = false}), 2 parameters\n"
            "    (1): ReLU()\n"
            "  ), 2 parameters\n"
            "  (list): SequentialList(\n"
            "    (0): Dropout(0.5)\n"
            "    (1): Function()\n"
            "  )\n"
            "  (scale): float32[3]\n"
            "), 34 parameters");
}

TEST(Module, PrintsThousands) {
  EXPECT_EQ(to_string(nn::Linear(784, 800)), "Linear(784, 800), 628,000 parameters");
}

TEST(Module, ErrorsNameTheLayerAndItsPath) {
  Net net;
  parameters(net);
  const std::string text = error_of([&] { net(Tensor::from(std::vector<float>(8), {2, 4})); });
  EXPECT_EQ(text.rfind("fc1 (Linear(3, 5)): linear: ", 0), 0u) << text;
  const std::string unnamed = error_of([&] {
    nn::Linear(3, 5)(Tensor::from(std::vector<float>(8), {2, 4}));
  });
  EXPECT_EQ(unnamed.rfind("Linear(3, 5): linear: ", 0), 0u) << unnamed;
}

}  // namespace
}  // namespace rush
