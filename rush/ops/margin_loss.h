// Losses that ask for a margin between scores, distances or angles, and the distances themselves.
// Where rows have a class, their id is an int64. A reduced loss is 0-d.
#pragma once

#include <functional>

#include "rush/kernels/attrs/loss.h"
#include "rush/tensor/tensor.h"

namespace rush {

// The cosine of the angle between x1 and x2 along an axis; they broadcast.
Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t axis = 1, double eps = 1e-8);
// The p-norm of x1 - x2 + eps over the last axis.
Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p = 2, double eps = 1e-6,
                         bool keepdim = false);

// Targets are 1 and -1.
Tensor margin_ranking_loss(const Tensor& x1, const Tensor& x2, const Tensor& target,
                           double margin = 0, Reduction reduction = Reduction::kMean);
Tensor hinge_embedding_loss(const Tensor& x, const Tensor& target, double margin = 1,
                            Reduction reduction = Reduction::kMean);
Tensor soft_margin_loss(const Tensor& x, const Tensor& target,
                        Reduction reduction = Reduction::kMean);
// x1, x2: [N, D] and target: [N], or [D] and 0-d.
Tensor cosine_embedding_loss(const Tensor& x1, const Tensor& x2, const Tensor& target,
                             double margin = 0, Reduction reduction = Reduction::kMean);

// x: [N, C] or [C]; target: class ids [N] or 0-d; p: 1 or 2; weight: [C].
Tensor multi_margin_loss(const Tensor& x, const Tensor& target, int64_t p = 1, double margin = 1,
                         const Tensor& weight = {}, Reduction reduction = Reduction::kMean);
// x: [N, C] or [C]; target: class ids in the shape of x, as many as there are before the first -1.
Tensor multilabel_margin_loss(const Tensor& x, const Tensor& target,
                              Reduction reduction = Reduction::kMean);
// x: [..., C]; target: 0 or 1 for every class; weight: [C].
Tensor multilabel_soft_margin_loss(const Tensor& x, const Tensor& target, const Tensor& weight = {},
                                   Reduction reduction = Reduction::kMean);

struct TripletMarginOptions {
  double margin = 1, p = 2, eps = 1e-6;
  bool swap = false;  // take the distance from positive to negative where it is less
  Reduction reduction = Reduction::kMean;
};
// Distances over the last axis: max(|anchor - positive| - |anchor - negative| + margin, 0).
Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           const TripletMarginOptions& options = {});
// With a distance of one's own; none: pairwise_distance.
using Distance = std::function<Tensor(const Tensor&, const Tensor&)>;
Tensor triplet_margin_with_distance_loss(const Tensor& anchor, const Tensor& positive,
                                         const Tensor& negative, const Distance& distance = {},
                                         double margin = 1, bool swap = false,
                                         Reduction reduction = Reduction::kMean);

}  // namespace rush
