// Rows of a table looked up in bags and joined.
#pragma once

#include <optional>

#include "rush/tensor/tensor.h"

namespace rush {

enum class BagMode { kSum, kMean, kMax };
struct EmbeddingBagArguments {
  Tensor offsets{};             // [B]: where each bag begins among ids [K]
  Tensor per_sample_weights{};  // in the shape of ids, for sums
  BagMode mode = BagMode::kMean;
  bool include_last_offset = false;      // offsets end with the number of ids
  std::optional<int64_t> padding_idx{};  // left out of every bag; gets no gradient
};
// weight: [V, D]; ids: [B, N], or [K] with offsets -> [B, D]. Empty bags give zeros.
Tensor embedding_bag(const Tensor& weight, const Tensor& ids,
                     const EmbeddingBagArguments& arguments);

}  // namespace rush
