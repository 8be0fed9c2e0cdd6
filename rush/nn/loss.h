// Losses, as functions under nn:: too (nn::cross_entropy(net(x), y)), and as small structs that
// carry their options: nn::CrossEntropyLoss loss{.label_smoothing = 0.1}.
#pragma once

#include "rush/ops/likelihood_loss.h"
#include "rush/ops/loss.h"
#include "rush/ops/margin_loss.h"

namespace rush::nn {

using rush::binary_cross_entropy;
using rush::binary_cross_entropy_with_logits;
using rush::cosine_embedding_loss;
using rush::cosine_similarity;
using rush::cross_entropy;
using rush::ctc_loss;
using rush::gaussian_nll_loss;
using rush::hinge_embedding_loss;
using rush::huber_loss;
using rush::kl_div;
using rush::l1_loss;
using rush::margin_ranking_loss;
using rush::mse_loss;
using rush::multi_margin_loss;
using rush::multilabel_margin_loss;
using rush::multilabel_soft_margin_loss;
using rush::nll_loss;
using rush::pairwise_distance;
using rush::poisson_nll_loss;
using rush::smooth_l1_loss;
using rush::soft_margin_loss;
using rush::triplet_margin_loss;
using rush::triplet_margin_with_distance_loss;

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
  bool batch_mean = false;  // instead: the sum over the size of the batch, which is the divergence
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct PoissonNLLLoss {
  PoissonNLLOptions options{};
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct GaussianNLLLoss {
  GaussianNLLOptions options{};
  Tensor operator()(const Tensor& x, const Tensor& target, const Tensor& var) const;
};

struct CTCLoss {
  CTCOptions options{};
  Tensor operator()(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                    const Tensor& target_lengths) const;
};

struct MarginRankingLoss {
  double margin = 0;
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x1, const Tensor& x2, const Tensor& target) const;
};

struct HingeEmbeddingLoss {
  double margin = 1;
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct SoftMarginLoss {
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct CosineEmbeddingLoss {
  double margin = 0;
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x1, const Tensor& x2, const Tensor& target) const;
};

struct MultiMarginLoss {
  int64_t p = 1;
  double margin = 1;
  Tensor weight{};
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct MultiLabelMarginLoss {
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct MultiLabelSoftMarginLoss {
  Tensor weight{};
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& x, const Tensor& target) const;
};

struct TripletMarginLoss {
  TripletMarginOptions options{};
  Tensor operator()(const Tensor& anchor, const Tensor& positive, const Tensor& negative) const;
};

struct TripletMarginWithDistanceLoss {
  Distance distance{};
  double margin = 1;
  bool swap = false;
  Reduction reduction = Reduction::kMean;
  Tensor operator()(const Tensor& anchor, const Tensor& positive, const Tensor& negative) const;
};

}  // namespace rush::nn
