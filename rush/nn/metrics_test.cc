#include "rush/nn/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "rush/base/error.h"

namespace rush::nn {
namespace {

Tensor ids(const std::vector<int64_t>& values) { return Tensor::from(values); }

TEST(Metrics, AccuracyOfScoresAndIds) {
  const Tensor scores =
      Tensor::from(std::vector<double>{0.1, 0.7, 0.2, 0.5, 0.3, 0.2, 0.1, 0.2, 0.7}, {3, 3});
  EXPECT_DOUBLE_EQ(accuracy(scores, ids({1, 1, 0})), 1.0 / 3);
  EXPECT_DOUBLE_EQ(accuracy(scores, ids({1, 1, 0}), 2), 2.0 / 3);
  EXPECT_DOUBLE_EQ(accuracy(scores, ids({1, 1, 0}), 3), 1);
  EXPECT_DOUBLE_EQ(accuracy(ids({1, 2, 3, 4}), ids({1, 2, 0, 0})), 0.5);
  EXPECT_THROW(accuracy(scores, ids({1, 1})), ShapeError);
  EXPECT_THROW(accuracy(scores, ids({1, 1, 0}), 4), ShapeError);
  EXPECT_THROW(accuracy(ids({}), ids({})), ShapeError);
  EXPECT_THROW(accuracy(scores, scores), ShapeError);
}

TEST(Metrics, RunningMeanWeighs) {
  RunningMean mean;
  EXPECT_TRUE(std::isnan(mean.value()));
  mean.add(1, 3);
  mean.add(5);
  EXPECT_DOUBLE_EQ(mean.value(), 2);
  EXPECT_THROW(mean.add(1, -1), Error);
  mean.reset();
  EXPECT_EQ(mean.weight(), 0);
}

TEST(Metrics, ConfusionMatrixCounts) {
  ConfusionMatrix m(3);
  m.add(ids({0, 0, 1, 1}), ids({0, 1, 1, 1}));  // predicted, target
  m.add(Tensor::from(std::vector<double>{0.9, 0.1, 0}, {1, 3}), ids({0}));
  EXPECT_EQ(m.count(1, 0), 1);
  EXPECT_EQ(m.total(), 5);
  EXPECT_DOUBLE_EQ(m.accuracy(), 0.8);
  EXPECT_DOUBLE_EQ(m.precision(0), 2.0 / 3);
  EXPECT_DOUBLE_EQ(m.recall(0), 1);
  EXPECT_DOUBLE_EQ(m.f1(0), 0.8);
  EXPECT_DOUBLE_EQ(m.f1(1), 0.8);
  EXPECT_DOUBLE_EQ(m.recall(2), 0);
  EXPECT_DOUBLE_EQ(m.recall(), (1 + 2.0 / 3) / 2);  // the class that never occurs is left out
  EXPECT_DOUBLE_EQ(m.recall(Averaging::kMicro), 0.8);
  EXPECT_DOUBLE_EQ(m.precision(Averaging::kWeighted), (2 * 2.0 / 3 + 3) / 5);
  EXPECT_EQ(m.matrix().to_vector<int64_t>(), (std::vector<int64_t>{2, 0, 0, 1, 2, 0, 0, 0, 0}));
}

TEST(Metrics, ConfusionMatrixRefusesAllOrNothing) {
  ConfusionMatrix m(2);
  EXPECT_THROW(m.add(ids({0, 2}), ids({0, 1})), IndexError);
  EXPECT_THROW(m.add(ids({0}), ids({-1})), IndexError);
  EXPECT_EQ(m.total(), 0);
  EXPECT_EQ(m.accuracy(), 0);
  EXPECT_THROW(m.count(0, 2), IndexError);
  EXPECT_THROW(ConfusionMatrix(0), Error);
}

}  // namespace
}  // namespace rush::nn
