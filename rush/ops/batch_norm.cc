// Batch normalisation: a fused op in training, a formula with the running statistics otherwise.
#include "rush/core/apply.h"
#include "rush/kernels/attrs/norm.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"
#include "rush/ops/norm.h"
#include "rush/ops/norm_parts.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

// All axes but the channels'.
Dims image_axes(int rank) {
  Dims axes{0};
  for (int i = 2; i < rank; ++i) axes.push_back(i);
  return axes;
}

Shape check_batch(InferCall& c) {
  want_floating(c, 0);
  const Shape& x = c.shape(0);
  if (x.size() < 2) fail<ShapeError>(c.op, ": x must be [N, C, ...]; got ", x);
  return {x[1]};
}

void infer_batch_norm(InferCall& c) {
  const Shape channels = check_batch(c);
  const char* names[] = {"x", "running_mean", "running_var", "weight", "bias"};
  for (size_t i = 1; i < 5; ++i) {
    want_dtype(c, i, names[i], c.dtype(0));
    want_shape(c, i, names[i], channels);
  }
  const int64_t values = channels[0] == 0 ? 2 : numel(c.shape(0)) / channels[0];
  if (values < 2)
    fail<ShapeError>("batch_norm: training needs more than one value a channel; x is ", c.shape(0));
  c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
  c.result(channels, statistics_dtype(c.dtype(0)));
  c.result(channels, statistics_dtype(c.dtype(0)));
}

void infer_batch_norm_relu(InferCall& c) {
  infer_batch_norm(c);
  want_dtype(c, 5, "skip", c.dtype(0));
  want_shape(c, 5, "skip", c.shape(0));
}

void infer_batch_norm_grad(InferCall& c) {
  const Shape channels = check_batch(c);
  want_dtype(c, 1, "dy", c.dtype(0));
  want_shape(c, 1, "dy", c.shape(0));
  want_dtype(c, 2, "weight", c.dtype(0));
  want_shape(c, 2, "weight", channels);
  for (size_t i = 3; i < 5; ++i) {
    want_dtype(c, i, "a statistic", statistics_dtype(c.dtype(0)));
    want_shape(c, i, "a statistic", channels);
  }
  c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
  c.result(channels, c.dtype(0));
  c.result(channels, c.dtype(0));
}

void infer_batch_norm_relu_grad(InferCall& c) {
  infer_batch_norm_grad(c);
  want_dtype(c, 5, "bias", c.dtype(0));
  want_shape(c, 5, "bias", {c.shape(0)[1]});
}

// The statistics are computed anew, so that second derivatives come out whole.
Tensor normalised(const Tensor& x, const Dims& axes, Tensor* inverse, const void* attrs) {
  const Tensor deviation = x - mean(x, axes, true);
  const double eps = static_cast<const BatchNormAttrs*>(attrs)->eps;
  *inverse = rsqrt(mean(square(deviation), axes, true) + eps);
  return deviation * *inverse;
}

// With relu after it, where bias is in[5].
template <bool has_relu>
Tensors batch_norm_grad_body(std::span<const Tensor> in, const void* attrs) {
  const Tensor &x = in[0], &weight = in[2];
  const auto along = [&](const Tensor& v) { return along_axis_1(v, x.rank()); };
  const Dims axes = image_axes(x.rank());
  Tensor inverse, dy = in[1];
  const Tensor xhat = normalised(x, axes, &inverse, attrs);
  if (has_relu) {
    Tensor y = weight.defined() ? xhat * along(weight) : xhat;
    if (in[5].defined()) y = y + along(in[5]);
    dy = relu_grad(dy, y);
  }
  const Tensor g = weight.defined() ? dy * along(weight) : dy;
  const Tensor dx = inverse * (g - mean(g, axes, true) - xhat * mean(g * xhat, axes, true));
  return {dx, sum(dy * xhat, axes), sum(dy, axes)};
}

const Op& kBatchNormGrad =
    Define("batch_norm_grad", "Gradients of batch_norm in training: of x, weight and bias.")
        .args({"x", "dy", "weight?", "mean", "inverse"})
        .attrs<BatchNormAttrs>()
        .outputs(3)
        .floating_only()
        .shape(infer_batch_norm_grad)
        .body(batch_norm_grad_body<false>);

