#include "rush/nn/embedding.h"

#include "rush/core/apply.h"
#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"

namespace rush::nn {

Embedding::Embedding(int64_t num_embeddings, int64_t embedding_dim, const EmbeddingOptions& options)
    : weight(make_parameter({num_embeddings, embedding_dim})), padding_idx_(options.padding_idx) {
  init::normal_(weight);
  if (padding_idx_) {
    if (*padding_idx_ < -num_embeddings || *padding_idx_ >= num_embeddings) {
      fail<IndexError>("Embedding: padding_idx lies within the table; what came: ", *padding_idx_,
                       " of ", num_embeddings);
    }
    if (*padding_idx_ < 0) *padding_idx_ += num_embeddings;
    NoGrad guard;
    select(weight, 0, *padding_idx_).zero_();
  }
  train_from_here(weight);
}

Tensor Embedding::operator()(const Tensor& ids) const {
  return in_layer(*this, weight, [&] { return embedding(weight, ids, padding_idx_); });
}

void Embedding::fields(Visitor& v) { v("weight", weight); }

std::string Embedding::describe() const {
  Describe text("Embedding");
  text.arg(weight.size(0)).arg(weight.size(1));
  if (padding_idx_) text.option("padding_idx", *padding_idx_, int64_t{-1});
  return text;
}

}  // namespace rush::nn
