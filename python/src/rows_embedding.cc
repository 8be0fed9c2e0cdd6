// Embeddings and one-hot codes, as torch.nn.functional and torch have them.
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/embedding_bag.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/search.h"
#include "rush/ops/unary.h"

namespace rush::python {
namespace {

// Shortens the rows that ids name and whose norm is above max_norm, in place and unrecorded.
void shorten_rows(const Tensor& weight, const Tensor& ids, std::optional<double> max_norm,
                  double norm_type) {
  if (!max_norm || ids.numel() == 0) return;
  const NoGrad no_grad;
  constexpr double kTiny = 1e-7;  // as PyTorch: a row ends a little below max_norm
  const Tensor used = unique(flatten(ids)).values;
  const Tensor rows = index_select(weight.detach(), 0, used);
  const Tensor norms = norm(rows, norm_type, {1}, true);
  const Tensor shorter = rows * (*max_norm / (norms + kTiny));
  index_put_(weight.detach(), {used}, where(gt(norms, *max_norm), shorter, rows));
}

// y, whose gradient is scaled by `factors`.
Tensor with_scaled_gradient(const Tensor& y, const Tensor& factors) {
  const Tensor scaled = y * factors;
  return y.detach() + (scaled - scaled.detach());
}

Tensor looked_up(const Tensor& weight, const Tensor& ids, std::optional<int64_t> padding_idx,
                 bool scale_grad_by_freq) {
  const Tensor y = embedding(weight, ids, padding_idx);
  if (!scale_grad_by_freq || ids.numel() == 0) return y;
  const Tensor flat = flatten(ids);
  const Tensor counts = index_select(bincount(flat), 0, flat);
  const Tensor share = 1.0 / unsqueeze(counts.to(weight.dtype()), 1);
  return with_scaled_gradient(y, reshape(share, [&] {
                                Shape shape = ids.shape();
                                shape.push_back(1);
                                return shape;
                              }()));
}

BagMode mode_named(const std::string& name) {
  if (name == "sum") return BagMode::kSum;
  if (name == "mean") return BagMode::kMean;
  if (name == "max") return BagMode::kMax;
  fail<ShapeError>("embedding_bag: mode has to be one of sum, mean or max; got '", name, "'");
}

void add_to_nn(const Rows& nn) {
  nn.add(
      "embedding(input, weight, padding_idx=None, max_norm=None, norm_type=2.0, "
      "scale_grad_by_freq=False, sparse=False)",
      [](const Tensor& ids, const Tensor& weight, std::optional<int64_t> padding_idx,
         std::optional<double> max_norm, double norm_type, bool scale_grad_by_freq, bool) {
        shorten_rows(weight, ids, max_norm, norm_type);
        return looked_up(weight, ids, padding_idx, scale_grad_by_freq);
      },
      0,
      "Rows of weight [V, D] chosen by the ids in input. The row padding_idx gets no gradient; "
      "max_norm: rows that are longer are shortened first. Gradients are dense.");
  nn.add(
      "embedding_bag(input, weight, offsets=None, max_norm=None, norm_type=2, "
      "scale_grad_by_freq=False, mode='mean', sparse=False, per_sample_weights=None, "
      "include_last_offset=False, padding_idx=None)",
      [](const Tensor& ids, const Tensor& weight, const Maybe& offsets,
         std::optional<double> max_norm, double norm_type, bool scale_grad_by_freq,
         const std::string& mode, bool, const Maybe& per_sample_weights, bool has_last,
         std::optional<int64_t> padding_idx) {
        if (scale_grad_by_freq)
          fail(
              "embedding_bag: scale_grad_by_freq is not supported; scale the gradient of "
              "weight instead");
        shorten_rows(weight, ids, max_norm, norm_type);
        return embedding_bag(weight, ids,
                             {.offsets = offsets,
                              .per_sample_weights = per_sample_weights,
                              .mode = mode_named(mode),
                              .include_last_offset = has_last,
                              .padding_idx = padding_idx});
      },
      0, "Sums, means or maxima of the rows of weight [V, D] that each bag of ids names.");
  nn.add("one_hot(tensor, num_classes=-1)",
         [](const Tensor& ids, int64_t classes) { return one_hot(ids, classes); });
}

}  // namespace

void add_embedding_rows() {
  add_to_nn(Rows("nn"));
  Rows("torch").add(
      "embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False)",
      [](const Tensor& weight, const Tensor& ids, int64_t padding_idx, bool scale_grad_by_freq,
         bool) {
        const auto padding = padding_idx < 0 ? std::nullopt : std::optional(padding_idx);
        return looked_up(weight, ids, padding, scale_grad_by_freq);
      },
      kFunctionOnly);
}

}  // namespace rush::python
