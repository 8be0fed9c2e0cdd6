#include "rush/vmap/vmap.h"

#include <gtest/gtest.h>

#include "rush/autograd/autograd.h"
#include "rush/base/testing/errors.h"
#include "rush/graph/compile.h"
#include "rush/graph/session.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/softmax.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

using List = std::vector<Tensor>;

void expect_close(const Tensor& got, const Tensor& want, double bound = 1e-5) {
  ASSERT_EQ(to_text(got.shape()), to_text(want.shape()));
  if (want.numel() == 0) return;
  EXPECT_LT(abs(sub(got, want)).max().item(), bound);
}

Tensor counting(const Shape& shape) {
  return arange(numel(shape), float32).reshape(shape) / numel(shape);
}

TEST(Vmap, MapsAxisZero) {
  const Tensor x = counting({4, 3}), y = counting({4, 3}) * 2;
  const auto distance = vmap([](const Tensor& a, const Tensor& b) { return sum(square(a - b)); });
  expect_close(distance(x, y), sum(square(x - y), {1}));
}

TEST(Vmap, MapsOtherAxesAndLeavesArgumentsAlone) {
  const Tensor x = counting({2, 5, 3}), w = counting({3, 4});
  const auto fn = [](const Tensor& a, const Tensor& b) {
    EXPECT_EQ(a.shape(), (Shape{2, 3}));
    EXPECT_EQ(b.shape(), (Shape{3, 4}));
    return matmul(a, b);
  };
  expect_close(vmap(fn, {1, std::nullopt}, {-1})(x, w), permute(matmul(x, w), {0, 2, 1}));
}

TEST(Vmap, GivesListsForLists) {
  const auto fn = vmap([](const Tensor& x) { return List{x, sum(x), ones({2})}; });
  const List out = fn(counting({4, 3}));
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].shape(), (Shape{4, 3}));
  EXPECT_EQ(out[1].shape(), (Shape{4}));
  EXPECT_EQ(out[2].shape(), (Shape{4, 2}));  // the same for all
  const auto of_list = vmap([](const Tensors& in) { return in[0] * in[1]; });
  expect_close(of_list(Tensors{counting({4, 3}), counting({4})}),
               counting({4, 3}) * counting({4, 1}));
}

TEST(Vmap, Nests) {
  const Tensor a = counting({4, 3}), b = counting({5, 3});
  const auto row = [&](const Tensor& x) {
    return vmap([&](const Tensor& y) { return dot(x, y); })(b);
  };
  expect_close(vmap(row)(a), matmul(a, t(b)));
  const auto both = vmap(vmap([](const Tensor& x, const Tensor& y) { return x * sum(y); }));
  expect_close(both(counting({2, 3, 4}), counting({2, 3, 5})),
               counting({2, 3, 4}) * sum(counting({2, 3, 5}), {2}, true));
}

TEST(Vmap, OfNothingIsEmpty) {
  const auto fn = [](const Tensor& x) { return List{softmax(x, 0), sum(cumsum(x, 0))}; };
  const List out = vmap(fn)(zeros({0, 3}));
  EXPECT_EQ(out[0].shape(), (Shape{0, 3}));
  EXPECT_EQ(out[1].shape(), (Shape{0}));
}

TEST(Vmap, NumbersAndDtypesAreThoseOfSamples) {
  const auto fn = [](const Tensor& x, const Tensor& n) { return List{x + n, x * 2, n + 0.5}; };
  const List out = vmap(fn)(counting({3, 2}), arange(3, float64));
  EXPECT_EQ(out[0].dtype(), float32);  // a 0-d float64 does not widen
  EXPECT_EQ(out[2].dtype(), float64);
}

// ---- Gradients ---------------------------------------------------------------------------------

struct Mlp {
  nn::Linear first{6, 8}, second{8, 3};
  Tensor operator()(const Tensor& x) const { return second(tanh(first(x))); }
};
struct Convnet {
  nn::Conv2d conv{1, 3, 3, {.stride = 2, .padding = 1}};
  nn::Linear out{12, 4};
  Tensor operator()(const Tensor& x) const {
    return out(nn::MaxPool2d(2)(relu(conv(x.unsqueeze(0)))).flatten()).unsqueeze(0);
  }
};

