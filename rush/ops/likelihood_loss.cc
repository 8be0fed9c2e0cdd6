#include "rush/ops/likelihood_loss.h"

#include <cmath>
#include <numbers>

#include "rush/ops/binary.h"
#include "rush/ops/loss_parts.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/tensor/observer.h"

namespace rush {
namespace {

void check_like(const char* op, const char* what, const Tensor& x, const Tensor& other) {
  if (!is_floating(x.dtype())) fail<TypeError>(op, ": wants a floating dtype; got ", x.dtype());
  if (!(x.shape() == other.shape()))
    fail<ShapeError>(op, ": ", what, " must have the shape of x, ", x.shape(), "; got ",
                     other.shape());
}

}  // namespace

Tensor poisson_nll_loss(const Tensor& x, const Tensor& target, const PoissonNLLOptions& o) {
  check_like("poisson_nll_loss", "target", x, target);
  Tensor losses = o.log_input ? exp(x) - target * x : x - target * log(x + o.eps);
  if (o.full) {
    const Tensor safe = where(gt(target, 1), target, 1.0);
    const Tensor stirling = safe * log(safe) - safe + log(safe * (2 * std::numbers::pi)) * 0.5;
    losses = losses + where(gt(target, 1), stirling, 0.0);
  }
  return reduced(losses, o.reduction);
}

Tensor gaussian_nll_loss(const Tensor& x, const Tensor& target, const Tensor& var,
                         const GaussianNLLOptions& o) {
  check_like("gaussian_nll_loss", "target", x, target);
  if (!(o.eps > 0)) fail("gaussian_nll_loss: eps must be positive; got ", o.eps);
  Tensor v = var;
  if (!(var.shape() == x.shape())) {
    if (var.rank() + 1 == x.rank()) v = unsqueeze(var, -1);
    bool fits = v.rank() == x.rank() && v.rank() > 0 && v.size(-1) == 1;
    for (int i = 0; fits && i + 1 < x.rank(); ++i) fits = v.size(i) == x.size(i);
    if (!fits)
      fail<ShapeError>("gaussian_nll_loss: var must have the shape of x, ", x.shape(),
                       ", with a last axis of 1 or without it; got ", var.shape());
  }
  if (v.has_data() && v.numel() > 0) {
    const Unobserved hidden;
    if (const double least = amin(v.detach()).item(); least < 0)
      fail("gaussian_nll_loss: variances must not be negative; got ", least);
  }
  v = v + (clamp(v, o.eps) - v).detach();  // the gradient is not cut off below eps
  Tensor losses = (log(v) + square(x - target) / v) * 0.5;
  if (o.full) losses = losses + 0.5 * std::log(2 * std::numbers::pi);
  return reduced(losses, o.reduction);
}

}  // namespace rush
