#include <utility>

#include "rush/nn/embedding.h"
#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush::nn {
namespace {

// One row an id: which bag it is in. ids: [B, N], or [K] with offsets.
std::pair<Tensor, int64_t> bags_of(const Tensor& ids, const Tensor& offsets, bool has_last) {
  if (ids.rank() == 2) {
    if (offsets.defined())
      fail<ShapeError>("embedding_bag: offsets go with ids in one row; what came: ids of ",
                       ids.shape());
    const Tensor bag = arange(Tensor(ids.size(0)), DType::kInt64);
    return {flatten(expand(unsqueeze(bag, 1), ids.shape())), ids.size(0)};
  }
  if (ids.rank() != 1 || !offsets.defined() || offsets.rank() != 1)
    fail<ShapeError>(
        "embedding_bag: ids [B, N], or ids [K] with offsets [B] are needed; what came: ",
        ids.shape(), offsets.defined() ? " and " + to_text(offsets.shape()) : "");
  if (offsets.dtype() != DType::kInt64)
    fail<TypeError>("embedding_bag: offsets are int64; what came: ", offsets.dtype());
  const int64_t count = offsets.numel() - (has_last ? 1 : 0);
  if (count < 0) fail<ShapeError>("embedding_bag: include_last_offset needs an offset");
  if (offsets.has_data() && offsets.numel() > 0) {
    const auto starts = offsets.to_vector<int64_t>();
    for (size_t i = 0; i < starts.size(); ++i)
      if (starts[i] > ids.numel() || starts[i] < (i ? starts[i - 1] : 0) ||
          (i == 0 && starts[i] != 0))
        fail<IndexError>("embedding_bag: offsets grow from 0 to at most ", ids.numel(),
                         "; what came: ", starts[i], " as number ", i);
  }
  const Tensor place = arange(Tensor(ids.numel()), DType::kInt64);
  return {searchsorted(narrow(offsets, 0, 0, count), place, true) - 1, count};
}

}  // namespace

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
    if (per_sample_weights.defined() && options_.mode != BagMode::kSum)
      fail("embedding_bag: per_sample_weights go with sums");
    if (per_sample_weights.defined() && !(per_sample_weights.shape() == ids.shape()))
      fail<ShapeError>("embedding_bag: per_sample_weights have the shape of ids, ", ids.shape(),
                       "; what came: ", per_sample_weights.shape());
    const auto [bag, count] = bags_of(ids, offsets, options_.include_last_offset);
    const Tensor flat = flatten(ids);
    const int64_t dim = weight.size(1);
    Tensor rows = embedding(weight, flat, options_.padding_idx);  // [K, dim]
    Tensor used = ones({flat.numel(), 1}, weight.dtype());
    if (options_.padding_idx) {
      used = cast(unsqueeze(ne(flat, *options_.padding_idx), 1), weight.dtype());
      if (options_.mode != BagMode::kMax) rows = rows * used;
    }
    if (per_sample_weights.defined()) rows = rows * unsqueeze(flatten(per_sample_weights), 1);
    const Tensor start = zeros({count, dim}, weight.dtype());
    const Tensor counts = index_add(zeros({count, 1}, weight.dtype()), 0, bag, used);
    if (options_.mode == BagMode::kMax) {
      constexpr double kLowest = -1e38;
      const Tensor seen = where(ne(used, 0), rows, kLowest);
      const Tensor where_to = expand(unsqueeze(bag, 1), {flat.numel(), dim});
      const Tensor most = scatter_reduce(start, 0, where_to, seen, "amax", false);
      return where(gt(counts, 0), most, 0.0);
    }
    const Tensor total = index_add(start, 0, bag, rows);
    return options_.mode == BagMode::kSum ? total : total / clamp(counts, 1);
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