template <typename Net>
void expect_per_sample_gradients(const Net& net, const Tensor& x, const Tensor& labels) {
  const List params = parameters(net);
  const auto gradients_of = [&](const Tensor& image, const Tensor& label) {
    const Tensor logits = net(image);
    return grad({nn::cross_entropy(logits.reshape({1, -1}), label.reshape({1}))}, params);
  };
  const List got = vmap(gradients_of)(x, labels);
  for (int64_t i = 0; i < x.size(0); ++i) {
    const List want = gradients_of(select(x, 0, i), select(labels, 0, i));
    for (size_t k = 0; k < want.size(); ++k) expect_close(select(got[k], 0, i), want[k]);
  }
  for (const Tensor& g : got) EXPECT_FALSE(g.requires_grad());  // create_graph was not asked for
}

TEST(VmapGradients, OfEverySampleForSharedParameters) {
  manual_seed(0);
  const Tensor labels = Tensor::from(std::vector<int64_t>{0, 2, 1, 1, 0});
  expect_per_sample_gradients(Mlp(), randn({5, 6}), labels);
  expect_per_sample_gradients(Convnet(), randn({5, 1, 8, 8}), labels);
}

TEST(VmapGradients, GoThroughToWhatIsCaptured) {
  const Tensor w = counting({3, 4}).requires_grad_(), x = counting({5, 3}).requires_grad_();
  const auto fn = [&](const Tensor& v) { return sum(square(matmul(v, w))); };
  const Tensor mapped = sum(vmap(fn)(x)), whole = sum(square(matmul(x, w)));
  const List got = grad({mapped}, {w, x}), want = grad({whole}, {w, x});
  expect_close(got[0], want[0]);
  expect_close(got[1], want[1]);
}

TEST(VmapGradients, OfGradientsGiveHessians) {
  const Tensor x = counting({3});
  const auto slope = [](const Tensor& v) {
    const Tensor y = sum(v * v * v);
    return grad(y, v, {}, {.create_graph = true});
  };
  const auto row = [&](const Tensor& direction, const Tensor& v) {
    return grad(sum(slope(v) * direction), v);
  };
  expect_close(vmap(row, {0, std::nullopt})(eye(3), Tensor(x).requires_grad_()), diag(x * 6));
}

// A Jacobian in one backward pass over a tape that was recorded before.
TEST(VmapGradients, GoIntoARecordedTape) {
  const Tensor x = counting({4}).requires_grad_();
  const Tensor y = matmul(counting({3, 4}), tanh(x));
  const auto row = [&](const Tensor& dy) { return grad(y, x, dy, {.retain_graph = true}); };
  const Tensor want = counting({3, 4}) * (1 - square(tanh(x.detach())));
  expect_close(vmap(row)(eye(3)), want);
}

// ---- Random numbers ----------------------------------------------------------------------------

TEST(VmapRandomness, IsSaid) {
  const auto noisy = [](const Tensor& x) { return x * 0 + randn({50}); };
  expect_error([&] { vmap(noisy)(zeros({3, 50})); }, {"vmap: normal", "randomness"});
  const Tensor same = vmap(noisy, {.randomness = Randomness::kSame})(zeros({3, 50}));
  EXPECT_EQ(same[0].to_vector(), same[2].to_vector());
  const Tensor other = vmap(noisy, {.randomness = Randomness::kDifferent})(zeros({3, 50}));
  EXPECT_NE(other[0].to_vector(), other[2].to_vector());
}

TEST(VmapRandomness, DropsUnitsAndTheirGradientsAlike) {
  for (const Randomness r : {Randomness::kSame, Randomness::kDifferent}) {
    const Tensor weight = ones({200}).requires_grad_();
    const auto fn = [&](const Tensor& x) {
      const Tensor y = dropout(x * weight, 0.5, true);
      return List{y, grad(sum(y), weight)};
    };
    const List out = vmap(fn, {.randomness = r})(ones({3, 200}));
    EXPECT_EQ(out[0].to_vector(), out[1].to_vector());
    const double mean_value = mean(out[0]).item();
    EXPECT_GT(mean_value, 0.7);
    EXPECT_LT(mean_value, 1.3);
    const bool is_same = out[0][0].to_vector() == out[0][1].to_vector();
    EXPECT_EQ(is_same, r == Randomness::kSame);
  }
  const Tensor shared = ones({100});
  const auto fn = [&](const Tensor& x) { return x + dropout(shared, 0.5, true); };
  const Tensor y = vmap(fn, {.randomness = Randomness::kDifferent})(zeros({2, 100}));
  EXPECT_NE(y[0].to_vector(), y[1].to_vector());
}

TEST(VmapRandomness, CoversAllKinds) {
  const auto fn = [](const Tensor& x) {
    return List{bernoulli(x), rand({4}), cast(randint(5, {4}), float32),
                cast(randperm(4), float32)};
  };
  for (const Randomness r : {Randomness::kSame, Randomness::kDifferent})
    for (const Tensor& t : vmap(fn, {.randomness = r})(full({6, 4}, 0.5)))
      EXPECT_EQ(t.shape(), (Shape{6, 4}));
}

