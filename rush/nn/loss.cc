#include "rush/nn/loss.h"

#include "rush/ops/binary.h"

namespace rush::nn {

Tensor CrossEntropyLoss::operator()(const Tensor& x, const Tensor& target) const {
  return cross_entropy(x, target,
                       {.weight = weight,
                        .ignore_index = ignore_index,
                        .label_smoothing = label_smoothing,
                        .reduction = reduction});
}

Tensor NLLLoss::operator()(const Tensor& x, const Tensor& target) const {
  return nll_loss(x, target, weight, ignore_index, reduction);
}

Tensor MSELoss::operator()(const Tensor& x, const Tensor& target) const {
  return mse_loss(x, target, reduction);
}

Tensor L1Loss::operator()(const Tensor& x, const Tensor& target) const {
  return l1_loss(x, target, reduction);
}

Tensor SmoothL1Loss::operator()(const Tensor& x, const Tensor& target) const {
  return smooth_l1_loss(x, target, reduction, beta);
}

Tensor HuberLoss::operator()(const Tensor& x, const Tensor& target) const {
  return huber_loss(x, target, reduction, delta);
}

Tensor BCELoss::operator()(const Tensor& x, const Tensor& target) const {
  return binary_cross_entropy(x, target, weight, reduction);
}

Tensor BCEWithLogitsLoss::operator()(const Tensor& x, const Tensor& target) const {
  return binary_cross_entropy_with_logits(x, target, weight, reduction, pos_weight);
}

Tensor KLDivLoss::operator()(const Tensor& x, const Tensor& target) const {
  if (!batch_mean) return kl_div(x, target, reduction, log_target);
  if (x.rank() == 0)
    fail<ShapeError>("KLDivLoss: batch_mean needs a batch; what came: ", x.shape());
  return kl_div(x, target, Reduction::kSum, log_target) / static_cast<double>(x.size(0));
}

Tensor PoissonNLLLoss::operator()(const Tensor& x, const Tensor& target) const {
  return poisson_nll_loss(x, target, options);
}

Tensor GaussianNLLLoss::operator()(const Tensor& x, const Tensor& target, const Tensor& var) const {
  return gaussian_nll_loss(x, target, var, options);
}

Tensor CTCLoss::operator()(const Tensor& log_probs, const Tensor& targets,
                           const Tensor& input_lengths, const Tensor& target_lengths) const {
  return ctc_loss(log_probs, targets, input_lengths, target_lengths, options);
}

Tensor MarginRankingLoss::operator()(const Tensor& x1, const Tensor& x2,
                                     const Tensor& target) const {
  return margin_ranking_loss(x1, x2, target, margin, reduction);
}

Tensor HingeEmbeddingLoss::operator()(const Tensor& x, const Tensor& target) const {
  return hinge_embedding_loss(x, target, margin, reduction);
}

Tensor SoftMarginLoss::operator()(const Tensor& x, const Tensor& target) const {
  return soft_margin_loss(x, target, reduction);
}

Tensor CosineEmbeddingLoss::operator()(const Tensor& x1, const Tensor& x2,
                                       const Tensor& target) const {
  return cosine_embedding_loss(x1, x2, target, margin, reduction);
}

Tensor MultiMarginLoss::operator()(const Tensor& x, const Tensor& target) const {
  return multi_margin_loss(x, target, p, margin, weight, reduction);
}

Tensor MultiLabelMarginLoss::operator()(const Tensor& x, const Tensor& target) const {
  return multilabel_margin_loss(x, target, reduction);
}

Tensor MultiLabelSoftMarginLoss::operator()(const Tensor& x, const Tensor& target) const {
  return multilabel_soft_margin_loss(x, target, weight, reduction);
}

Tensor TripletMarginLoss::operator()(const Tensor& anchor, const Tensor& positive,
                                     const Tensor& negative) const {
  return triplet_margin_loss(anchor, positive, negative, options);
}

Tensor TripletMarginWithDistanceLoss::operator()(const Tensor& anchor, const Tensor& positive,
                                                 const Tensor& negative) const {
  return triplet_margin_with_distance_loss(anchor, positive, negative, distance, margin, swap,
                                           reduction);
}

}  // namespace rush::nn
