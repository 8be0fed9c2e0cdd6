// Packing and padding: what goes in comes out in the caller's order, and bad lengths are refused.
#include "rush/nn/packed_sequence.h"

#include <gtest/gtest.h>

#include <random>

#include "rush/base/error.h"
#include "rush/base/testing/errors.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"

namespace rush::nn {
namespace {

void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].shape(), b[i].shape()) << "sequence " << i;
    EXPECT_EQ(a[i].to_vector<double>(), b[i].to_vector<double>()) << "sequence " << i;
  }
}

// Check 13: unpack(pack(x)) == x.
TEST(Acceptance13, UnpackingUndoesPackingForRandomLengths) {
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    std::vector<Tensor> all;
    const int count = 1 + static_cast<int>(random() % 7);
    for (int i = 0; i < count; ++i)
      all.push_back(randn({static_cast<int64_t>(1 + random() % 5), 2}));
    const PackedSequence packed = pack_sequence(all, false);
    expect_same(unpack_sequence(packed), all);
    for (bool batch_first : {false, true}) {
      const auto [padded, lengths] = pad_packed_sequence(packed, {.batch_first = batch_first});
      expect_same(unpad_sequence(padded, lengths, batch_first), all);
      EXPECT_EQ(padded.to_vector<double>(),
                pad_sequence(all, {.batch_first = batch_first}).to_vector<double>());
      const PackedSequence again = pack_padded_sequence(
          padded, lengths, {.batch_first = batch_first, .enforce_sorted = false});
      EXPECT_EQ(again.data.to_vector<double>(), packed.data.to_vector<double>());
      EXPECT_EQ(again.batch_sizes, packed.batch_sizes);
    }
  }
}

TEST(PackedSequence, LiesStepByStepLongestFirst) {
  const Tensor a = Tensor::from({1}), b = Tensor::from({2, 3, 4}), c = Tensor::from({5, 6});
  const PackedSequence p = pack_sequence({a, b, c}, false);
  EXPECT_EQ(p.data.to_vector<double>(), (std::vector<double>{2, 5, 1, 3, 6, 4}));
  EXPECT_EQ(p.batch_sizes, (std::vector<int64_t>{3, 2, 1}));
  EXPECT_EQ(p.sorted_indices, (std::vector<int64_t>{1, 2, 0}));
  EXPECT_EQ(p.unsorted_indices, (std::vector<int64_t>{2, 0, 1}));
  EXPECT_TRUE(pack_sequence({b, c, a}).sorted_indices.empty());
}

TEST(PackedSequence, PadsWithAValueToALength) {
  const PackedSequence p = pack_sequence({Tensor::from({1, 2}), Tensor::from({3})});
  const auto padded =
      pad_packed_sequence(p, {.batch_first = true, .padding_value = -7, .total_length = 3});
  EXPECT_EQ(padded.output.to_vector<double>(), (std::vector<double>{1, 2, -7, 3, -7, -7}));
  EXPECT_EQ(padded.lengths, (std::vector<int64_t>{2, 1}));
  const Tensor left =
      pad_sequence({Tensor::from({1, 2}), Tensor::from({3})}, {.batch_first = true, .left = true});
  EXPECT_EQ(left.to_vector<double>(), (std::vector<double>{1, 2, 0, 3}));
}

TEST(PackedSequence, CarriesGradientsToWhatWasPackedOnly) {
  const Tensor x = randn({3, 2, 1}).requires_grad_();
  const Tensor lengths = Tensor::from(std::vector<int64_t>{1, 3});
  sum(pack_padded_sequence(x, lengths, {.enforce_sorted = false}).data * 2).backward();
  EXPECT_EQ(x.grad().to_vector<double>(), (std::vector<double>{2, 2, 0, 2, 0, 2}));
}

TEST(PackedSequence, RefusesBadInput) {
  const Tensor x = zeros({4, 2, 3});
  expect_error(
      [&] {
        pack_padded_sequence(x, {5, 2});
      },
      {"pack_padded_sequence: lengths are 1 to 4, the steps there are; got [5, 2]"});
  expect_error([&] { pack_padded_sequence(x, {4, 0}); }, {"got [4, 0]"});
  expect_error(
      [&] {
        pack_padded_sequence(x, {2, 4});
      },
      {"lengths must not grow from one sequence to the next, unless enforce_sorted"});
  expect_error([&] { pack_padded_sequence(x, {2}); },
               {"wants a length for each of the 2 sequences; got [2]"});
  expect_error([&] { pack_padded_sequence(x, zeros({2})); }, {"[B] integers; got float32"});
  expect_error([&] { pack_padded_sequence(zeros({4, 0, 3}), {}); }, {"empty tensors"});
  expect_error([&] { pack_padded_sequence(zeros({4}), {4}); }, {"got [4]"});
  expect_error([] { pack_sequence(std::vector<Tensor>{}); }, {"at least one sequence"});
  expect_error([] { pack_sequence({zeros({2, 3}), zeros({0, 3})}); }, {"got [2, 0]"});
  expect_error([] { pad_sequence(std::vector<Tensor>{}); }, {"at least one sequence"});
  expect_error([] { pad_sequence({Tensor(2.0)}); }, {"at least one dimension"});
  expect_error([] { pad_packed_sequence({}); }, {"the packed sequence is empty"});
  expect_error(
      [] {
        unpack_sequence({zeros({3, 1}), {2, 2}});
      },
      {"data has a row for each of the batch sizes, 4 in all; got [3, 1]"});
  const PackedSequence p = pack_sequence({zeros({3}), zeros({2})});
  expect_error([&] { pad_packed_sequence(p, {.total_length = 2}); },
               {"total_length is at least the longest length, 3; got 2"});
  expect_error([&] { unpad_sequence(x, {4}); }, {"each of the 2 sequences; got [4]"});
  expect_error([&] { unpad_sequence(x, {5, 1}); }, {"lengths are 1 to 4"});
}

}  // namespace
}  // namespace rush::nn
