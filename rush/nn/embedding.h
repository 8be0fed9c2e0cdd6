// Embedding: a table of vectors looked up by id.
#pragma once

#include <optional>

#include "rush/nn/visitor.h"

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

}  // namespace rush::nn
