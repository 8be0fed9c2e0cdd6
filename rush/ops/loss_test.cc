// What rows of cases cannot say about losses: error texts, and gradients of the composites.
#include "rush/ops/loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "rush/autograd/autograd.h"
#include "rush/autograd/gradcheck.h"
#include "rush/base/testing/errors.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/reduce.h"
#include "rush/ops/softmax.h"

namespace rush {
namespace {

Tensor ids(const std::vector<int64_t>& v) { return Tensor::from(v); }
Tensor scores() {
  return Tensor::from(std::vector<double>{0.3, -1.2, 0.7, 1.5, 0.2, -0.4}, {2, 3});
}

TEST(CrossEntropy, NamesAClassThatIsNotThere) {
  EXPECT_EQ(error_of<IndexError>([] {
              cross_entropy(scores(), ids({0, 3}));
            }),
            "cross_entropy: target 3 of row 1 is no class id in [0, 3), nor the ignored -100");
}

TEST(CrossEntropy, RefusesShapesThatDoNotFit) {
  EXPECT_NE(error_of<ShapeError>([] {
              cross_entropy(scores(), ids({0, 1, 2}));
            }).find("[2, 3]"),
            std::string::npos);
  EXPECT_NE(error_of([] {
              cross_entropy(scores(), ids({0, 1}), {.weight = ones({2}, float64)});
            }).find("weight"),
            std::string::npos);
}

TEST(CrossEntropy, IgnoredRowsCountNothing) {
  const Tensor x = scores();
  const Tensor one =
      cross_entropy(Tensor::from(std::vector<double>{0.3, -1.2, 0.7}, {1, 3}), ids({2}));
  EXPECT_DOUBLE_EQ(cross_entropy(x, ids({2, -100})).item(), one.item());
  x.requires_grad_();
  cross_entropy(x, ids({2, -100})).backward();
  EXPECT_EQ(x.grad().to_vector()[4], 0);
  EXPECT_TRUE(std::isnan(cross_entropy(x, ids({-100, -100})).item()));
}

TEST(CrossEntropy, ProbabilitiesOfOneClassEqualItsId) {
  const Tensor q = Tensor::from(std::vector<double>{0, 0, 1, 1, 0, 0}, {2, 3});
  EXPECT_NEAR(cross_entropy(scores(), q, {.label_smoothing = 0.2}).item(),
              cross_entropy(scores(), ids({2, 0}), {.label_smoothing = 0.2}).item(), 1e-12);
}

TEST(CrossEntropy, TakesOneRowWithoutABatch) {
  const Tensor x = Tensor::from(std::vector<double>{0.3, -1.2, 0.7});
  EXPECT_NEAR(cross_entropy(x, Tensor::from(std::vector<int64_t>{2}, {})).item(),
              -log_softmax(x, 0).to_vector()[2], 1e-12);
}

TEST(CrossEntropy, StaysFiniteForLargeScores) {
  const Tensor x = Tensor::from(std::vector<float>{1000, -1000, 0}, {1, 3});
  EXPECT_FLOAT_EQ(cross_entropy(x, ids({1})).item<float>(), 2000);
}

TEST(NllLoss, OfLogSoftmaxIsCrossEntropy) {
  const Tensor w = Tensor::from(std::vector<double>{1, 2, 3});
  EXPECT_NEAR(nll_loss(log_softmax(scores(), 1), ids({2, 0}), w).item(),
              cross_entropy(scores(), ids({2, 0}), {.weight = w}).item(), 1e-12);
}

TEST(MseLoss, RefusesToBroadcast) {
  EXPECT_NE(error_of<ShapeError>([] {
              mse_loss(zeros({3, 1}), zeros({3}));
            }).find("[3, 1]"),
            std::string::npos);
}

TEST(BinaryCrossEntropy, RefusesWhatIsNoProbability) {
  EXPECT_NE(error_of([] { binary_cross_entropy(full({2}, 1.5), zeros({2})); }).find("1.5"),
            std::string::npos);
}

TEST(BinaryCrossEntropy, IsFiniteAtTheEnds) {
  EXPECT_EQ(binary_cross_entropy(Tensor::from({0, 1}), Tensor::from({1, 0})).item(), 100);
  EXPECT_EQ(binary_cross_entropy(Tensor::from({0, 1}), Tensor::from({0, 1})).item(), 0);
}

TEST(BinaryCrossEntropy, WithLogitsEqualsThatOfSigmoid) {
  const Tensor x = Tensor::from(std::vector<double>{-30, -1, 0, 2});
  const Tensor y = Tensor::from(std::vector<double>{0, 1, 0.5, 1});
  EXPECT_NEAR(binary_cross_entropy_with_logits(x, y).item(),
              (std::log1p(std::exp(-30.0)) + std::log1p(std::exp(1.0)) + std::log(2.0) +
               std::log1p(std::exp(-2.0))) /
                  4,
              1e-12);
}

TEST(Losses, HaveRightGradients) {
  const Tensor x = Tensor::from(std::vector<double>{-1.7, 0.3, 0.9, 2.4});
  const Tensor y = Tensor::from(std::vector<double>{0.2, 0.5, 0.7, 0.3});
  x.requires_grad_();
  using Loss = std::function<Tensor(const Tensor&)>;
  const Loss losses[] = {
      [&](const Tensor& t) { return l1_loss(t, y); },
      [&](const Tensor& t) { return smooth_l1_loss(t, y, Reduction::kSum, 0.5); },
      [&](const Tensor& t) { return huber_loss(t, y, Reduction::kMean, 0.7); },
      [&](const Tensor& t) {
        return binary_cross_entropy_with_logits(t, y, {}, Reduction::kMean, y);
      },
      [&](const Tensor& t) { return kl_div(t, y, Reduction::kSum); },
      [&](const Tensor& t) { return kl_div(t, y, Reduction::kMean, true); },
      [&](const Tensor& t) { return mse_loss(t, y, Reduction::kNone); },
  };
  for (const Loss& loss : losses) {
    const auto f = [&](const Tensors& in) -> Tensors { return {loss(in[0])}; };
    EXPECT_TRUE(gradcheck(f, {x}));
  }
}

}  // namespace
}  // namespace rush
