// What a dataset is: something with a size that gives batches of N tensors each.
//
//   struct Squares {                                    // the short form: one example at a time
//     int64_t size() const { return 100; }
//     std::array<Tensor, 2> get(int64_t i) const { ... }
//   };
//
// The long form, for datasets that can gather many rows faster than one by one, has
//   std::array<Tensor, N> batch(std::span<const int64_t> rows, Random& random) const;
// Either is called from several worker threads at once, so it must not change shared state. All
// that is random comes from `random`, which depends on seed, epoch and batch only.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <vector>

#include "rush/base/error.h"
#include "rush/data/random.h"
#include "rush/tensor/tensor.h"

namespace rush::data {

using Rows = std::span<const int64_t>;

template <typename D>
concept HasBatch = requires(const D& d, Rows rows, Random& random) {
  { d.size() } -> std::convertible_to<int64_t>;
  d.batch(rows, random)[0].defined();
};
template <typename D>
concept HasGet = requires(const D& d, int64_t i) {
  { d.size() } -> std::convertible_to<int64_t>;
  d.get(i)[0].defined();
};
template <typename D>
concept Dataset = HasBatch<D> || HasGet<D>;

// Joins equally shaped tensors along a new first axis. ShapeError or TypeError where they differ.
Tensor stack_rows(std::span<const Tensor> items);
// Joins tensors along their first axis.
Tensor concat_rows(std::span<const Tensor> parts);
// The given rows (first axis) of a contiguous tensor. IndexError where there is no such row.
Tensor gather_rows(const Tensor& source, Rows rows);

namespace detail {

// Field f of each example goes through `join` into field f of the batch.
template <size_t N>
std::array<Tensor, N> join_fields(const std::vector<std::array<Tensor, N>>& examples,
                                  Tensor (*join)(std::span<const Tensor>)) {
  if (examples.empty()) fail<ShapeError>("dataset: a batch of no rows");
  std::array<Tensor, N> batch;
  std::vector<Tensor> column(examples.size());
  for (size_t f = 0; f < N; ++f) {
    for (size_t i = 0; i < examples.size(); ++i) column[i] = examples[i][f];
    batch[f] = join(column);
  }
  return batch;
}

}  // namespace detail

// The rows as a batch, whichever form the dataset has.
template <Dataset D>
auto fetch(const D& dataset, Rows rows, Random& random) {
  if constexpr (HasBatch<D>) {
    return dataset.batch(rows, random);
  } else {
    std::vector<decltype(dataset.get(0))> examples;
    examples.reserve(rows.size());
    for (int64_t row : rows) examples.push_back(dataset.get(row));
    return detail::join_fields(examples, stack_rows);
  }
}

template <Dataset D>
using BatchOf = decltype(fetch(std::declval<const D&>(), Rows(), std::declval<Random&>()));

}  // namespace rush::data
