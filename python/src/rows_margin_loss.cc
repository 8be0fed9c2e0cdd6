// Losses with a margin, and distances, as torch.nn.functional and torch have them.
#include "function.h"
#include "nn_arguments.h"
#include "rows.h"
#include "rush/ops/margin_loss.h"
#include "rush/ops/statistics.h"

namespace rush::python {
namespace {

using Flag = std::optional<bool>;

void add_pairs(const Rows& nn) {
  nn.add(
      "margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None, "
      "reduction='mean')",
      [](const Tensor& x1, const Tensor& x2, const Tensor& target, double margin, Flag average,
         Flag reduce, Reduction reduction) {
        if (x1.rank() != x2.rank() || x1.rank() != target.rank())
          fail<ShapeError>("margin_ranking_loss: inputs and target must have as many axes; got ",
                           x1.shape(), ", ", x2.shape(), " and ", target.shape());
        return margin_ranking_loss(x1, x2, target, margin,
                                   reduction_of(average, reduce, reduction));
      },
      kFullPrecision, "max(0, -target (input1 - input2) + margin), targets 1 and -1.");
  nn.add(
      "hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, "
      "reduction='mean')",
      [](const Tensor& x, const Tensor& target, double margin, Flag average, Flag reduce,
         Reduction reduction) {
        return hinge_embedding_loss(x, target, margin, reduction_of(average, reduce, reduction));
      },
      kFullPrecision, "input where target is 1, max(0, margin - input) where it is -1.");
  nn.add(
      "soft_margin_loss(input, target, size_average=None, reduce=None, reduction='mean')",
      [](const Tensor& x, const Tensor& target, Flag average, Flag reduce, Reduction reduction) {
        return soft_margin_loss(x, target, reduction_of(average, reduce, reduction));
      },
      kFullPrecision, "log(1 + exp(-target input)), targets 1 and -1.");
  nn.add(
      "cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None, "
      "reduction='mean')",
      [](const Tensor& x1, const Tensor& x2, const Tensor& target, double margin, Flag average,
         Flag reduce, Reduction reduction) {
        return cosine_embedding_loss(x1, x2, target, margin,
                                     reduction_of(average, reduce, reduction));
      },
      kFullPrecision,
      "1 - the cosine between the inputs where target is 1, max(0, cosine - margin) where it "
      "is -1.");
}

void add_classes(const Rows& nn) {
  nn.add(
      "multi_margin_loss(input, target, p=1, margin=1.0, weight=None, size_average=None, "
      "reduce=None, reduction='mean')",
      [](const Tensor& x, const Tensor& target, int64_t p, double margin, const Maybe& weight,
         Flag average, Flag reduce, Reduction reduction) {
        return multi_margin_loss(x, target, p, margin, weight,
                                 reduction_of(average, reduce, reduction));
      },
      kFullPrecision,
      "The mean over classes of max(0, margin - input[target] + input)^p. input: [N, C].");
  nn.add(
      "multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction='mean')",
      [](const Tensor& x, const Tensor& target, Flag average, Flag reduce, Reduction reduction) {
        return multilabel_margin_loss(x, target, reduction_of(average, reduce, reduction));
      },
      kFullPrecision, "A margin between every target class and every other, targets up to a -1.");
  nn.add(
      "multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None, "
      "reduction='mean')",
      [](const Tensor& x, const Tensor& target, const Maybe& weight, Flag average, Flag reduce,
         Reduction reduction) {
        return multilabel_soft_margin_loss(x, target, weight,
                                           reduction_of(average, reduce, reduction));
      },
      0, "The mean over classes of the binary cross entropy of sigmoid(input).");
}

void add_triplets(const Rows& nn) {
  nn.add(
      "triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-06, swap=False, "
      "size_average=None, reduce=None, reduction='mean')",
      [](const Tensor& anchor, const Tensor& positive, const Tensor& negative, double margin,
         double p, double eps, bool swap, Flag average, Flag reduce, Reduction reduction) {
        if (!(margin > 0))
          fail<ShapeError>("triplet_margin_loss: margin must be greater than 0; got ", margin);
        return triplet_margin_loss(anchor, positive, negative,
                                   {.margin = margin,
                                    .p = p,
                                    .eps = eps,
                                    .swap = swap,
                                    .reduction = reduction_of(average, reduce, reduction)});
      },
      kFullPrecision, "max(0, |anchor - positive| - |anchor - negative| + margin).");
}

// The names of torch, whose reductions are numbers.
void add_to_torch(const Rows& torch) {
  constexpr unsigned kFlags = kFunctionOnly | kFullPrecision;
  torch.add(
      "margin_ranking_loss(input1, input2, target, margin=0.0, reduction=0)",
      [](const Tensor& x1, const Tensor& x2, const Tensor& target, double margin,
         int64_t reduction) {
        return margin_ranking_loss(x1, x2, target, margin, reduction_of(reduction));
      },
      kFlags);
  torch.add(
      "hinge_embedding_loss(input, target, margin=1.0, reduction=0)",
      [](const Tensor& x, const Tensor& target, double margin, int64_t reduction) {
        return hinge_embedding_loss(x, target, margin, reduction_of(reduction));
      },
      kFlags);
  torch.add(
      "cosine_embedding_loss(input1, input2, target, margin=0.0, reduction=0)",
      [](const Tensor& x1, const Tensor& x2, const Tensor& target, double margin,
         int64_t reduction) {
        return cosine_embedding_loss(x1, x2, target, margin, reduction_of(reduction));
      },
      kFlags);
  torch.add(
      "triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-06, "
      "swap=False, reduction=0)",
      [](const Tensor& anchor, const Tensor& positive, const Tensor& negative, double margin,
         double p, double eps, bool swap, int64_t reduction) {
        return triplet_margin_loss(anchor, positive, negative,
                                   {.margin = margin,
                                    .p = p,
                                    .eps = eps,
                                    .swap = swap,
                                    .reduction = reduction_of(reduction)});
      },
      kFlags);
}

void add_measures(const Rows& rows) {
  rows.add(
      "cosine_similarity(x1, x2, dim=1, eps=1e-8)",
      [](const Tensor& x1, const Tensor& x2, int64_t axis, double eps) {
        return cosine_similarity(x1, x2, axis, eps);
      },
      kFunctionOnly, "The cosine of the angle between x1 and x2 along dim.");
  rows.add(
      "pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False)",
      [](const Tensor& x1, const Tensor& x2, double p, double eps, bool keepdim) {
        return pairwise_distance(x1, x2, p, eps, keepdim);
      },
      kFunctionOnly, "The p-norm of x1 - x2 + eps over the last axis.");
}

}  // namespace

void add_margin_loss_rows() {
  const Rows nn("nn"), torch("torch");
  add_pairs(nn);
  add_classes(nn);
  add_triplets(nn);
  add_to_torch(torch);
  add_measures(nn);
  add_measures(torch);
  nn.add(
      "pdist(input, p=2)", [](const Tensor& x, double p) { return pdist(x, p); }, 0,
      "The distances of all pairs of rows of [N, M], i < j.");
}

}  // namespace rush::python
