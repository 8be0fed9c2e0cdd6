#include "rush/ops/embedding_bag.h"

#include "rush/nn/embedding.h"
#include "rush/nn/layer.h"

namespace rush::nn {

EmbeddingBag::EmbeddingBag(int64_t num_embeddings, int64_t embedding_dim,
                           const EmbeddingBagOptions& options)
    : options_(options) {
  const Embedding table(num_embeddings, embedding_dim, {.padding_idx = options.padding_idx});
  weight = table.weight;
  if (options_.padding_idx && *options_.padding_idx < 0) *options_.padding_idx += num_embeddings;
}

Tensor EmbeddingBag::operator()(const Tensor& ids, const Tensor& offsets,
                                const Tensor& per_sample_weights) const {
  return in_layer(*this, weight, [&] {
    return embedding_bag(weight, ids,
                         {.offsets = offsets,
                          .per_sample_weights = per_sample_weights,
                          .mode = options_.mode,
                          .include_last_offset = options_.include_last_offset,
                          .padding_idx = options_.padding_idx});
  });
}

void EmbeddingBag::fields(Visitor& v) { v("weight", weight); }

std::string EmbeddingBag::describe() const {
  Describe text("EmbeddingBag");
  text.arg(weight.size(0)).arg(weight.size(1));
  const char* const modes[] = {"BagMode::kSum", "BagMode::kMean", "BagMode::kMax"};
  text.option("mode", std::string(modes[static_cast<int>(options_.mode)]),
              std::string("BagMode::kMean"));
  text.option("include_last_offset", options_.include_last_offset, false);
  if (options_.padding_idx) text.option("padding_idx", *options_.padding_idx, int64_t{-1});
  return text;
}

}  // namespace rush::nn
