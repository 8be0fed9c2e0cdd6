#include "rush/ops/embedding_bag.h"

#include <utility>

#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush {
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

void check_weights(const Tensor& ids, const EmbeddingBagArguments& a) {
  if (!a.per_sample_weights.defined()) return;
  if (a.mode != BagMode::kSum) fail("embedding_bag: per_sample_weights go with sums");
  if (!(a.per_sample_weights.shape() == ids.shape()))
    fail<ShapeError>("embedding_bag: per_sample_weights have the shape of ids, ", ids.shape(),
                     "; what came: ", a.per_sample_weights.shape());
}

}  // namespace

Tensor embedding_bag(const Tensor& weight, const Tensor& ids, const EmbeddingBagArguments& a) {
  check_weights(ids, a);
  const auto [bag, count] = bags_of(ids, a.offsets, a.include_last_offset);
  const Tensor flat = flatten(ids);
  const int64_t dim = weight.size(1);
  Tensor rows = embedding(weight, flat, a.padding_idx);  // [K, dim]
  Tensor used = ones({flat.numel(), 1}, weight.dtype());
  if (a.padding_idx) {
    const int64_t padding = *a.padding_idx < 0 ? *a.padding_idx + weight.size(0) : *a.padding_idx;
    used = cast(unsqueeze(ne(flat, padding), 1), weight.dtype());
    if (a.mode != BagMode::kMax) rows = rows * used;
  }
  if (a.per_sample_weights.defined()) rows = rows * unsqueeze(flatten(a.per_sample_weights), 1);
  const Tensor start = zeros({count, dim}, weight.dtype());
  const Tensor counts = index_add(zeros({count, 1}, weight.dtype()), 0, bag, used);
  if (a.mode == BagMode::kMax) {
    constexpr double kLowest = -1e38;
    const Tensor seen = where(ne(used, 0), rows, kLowest);
    const Tensor where_to = expand(unsqueeze(bag, 1), {flat.numel(), dim});
    const Tensor most = scatter_reduce(start, 0, where_to, seen, "amax", false);
    return where(gt(counts, 0), most, 0.0);
  }
  const Tensor total = index_add(start, 0, bag, rows);
  return a.mode == BagMode::kSum ? total : total / clamp(counts, 1);
}

}  // namespace rush
