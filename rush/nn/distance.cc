#include "rush/nn/distance.h"

#include "rush/nn/layer.h"
#include "rush/ops/margin_loss.h"

namespace rush::nn {

Tensor CosineSimilarity::operator()(const Tensor& x1, const Tensor& x2) const {
  return in_layer(*this, {}, [&] { return cosine_similarity(x1, x2, axis, eps); });
}
std::string CosineSimilarity::describe() const {
  return Describe("CosineSimilarity").option("axis", axis, int64_t{1}).option("eps", eps, 1e-8);
}

Tensor PairwiseDistance::operator()(const Tensor& x1, const Tensor& x2) const {
  return in_layer(*this, {}, [&] { return pairwise_distance(x1, x2, p, eps, keepdim); });
}
std::string PairwiseDistance::describe() const {
  return Describe("PairwiseDistance")
      .option("p", p, 2.0)
      .option("eps", eps, 1e-6)
      .option("keepdim", keepdim, false);
}

}  // namespace rush::nn