const Op& kBatchNorm =
    Define("batch_norm",
           "(x - mean) / sqrt(var + eps) over all axes but the second, times weight, plus bias; "
           "moves the running statistics towards the batch's by `momentum`. Also gives the means "
           "and the inverse deviations.")
        .args({"x", "running_mean?", "running_var?", "weight?", "bias?"})
        .attrs<BatchNormAttrs>()
        .outputs(3)
        .floating_only()
        .mutates({1, 2})
        .shape(infer_batch_norm)
        .grads([](Dy dy, X<0> x, X<3> weight, Y<1> mean, Y<2> inverse,
                  const BatchNormAttrs& a) -> Tensors {
          Tensors d = apply_multi(kBatchNormGrad, {x, dy, weight, mean, inverse}, a);
          return {d[0], Tensor(), Tensor(), weight.defined() ? d[1] : Tensor(), d[2]};
        });

// What compiled steps make of batch norm and relu (graph/passes/join_batch_norm.cc).
[[maybe_unused]] const Op& kBatchNormReluGrad =
    Define("batch_norm_relu_grad",
           "Gradients of relu(batch_norm(x)) in training: of x, weight and bias.")
        .args({"x", "dy", "weight?", "mean", "inverse", "bias?"})
        .attrs<BatchNormAttrs>()
        .outputs(3)
        .floating_only()
        .shape(infer_batch_norm_relu_grad)
        .body(batch_norm_grad_body<true>);

[[maybe_unused]] const Op& kBatchNormRelu =
    Define("batch_norm_relu",
           "relu(batch_norm(x) + skip) in training, in one pass. Also gives the means and the "
           "inverse deviations.")
        .args({"x", "running_mean?", "running_var?", "weight?", "bias?", "skip?"})
        .attrs<BatchNormAttrs>()
        .outputs(3)
        .floating_only()
        .mutates({1, 2})
        .shape(infer_batch_norm_relu)
        .grads([](Dy dy, X<0> x, X<3> weight, Y<0> y, Y<1> mean, Y<2> inverse,
                  const BatchNormAttrs& a) -> Tensors {
          const Tensor g = relu_grad(dy, y);
          Tensors d = apply_multi(kBatchNormGrad, {x, g, weight, mean, inverse}, a);
          return {d[0], Tensor(), Tensor(), weight.defined() ? d[1] : Tensor(), d[2], g};
        });

Tensor eval_batch_norm(const Tensor& x, const Tensor& mean, const Tensor& var, const Tensor& weight,
                       const Tensor& bias, double eps) {
  const char* op = "batch_norm";
  if (!mean.defined() || !var.defined())
    fail("batch_norm: running statistics are needed outside training; got none");
  if (x.rank() < 2) fail<ShapeError>(op, ": x must be [N, C, ...]; got ", x.shape());
  for (const Tensor* v : {&mean, &var, &weight, &bias})
    if (v->defined() && !(v->shape() == Shape{x.shape()[1]}))
      fail<ShapeError>(op, ": statistics, weight and bias must have shape ", Shape{x.shape()[1]},
                       " for x of ", x.shape(), "; got ", v->shape());
  if (!is_floating(x.dtype())) fail<TypeError>(op, ": wants a floating dtype; got ", x.dtype());
  Tensor scale = rsqrt(var + eps);
  if (weight.defined()) scale = scale * weight;
  const Tensor shift = bias.defined() ? bias - mean * scale : neg(mean * scale);
  return addcmul(along_axis_1(shift, x.rank()), x, along_axis_1(scale, x.rank()));
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                  const Tensor& weight, const Tensor& bias, bool training, double momentum,
                  double eps) {
  if (!training) return eval_batch_norm(x, running_mean, running_var, weight, bias, eps);
  return apply(kBatchNorm, {x, running_mean, running_var, weight, bias},
               BatchNormAttrs{momentum, eps});
}

}  // namespace rush
