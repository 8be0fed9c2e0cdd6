// Initialisers: PyTorch's numbers for a seed, and what their distributions promise.
#include "rush/nn/init.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rush/nn/conv.h"
#include "rush/nn/embedding.h"
#include "rush/nn/init_table_test.h"
#include "rush/nn/linear.h"
#include "rush/ops/random.h"

namespace rush::nn {
namespace {

void expect_torch(const Tensor& t, const std::string& name, double tolerance = 1e-6) {
  const std::vector<double>& expected = kTorchValues.at(name);
  const auto values = t.to_vector<double>();
  ASSERT_EQ(values.size(), expected.size()) << name;
  for (size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], expected[i], tolerance) << name << ", element " << i;
}

template <typename Make>
void expect_layer(const std::string& name, Make make) {
  manual_seed(42);
  const auto layer = make();
  expect_torch(layer.weight, name + " weight");
  if constexpr (requires { layer.bias; }) expect_torch(layer.bias, name + " bias");
  EXPECT_TRUE(layer.weight.requires_grad());
}

TEST(Init, LayersStartWithPyTorchsWeights) {
  expect_layer("Linear(3, 2)", [] { return Linear(3, 2); });
  expect_layer("Linear(6, 5)", [] { return Linear(6, 5); });
  expect_layer("Bilinear(2, 3, 2)", [] { return Bilinear(2, 3, 2); });
  expect_layer("Conv1d(2, 3, 3)", [] { return Conv1d(2, 3, 3); });
  expect_layer("Conv2d(4, 2, 2, groups 2)", [] { return Conv2d(4, 2, 2, {.groups = 2}); });
  expect_layer("ConvTranspose2d(2, 3, 2)", [] { return ConvTranspose2d(2, 3, 2); });
  expect_layer("Embedding(4, 3)", [] { return Embedding(4, 3); });
  expect_layer("Embedding(6, 4, padding 1)", [] { return Embedding(6, 4, {.padding_idx = 1}); });
}

TEST(Init, DrawsPyTorchsNumbers) {
  using namespace init;
  for (const Shape& shape : {Shape{3, 4}, Shape{4, 5}}) {
    const auto check = [&](const char* name, auto fill) {
      manual_seed(7);
      Tensor t = Tensor::empty(shape, float32);
      fill(t);
      expect_torch(t, name + (" " + to_text(shape)), 2e-6);
    };
    check("xavier_uniform_", [](Tensor& t) { xavier_uniform_(t, 2); });
    check("xavier_normal_", [](Tensor& t) { xavier_normal_(t); });
    check("kaiming_uniform_", [](Tensor& t) {
      kaiming_uniform_(t, {.mode = FanMode::kFanOut, .nonlinearity = Nonlinearity::kRelu});
    });
    check("kaiming_normal_", [](Tensor& t) { kaiming_normal_(t); });
    check("trunc_normal_", [](Tensor& t) { trunc_normal_(t, 0, 1.5, -1, 1); });
    check("trunc_normal_ tail", [](Tensor& t) { trunc_normal_(t, 0, 1, 1, 2); });
    check("orthogonal_", [](Tensor& t) { orthogonal_(t, 1.5); });
  }
}

struct Moments {
  double mean = 0, std = 0, low = 1e30, high = -1e30;
};
Moments moments(const Tensor& t) {
  Moments m;
  const auto values = t.to_vector<double>();
  for (double v : values) {
    m.mean += v / static_cast<double>(values.size());
    m.low = std::fmin(m.low, v);
    m.high = std::fmax(m.high, v);
  }
  for (double v : values) m.std += (v - m.mean) * (v - m.mean) / static_cast<double>(values.size());
  m.std = std::sqrt(m.std);
  return m;
}

TEST(Init, DistributionsHaveTheSpreadTheyPromise) {
  manual_seed(0);
  const Tensor t = Tensor::empty({300, 200}, float32);
  const double xavier = std::sqrt(2.0 / 500), he = std::sqrt(2.0 / 200);
  EXPECT_NEAR(moments(init::xavier_uniform_(t)).std, xavier, 0.01 * xavier);
  EXPECT_NEAR(moments(init::xavier_normal_(t)).std, xavier, 0.01 * xavier);
  EXPECT_NEAR(moments(init::kaiming_uniform_(t)).std, he, 0.01 * he);
  EXPECT_NEAR(moments(init::kaiming_normal_(t)).std, he, 0.01 * he);
  const Moments uniform = moments(init::uniform_(t, 2, 3));
  EXPECT_NEAR(uniform.mean, 2.5, 0.01);
  EXPECT_GE(uniform.low, 2);
  EXPECT_LT(uniform.high, 3);
  const Moments cut = moments(init::trunc_normal_(t, 0, 1, -0.5, 0.5));
  EXPECT_GE(cut.low, -0.5);
  EXPECT_LE(cut.high, 0.5);
  EXPECT_NEAR(cut.mean, 0, 0.01);
}

TEST(Init, OrthogonalRowsOrColumns) {
  for (const Shape& shape : {Shape{5, 8}, Shape{8, 5}, Shape{4, 2, 3, 3}}) {
    const Tensor t = Tensor::empty(shape, float64);
    const auto a = init::orthogonal_(t, 2).to_vector<double>();
    const int64_t rows = shape[0], cols = t.numel() / rows;
    const bool is_wide = rows < cols;
    const int64_t n = is_wide ? rows : cols, length = is_wide ? cols : rows;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double dot = 0;
        for (int64_t k = 0; k < length; ++k)
          dot += is_wide ? a[i * cols + k] * a[j * cols + k] : a[k * cols + i] * a[k * cols + j];
        EXPECT_NEAR(dot, i == j ? 4 : 0, 1e-12);
      }
    }
  }
}

