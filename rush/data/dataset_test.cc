#include "rush/data/dataset.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "rush/data/map.h"
#include "rush/data/subset.h"
#include "rush/data/tensor_dataset.h"

namespace rush::data {
namespace {

Tensor counting(int64_t rows, int64_t columns) {
  std::vector<float> values(static_cast<size_t>(rows * columns));
  std::iota(values.begin(), values.end(), 0.0f);
  return Tensor::from(values, {rows, columns});
}

std::vector<float> values(const Tensor& t) { return t.to_vector<float>(); }

struct Squares {
  int64_t size() const { return 10; }
  std::array<Tensor, 2> get(int64_t i) const {
    return {Tensor::from({static_cast<double>(i)}),
            Tensor::scalar(static_cast<double>(i * i), int64)};
  }
};

TEST(TensorDataset, GathersRows) {
  const TensorDataset data(counting(4, 2), Tensor::from(std::vector<int64_t>{5, 6, 7, 8}));
  Random random(0);
  const std::vector<int64_t> rows{3, 0, 3};
  const auto [x, y] = data.batch(rows, random);
  EXPECT_EQ(values(x), (std::vector<float>{6, 7, 0, 1, 6, 7}));
  EXPECT_EQ(y.to_vector<int64_t>(), (std::vector<int64_t>{8, 5, 8}));
  EXPECT_EQ(data.size(), 4);
}

TEST(TensorDataset, RejectsMisuse) {
  EXPECT_THROW(TensorDataset(counting(4, 2), counting(3, 2)), ShapeError);
  EXPECT_THROW(TensorDataset(Tensor::scalar(1, float32)), ShapeError);
  Random random(0);
  const TensorDataset data(counting(4, 2));
  for (int64_t row : {-1, 4}) EXPECT_THROW(data.batch({&row, 1}, random), IndexError);
}

TEST(Dataset, ExamplesBecomeBatches) {
  Random random(0);
  const std::vector<int64_t> rows{2, 5};
  const auto [x, y] = fetch(Squares(), rows, random);
  EXPECT_EQ(x.shape(), (Shape{2, 1}));
  EXPECT_EQ(y.shape(), (Shape{2}));
  EXPECT_EQ(y.to_vector<int64_t>(), (std::vector<int64_t>{4, 25}));
}

TEST(Dataset, StackingRejectsDifferentExamples) {
  EXPECT_THROW(stack_rows(std::vector<Tensor>{}), ShapeError);
  EXPECT_THROW(stack_rows(std::vector<Tensor>{counting(1, 2), counting(2, 1)}), ShapeError);
  EXPECT_THROW(
      stack_rows(std::vector<Tensor>{Tensor::scalar(1, int64), Tensor::scalar(1, float32)}),
      TypeError);
}

TEST(Subset, MapsRowsAndChecksThem) {
  const TensorDataset data(counting(5, 1));
  const Subset part(data, {4, 1});
  Random random(0);
  const std::vector<int64_t> rows{1, 0};
  EXPECT_EQ(values(part.batch(rows, random)[0]), (std::vector<float>{1, 4}));
  EXPECT_THROW(Subset(data, {5}), IndexError);
  const int64_t outside = 2;
  EXPECT_THROW(part.batch({&outside, 1}, random), IndexError);
}

TEST(RandomSplit, EveryRowIsInOnePartAndTheSeedDecides) {
  const TensorDataset data(counting(100, 1));
  const auto parts = random_split(data, {70, 30}, 7);
  std::set<int64_t> seen;
  for (const auto& part : parts) seen.insert(part.rows().begin(), part.rows().end());
  EXPECT_EQ(parts[0].size(), 70);
  EXPECT_EQ(parts[1].size(), 30);
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(random_split(data, {70, 30}, 7)[0].rows(), parts[0].rows());
  EXPECT_NE(random_split(data, {70, 30}, 8)[0].rows(), parts[0].rows());
  EXPECT_THROW(random_split(data, {70, 31}), ShapeError);
  EXPECT_THROW(random_split(data, {101, -1}), ShapeError);
}

TEST(Concat, TakesRowsOfBoth) {
  const auto both = concat(TensorDataset(counting(2, 1)), TensorDataset(counting(3, 1)));
  Random random(0);
  const std::vector<int64_t> mixed{4, 0, 2}, first{1, 0};
  EXPECT_EQ(both.size(), 5);
  EXPECT_EQ(values(both.batch(mixed, random)[0]), (std::vector<float>{2, 0, 0}));
  EXPECT_EQ(values(both.batch(first, random)[0]), (std::vector<float>{1, 0}));
}

TEST(Map, ChangesBatches) {
  const auto swapped = map(Squares(), [](std::array<Tensor, 2> b) {
    return std::array<Tensor, 2>{b[1], b[0]};
  });
  Random random(0);
  const std::vector<int64_t> rows{3};
  EXPECT_EQ(swapped.batch(rows, random)[0].item<int64_t>(), 9);
  const auto shifted = transformed(
      Squares(), [](const Tensor& x, Random&) { return Tensor::from({x.item<double>() + 1}); });
  EXPECT_EQ(shifted.batch(rows, random)[0].item<double>(), 4);
}

TEST(Random, IsUnbiasedEnoughAndRepeats) {
  Random a(5), b(5);
  int counts[3] = {};
  for (int i = 0; i < 30000; ++i) {
    const int64_t v = a.below(3);
    EXPECT_EQ(v, b.below(3));
    ++counts[v];
  }
  for (int c : counts) EXPECT_NEAR(c, 10000, 400);
  EXPECT_NE(Random(1, 2, 3).next(), Random(1, 3, 2).next());
}

}  // namespace
}  // namespace rush::data