// ---- Elsewhere ---------------------------------------------------------------------------------

TEST(Vmap, WorksInGraphs) {
  const Graph graph("g");
  const GraphScope scope(graph);
  const Tensor x = placeholder(float32, {"batch", 3}, "x"), w = placeholder(float32, {3}, "w");
  const Tensor y = vmap([&](const Tensor& v) { return sum(softmax(v, 0) * w); })(x);
  EXPECT_EQ(to_text(y.shape()), "[batch]");
  Session s(graph);
  for (int64_t n : {2, 5}) {
    const Tensor given = counting({n, 3});
    expect_close(s.run(y, {{x, given}, {w, ones({3})}}), ones({n}));
  }
}

TEST(Vmap, CanBeCompiled) {
  const auto fn = compile(
      [](const Tensor& x) { return vmap([](const Tensor& v) { return sum(v * exp(v)); })(x); });
  const Tensor x = counting({4, 3});
  for (int i = 0; i < 3; ++i) expect_close(fn(x), sum(x * exp(x), {1}));
}

TEST(Vmap, ErrorsSayWhatIsWrong) {
  const auto add_up = [](const Tensor& x, const Tensor& y) { return sum(x) + sum(y); };
  const Tensor x = ones({4, 2});
  EXPECT_EQ(error_of<ShapeError>([&] {
              vmap(add_up)(x, ones({3, 2}));
            }),
            "vmap: mapped axes must have one size; argument 0 has 4, argument 1 has 3 (axis 0 of "
            "[3, 2])");
  expect_error<ShapeError>([&] { vmap(add_up)(x, ones({})); }, {"argument 1 is 0-d"});
  expect_error<ShapeError>([&] { vmap(add_up, {0})(x, x); }, {"in_dims has 1 entries for 2"});
  expect_error<ShapeError>(
      [&] {
        vmap(add_up, {0, 0}, {0, 1})(x, x);
      },
      {"out_dims has 2 entries for 1"});
  expect_error<IndexError>([&] { vmap(add_up, {0, 2})(x, x); }, {"axis"});
  expect_error(
      [&] {
        vmap(add_up, {std::nullopt, std::nullopt})(x, x);
      },
      {"no argument is mapped"});
  expect_error<ShapeError>([&] { vmap([](const Tensor& v) { return matmul(v, ones({3})); })(x); },
                           {"vmap: matmul"});
}

TEST(Vmap, RefusesWhatNeedsValues) {
  const Tensor x = ones({4, 2});
  const auto refuses = [&](auto fn) { expect_error([&] { vmap(fn)(x); }, {"vmap: "}); };
  refuses([](const Tensor& v) { return v * v.sum().item(); });
  refuses([](const Tensor& v) { return nonzero(v); });
  refuses([](const Tensor& v) { return masked_select(v, gt(v, 0)); });
  refuses([](const Tensor& v) { return v.add_(1); });
  const Tensor mean = zeros({2}), var = ones({2});
  nn::BatchNorm1d norm(2);
  expect_error([&] { vmap([&](const Tensor& v) { return norm(v.unsqueeze(0)); })(x); }, {"vmap: "});
}

TEST(Vmap, RunsCheckpointsAndRefusesCustomOps) {
  const Tensor x = counting({4, 2});
  const auto kept = [](const Tensor& v) {
    const Tensor y = checkpoint([](const List& in) { return Tensors{exp(in[0])}; }, {v})[0];
    return grad(sum(y), v);
  };
  expect_close(vmap(kept)(x), exp(x));
  const auto custom = [](const Tensor& v) {
    return custom_op(
        "twice", {v}, [](CustomContext&, const List& in) { return Tensors{in[0] * 2}; },
        [](CustomContext&, const Tensors& dys) { return Tensors{dys[0] * 2}; })[0];
  };
  expect_error([&] { vmap(custom)(x); }, {"vmap: twice", "symbolic"});
}

TEST(Vmap, RefusesToBuildGraphsInside) {
  expect_error(
      [] {
        vmap([](const Tensor& v) { return v + constant(ones({2})); })(ones({4, 2}));
      },
      {"vmap: graph: a vmap is going on"});
}

TEST(Vmap, LeavesNoTraceBehind) {
  expect_error(
      [] {
        vmap([](const Tensor& v) { return matmul(v, ones({9})); })(ones({4, 2}));
      },
      {"vmap"});
  EXPECT_EQ((ones({2}) + randn({2})).has_data(), true);
}

}  // namespace
}  // namespace rush
