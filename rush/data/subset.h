// Parts of datasets, and datasets joined: subset, random_split, concat.
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "rush/data/dataset.h"

namespace rush::data {

// Some rows of a dataset, in the order given. The dataset is held by value, the rows are shared
// between copies.
template <Dataset D>
class Subset {
 public:
  Subset(D dataset, std::vector<int64_t> rows) : dataset_(std::move(dataset)) {
    for (int64_t row : rows)
      if (row < 0 || row >= dataset_.size())
        fail<IndexError>("subset: row ", row, " of a dataset of ", dataset_.size(), " rows");
    rows_ = std::make_shared<const std::vector<int64_t>>(std::move(rows));
  }

  int64_t size() const { return static_cast<int64_t>(rows_->size()); }
  const std::vector<int64_t>& rows() const { return *rows_; }
  auto batch(Rows rows, Random& random) const {
    std::vector<int64_t> mapped(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i] < 0 || rows[i] >= size())
        fail<IndexError>("subset: row ", rows[i], " of a subset of ", size(), " rows");
      mapped[i] = (*rows_)[static_cast<size_t>(rows[i])];
    }
    return fetch(dataset_, mapped, random);
  }

 private:
  D dataset_;
  std::shared_ptr<const std::vector<int64_t>> rows_;
};

// Every number in [0, n) once, in an order that depends on the seed alone.
std::vector<int64_t> shuffled_rows(int64_t n, uint64_t seed);

// Splits at random into parts of the given sizes, which must add up to the dataset's.
template <Dataset D>
std::vector<Subset<D>> random_split(const D& dataset, const std::vector<int64_t>& sizes,
                                    uint64_t seed = 0) {
  const int64_t sum = std::accumulate(sizes.begin(), sizes.end(), int64_t{0});
  const bool fits = sum == dataset.size() &&
                    std::all_of(sizes.begin(), sizes.end(), [](int64_t s) { return s >= 0; });
  if (!fits)
    fail<ShapeError>("random_split: sizes ", Dims(sizes), " do not add up to ", dataset.size());
  const auto rows = shuffled_rows(dataset.size(), seed);
  std::vector<Subset<D>> parts;
  auto from = rows.begin();
  for (int64_t size : sizes) {
    parts.emplace_back(dataset, std::vector<int64_t>(from, from + size));
    from += size;
  }
  return parts;
}

// Two datasets with the same kind of batches, one behind the other.
template <Dataset A, Dataset B>
class Concat {
 public:
  Concat(A a, B b) : a_(std::move(a)), b_(std::move(b)) {}

  int64_t size() const { return a_.size() + b_.size(); }
  auto batch(Rows rows, Random& random) const {
    const auto in_a = [&](int64_t row) { return row < a_.size(); };
    if (std::all_of(rows.begin(), rows.end(), in_a)) return fetch(a_, rows, random);
    std::vector<BatchOf<A>> examples;
    for (int64_t row : rows) {
      const int64_t inner = in_a(row) ? row : row - a_.size();
      examples.push_back(in_a(row) ? fetch(a_, {&inner, 1}, random)
                                   : fetch(b_, {&inner, 1}, random));
    }
    return detail::join_fields(examples, concat_rows);
  }

 private:
  A a_;
  B b_;
};
template <Dataset A, Dataset B>
Concat<A, B> concat(A a, B b) {
  return {std::move(a), std::move(b)};
}

}  // namespace rush::data
