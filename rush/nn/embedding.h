// Embedding: a table of vectors looked up by id.
#pragma once

#include <optional>

#include "rush/nn/visitor.h"
#include "rush/ops/embedding_bag.h"

namespace rush::nn {

struct EmbeddingOptions {
  std::optional<int64_t> padding_idx{};  // its row starts at zero and gets no gradient
};

// ids: [...] integers -> [..., dim]; weight: [count, dim].
class Embedding {
 public:
  Embedding(int64_t num_embeddings, int64_t embedding_dim, const EmbeddingOptions& options = {});
  Tensor operator()(const Tensor& ids) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight;

 private:
  std::optional<int64_t> padding_idx_;
};

using rush::BagMode;
struct EmbeddingBagOptions {
  BagMode mode = BagMode::kMean;
  bool include_last_offset = false;      // offsets end with the number of ids
  std::optional<int64_t> padding_idx{};  // left out of every bag; gets no gradient
};

// Looks up bags of ids and joins each. ids: [B, N], or [K] with offsets: [B], where each bag
// begins. per_sample_weights: in the shape of ids, for sums. -> [B, dim]; empty bags give zeros.
class EmbeddingBag {
 public:
  EmbeddingBag(int64_t num_embeddings, int64_t embedding_dim,
               const EmbeddingBagOptions& options = {});
  Tensor operator()(const Tensor& ids, const Tensor& offsets = {},
                    const Tensor& per_sample_weights = {}) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight;

 private:
  EmbeddingBagOptions options_;
};

}  // namespace rush::nn
