// Losses of single elements: squared, absolute, binary.
#include "rush/ops/loss.h"

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/checks.h"
#include "rush/ops/loss_parts.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/tensor/observer.h"

namespace rush {

Tensor reduced(const Tensor& losses, Reduction reduction) {
  switch (reduction) {
    case Reduction::kMean:
      return mean(losses);
    case Reduction::kSum:
      return sum(losses);
    case Reduction::kNone:
      break;
  }
  return losses;
}

namespace {

// Silent broadcasting of [N, 1] against [N] is the commonest bug in training code: refused.
void check_pair(const char* op, const Tensor& x, const Tensor& target) {
  if (!is_floating(x.dtype())) fail<TypeError>(op, ": wants a floating dtype; got ", x.dtype());
  if (!(x.shape() == target.shape()))
    fail<ShapeError>(op, ": x and target must have one shape; x is ", x.shape(), ", target is ",
                     target.shape());
  if (x.dtype() != target.dtype())
    fail<TypeError>(op, ": x and target must have one dtype; x is ", x.dtype(), ", target is ",
                    target.dtype());
}

// Values that a graph or trace has yet to compute go unchecked.
void check_probabilities(const char* op, const Tensor& x) {
  if (!x.has_data() || t_observer || x.numel() == 0) return;
  const Tensor values = x.detach();
  const double low = amin(values).item(), high = amax(values).item();
  if (low < 0 || high > 1)
    fail(op, ": x must be probabilities in [0, 1]; got values from ", low, " to ", high,
         "; for scores use binary_cross_entropy_with_logits");
}

void infer_mse(InferCall& c) {
  want_floating(c, 0);
  want_dtype(c, 1, "target", c.dtype(0));
  want_shape(c, 1, "target", c.shape(0));
  c.result({}, c.dtype(0));
}
void infer_mse_grad(InferCall& c) {
  want_floating(c, 0);
  want_dtype(c, 1, "target", c.dtype(0));
  want_shape(c, 1, "target", c.shape(0));
  want_dtype(c, 2, "dy", c.dtype(0));
  want_shape(c, 2, "dy", {});
  c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
}

const Op& kMseLossGrad =
    Define("mse_loss_grad", "Gradient of mse_loss: 2 dy (x - target), over the count for the mean.")
        .args({"x", "target", "dy"})
        .attrs<LossAttrs>()
        .floating_only()
        .shape(infer_mse_grad)
        .body([](std::span<const Tensor> in, const void* attrs) -> Tensors {
          const bool is_mean = static_cast<const LossAttrs*>(attrs)->reduction == Reduction::kMean;
          const double scale = is_mean ? 2.0 / static_cast<double>(in[0].numel()) : 2.0;
          return {(in[0] - in[1]) * (in[2] * scale)};
        });

const Op& kMseLoss =
    Define("mse_loss", "Squared differences, their mean or sum.")
        .args({"x", "target"})
        .attrs<LossAttrs>()
        .floating_only()
        .shape(infer_mse)
        .body([](std::span<const Tensor> in, const void* attrs) -> Tensors {
          return {reduced(square(in[0] - in[1]), static_cast<const LossAttrs*>(attrs)->reduction)};
        })
        .grad([](Dy dy, X<0> x, X<1> target, const LossAttrs& a) {
          return apply(kMseLossGrad, {x, target, dy}, a);
        })
        .grad([](Dy dy, X<0> x, X<1> target, const LossAttrs& a) {
          return apply(kMseLossGrad, {target, x, dy}, a);
        });

const Op& kBinaryCrossEntropy =
    Define("binary_cross_entropy",
           "-(target log(x) + (1 - target) log(1 - x)) of probabilities x; logarithms are taken "
           "as -100 where they are less.")
        .args({"x", "target"})
        .elementwise()
        .floating_only()
        .grad([](Dy dy, X<0> x, X<1> target) {
          return dy * ((x - target) / clamp(x * (Tensor(1) - x), 1e-12));
        })
        .grad(
            [](Dy dy, X<0> x) { return dy * (clamp(log1p(-x), -100.0) - clamp(log(x), -100.0)); });

const Op& kSmoothL1 =
    Define("smooth_l1", "e^2 / (2 beta) where e = |x - target| is below beta, else e - beta / 2.")
        .args({"x", "target"})
        .attrs<SmoothL1Attrs>()
        .elementwise()
        .floating_only()
        .grad([](Dy dy, X<0> x, X<1> target, const SmoothL1Attrs& a) {
          return dy * clamp((x - target) * (1 / a.beta), -1, 1);
        })
        .grad([](Dy dy, X<0> x, X<1> target, const SmoothL1Attrs& a) {
          return dy * clamp((target - x) * (1 / a.beta), -1, 1);
        });

}  // namespace

Tensor mse_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  if (reduction != Reduction::kNone) return apply(kMseLoss, {x, target}, LossAttrs{reduction});
  check_pair("mse_loss", x, target);
  return square(x - target);
}

Tensor l1_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  check_pair("l1_loss", x, target);
  return reduced(abs(x - target), reduction);
}

Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, Reduction reduction, double beta) {
  if (!(beta >= 0)) fail("smooth_l1_loss: beta must not be negative; got ", beta);
  if (beta == 0) return l1_loss(x, target, reduction);
  check_pair("smooth_l1_loss", x, target);
  return reduced(apply(kSmoothL1, {x, target}, SmoothL1Attrs{beta}), reduction);
}

// delta times smooth_l1_loss of that width.
Tensor huber_loss(const Tensor& x, const Tensor& target, Reduction reduction, double delta) {
  if (!(delta > 0)) fail("huber_loss: delta must be positive; got ", delta);
  check_pair("huber_loss", x, target);
  const Tensor losses = reduced(apply(kSmoothL1, {x, target}, SmoothL1Attrs{delta}), reduction);
  return delta == 1 ? losses : losses * delta;
}

Tensor binary_cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight,
                            Reduction reduction) {
  check_pair("binary_cross_entropy", x, target);
  check_probabilities("binary_cross_entropy", x);
  Tensor losses = apply(kBinaryCrossEntropy, {x, target});
  if (weight.defined()) losses = losses * weight;
  return reduced(losses, reduction);
}

// (1 - y) x + (1 + (pos_weight - 1) y) log(1 + exp(-x)), which never overflows.
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target, const Tensor& weight,
                                        Reduction reduction, const Tensor& pos_weight) {
  check_pair("binary_cross_entropy_with_logits", x, target);
  Tensor log_part = logsigmoid(x);
  if (pos_weight.defined()) log_part = log_part * ((pos_weight - 1) * target + 1);
  Tensor losses = (Tensor(1) - target) * x - log_part;
  if (weight.defined()) losses = losses * weight;
  return reduced(losses, reduction);
}

Tensor kl_div(const Tensor& x, const Tensor& target, Reduction reduction, bool log_target) {
  check_pair("kl_div", x, target);
  const Tensor losses =
      log_target ? exp(target) * (target - x) : xlogy(target, target) - target * x;
  return reduced(losses, reduction);
}

}  // namespace rush