TEST(Init, ConstantsEyeAndDirac) {
  const Tensor t = Tensor::empty({2, 3}, float32);
  EXPECT_EQ(init::constant_(t, 1.5).to_vector<double>(), std::vector<double>(6, 1.5));
  EXPECT_EQ(init::ones_(t).to_vector<double>(), std::vector<double>(6, 1));
  EXPECT_EQ(init::zeros_(t).to_vector<double>(), std::vector<double>(6, 0));
  EXPECT_EQ(init::eye_(t).to_vector<double>(), (std::vector<double>{1, 0, 0, 0, 1, 0}));
  const Tensor w = Tensor::empty({4, 2, 3}, float32);
  EXPECT_EQ(init::dirac_(w, 2).to_vector<double>(),
            (std::vector<double>{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0,
                                 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}));
}

TEST(Init, OverwritesParametersWithoutRecording) {
  Linear layer(2, 2);
  init::constant_(layer.weight, 3);
  EXPECT_TRUE(layer.weight.is_leaf());
  EXPECT_EQ(layer.weight.to_vector<double>(), std::vector<double>(4, 3));
}

TEST(Init, GainsAndFans) {
  EXPECT_DOUBLE_EQ(init::calculate_gain(init::Nonlinearity::kTanh), 5.0 / 3);
  EXPECT_DOUBLE_EQ(init::calculate_gain(init::Nonlinearity::kRelu), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(init::calculate_gain(init::Nonlinearity::kLeakyRelu, 1), 1);
  const init::Fans fans = init::calculate_fans(Tensor::empty({8, 3, 5, 5}, float32));
  EXPECT_EQ(fans.in, 75);
  EXPECT_EQ(fans.out, 200);
}

TEST(Init, RejectsBadInput) {
  const Tensor vector = Tensor::empty({3}, float32);
  EXPECT_THROW(init::xavier_uniform_(vector), ShapeError);
  EXPECT_THROW(init::orthogonal_(vector), ShapeError);
  EXPECT_THROW(init::eye_(vector), ShapeError);
  EXPECT_THROW(init::dirac_(vector), ShapeError);
  EXPECT_THROW(init::dirac_(Tensor::empty({3, 1, 1}, float32), 2), ShapeError);
  EXPECT_THROW(init::trunc_normal_(vector, 0, 1, 1, 1), Error);
}

}  // namespace
}  // namespace rush::nn
