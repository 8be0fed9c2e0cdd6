#include "rush/autograd/functional.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rush/autograd/gradcheck.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

Tensor vec(std::initializer_list<double> values) {
  return Tensor::from(std::vector<double>(values));
}

void expect_near(const Tensor& got, const Shape& shape, const std::vector<double>& want) {
  ASSERT_EQ(to_text(got.shape()), to_text(shape));
  const std::vector<double> values = got.to_vector();
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(values[i], want[i], 1e-12) << "at " << i;
}

const Tensor& matrix() {
  static const Tensor a = vec({1, 2, 3, 4, 5, 6}).view({2, 3});
  return a;
}
Tensor linear_map(const Tensor& x) { return matmul(matrix(), x); }
Tensor cubes(const Tensor& x) { return mul(mul(x, x), x); }
// x0^2 x1 + sin(x1): gradient [2 x0 x1, x0^2 + cos x1], Hessian [[2 x1, 2 x0], [2 x0, -sin x1]].
Tensor surface(const Tensor& x) {
  const Tensor x0 = select(x, 0, 0), x1 = select(x, 0, 1);
  return add(mul(mul(x0, x0), x1), sin(x1));
}

TEST(Vjp, IsTheTransposedProduct) {
  expect_near(vjp(linear_map, vec({1, 1, 1}), vec({2, -1})), {3}, {-2, -1, 0});
}

TEST(Vjp, NeedsNoVectorForOneElement) {
  expect_near(vjp(surface, vec({2, 0.5}), {}), {2}, {2, 4 + std::cos(0.5)});
}

TEST(Jvp, IsTheProduct) {
  expect_near(jvp(linear_map, vec({1, 1, 1}), vec({1, 0, -1})), {2}, {-2, -2});
  expect_near(jvp(cubes, vec({1, 2}), vec({1, 10})), {2}, {3, 120});
}

TEST(Jvp, OfSeveralInputsAndOutputs) {
  const auto f = [](const Tensors& in) { return Tensors{mul(in[0], in[1]), exp(in[0])}; };
  const WithProduct r = jvp(f, {vec({2}), vec({3})}, {vec({1}), vec({10})});
  expect_near(r.outputs[0], {1}, {6});
  expect_near(r.product[0], {1}, {3 + 20});
  expect_near(r.product[1], {1}, {std::exp(2.0)});
}

TEST(Jvp, IsZeroForConstants) {
  const auto f = [](const Tensor&) { return Tensor::from(std::vector<double>{1, 2}); };
  const WithProduct r = jvp([&](const Tensors& in) { return Tensors{f(in[0])}; }, Tensors{vec({1})},
                            Tensors{vec({1})});
  EXPECT_FALSE(r.product[0].defined());
}

TEST(Jvp, RefusesAVectorOfAnotherShape) {
  EXPECT_THROW(jvp(cubes, vec({1, 2}), vec({1})), ShapeError);
  EXPECT_THROW(vjp(cubes, vec({1, 2}), vec({1})), ShapeError);
  EXPECT_THROW(vjp(cubes, vec({1, 2}), {}), ShapeError);
}

TEST(Hvp, MultipliesTheHessian) {
  const double s = std::sin(0.5);
  expect_near(hvp(surface, vec({2, 0.5}), vec({1, 3})), {2}, {1 + 12, 4 - 3 * s});
}

TEST(Jacobian, OfALinearMapIsItsMatrix) {
  expect_near(jacobian(linear_map, vec({7, 8, 9})), {2, 3}, {1, 2, 3, 4, 5, 6});
}

TEST(Jacobian, OfAnElementwiseFunctionIsDiagonal) {
  expect_near(jacobian(cubes, vec({1, 2})), {2, 2}, {3, 0, 0, 12});
}

TEST(Jacobian, HasTheShapesOfOutputAndInput) {
  const auto f = [](const Tensors& in) { return Tensors{mul(in[0], in[1]), lt(in[0], in[1])}; };
  const auto j = jacobian(f, {vec({1, 2}).view({1, 2}), vec({3})});
  EXPECT_EQ(to_text(j[0][0].shape()), "[1, 2, 1, 2]");
  expect_near(j[0][1], {1, 2, 1}, {1, 2});
  EXPECT_FALSE(j[1][0].defined());  // a bool output has no derivative
}

TEST(Jacobian, OfNothingIsEmpty) {
  EXPECT_EQ(to_text(jacobian(cubes, Tensor::empty({0}, float64)).shape()), "[0, 0]");
}

TEST(Hessian, OfASurface) {
  expect_near(hessian(surface, vec({2, 0.5})), {2, 2}, {1, 4, 4, -std::sin(0.5)});
}

TEST(Hessian, HasABlockForEachPair) {
  const auto f = [](const Tensors& in) { return Tensors{matmul(mul(in[0], in[0]), in[1])}; };
  const auto h = hessian(f, {vec({1, 2}), vec({3, 4})});
  expect_near(h[0][0], {2, 2}, {6, 0, 0, 8});
  expect_near(h[0][1], {2, 2}, {2, 0, 0, 4});
  expect_near(h[1][1], {2, 2}, {0, 0, 0, 0});
}

TEST(Hessian, WantsOneElement) { EXPECT_THROW(hessian(cubes, vec({1, 2})), ShapeError); }

TEST(Functional, ResultsCanBeDifferentiatedAgain) {
  const auto slope = [](const Tensor& x) {
    return jvp(cubes, x, Tensor::from(std::vector<double>{1, 1}), {.create_graph = true});
  };
  const Tensor x = vec({1, 2}).requires_grad_();
  EXPECT_TRUE(gradcheck(slope, x));
  const auto bends = [](const Tensor& v) { return hessian(surface, v, {.create_graph = true}); };
  EXPECT_TRUE(gradcheck(bends, x));
  expect_near(jacobian(slope, vec({1, 2})), {2, 2}, {6, 0, 0, 12});
}

TEST(Functional, RecordsNothingUnlessAsked) {
  const Tensor x = vec({1, 2}).requires_grad_();
  EXPECT_FALSE(jvp(cubes, x, vec({1, 1})).requires_grad());
  EXPECT_FALSE(jacobian(cubes, x).requires_grad());
  EXPECT_FALSE(x.grad().defined());
  NoGrad off;
  expect_near(jacobian(cubes, x), {2, 2}, {3, 0, 0, 12});
}

}  // namespace
}  // namespace rush
