// A dataset of tensors whose first axes count the examples: TensorDataset(x, y). Batches are
// gathered row by row, without a tensor for each example.
#pragma once

#include <array>

#include "rush/data/dataset.h"

namespace rush::data {

namespace detail {
// The tensors made contiguous; ShapeError where they have no or different numbers of rows.
std::vector<Tensor> check_fields(std::vector<Tensor> fields);
}  // namespace detail

template <size_t N>
class TensorDataset {
 public:
  template <std::same_as<Tensor>... Ts>
  explicit TensorDataset(const Ts&... fields) {
    const auto checked = detail::check_fields({fields...});
    for (size_t i = 0; i < N; ++i) fields_[i] = checked[i];
  }

  int64_t size() const { return fields_[0].size(0); }
  const Tensor& field(size_t i) const { return fields_.at(i); }
  std::array<Tensor, N> batch(Rows rows, Random&) const {
    std::array<Tensor, N> out;
    for (size_t i = 0; i < N; ++i) out[i] = gather_rows(fields_[i], rows);
    return out;
  }

 private:
  std::array<Tensor, N> fields_;
};
template <std::same_as<Tensor>... Ts>
TensorDataset(const Ts&...) -> TensorDataset<sizeof...(Ts)>;

}  // namespace rush::data
