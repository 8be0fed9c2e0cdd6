// Losses, as functions under nn:: too (nn::cross_entropy(net(x), y)), and as small structs that
// carry their options: nn::CrossEntropyLoss loss{.label_smoothing = 0.1}.
#pragma once

#include "rush/ops/loss.h"

namespace rush::nn {

using rush::binary_cross_entropy;
using rush::binary_cross_entropy_with_logits;
using rush::cross_entropy;
using rush::huber_loss;
using rush::kl_div;
using rush::l1_loss;
using rush::mse_loss;
using rush::nll_loss;
using rush::smooth_l1_loss;

struct CrossEntropyLoss {
  Tensor weight{};  // [C]
  int64_t ignore_index = -100;
  double label_smoothing = 0;
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct NLLLoss {
  Tensor weight{};  // [C]
  int64_t ignore_index = -100;
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct MSELoss {
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct L1Loss {
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct SmoothL1Loss {
  double beta = 1;
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct HuberLoss {
  double delta = 1;
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct BCELoss {
  Tensor weight{};
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct BCEWithLogitsLoss {
  Tensor weight{};
  Tensor pos_weight{};
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct KLDivLoss {
  bool log_target = false;
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

}  // namespace rush::nn
