// Losses. x and target have one shape unless said otherwise; a reduced loss is 0-d.
#pragma once

#include "rush/kernels/attrs/loss.h"
#include "rush/tensor/tensor.h"

namespace rush {

struct CrossEntropyOptions {
  Tensor weight{};  // [C]
  int64_t ignore_index = -100;
  double label_smoothing = 0;
  Reduction reduction = Reduction::kMean;
};
// x: scores [N, C, ...] or [C]; target: int64 class ids [N, ...] or 0-d, or probabilities like x.
Tensor cross_entropy(const Tensor& x, const Tensor& target,
                     const CrossEntropyOptions& options = {});
// As above for logarithms of probabilities and class ids.
Tensor nll_loss(const Tensor& x, const Tensor& target, const Tensor& weight = {},
                int64_t ignore_index = -100, Reduction reduction = Reduction::kMean);

Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::kMean);
Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::kMean);
Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::kMean,
                      double beta = 1);
Tensor huber_loss(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::kMean,
                  double delta = 1);
Tensor binary_cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight = {},
                            Reduction reduction = Reduction::kMean);
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target,
                                        const Tensor& weight = {},
                                        Reduction reduction = Reduction::kMean,
                                        const Tensor& pos_weight = {});
// x: logarithms of probabilities.
Tensor kl_div(const Tensor& x, const Tensor& target, Reduction reduction = Reduction::kMean,
              bool log_target = false);

}  // namespace rush
