// Negative log-likelihoods of counts, of normal values, and of label sequences without alignment.
#pragma once

#include "rush/kernels/attrs/loss.h"
#include "rush/tensor/tensor.h"

namespace rush {

struct PoissonNLLOptions {
  bool log_input = true;  // x is the logarithm of the rate
  bool full = false;      // with Stirling's term for the target
  double eps = 1e-8;      // keeps log(x) finite where x is the rate itself
  Reduction reduction = Reduction::kMean;
};
Tensor poisson_nll_loss(const Tensor& x, const Tensor& target,
                        const PoissonNLLOptions& options = {});

struct GaussianNLLOptions {
  bool full = false;  // with the constant log(2 pi) / 2
  double eps = 1e-6;  // the least variance
  Reduction reduction = Reduction::kMean;
};
// var: in the shape of x, or with one value for the last axis (which may then be left out).
Tensor gaussian_nll_loss(const Tensor& x, const Tensor& target, const Tensor& var,
                         const GaussianNLLOptions& options = {});

struct CTCOptions {
  int64_t blank = 0;
  Reduction reduction = Reduction::kMean;  // mean: each loss over its target's length first
  bool zero_infinity = false;              // targets that do not fit count 0, not infinity
};
// Connectionist temporal classification. log_probs: [T, N, C] or [T, C]; targets: int64 ids
// [N, S], or all of them one after another in 1-d; lengths: int64 [N] or 0-d. Sums over all ways of
// writing the targets into the input with repeats and blanks.
Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, const CTCOptions& options = {});

}  // namespace rush
