// Initialisers that PyTorch lacks or few use: LeCun's, sparse ones, those of other libraries.
#include <algorithm>
#include <cmath>
#include <vector>

#include "rush/core/apply.h"
#include "rush/nn/init.h"
#include "rush/ops/random.h"

namespace rush::nn::init {

const Tensor& lecun_uniform_(const Tensor& t) {
  const double bound = std::sqrt(3.0 / static_cast<double>(calculate_fans(t).in));
  return init::uniform_(t, -bound, bound);
}

const Tensor& lecun_normal_(const Tensor& t) {
  return init::normal_(t, 0, std::sqrt(1.0 / static_cast<double>(calculate_fans(t).in)));
}

const Tensor& sparse_(const Tensor& t, double sparsity, double std) {
  if (t.rank() != 2) fail<ShapeError>("sparse_: a matrix is needed; what came: ", t.shape());
  if (!(sparsity >= 0 && sparsity <= 1))
    fail("sparse_: sparsity is in [0, 1]; what came: ", sparsity);
  const int64_t rows = t.size(0), columns = t.size(1);
  const int64_t zeros = static_cast<int64_t>(std::ceil(sparsity * static_cast<double>(rows)));
  std::vector<double> values = init::normal_(t, 0, std).to_vector<double>();
  for (int64_t j = 0; j < columns; ++j) {
    const auto order = randperm(rows).to_vector<int64_t>();
    for (int64_t i = 0; i < zeros; ++i)
      values[static_cast<size_t>(order[static_cast<size_t>(i)] * columns + j)] = 0;
  }
  NoGrad guard;
  return t.copy_(Tensor::from(values, t.shape()));
}

const Tensor& truncated_normal_(const Tensor& t, double mean, double std) {
  return trunc_normal_(t, mean, std, mean - 2 * std, mean + 2 * std);
}

const Tensor& picograd_uniform_(const Tensor& t) {
  if (t.numel() == 0) return t;
  const double bound = 1 / std::sqrt(static_cast<double>(t.numel()));
  return init::uniform_(t, -bound, bound);
}

const Tensor& tinynet_uniform_(const Tensor& t, int64_t n) {
  if (n < 1) fail("tinynet_uniform_: n is at least 1; what came: ", n);
  const double bound = 0.5 / static_cast<double>(n);
  return init::uniform_(t, -bound, bound);
}

}  // namespace rush::nn::init
