// Drawing the next token from a model's scores.
#pragma once

#include <optional>

#include "rush/tensor/tensor.h"

namespace rush::nn {

struct SampleOptions {
  double temperature = 1;          // 0: the likeliest
  std::optional<int64_t> top_k{};  // only among the k likeliest
  std::optional<double> top_p{};   // only among the likeliest that together reach probability p
};

// scores: [..., V], logarithms of probabilities up to a constant -> ids: int64 [...].
Tensor sample_tokens(const Tensor& scores, const SampleOptions& options = {});

}  // namespace rush::nn
