#include "rush/autograd/gradcheck.h"

#include <gtest/gtest.h>

#include <string>

#include "rush/autograd/autograd.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

Tensor leaf(std::initializer_list<double> values, DType dtype = float64) {
  return Tensor::from(std::vector<double>(values)).to(dtype).requires_grad_();
}

// x * y with a wrong gradient by y at element 1.
Tensors wrong_product(const Tensors& xs) {
  return custom_op(
      "wrong_product", {xs[0], xs[1]},
      [](CustomContext& context, const std::vector<Tensor>& in) {
        context.save(in);
        return Tensors{mul(in[0], in[1])};
      },
      [](CustomContext& context, const Tensors& dys) {
        const Tensor flaw = Tensor::from(std::vector<double>{1, 1.5, 1});
        return Tensors{mul(dys[0], context.saved()[1]), mul(mul(dys[0], context.saved()[0]), flaw)};
      });
}

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Gradcheck, AcceptsRightGradients) {
  const Tensors xs{leaf({0.5, 1, 2}), leaf({-1, 0.25, 3})};
  const auto f = [](const Tensors& in) {
    return Tensors{mul(sin(in[0]), in[1]), exp(in[0]), lt(in[0], in[1])};
  };
  EXPECT_TRUE(gradcheck(f, xs));
  EXPECT_TRUE(gradgradcheck(f, xs));
}

TEST(Gradcheck, TakesFunctionsOfOneTensor) {
  const auto f = [](const Tensor& x) { return tanh(x); };
  EXPECT_TRUE(gradcheck(f, leaf({0.1, -2})));
  EXPECT_TRUE(gradgradcheck(f, leaf({0.1, -2})));
}

TEST(Gradcheck, NamesTheWorstElementAndBothValues) {
  const Tensors xs{leaf({1, 2, 3}), leaf({4, 5, 6})};
  EXPECT_FALSE(gradcheck(wrong_product, xs, {.raise = false}));
  const std::string text = error_of([&] { gradcheck(wrong_product, xs); });
  EXPECT_NE(text.find("input 1 at [1]"), std::string::npos) << text;
  EXPECT_NE(text.find("differences give"), std::string::npos) << text;
}

TEST(Gradcheck, SeesAMissingGradient) {
  const auto f = [](const Tensor& x) { return add(mul(x.detach(), x), x); };
  EXPECT_FALSE(gradcheck(f, leaf({1, 2}), {.raise = false}));
}

TEST(Gradgradcheck, SeesWhatFirstGradientsHide) {
  // The gradient is right, but it forgets that it depends on x.
  const auto f = [](const Tensors& xs) {
    return custom_op(
        "half_cube", {xs[0]},
        [](CustomContext& context, const std::vector<Tensor>& in) {
          context.save(in);
          return Tensors{mul(mul(in[0], in[0]), in[0])};
        },
        [](CustomContext& context, const Tensors& dys) {
          const Tensor x = context.saved()[0].detach();
          return Tensors{mul(dys[0], mul(mul(x, x), 3))};
        });
  };
  const Tensors xs{leaf({1, -2})};
  EXPECT_TRUE(gradcheck(f, xs));
  EXPECT_FALSE(gradgradcheck(f, xs, {.raise = false}));
}

TEST(Gradcheck, PassesOverInputsWithoutGradient) {
  const Tensor indices = Tensor::from(std::vector<int64_t>{2, 3});
  const Tensor narrow = Tensor::from(std::vector<float>{2, 3});
  const auto f = [](const Tensors& in) { return Tensors{mul(mul(in[0], in[1]), in[2])}; };
  EXPECT_TRUE(gradcheck(f, {leaf({1, 2}), indices, narrow}));
}

TEST(Gradcheck, WantsFloat64) {
  const auto f = [](const Tensor& x) { return exp(x); };
  EXPECT_THROW(gradcheck(f, leaf({1}, float32)), TypeError);
  EXPECT_THROW(gradgradcheck(f, leaf({1}, float32)), TypeError);
  const auto narrowing = [](const Tensor& x) { return x.to(float32); };
  EXPECT_THROW(gradcheck(narrowing, leaf({1})), TypeError);
}

TEST(Gradcheck, WantsAnInputWithGradient) {
  const auto f = [](const Tensor& x) { return exp(x); };
  EXPECT_THROW(gradcheck(f, Tensor::from(std::vector<double>{1})), Error);
}

TEST(Gradcheck, RefusesAFunctionThatChangesItsMind) {
  double count = 0;
  const auto f = [&](const Tensor& x) { return mul(x, count += 1); };
  EXPECT_NE(error_of([&] { gradcheck(f, leaf({1})); }).find("two calls differed"),
            std::string::npos);
}

TEST(Gradcheck, CopesWithEmptyAndScalarInputs) {
  const auto f = [](const Tensor& x) { return exp(x); };
  EXPECT_TRUE(gradcheck(f, Tensor::empty({0, 3}, float64).requires_grad_()));
  EXPECT_TRUE(gradcheck(f, Tensor::scalar(0.5, float64).requires_grad_()));
}

TEST(Gradcheck, LeavesTheInputsAsTheyWere) {
  const Tensor base = Tensor::from(std::vector<double>{1, 2, 3, 4});
  const Tensor x = base.view({2, 2}).t().requires_grad_();
  EXPECT_TRUE(gradcheck([](const Tensor& v) { return mul(v, v); }, x));
  EXPECT_EQ(base.to_vector(), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_FALSE(x.grad().defined());
}

}  // namespace
}  // namespace rush
