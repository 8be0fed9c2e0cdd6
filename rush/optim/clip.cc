#include "rush/optim/clip.h"

#include <cmath>

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/optim_step.h"
#include "rush/ops/unary.h"

namespace rush::optim {
namespace {

std::vector<Tensor> grads_of(const std::vector<Tensor>& params) {
  std::vector<Tensor> grads;
  for (const Tensor& p : params)
    if (const Tensor g = p.grad(); g.defined()) grads.push_back(g.detach());
  return grads;
}

}  // namespace

Tensor clip_grad_norm_(const std::vector<Tensor>& params, double max_norm,
                       const ClipNormOptions& options) {
  NoGrad guard;
  const std::vector<Tensor> grads = grads_of(params);
  if (grads.empty()) return zeros({});
  const Tensor total = total_norm(grads, options.norm_type);
  if (options.error_if_nonfinite && !std::isfinite(total.item())) {
    fail("clip_grad_norm_: the norm of the gradients is ", total.item(),
         "; look for the first bad op with DetectAnomaly");
  }
  constexpr double kTiny = 1e-6;  // an all-zero gradient stays zero
  const Tensor factor = clamp(max_norm / (total + kTiny), {}, 1.0);
  for (const Tensor& g : grads) g.mul_(factor);
  return total;
}

void clip_grad_value_(const std::vector<Tensor>& params, double clip_value) {
  NoGrad guard;
  for (const Tensor& g : grads_of(params)) g.copy_(clamp(g, -clip_value, clip_value));
}

}  // namespace rush::optim
