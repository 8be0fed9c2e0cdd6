#include "rush/data/loader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <set>
#include <thread>

#include "rush/data/map.h"
#include "rush/data/tensor_dataset.h"

namespace rush::data {
namespace {

TensorDataset<2> numbers(int64_t n) {
  std::vector<int64_t> values(static_cast<size_t>(n));
  std::iota(values.begin(), values.end(), int64_t{0});
  const Tensor t = Tensor::from(values);
  return TensorDataset(t, t);
}

template <typename Loader>
std::vector<int64_t> all_rows(Loader& loader) {
  std::vector<int64_t> rows;
  for (auto [x, y] : loader)
    for (int64_t v : x.template to_vector<int64_t>()) rows.push_back(v);
  return rows;
}

// Adds noise, and takes longer for some rows than for others, so that workers overtake each other.
auto noisy(int64_t n) {
  return transformed(numbers(n), [](const Tensor& x, Random& random) {
    if (x.data<int64_t>()[0] % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    Tensor out = Tensor::empty(x.shape(), int64);
    for (int64_t i = 0; i < x.numel(); ++i)
      out.data<int64_t>()[i] = x.data<int64_t>()[i] * 1000 + random.below(1000);
    return out;
  });
}

TEST(DataLoader, GivesAllRowsInOrder) {
  DataLoader loader(numbers(10), {.batch_size = 4});
  EXPECT_EQ(loader.size(), 3);
  std::vector<int64_t> sizes;
  for (auto [x, y] : loader) sizes.push_back(x.size(0));
  EXPECT_EQ(sizes, (std::vector<int64_t>{4, 4, 2}));
  const auto rows = all_rows(loader);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_EQ(rows.size(), 10u);
}

TEST(DataLoader, DropsTheLastBatchWhenAsked) {
  DataLoader loader(numbers(10), {.batch_size = 4, .drop_last = true});
  EXPECT_EQ(loader.size(), 2);
  EXPECT_EQ(all_rows(loader).size(), 8u);
}

TEST(DataLoader, AnEmptyDatasetHasNoBatches) {
  DataLoader loader(numbers(0), {.batch_size = 4, .workers = 2});
  EXPECT_EQ(loader.size(), 0);
  EXPECT_TRUE(all_rows(loader).empty());
}

TEST(DataLoader, ShufflesDifferentlyInEachEpochAndEquallyForOneSeed) {
  DataLoader a(numbers(100), {.batch_size = 8, .shuffle = true, .seed = 3});
  DataLoader b(numbers(100), {.batch_size = 8, .shuffle = true, .seed = 3});
  DataLoader c(numbers(100), {.batch_size = 8, .shuffle = true, .seed = 4});
  const auto first = all_rows(a), second = all_rows(a);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, all_rows(b));
  EXPECT_NE(first, all_rows(c));
  EXPECT_EQ(std::set(first.begin(), first.end()).size(), 100u);
  b.set_epoch(1);
  EXPECT_EQ(second, all_rows(b));
}

TEST(DataLoader, WorkersDoNotChangeWhatComes) {
  DataLoader alone(noisy(100), {.batch_size = 7, .shuffle = true, .seed = 1});
  const auto expected = all_rows(alone);
  for (int workers : {1, 2, 5})
    for (int prefetch : {1, 3}) {
      DataLoader loader(
          noisy(100),
          {.batch_size = 7, .shuffle = true, .seed = 1, .workers = workers, .prefetch = prefetch});
      EXPECT_EQ(all_rows(loader), expected) << workers << " workers, prefetch " << prefetch;
    }
}

TEST(DataLoader, WorkersStopWhenTheLoopIsLeftEarly) {
  for (int round = 0; round < 20; ++round) {
    DataLoader loader(noisy(1000), {.batch_size = 2, .workers = 3, .prefetch = 2});
    int count = 0;
    for (auto [x, y] : loader)
      if (++count > round % 4) break;
  }
}

TEST(DataLoader, WorkersRethrowInTheLoopAndTheNextEpochWorks) {
  const auto failing = transformed(numbers(20), [](const Tensor& x, Random&) {
    if (x.data<int64_t>()[0] == 8) fail<IoError>("row 8 is bad");
    return x;
  });
  for (int workers : {0, 1, 3}) {
    DataLoader loader(failing, {.batch_size = 2, .workers = workers});
    for (int epoch = 0; epoch < 2; ++epoch) {
      int batches = 0;
      try {
        for (auto [x, y] : loader) ++batches;
        FAIL();
      } catch (const IoError& e) {
        EXPECT_EQ(std::string(e.what()), "row 8 is bad");
        EXPECT_EQ(batches, 4);
      }
    }
  }
}

TEST(DataLoader, WorkersKeepNoMoreThanThePrefetchReady) {
  auto made = std::make_shared<std::atomic<int>>(0);
  const auto counted = transformed(numbers(100), [made](const Tensor& x, Random&) {
    ++*made;
    return x;
  });
  DataLoader loader(counted, {.batch_size = 1, .workers = 2, .prefetch = 3});
  int used = 0;
  for (auto [x, y] : loader) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_LE(made->load(), ++used + 6);
  }
}

TEST(DataLoader, TwoLoopsOverOneLoaderAreIndependent) {
  DataLoader loader(numbers(6), {.batch_size = 2, .workers = 2});
  int pairs = 0;
  for (auto [a, b] : loader)
    for (auto [c, d] : loader) ++pairs;
  EXPECT_EQ(pairs, 9);
}

TEST(DataLoader, RejectsMisuse) {
  EXPECT_THROW(DataLoader(numbers(1), {.batch_size = 0}), Error);
  EXPECT_THROW(DataLoader(numbers(1), {.workers = -1}), Error);
  EXPECT_THROW(DataLoader(numbers(1), {.workers = 1, .prefetch = 0}), Error);
}

}  // namespace
}  // namespace rush::data
