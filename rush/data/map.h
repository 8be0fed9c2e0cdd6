// Datasets changed on the way: map(dataset, f) with f(batch) -> batch, and
// transformed(dataset, f) with f(tensor, random) -> tensor for the first field, the input.
#pragma once

#include <utility>

#include "rush/data/dataset.h"

namespace rush::data {

template <Dataset D, typename F>
class Mapped {
 public:
  Mapped(D dataset, F f) : dataset_(std::move(dataset)), f_(std::move(f)) {}
  int64_t size() const { return dataset_.size(); }
  auto batch(Rows rows, Random& random) const { return f_(fetch(dataset_, rows, random)); }

 private:
  D dataset_;
  F f_;
};
template <Dataset D, typename F>
Mapped<D, F> map(D dataset, F f) {
  return {std::move(dataset), std::move(f)};
}

template <Dataset D, typename F>
class Transformed {
 public:
  Transformed(D dataset, F f) : dataset_(std::move(dataset)), f_(std::move(f)) {}
  int64_t size() const { return dataset_.size(); }
  auto batch(Rows rows, Random& random) const {
    auto batch = fetch(dataset_, rows, random);
    batch[0] = f_(batch[0], random);
    return batch;
  }

 private:
  D dataset_;
  F f_;
};
template <Dataset D, typename F>
Transformed<D, F> transformed(D dataset, F f) {
  return {std::move(dataset), std::move(f)};
}

}  // namespace rush::data
