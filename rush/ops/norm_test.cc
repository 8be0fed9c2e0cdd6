// What rows of cases cannot say about normalisations: layouts, running statistics, gradients of ops
// that change their inputs, and composites.
#include "rush/ops/norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "rush/autograd/autograd.h"
#include "rush/autograd/gradcheck.h"
#include "rush/base/testing/errors.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

// Values without a pattern.
Tensor some(const Shape& shape, DType dtype = float64) {
  return sin(arange(Tensor(numel(shape)), float64) * 1.7 + 0.3).reshape(shape).to(dtype);
}
double worst(const Tensor& a, const Tensor& b) { return amax(abs(a - b)).item(); }

TEST(BatchNorm, IsTheSameInBothLayouts) {
  const Tensor x = some({3, 5, 4, 2}, float32);
  const Tensor last = permute(permute(x, {0, 2, 3, 1}).contiguous(), {0, 3, 1, 2});
  const Tensor y = batch_norm(x, {}, {}, {}, {}, true), z = batch_norm(last, {}, {}, {}, {}, true);
  EXPECT_EQ(z.strides(), last.strides());
  EXPECT_LT(worst(y, z), 1e-6);
}

TEST(BatchNorm, GradientsAgreeWithDifferences) {
  for (const Shape& shape : {Shape{5, 3}, Shape{2, 3, 4}, Shape{2, 3, 2, 2}}) {
    Tensors in{some(shape), some({3}) + 1.5, some({3})};
    for (Tensor& t : in) t = t.detach().requires_grad_();
    const auto f = [](const Tensors& t) -> Tensors {
      return {batch_norm(t[0], {}, {}, t[1], t[2], true)};
    };
    EXPECT_TRUE(gradcheck(f, in));
    EXPECT_TRUE(gradgradcheck(f, in));
    const auto eval = [](const Tensors& t) -> Tensors {
      return {batch_norm(t[0], full({3}, 0.2, float64), full({3}, 1.7, float64), t[1], t[2])};
    };
    EXPECT_TRUE(gradcheck(eval, in));
  }
}

TEST(BatchNorm, KeepsItsDigitsAroundALargeMean) {
  const Tensor x = some({64, 2}, float32) + 1000.0f;
  const Tensor y = batch_norm(x, {}, {}, {}, {}, true, 0.1, 0);
  EXPECT_NEAR(var(y, {0}, 0).to_vector()[0], 1, 1e-3);
}

TEST(BatchNorm, MovesRunningStatisticsOnlyInTraining) {
  const Tensor mean = zeros({2}), var = ones({2});
  batch_norm(some({4, 2}, float32), mean, var);
  EXPECT_EQ(mean.to_vector(), std::vector<double>({0, 0}));
  EXPECT_EQ(mean.version(), 0u);
  batch_norm(full({4, 2}, 3.0, float32), mean, var, {}, {}, true, 0.5);
  EXPECT_EQ(mean.to_vector(), std::vector<double>({1.5, 1.5}));
  EXPECT_EQ(var.to_vector(), std::vector<double>({0.5, 0.5}));
}

TEST(BatchNorm, RefusesOneValueAChannel) {
  EXPECT_EQ(error_of<ShapeError>([] {
              batch_norm(zeros({1, 3}), {}, {}, {}, {}, true);
            }),
            "batch_norm: training needs more than one value a channel; x is [1, 3]");
  EXPECT_NE(error_of([] { batch_norm(zeros({2, 3}), {}, {}); }).find("running"), std::string::npos);
}

TEST(LayerNorm, RefusesAnotherShape) {
  EXPECT_EQ(error_of<ShapeError>([] {
              layer_norm(zeros({2, 3}), {4});
            }),
            "layer_norm: the last axes of x must be [4]; x is [2, 3]");
}

TEST(GroupNorm, OfOneGroupIsLayerNormOfTheImage) {
  const Tensor x = some({2, 4, 3});
  EXPECT_LT(worst(group_norm(x, 1), layer_norm(x, {4, 3})), 1e-12);
  EXPECT_NE(error_of<ShapeError>([&] { group_norm(x, 3); }).find("num_groups"), std::string::npos);
}

TEST(InstanceNorm, NormalisesEveryPlane) {
  const Tensor y = instance_norm(some({2, 3, 5, 4}) * 3.0 + 7.0);
  EXPECT_LT(worst(mean(y, {2, 3}), zeros({2, 3}, float64)), 1e-12);
  EXPECT_LT(worst(var(y, {2, 3}, 0), ones({2, 3}, float64)), 1e-4);
  const Tensor running = zeros({3}), spread = ones({3});
  instance_norm(full({2, 3, 2, 2}, 4.0, float32), running, spread, {}, {}, true, 0.5);
  EXPECT_EQ(running.to_vector(), std::vector<double>({2, 2, 2}));
}

TEST(LocalResponseNorm, SumsOverNeighbours) {
  const Tensor x = Tensor::from(std::vector<double>{1, 2, 3, 4}, {1, 4, 1});
  const Tensor y = local_response_norm(x, 3, 3, 1, 1);
  EXPECT_NEAR(y.to_vector()[0], 1 / (1 + 1.0 + 4), 1e-12);
  EXPECT_NEAR(y.to_vector()[2], 3 / (1 + 4.0 + 9 + 16), 1e-12);
}

TEST(Normalize, GivesUnitNorms) {
  const Tensor y = normalize(some({3, 4}));
  EXPECT_LT(worst(norm(y, 2, {1}), ones({3}, float64)), 1e-12);
  EXPECT_EQ(amax(normalize(zeros({2, 2}))).item(), 0);
}

}  // namespace
}  // namespace rush
