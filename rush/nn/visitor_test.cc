// Reflection: which members are found, in which order, under which names.
#include "rush/nn/visitor.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "rush/nn/module.h"
#include "rush/nn/sequential.h"

namespace rush {
namespace {

// A layer as a user would write it, without any op.
class Layer {
 public:
  Layer(int64_t in, int64_t out)
      : weight(Tensor::empty({out, in}, float32)), bias(Tensor::empty({out}, float32)) {
    weight.requires_grad_();
    bias.requires_grad_();
  }
  Tensor operator()(const Tensor& x) const { return x; }
  void fields(nn::Visitor& v) {
    v("weight", weight);
    v("bias", bias);
  }

  Tensor weight, bias;
};

struct Config {
  int depth = 3;
  double rate = 0.1;
  std::string name = "config";
};

struct Inner {
  Layer first{2, 3};
  Tensor scale = Tensor::empty({3}, float32);
};

struct Everything {
  int hidden = 4;
  Layer fc1{2, hidden};
  Inner inner;
  std::vector<Layer> layers{Layer{1, 1}, Layer{1, 1}};
  std::array<Layer, 2> pair{Layer{1, 1}, Layer{1, 1}};
  std::optional<Layer> absent, present = Layer{1, 1};
  std::map<std::string, Layer> heads{{"a", Layer{1, 1}}, {"b", Layer{1, 1}}};
  std::unique_ptr<Layer> owned = std::make_unique<Layer>(1, 1);
  std::tuple<Layer, int> both{Layer{1, 1}, 1};
  nn::Sequential<Layer, Layer> chain{Layer{1, 1}, Layer{1, 1}};
  nn::SequentialList list;
  nn::AnyModule any = Layer{1, 1};
  std::vector<std::vector<Tensor>> tensors{{Tensor::empty({2}, float32)}};
  Config config;
  bool training = true;
  std::string text;
  Tensor undefined;
};

std::vector<std::string> names_of(const State& state) {
  std::vector<std::string> names;
  for (const auto& [name, t] : state) names.push_back(name);
  return names;
}
using Names = std::vector<std::string>;

TEST(Reflection, FindsMembersAndTheirNames) {
  const auto& names = nn::detail::member_names<Inner>;
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0], "first");
  EXPECT_EQ(names[1], "scale");
  EXPECT_EQ(nn::detail::member_names<Everything>.size(), 18u);
}

TEST(Reflection, NamesTypesWithoutNamespaceAndArguments) {
  EXPECT_EQ(nn::detail::type_name<Inner>(), "Inner");
  EXPECT_EQ((nn::detail::type_name<nn::Sequential<Layer, Inner>>()), "Sequential");
}

TEST(Reflection, WorksOnLocalStructs) {
  struct Local {
    Layer only_one{2, 2};
  } local;
  EXPECT_EQ(names_of(state(local)), (Names{"only_one.weight", "only_one.bias"}));
}

TEST(Reflection, WalksNestedModelsOfEveryKind) {
  Everything model;
  model.list.add(Layer{1, 1}).add([](const Tensor& x) { return x; }).add(Inner{}.first);
  EXPECT_EQ(names_of(state(model)),
            (Names{"fc1.weight",    "fc1.bias",        "inner.first.weight", "inner.first.bias",
                   "inner.scale",   "layers.0.weight", "layers.0.bias",      "layers.1.weight",
                   "layers.1.bias", "pair.0.weight",   "pair.0.bias",        "pair.1.weight",
                   "pair.1.bias",   "present.weight",  "present.bias",       "heads.a.weight",
                   "heads.a.bias",  "heads.b.weight",  "heads.b.bias",       "owned.weight",
                   "owned.bias",    "both.0.weight",   "both.0.bias",        "chain.0.weight",
                   "chain.0.bias",  "chain.1.weight",  "chain.1.bias",       "list.0.weight",
                   "list.0.bias",   "list.2.weight",   "list.2.bias",        "any.weight",
                   "any.bias",      "tensors.0.0"}));
}

TEST(Reflection, SeesTheSizesThatDefaultMembersGive) {
  Everything model;
  EXPECT_EQ(model.fc1.weight.shape(), (Shape{4, 2}));
}

TEST(Reflection, TakesContainersAsModels) {
  std::vector<Layer> layers{Layer{1, 2}, Layer{2, 3}};
  EXPECT_EQ(names_of(state(layers)), (Names{"0.weight", "0.bias", "1.weight", "1.bias"}));
  EXPECT_EQ(parameter_count(layers), 2 + 2 + 6 + 3);
}

struct Listed {
  Tensor a = Tensor::empty({1}, float32), hidden = Tensor::empty({1}, float32);
  static constexpr auto fields() { return std::tuple(Field{"renamed", &Listed::a}); }
};

TEST(Reflection, PrefersAFieldList) {
  Listed model;
  EXPECT_EQ(names_of(state(model)), (Names{"renamed"}));
}

class Block {
 public:
  virtual ~Block() = default;
  virtual void fields(nn::Visitor& v) = 0;
};
class Wide : public Block {
 public:
  void fields(nn::Visitor& v) override { v("inner", inner_); }

 private:
  Inner inner_;
};

TEST(Reflection, WalksPolymorphicModels) {
  std::vector<std::unique_ptr<Block>> blocks;
  blocks.push_back(std::make_unique<Wide>());
  EXPECT_EQ(names_of(state(blocks)),
            (Names{"0.inner.first.weight", "0.inner.first.bias", "0.inner.scale"}));
}

struct TwentyFive {
  Tensor a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x,
      last = Tensor::empty({1}, float32);
};

TEST(Reflection, HandlesManyMembers) { EXPECT_EQ(names_of(state(TwentyFive{})), (Names{"last"})); }

TEST(AnyModule, GivesBackItsLayerByType) {
  nn::AnyModule any = Layer{2, 3};
  ASSERT_NE(any.get<Layer>(), nullptr);
  EXPECT_EQ(any.get<Layer>()->weight.shape(), (Shape{3, 2}));
  EXPECT_EQ(any.get<Inner>(), nullptr);
}

TEST(AnyModule, CopiesItsLayer) {
  nn::AnyModule any = Layer{2, 3};
  nn::AnyModule copy = any;
  EXPECT_NE(copy.get<Layer>(), any.get<Layer>());
  EXPECT_TRUE(copy.get<Layer>()->weight.is_same(any.get<Layer>()->weight));
}

TEST(AnyModule, EmptyOneRaises) { EXPECT_THROW(nn::AnyModule()(Tensor()), Error); }

}  // namespace
}  // namespace rush
