// Losses beyond the common ones: what they refuse, and what empty batches and misfits give. Values
// are compared with PyTorch's in tests/parity.
#include "rush/ops/margin_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "rush/autograd/autograd.h"
#include "rush/ops/activation.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/likelihood_loss.h"
#include "rush/ops/loss.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/softmax.h"

namespace rush {
namespace {

std::string text_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}
Tensor ids(const std::vector<int64_t>& values) { return Tensor::from(values); }

Tensor rows() { return ones({3, 4}); }
Tensor other() { return ones({4, 3}); }

TEST(Loss, RefusesShapesAndTypesThatDoNotFit) {
  EXPECT_EQ(text_of([] { margin_ranking_loss(rows(), other(), rows()); }),
            "margin_ranking_loss: x2 must have the shape of x, [3, 4]; got [4, 3]");
  EXPECT_THROW(margin_ranking_loss(rows(), rows(), other()), ShapeError);
  EXPECT_THROW(hinge_embedding_loss(rows(), other()), ShapeError);
  EXPECT_THROW(soft_margin_loss(ids({1}), ids({1})), TypeError);
  EXPECT_THROW(cosine_embedding_loss(rows(), rows(), rows()), ShapeError);
  EXPECT_THROW(cosine_embedding_loss(ones({2, 2, 2}), ones({2, 2, 2}), ones({2})), ShapeError);
  EXPECT_THROW(multilabel_soft_margin_loss(rows(), other()), ShapeError);
  EXPECT_THROW(triplet_margin_loss(rows(), rows(), ones({4})), ShapeError);
  EXPECT_THROW(triplet_margin_loss(rows(), rows(), rows(), {.margin = 0}), Error);
  EXPECT_THROW(pairwise_distance(ones({}), ones({})), ShapeError);
  EXPECT_THROW(cosine_similarity(ids({1}), ids({1}), 0), TypeError);
  EXPECT_THROW(poisson_nll_loss(rows(), other()), ShapeError);
  EXPECT_THROW(glu(ones({3})), ShapeError);
  EXPECT_THROW(prelu(rows(), ones({3})), ShapeError);
}

TEST(Loss, RefusesClassIdsOutOfRange) {
  EXPECT_THROW(multi_margin_loss(rows(), ids({0, 1, 4})), IndexError);
  EXPECT_THROW(multi_margin_loss(rows(), ids({0, 1})), ShapeError);
  EXPECT_EQ(text_of([] {
              multi_margin_loss(rows(), ids({0, 1, 2}), 3);
            }),
            "multi_margin_loss: p is 1 or 2; got 3");
  EXPECT_THROW(multi_margin_loss(rows(), ids({0, 1, 2}), 1, 1, ones({3})), ShapeError);
  EXPECT_THROW(multi_margin_loss(rows(), rows()), TypeError);
  EXPECT_THROW(multilabel_margin_loss(rows(), ids({0, 1, 2})), ShapeError);
  EXPECT_THROW(multilabel_margin_loss(ones({2}), ids({5, -1})), IndexError);
  EXPECT_THROW(cross_entropy(rows(), ids({0, 1, 4})), IndexError);
  EXPECT_THROW(nll_loss(rows(), ids({0, 1, -3})), IndexError);
}

TEST(Loss, RefusesProbabilitiesOutsideTheirRange) {
  EXPECT_EQ(text_of([] {
              binary_cross_entropy(Tensor::from({0.5, 1.5}), ones({2}));
            }),
            "binary_cross_entropy: x must be probabilities in [0, 1]; got values from 0.5 to 1.5; "
            "for scores use binary_cross_entropy_with_logits");
  EXPECT_THROW(binary_cross_entropy(Tensor::from({-0.1, 1}), ones({2})), Error);
  EXPECT_EQ(text_of([] { gaussian_nll_loss(rows(), rows(), rows() * -1.0); }),
            "gaussian_nll_loss: variances must not be negative; got -1");
  EXPECT_THROW(gaussian_nll_loss(rows(), rows(), ones({3, 2})), ShapeError);
  EXPECT_THROW(gaussian_nll_loss(rows(), rows(), rows(), {.eps = 0}), Error);
}

TEST(Loss, EmptyBatchesHaveNoMeanAndASumOfZero) {
  const Tensor x = ones({0, 4}), y = ones({0, 4}), none = ids({});
  EXPECT_TRUE(std::isnan(mse_loss(x, y).item()));
  EXPECT_EQ(mse_loss(x, y, Reduction::kSum).item(), 0);
  EXPECT_TRUE(std::isnan(soft_margin_loss(x, y).item()));
  EXPECT_TRUE(std::isnan(multi_margin_loss(x, none).item()));
  EXPECT_EQ(multi_margin_loss(x, none, 1, 1, {}, Reduction::kSum).item(), 0);
  EXPECT_TRUE(std::isnan(binary_cross_entropy(x, y).item()));
  EXPECT_EQ(gaussian_nll_loss(x, y, y, {.reduction = Reduction::kNone}).shape(), (Shape{0, 4}));
}

Tensor log_probs() { return log_softmax(zeros({4, 2, 3}), 2); }

TEST(Ctc, CountsAllAlignments) {
  // All of C^T writings are equally likely: "1" has T (T + 1) / 2 of 3^4, the empty target 1.
  const Tensor losses = ctc_loss(log_probs(), Tensor::from(std::vector<int64_t>{1, 1}, {2, 1}),
                                 ids({4, 4}), ids({1, 0}), {.reduction = Reduction::kNone});
  EXPECT_NEAR(losses.to_vector<double>()[0], -std::log(10 / 81.0), 1e-6);
  EXPECT_NEAR(losses.to_vector<double>()[1], -std::log(1 / 81.0), 1e-6);
}

TEST(Ctc, TakesTargetsInARowAndSingleExamples) {
  const Tensor x = log_softmax(randn({5, 2, 4}), 2);
  const CTCOptions none{.reduction = Reduction::kNone};
  const Tensor padded = Tensor::from(std::vector<int64_t>{1, 2, 3, 0}, {2, 2});
  const auto expected = ctc_loss(x, padded, ids({5, 4}), ids({2, 1}), none).to_vector();
  EXPECT_EQ(ctc_loss(x, ids({1, 2, 3}), ids({5, 4}), ids({2, 1}), none).to_vector(), expected);
  const Tensor first = select(x, 1, 0);
  const Tensor one = ctc_loss(first, ids({1, 2}), Tensor::from(std::vector<int64_t>{5}, {}),
                              Tensor::from(std::vector<int64_t>{2}, {}), none);
  EXPECT_EQ(one.shape(), Shape{});
  EXPECT_EQ(one.item(), expected[0]);
}

TEST(Ctc, TargetsThatDoNotFitAreInfinitelyUnlikely) {
  const Tensor x = log_probs().requires_grad_();
  const Tensor targets = Tensor::from(std::vector<int64_t>{1, 1, 1, 2}, {2, 2});
  const Tensor inputs = ids({2, 4}), lengths = ids({2, 2});  // "1 1" needs a blank between
  EXPECT_TRUE(std::isinf(ctc_loss(x, targets, inputs, lengths).item()));
  const Tensor loss = ctc_loss(x, targets, inputs, lengths, {.zero_infinity = true});
  EXPECT_TRUE(std::isfinite(loss.item()));
  loss.backward();
  for (double g : x.grad().to_vector()) EXPECT_TRUE(std::isfinite(g));
}

TEST(Ctc, RefusesWhatDoesNotFit) {
  const Tensor targets = Tensor::from(std::vector<int64_t>{1, 2}, {2, 1});
  const Tensor inputs = ids({4, 4}), lengths = ids({1, 1});
  EXPECT_EQ(text_of([&] {
              ctc_loss(log_probs(), targets, ids({4, 5}), lengths);
            }),
            "ctc_loss: input_lengths are in [0, 4]; got 5");
  EXPECT_THROW(ctc_loss(log_probs(), targets, inputs, ids({1, 2})), ShapeError);
  EXPECT_THROW(ctc_loss(log_probs(), targets, inputs, ids({1})), ShapeError);
  EXPECT_THROW(ctc_loss(log_probs(), targets, inputs, ones({2})), TypeError);
  EXPECT_THROW(ctc_loss(log_probs(), ids({1, 2, 1}), inputs, lengths), ShapeError);
  EXPECT_THROW(
      ctc_loss(log_probs(), Tensor::from(std::vector<int64_t>{1, 3}, {2, 1}), inputs, lengths),
      IndexError);
  EXPECT_THROW(ctc_loss(log_probs(), targets, inputs, lengths, {.blank = 3}), IndexError);
  EXPECT_THROW(ctc_loss(ones({0, 2, 3}), targets, inputs, lengths), ShapeError);
}

}  // namespace
}  // namespace rush
