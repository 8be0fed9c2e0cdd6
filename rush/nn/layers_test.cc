// Every layer against PyTorch: results for given weights, names and shapes of what they hold.
#include <gtest/gtest.h>

#include <map>

#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"

namespace rush::nn {
namespace {

// What PyTorch 2.13 gives for the inputs and weights of ramp().
const std::map<std::string, std::vector<double>> kExpected = {
    {"Linear", {0.125, 0.25, -1, 2.5}},
    {"Bilinear", {-1.22348475, 1.219697, -1.2310605, 4.4507575}},
    {"Conv2d",
     {-0.22303921, 0.0122548938, -0.200980365, -0.352941126, 0.575980365, 0.948529482, 1.91176462,
      3.79901981}},
    {"Conv2d reflect",
     {-0.6875, -0.27734375, -0.453125, 2.30078125, 2.7109375, 2.53515625, 0.015625, 0.42578125,
      0.25}},
    {"Conv1d same", {-0.125000015, 0.0833333582, 0.291666627, -2}},
    {"ConvTranspose1d", {0, 0.375, 0.125, 0.625, 0.25, 0.625}},
    {"MaxPool2d", {0.25, 0.5625, 1.1875, 1.5}},
    {"AvgPool1d", {-0.821428537, -0.107142836, 0.607142806, 1.32142854}},
    {"AdaptiveAvgPool2d", {-0.510869563, -0.29347828, 0.79347831, 1.01086962}},
    {"Embedding",
     {-0.5, -0.321428567, -0.142857134, 0.0357142985, 0.571428537, 0.75, 0.214285702, 0.392857134}},
    {"PReLU",
     {0.5, 0.321428567, -0.214285702, 0.071428597, 0.428571403, 0.785714269, 1.14285707, 1.5}},
    {"BatchNorm1d train", {0.112367809, -0.168551683, -0.5, 0.75, -1.11236787, 1.66855168}},
    {"BatchNorm1d running_mean", {0, 0.0500000007}},
    {"BatchNorm1d running_var", {1, 1}},
    {"BatchNorm1d eval",
     {-2.50339508e-06, 0.337502092, -0.5, 1.08749831, -0.999997497, 1.83749461}},
    {"BatchNorm2d average", {-0.125000015, 0.87500006}},
    {"LayerNorm",
     {0.170799315, -0.0460667051, 0.482399881, 1.756199, 0.170799315, -0.0460667126, 0.482399851,
      1.75619912}},
    {"GroupNorm",
     {0.170799375, -0.276400208, -0.120599985, -0.195133254, -0.113866203, 0.18426685, 1.08539963,
      1.75619912}},
    {"InstanceNorm1d",
     {0.112283468, -0.50000006, -1.11228359, -0.168425262, 0.75000006, 1.66842532, 0.112283543,
      -0.49999997, -1.11228347, -0.168425515, 0.749999762, 1.66842508}},
    {"RMSNorm", {0.774596572, -0.0968245715, 0, -0.231454998, 0.115727499, 1.04154754}},
    {"GELU", {-0.158655256, -0.132686332, 0.149676576, 0.708061397, 1.39978909}},
    {"Softplus", {0.0634640008, 0.193435505, 0.487038493, 0.9551121, 1.52429366}},
    {"Hardtanh", {-0.5, -0.375, 0.25, 0.5, 0.5}},
    {"LogSoftmax",
     {-1.68026972, -1.18026972, -0.680269659, -1.68026972, -1.18026972, -0.680269659}},
    {"LeakyReLU", {-0.200000003, -0.075000003, 0.25, 0.875, 1.5}},
    {"Mish", {-0.30340144, -0.180040106, 0.169572398, 0.735583901, 1.40337825}},
    {"SELU", {-1.11133075, -0.549776495, 0.262675256, 0.919363379, 1.57605147}},
    {"ELU", {-0.316060275, -0.156355351, 0.25, 0.875, 1.5}},
    {"Softmax", {0.182425514, 0.182425514, 0.182425514, 0.817574441, 0.817574441, 0.817574441}},
};

Tensor ramp(double from, double to, const Shape& shape) {
  return reshape(linspace(from, to, numel(shape), float32), shape);
}
Tensor input(const Shape& shape) { return ramp(-1, 1.5, shape); }

template <typename M>
M filled(M module) {
  if constexpr (detail::is_module<M>())
    for (const Tensor& p : parameters(module)) p.detach().copy_(ramp(-0.5, 0.75, p.shape()));
  return module;
}

void expect(const char* name, const Tensor& y) {
  const std::vector<double>& expected = kExpected.at(name);
  const auto values = y.to_vector<double>();
  ASSERT_EQ(values.size(), expected.size()) << name;
  for (size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 2e-6) << name;
}

TEST(Layers, GiveWhatPyTorchGives) {
  expect("Linear", filled(Linear(3, 2))(input({2, 3})));
  expect("Bilinear", filled(Bilinear(2, 3, 2))(input({2, 2}), input({2, 3})));
  expect("Conv2d", filled(Conv2d(2, 2, 2, {.stride = 2, .padding = 1}))(input({1, 2, 3, 3})));
  expect("Conv2d reflect",
         filled(Conv2d(1, 1, 3, {.padding = 1, .padding_mode = "reflect"}))(input({1, 1, 3, 3})));
  expect("Conv1d same",
         filled(Conv1d(1, 1, 2, {.padding_mode = "circular", .same = true}))(input({1, 1, 4})));
  expect("ConvTranspose1d",
         filled(ConvTranspose1d(2, 1, 3, {.stride = 2, .padding = 1, .output_padding = 1}))(
             input({1, 2, 3})));
  expect("MaxPool2d", MaxPool2d(2, {.stride = 1})(input({1, 1, 3, 3})));
  expect("AvgPool1d", AvgPool1d{2}(input({1, 2, 4})));
  expect("AdaptiveAvgPool2d", AdaptiveAvgPool2d{{1, 2}}(input({1, 2, 3, 4})));
  expect("Embedding", filled(Embedding(4, 2, {.padding_idx = 1}))(
                          Tensor::from(std::vector<int64_t>{0, 1, 3, 2}, {2, 2})));
  expect("LayerNorm", filled(LayerNorm(Shape{2, 2}))(input({2, 2, 2})));
  expect("GroupNorm", filled(GroupNorm(2, 4))(input({1, 4, 2})));
  expect("InstanceNorm1d", filled(InstanceNorm1d(2, {.affine = true}))(input({2, 2, 3})));
  expect("RMSNorm", filled(RMSNorm(3))(input({2, 3})));
}

TEST(Layers, ActivationsGiveWhatPyTorchGives) {
  expect("PReLU", filled(PReLU(2))(input({2, 2, 2})));
  expect("GELU", GELU{}(input({5})));
  expect("Softplus", Softplus{.beta = 2}(input({5})));
  expect("Hardtanh", Hardtanh{-0.5, 0.5}(input({5})));
  expect("LogSoftmax", LogSoftmax{}(input({2, 3})));
  expect("Softmax", Softmax{0}(input({2, 3})));
  expect("LeakyReLU", LeakyReLU{0.2}(input({5})));
  expect("Mish", Mish{}(input({5})));
  expect("SELU", SELU{}(input({5})));
  expect("ELU", ELU{0.5}(input({5})));
}

TEST(BatchNorm, KeepsRunningValuesAsPyTorch) {
  BatchNorm1d norm = filled(BatchNorm1d(2));
  expect("BatchNorm1d train", norm(input({3, 2})));
  expect("BatchNorm1d running_mean", norm.running_mean);
  expect("BatchNorm1d running_var", norm.running_var);
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 1);
  eval(norm);
  expect("BatchNorm1d eval", norm(input({3, 2})));
  EXPECT_EQ(norm.num_batches_tracked.item<int64_t>(), 1);
}

TEST(BatchNorm, WithoutMomentumAveragesPlainly) {
  BatchNorm2d norm(2, {.momentum = {}, .affine = false});
  norm(input({2, 2, 2, 2}));
  norm(input({2, 2, 2, 2}) + input({2, 2, 2, 2}));
  expect("BatchNorm2d average", norm.running_mean);
}

TEST(Dropout, ActsInTrainingOnly) {
  Dropout drop{0.5};
  const Tensor x = ones({1000});
  int64_t zeros = 0;
  for (double v : drop(x).to_vector<double>()) {
    EXPECT_TRUE(v == 0 || v == 2);
    zeros += v == 0;
  }
  EXPECT_GT(zeros, 400);
  EXPECT_LT(zeros, 600);
  eval(drop);
  EXPECT_EQ(drop(x).to_vector<double>(), x.to_vector<double>());
}

TEST(Dropout, DropsWholeChannels) {
  const auto y = Dropout2d{0.5}(ones({8, 8, 2, 2})).to_vector<double>();
  for (size_t i = 0; i < y.size(); i += 4)
    for (size_t k = 1; k < 4; ++k) EXPECT_EQ(y[i], y[i + k]);
}

template <typename M>
std::string contents(const M& module) {
  std::string text;
  for (const auto& [name, t] : state(module)) text += name + to_text(t.shape()) + " ";
  return text;
}

TEST(Layers, HoldWhatPyTorchsHold) {
  EXPECT_EQ(contents(Linear(3, 2)), "weight[2, 3] bias[2] ");
  EXPECT_EQ(contents(Linear(3, 2, {.bias = false})), "weight[2, 3] ");
  EXPECT_EQ(contents(Conv2d(4, 6, {3, 5}, {.groups = 2})), "weight[6, 2, 3, 5] bias[6] ");
  EXPECT_EQ(contents(ConvTranspose3d(4, 6, 3, {.groups = 2})), "weight[4, 3, 3, 3, 3] bias[6] ");
  EXPECT_EQ(contents(BatchNorm2d(3)),
            "weight[3] bias[3] running_mean[3] running_var[3] num_batches_tracked[] ");
  EXPECT_EQ(contents(BatchNorm2d(3, {.affine = false, .track_running_stats = false})), "");
  EXPECT_EQ(contents(LayerNorm(4)), "weight[4] bias[4] ");
  EXPECT_EQ(contents(GroupNorm(2, 4)), "weight[4] bias[4] ");
  EXPECT_EQ(contents(InstanceNorm2d(3)), "");
  EXPECT_EQ(contents(RMSNorm(3)), "weight[3] ");
  EXPECT_EQ(contents(Embedding(5, 3)), "weight[5, 3] ");
  EXPECT_EQ(contents(MaxPool2d(2)), "");
}

TEST(Layers, DescribeThemselvesAsOneWouldWriteThem) {
  EXPECT_EQ(Conv2d(1, 32, {3, 5}, {.stride = 2, .padding = 1, .bias = false}).describe(),
            "Conv2d(1, 32, {3, 5}, {.stride = 2, .padding = 1, .bias = false})");
  EXPECT_EQ(MaxPool2d(2).describe(), "MaxPool2d(2)");
  EXPECT_EQ(MaxPool2d(3, {.stride = 2}).describe(), "MaxPool2d(3, {.stride = 2})");
  EXPECT_EQ(BatchNorm2d(8, {.momentum = {}}).describe(), "BatchNorm2d(8, {.momentum = {}})");
  EXPECT_EQ(GELU{}.describe(), "GELU()");
  EXPECT_EQ(Flatten{}.describe(), "Flatten()");
  EXPECT_EQ(Embedding(5, 3, {.padding_idx = -1}).describe(), "Embedding(5, 3, {.padding_idx = 4})");
}

TEST(Layers, ReshapeOnlyTheShape) {
  EXPECT_EQ(Flatten{}(ones({2, 3, 4})).shape(), (Shape{2, 12}));
  EXPECT_EQ((Unflatten{1, {3, 4}}(ones({2, 12})).shape()), (Shape{2, 3, 4}));
  EXPECT_TRUE(Identity{}(ones({2})).defined());
}

TEST(Layers, RejectBadOptionsAndInputs) {
  EXPECT_THROW(Conv2d(3, 4, 3, {.groups = 2}), ShapeError);
  EXPECT_THROW(Conv2d(0, 4, 3), ShapeError);
  EXPECT_THROW(Conv2d(1, 4, 0), ShapeError);
  EXPECT_THROW(Conv2d(1, 4, {1, 2, 3}), ShapeError);
  EXPECT_THROW(Conv2d(1, 4, 3, {.padding_mode = "mirror"}), Error);
  EXPECT_THROW(Linear(-1, 2), ShapeError);
  EXPECT_THROW(GroupNorm(3, 4), ShapeError);
  EXPECT_THROW(BatchNorm1d(0), ShapeError);
  EXPECT_THROW(MaxPool2d(0), ShapeError);
  EXPECT_THROW(Embedding(3, 2, {.padding_idx = 3}), IndexError);
  EXPECT_THROW(BatchNorm2d(3)(ones({2, 3})), ShapeError);
  EXPECT_THROW(BatchNorm2d(3)(ones({2, 4, 1, 1})), ShapeError);
  EXPECT_THROW(Conv2d(3, 4, 3)(ones({2, 2, 5, 5})), ShapeError);
  EXPECT_THROW(Linear(3, 4)(Tensor()), Error);
  EXPECT_THROW(Dropout{1.5}(ones({3})), Error);
}

}  // namespace
}  // namespace rush::nn
