#include "rush/nn/loss.h"

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
  return kl_div(x, target, reduction, log_target);
}

}  // namespace rush::nn
