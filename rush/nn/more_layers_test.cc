// Layers beyond the common ones: what they give, what they hold, what they refuse. (Values against
// PyTorch: tests/parity.)
#include <gtest/gtest.h>

#include <cmath>

#include "rush/autograd/autograd.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/softmax.h"

namespace rush::nn {
namespace {

using Values = std::vector<double>;

Tensor vector(const Values& values) { return Tensor::from(values); }
Tensor ids(const std::vector<int64_t>& values, const Shape& shape) {
  return Tensor::from(values, shape);
}

TEST(Activations, SmallOnes) {
  const Tensor x = vector({-1, -0.25, 0.25, 1});
  EXPECT_EQ(Hardshrink{}(x).to_vector<double>(), (Values{-1, 0, 0, 1}));
  EXPECT_EQ(Softshrink{}(x).to_vector<double>(), (Values{-0.5, 0, 0, 0.5}));
  EXPECT_EQ((Threshold{0.1, 20}(x).to_vector<double>()), (Values{20, 20, 0.25, 1}));
  EXPECT_EQ(GLU{}(vector({1, 2, 0, 0})).to_vector<double>(), (Values{0.5, 1}));
  EXPECT_THROW(GLU{}(vector({1, 2, 3})), ShapeError);
  EXPECT_THROW(Softmax2d{}(x), ShapeError);
  EXPECT_DOUBLE_EQ(Softmin{0}(x).to_vector<double>()[0], softmax(-x, 0).to_vector<double>()[0]);
}

TEST(Activations, RReLUDrawsWhileTraining) {
  RReLU layer{0.25, 0.5};
  for (double v : layer(full({100}, -1.0)).to_vector<double>()) {
    EXPECT_LE(v, -0.25);
    EXPECT_GE(v, -0.5);
  }
  eval(layer);
  EXPECT_EQ(layer(vector({-2, 2})).to_vector<double>(), (Values{-0.75, 2}));
  EXPECT_THROW((RReLU{0.5, 0.25}(vector({1}))), Error);
}

TEST(Dropout, CountsWhatToKeepWhereAsked) {
  EXPECT_DOUBLE_EQ(Dropout::keeping(0.3).p, 0.7);
  EXPECT_DOUBLE_EQ(Dropout::keeping(1).p, 0);
}

TEST(Dropout, AlphaKeepsMeanAndVariance) {
  manual_seed(3);
  const Tensor x = randn({200, 100});
  for (const Tensor& y : {AlphaDropout{0.3}(x), FeatureAlphaDropout{0.3}(x)}) {
    EXPECT_NEAR(mean(y).item(), 0, 0.03);
    EXPECT_NEAR(var(y).item(), 1, 0.05);
  }
  AlphaDropout off{0.3, false};
  EXPECT_EQ(off(x).to_vector(), x.to_vector());
  EXPECT_THROW(AlphaDropout{1}(x), Error);
  EXPECT_THROW(FeatureAlphaDropout{0.5}(vector({1})), ShapeError);
}

TEST(Padding, EveryBorder) {
  const Tensor x = reshape(vector({1, 2, 3}), {1, 1, 3});
  EXPECT_EQ((ConstantPad1d{{1, 2}, 9}(x).to_vector<double>()), (Values{9, 1, 2, 3, 9, 9}));
  EXPECT_EQ(ZeroPad1d{1}(x).to_vector<double>(), (Values{0, 1, 2, 3, 0}));
  EXPECT_EQ(ReflectionPad1d{2}(x).to_vector<double>(), (Values{3, 2, 1, 2, 3, 2, 1}));
  EXPECT_EQ((ReplicationPad1d{{2, 0}}(x).to_vector<double>()), (Values{1, 1, 1, 2, 3}));
  EXPECT_EQ((CircularPad1d{{1, 1}}(x).to_vector<double>()), (Values{3, 1, 2, 3, 1}));
  EXPECT_EQ(ReflectionPad2d{1}(ones({1, 1, 3, 3})).shape(), (Shape{1, 1, 5, 5}));
  EXPECT_EQ(ReflectionPad2d{1}.describe(), "ReflectionPad2d(1)");
  EXPECT_THROW(ReflectionPad2d({1, 2, 3}), ShapeError);
  EXPECT_THROW(ReflectionPad2d{1}(reshape(x, {3})), ShapeError);
}

TEST(Pool, SharesTiesOrGivesAllToTheFirst) {
  const auto gradient = [](bool share) {
    const Tensor x = ones({1, 1, 2, 2}, float64).requires_grad_();
    sum(MaxPool2d(2, {.share_ties = share})(x)).backward();
    return x.grad().to_vector<double>();
  };
  EXPECT_EQ(gradient(false), (Values{1, 0, 0, 0}));
  EXPECT_EQ(gradient(true), (Values{0.25, 0.25, 0.25, 0.25}));
  EXPECT_THROW(MaxPool2d(2, {.ceil_mode = true, .share_ties = true})(ones({1, 1, 4, 4})), Error);
  EXPECT_THROW(max_pool2d_with_indices(ones({1, 1, 4, 4}), 2, {.same = true}), Error);
}

TEST(Pool, SamePaddingPutsTheOddElementBehind) {
  const Tensor x = reshape(vector({1, 2, 3, 4, 5}), {1, 1, 5});
  EXPECT_EQ(MaxPool1d(2, {.stride = 2, .same = true})(x).to_vector<double>(), (Values{2, 4, 5}));
  EXPECT_EQ(AvgPool1d(2, {.stride = 2, .same = true})(x).to_vector<double>(),
            (Values{1.5, 3.5, 5}));
  EXPECT_EQ(AvgPool1d(4, {.stride = 1, .same = true})(x).to_vector<double>(),
            (Values{2, 2.5, 3.5, 4, 4.5}));
}

TEST(Pool, UnpoolPutsMaximaBack) {
  const Tensor x = reshape(vector({1, 4, 2, 3, 0, 0, 5, 0, 0}), {1, 1, 9});
  const auto [y, where_from] = max_pool1d_with_indices(x, 2);
  const MaxUnpool1d unpool{2};
  EXPECT_EQ(unpool(y, where_from).to_vector<double>(), (Values{0, 4, 0, 3, 0, 0, 5, 0}));
  EXPECT_EQ(unpool(y, where_from, {9}).shape(), (Shape{1, 1, 9}));
  EXPECT_THROW(unpool(y, where_from, {12}), ShapeError);
  EXPECT_THROW(unpool(y, cast(where_from, float64)), ShapeError);
  EXPECT_THROW((unpool(y, Tensor::from(std::vector<int64_t>{1, 2, 3, 99}, {1, 1, 4}))), IndexError);
}

TEST(EmbeddingBag, JoinsBags) {
  const auto bag = [](BagMode mode) {
    EmbeddingBag layer(4, 1, {.mode = mode});
    layer.weight.detach().copy_(Tensor::from(Values{1, 2, 4, 8}, {4, 1}));
    return layer;
  };
  const Tensor rows = ids({0, 1, 2, 3}, {2, 2}), flat = ids({0, 1, 2, 3}, {4});
  EXPECT_EQ(bag(BagMode::kSum)(rows).to_vector<double>(), (Values{3, 12}));
  EXPECT_EQ(bag(BagMode::kMean)(rows).to_vector<double>(), (Values{1.5, 6}));
  EXPECT_EQ(bag(BagMode::kMax)(rows).to_vector<double>(), (Values{2, 8}));
  const Tensor offsets = ids({0, 1, 1}, {3});
  EXPECT_EQ(bag(BagMode::kSum)(flat, offsets).to_vector<double>(), (Values{1, 0, 14}));
  EXPECT_EQ(bag(BagMode::kMax)(flat, offsets).to_vector<double>(), (Values{1, 0, 8}));
  EXPECT_EQ(bag(BagMode::kSum)(flat, offsets, Tensor::from({1, 2, 3, 0})).to_vector<double>(),
            (Values{1, 0, 16}));
}

TEST(EmbeddingBag, RefusesWhatDoesNotFit) {
  const EmbeddingBag layer(4, 2);
  const Tensor flat = ids({0, 1, 2}, {3});
  EXPECT_THROW(layer(flat), ShapeError);
  EXPECT_THROW(layer(flat, ids({1, 2}, {2})), IndexError);
  EXPECT_THROW(layer(flat, ids({0, 9}, {2})), IndexError);
  EXPECT_THROW(layer(ids({0, 9}, {1, 2})), IndexError);
  EXPECT_THROW(layer(ids({0, 1}, {1, 2}), ids({0}, {1})), ShapeError);
  EXPECT_THROW(layer(ids({0, 1}, {1, 2}), {}, ones({1, 2})), Error);
}

template <typename M>
std::string contents(const M& module) {
  std::string text;
  for (const auto& [name, t] : state(module)) text += name + to_text(t.shape()) + " ";
  return text;
}

TEST(Parametrize, WeightNormStartsAsTheLayer) {
  manual_seed(0);
  const Linear plain(3, 2);
  const WeightNorm<Linear> layer{clone(plain)};
  EXPECT_EQ(contents(layer),
            "bias[2] parametrizations.weight.original0[2, 1] "
            "parametrizations.weight.original1[2, 3] ");
  const Tensor x = randn({4, 3});
  const auto a = plain(x).to_vector<double>(), b = layer(x).to_vector<double>();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6);
  sum(layer(x)).backward();
  EXPECT_TRUE(layer.original0.grad().defined());
  EXPECT_TRUE(layer.original1.grad().defined());
}

TEST(Parametrize, SpectralNormBoundsTheWeight) {
  manual_seed(0);
  SpectralNorm<Linear> layer{Linear(6, 6)};
  layer.original.detach().mul_(10);
  for (int i = 0; i < 50; ++i) layer(randn({2, 6}));
  eval(layer);
  const Tensor w = layer.weight().detach();
  Tensor v = randn({6});
  for (int i = 0; i < 200; ++i) {
    v = mv(t(w), mv(w, v));
    v = v / norm(v);
  }
  EXPECT_NEAR(norm(mv(w, v)).item(), 1, 1e-3);
  EXPECT_EQ(contents(layer),
            "bias[6] parametrizations.weight.original[6, 6] parametrizations.weight.0._u[6] "
            "parametrizations.weight.0._v[6] ");
  EXPECT_THROW(SpectralNorm<PReLU>{PReLU()}, ShapeError);
}

struct SmallNet {
  Linear a{2, 3};
  BatchNorm1d norm{3};
  Tensor operator()(const Tensor& x) const { return norm(a(x)); }
};

TEST(AveragedModel, AveragesPlainlyOrFades) {
  SmallNet net;
  AveragedModel<SmallNet> plain(net), fading(net, {.decay = 0.75});
  double mean = 0, faded = 0;
  for (int i = 1; i <= 3; ++i) {
    net.a.weight.detach().fill_(i);
    plain.update_parameters(net);
    fading.update_parameters(net);
    mean += i / 3.0;
    faded = i == 1 ? 1 : 0.75 * faded + 0.25 * i;
  }
  EXPECT_NEAR(plain.module.a.weight.to_vector<double>()[0], mean, 1e-6);
  EXPECT_NEAR(fading.module.a.weight.to_vector<double>()[0], faded, 1e-6);
  EXPECT_EQ(plain.n_averaged.item<int64_t>(), 3);
  EXPECT_EQ(state(plain)[1].first, "module.a.weight");
  EXPECT_THROW(AveragedModel<SmallNet>(net, {.decay = 2}), Error);
}

TEST(AveragedModel, UpdateBnCountsAllBatchesTheSame) {
  SmallNet net;
  net.a.weight.detach().fill_(1);
  net.a.bias.detach().fill_(0);
  net(full({4, 2}, 9.0));
  eval(net);
  update_bn(net, [&] {
    for (double v : {1.0, 2.0}) net(full({4, 2}, v));
  });
  EXPECT_EQ(net.norm.running_mean.to_vector<double>(), (Values{3, 3, 3}));
  EXPECT_FALSE(net.norm.training);
  EXPECT_EQ(net.norm.num_batches_tracked.item<int64_t>(), 2);
}

TEST(Vectors, ParametersGoThereAndBack) {
  const Linear layer(2, 3), other(2, 3);
  const Tensor flat = parameters_to_vector(parameters(layer));
  EXPECT_EQ(flat.shape(), (Shape{9}));
  vector_to_parameters(flat, parameters(other));
  EXPECT_EQ(other.weight.to_vector(), layer.weight.to_vector());
  EXPECT_THROW(vector_to_parameters(ones({8}), parameters(other)), ShapeError);
  EXPECT_THROW(parameters_to_vector({}), Error);
}

TEST(Shuffles, MoveElements) {
  const Tensor x = reshape(linspace(0, 7, 8, float32), {1, 8, 1, 1});
  EXPECT_EQ(PixelShuffle{2}(x).shape(), (Shape{1, 2, 2, 2}));
  EXPECT_EQ(PixelUnshuffle{2}(PixelShuffle{2}(x)).to_vector(), x.to_vector());
  EXPECT_EQ(ChannelShuffle{2}(x).to_vector<double>(), (Values{0, 4, 1, 5, 2, 6, 3, 7}));
  EXPECT_THROW(ChannelShuffle{3}(x), ShapeError);
}

TEST(InstanceNorm, HasAGradientWhileItTracks) {
  const InstanceNorm1d norm(2, {.track_running_stats = true});
  const Tensor x = randn({2, 2, 5}).requires_grad_();
  sum(norm(x) * randn({2, 2, 5})).backward();
  ASSERT_TRUE(x.grad().defined());
  EXPECT_GT(sum(x.grad() * x.grad()).item(), 0);
}

TEST(LocalResponseNorm, DividesByNeighbours) {
  const Tensor x = ones({1, 3, 2}, float64);
  const auto y = LocalResponseNorm(3, {.alpha = 3, .beta = 1})(x).to_vector<double>();
  EXPECT_NEAR(y[0], 1.0 / 3, 1e-12);  // two of three neighbours are there
  EXPECT_NEAR(y[2], 1.0 / 4, 1e-12);
  EXPECT_THROW(LocalResponseNorm(0), Error);
}

}  // namespace
}  // namespace rush::nn
