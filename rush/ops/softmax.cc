#include "rush/ops/softmax.h"

#include "rush/core/apply.h"
#include "rush/kernels/attrs/softmax.h"
#include "rush/ops/binary.h"
#include "rush/ops/checks.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

void infer_softmax(InferCall& c) {
  want_floating(c, 0);
  axis_in(c.op, c.attributes<SoftmaxAttrs>().axis, c.shape(0).size());
  c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
}

void infer_softmax_grad(InferCall& c) {
  want_dtype(c, 1, "y", c.dtype(0));
  want_shape(c, 1, "y", c.shape(0));
  infer_softmax(c);
}

// Reduces along the axis of the attributes; a 0-d tensor is its own sum.
Dims axes_of(const Tensor& x, const void* attrs) {
  return x.rank() == 0 ? Dims{} : Dims{static_cast<const SoftmaxAttrs*>(attrs)->axis};
}

const Op& kSoftmax =
    Define("softmax", "exp(x) over its sum along an axis.")
        .args({"x"})
        .attrs<SoftmaxAttrs>()
        .floating_only()
        .shape(infer_softmax)
        .body([](std::span<const Tensor> in, const void* attrs) -> Tensors {
          const Tensor& x = in[0];
          const Tensor e = exp(x - amax(x, axes_of(x, attrs), true));
          return {e / sum(e, axes_of(x, attrs), true)};
        })
        .grad([](Dy dy, Y<0> y, const SoftmaxAttrs& a) { return softmax_grad(dy, y, a.axis); });

const Op& kLogSoftmax =
    Define("log_softmax", "Logarithm of softmax, computed without its rounding.")
        .args({"x"})
        .attrs<SoftmaxAttrs>()
        .floating_only()
        .shape(infer_softmax)
        .body([](std::span<const Tensor> in, const void* attrs) -> Tensors {
          const Tensor& x = in[0];
          return {x - logsumexp(x, axes_of(x, attrs), true)};
        })
        .grad([](Dy dy, Y<0> y, const SoftmaxAttrs& a) { return log_softmax_grad(dy, y, a.axis); });

const Op& kSoftmaxGrad =
    Define("softmax_grad", "Gradient of softmax from its output: y (dy - sum(dy y)).")
        .args({"dy", "y"})
        .attrs<SoftmaxAttrs>()
        .floating_only()
        .shape(infer_softmax_grad)
        .body([](std::span<const Tensor> in, const void* attrs) -> Tensors {
          const Tensor &dy = in[0], &y = in[1];
          return {y * (dy - sum(dy * y, axes_of(y, attrs), true))};
        });

const Op& kLogSoftmaxGrad =
    Define("log_softmax_grad", "Gradient of log_softmax from its output: dy - exp(y) sum(dy).")
        .args({"dy", "y"})
        .attrs<SoftmaxAttrs>()
        .floating_only()
        .shape(infer_softmax_grad)
        .body([](std::span<const Tensor> in, const void* attrs) -> Tensors {
          const Tensor &dy = in[0], &y = in[1];
          return {dy - exp(y) * sum(dy, axes_of(y, attrs), true)};
        });

const Op& kSoftmin =
    Define("softmin", "Softmax of -x.")
        .args({"x"})
        .attrs<SoftmaxAttrs>()
        .floating_only()
        .body([](std::span<const Tensor> in, const void* attrs) -> Tensors {
          return {softmax(neg(in[0]), static_cast<const SoftmaxAttrs*>(attrs)->axis)};
        });

}  // namespace

Tensor softmax(const Tensor& x, int64_t axis) { return apply(kSoftmax, {x}, SoftmaxAttrs{axis}); }
Tensor log_softmax(const Tensor& x, int64_t axis) {
  return apply(kLogSoftmax, {x}, SoftmaxAttrs{axis});
}
Tensor softmin(const Tensor& x, int64_t axis) { return apply(kSoftmin, {x}, SoftmaxAttrs{axis}); }
Tensor softmax_grad(const Tensor& dy, const Tensor& y, int64_t axis) {
  return apply(kSoftmaxGrad, {dy, y}, SoftmaxAttrs{axis});
}
Tensor log_softmax_grad(const Tensor& dy, const Tensor& y, int64_t axis) {
  return apply(kLogSoftmaxGrad, {dy, y}, SoftmaxAttrs{axis});
}

}  // namespace rush
