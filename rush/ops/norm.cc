// Layer and RMS normalisation, and those made of others.
#include "rush/ops/norm.h"

#include "rush/core/apply.h"
#include "rush/kernels/attrs/norm.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/norm_parts.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {

DType statistics_dtype(DType x) { return is_half(x) ? DType::kFloat32 : x; }

Tensor along_axis_1(const Tensor& v, int rank) {
  Shape shape = Dims::filled(rank, 1);
  shape[1] = v.shape()[0];
  return reshape(v, shape);
}

namespace {

// The sizes of the last axes, over which is normalised, and of those before.
struct Parts {
  Shape outer, inner;
  Dims inner_axes, outer_axes;
};
Parts parts_of(const Shape& x, const void* attrs) {
  const auto& a = *static_cast<const LayerNormAttrs*>(attrs);
  Parts p;
  for (int i = 0; i < x.size(); ++i) {
    const bool is_inner = i >= x.size() - a.axes;
    (is_inner ? p.inner : p.outer).push_back(x[i]);
    (is_inner ? p.inner_axes : p.outer_axes).push_back(i);
  }
  return p;
}

void check_row_norm(InferCall& c) {
  want_floating(c, 0);
  const int64_t axes = c.attributes<LayerNormAttrs>().axes;
  if (axes < 1 || axes > c.shape(0).size())
    fail<ShapeError>(c.op, ": cannot normalise over ", axes, " axes of x: ", c.shape(0));
}

template <bool kCentred>
void infer_row_norm(InferCall& c) {
  check_row_norm(c);
  const Parts p = parts_of(c.shape(0), c.attrs);
  for (size_t i = 1; i < (kCentred ? 3 : 2); ++i) {
    want_dtype(c, i, i == 1 ? "weight" : "bias", c.dtype(0));
    want_shape(c, i, i == 1 ? "weight" : "bias", p.inner);
  }
  c.result(c.shape(0), c.dtype(0));
  if (kCentred) c.result(p.outer, statistics_dtype(c.dtype(0)));
  c.result(p.outer, statistics_dtype(c.dtype(0)));
}

template <bool kCentred>
void infer_row_norm_grad(InferCall& c) {
  check_row_norm(c);
  const Parts p = parts_of(c.shape(0), c.attrs);
  want_dtype(c, 1, "dy", c.dtype(0));
  want_shape(c, 1, "dy", c.shape(0));
  want_dtype(c, 2, "weight", c.dtype(0));
  want_shape(c, 2, "weight", p.inner);
  for (size_t i = 3; i < (kCentred ? 5 : 4); ++i) {
    want_dtype(c, i, "a statistic", statistics_dtype(c.dtype(0)));
    want_shape(c, i, "a statistic", p.outer);
  }
  c.result(c.shape(0), c.dtype(0));
  const Shape parameter = c.is_present(2) ? p.inner : Shape{0};
  c.result(parameter, c.dtype(0));
  if (kCentred) c.result(parameter, c.dtype(0));
}

// The formula of both; RMS leaves out the mean.
Tensors row_norm_body(const Tensor& x, const Tensor& weight, const Tensor& bias, const void* attrs,
                      bool centred) {
  const Parts p = parts_of(x.shape(), attrs);
  const Tensor m = centred ? mean(x, p.inner_axes, true) : Tensor();
  const Tensor deviation = centred ? x - m : x;
  const double eps = static_cast<const LayerNormAttrs*>(attrs)->eps;
  const Tensor inverse = rsqrt(mean(square(deviation), p.inner_axes, true) + eps);
  Tensor y = deviation * inverse;
  if (weight.defined()) y = y * weight;
  if (bias.defined()) y = y + bias;
  const DType t = statistics_dtype(x.dtype());
  if (!centred) return {y, cast(reshape(inverse, p.outer), t)};
  return {y, cast(reshape(m, p.outer), t), cast(reshape(inverse, p.outer), t)};
}

Tensor over_rows(const Tensor& v, const Parts& p) {
  return p.outer_axes.empty() ? v : sum(v, p.outer_axes);
}

// The statistics are computed anew, so that second derivatives come out whole.
Tensors row_norm_grad_body(const Tensor& x, const Tensor& dy, const Tensor& weight,
                           const void* attrs, bool centred) {
  const Parts p = parts_of(x.shape(), attrs);
  const double eps = static_cast<const LayerNormAttrs*>(attrs)->eps;
  const Tensor deviation = centred ? x - mean(x, p.inner_axes, true) : x;
  const Tensor inverse = rsqrt(mean(square(deviation), p.inner_axes, true) + eps);
  const Tensor xhat = deviation * inverse;
  const Tensor g = weight.defined() ? dy * weight : dy;
  Tensor dx = g - xhat * mean(g * xhat, p.inner_axes, true);
  if (centred) dx = dx - mean(g, p.inner_axes, true);
  dx = dx * inverse;
  const Tensor none = empty({0}, x.dtype());
  if (!centred) return {dx, weight.defined() ? over_rows(dy * xhat, p) : none};
  if (!weight.defined()) return {dx, none, none};
  return {dx, over_rows(dy * xhat, p), over_rows(dy, p)};
}

const Op& kLayerNormGrad =
    Define("layer_norm_grad",
           "Gradients of layer_norm with respect to x, weight and bias; the last two are empty "
           "without a weight.")
        .args({"x", "dy", "weight?", "mean", "inverse"})
        .attrs<LayerNormAttrs>()
        .outputs(3)
        .floating_only()
        .shape(infer_row_norm_grad<true>)
        .body([](std::span<const Tensor> in, const void* attrs) {
          return row_norm_grad_body(in[0], in[1], in[2], attrs, true);
        });

const Op& kLayerNorm =
    Define("layer_norm",
           "(x - mean) / sqrt(var + eps) over the last axes, times weight, plus bias. Also gives "
           "the means and the inverse deviations.")
        .args({"x", "weight?", "bias?"})
        .attrs<LayerNormAttrs>()
        .outputs(3)
        .floating_only()
        .shape(infer_row_norm<true>)
        .body([](std::span<const Tensor> in, const void* attrs) {
          return row_norm_body(in[0], in[1], in[2], attrs, true);
        })
        .grads([](Dy dy, X<0> x, X<1> weight, Y<1> mean, Y<2> inverse, const LayerNormAttrs& a,
                  Wants wants) -> Tensors {
          const Tensors d = apply_multi(kLayerNormGrad, {x, dy, weight, mean, inverse}, a);
          if (weight.defined()) return {d[0], d[1], d[2]};
          return {d[0], Tensor(), wants[2] ? over_rows(dy, parts_of(x.shape(), &a)) : Tensor()};
        });

const Op& kRmsNormGrad =
    Define("rms_norm_grad",
           "Gradients of rms_norm with respect to x and weight; the second is empty without one.")
        .args({"x", "dy", "weight?", "inverse"})
        .attrs<LayerNormAttrs>()
        .outputs(2)
        .floating_only()
        .shape(infer_row_norm_grad<false>)
        .body([](std::span<const Tensor> in, const void* attrs) {
          return row_norm_grad_body(in[0], in[1], in[2], attrs, false);
        });

const Op& kRmsNorm =
    Define("rms_norm",
           "x / sqrt(mean(x^2) + eps) over the last axes, times weight. Also gives the inverse "
           "roots.")
        .args({"x", "weight?"})
        .attrs<LayerNormAttrs>()
        .outputs(2)
        .floating_only()
        .shape(infer_row_norm<false>)
        .body([](std::span<const Tensor> in, const void* attrs) {
          return row_norm_body(in[0], in[1], Tensor(), attrs, false);
        })
        .grads([](Dy dy, X<0> x, X<1> weight, Y<1> inverse, const LayerNormAttrs& a) -> Tensors {
          Tensors d = apply_multi(kRmsNormGrad, {x, dy, weight, inverse}, a);
          return {d[0], weight.defined() ? d[1] : Tensor()};
        });

LayerNormAttrs row_attrs(const char* op, const Tensor& x, const Shape& normalized, double eps) {
  const int lead = x.rank() - normalized.size();
  bool fits = lead >= 0 && !normalized.empty();
  for (int i = 0; fits && i < normalized.size(); ++i) fits = x.shape()[lead + i] == normalized[i];
  if (!fits)
    fail<ShapeError>(op, ": the last axes of x must be ", normalized, "; x is ", x.shape());
  return {normalized.size(), eps};
}

void check_images(const char* op, const Tensor& x, int rank) {
  if (x.rank() < rank)
    fail<ShapeError>(op, ": x must have at least ", rank, " dimensions, [N, C, ...]; got ",
                     x.shape());
  if (!is_floating(x.dtype())) fail<TypeError>(op, ": wants a floating dtype; got ", x.dtype());
}
void check_channels(const char* op, const char* what, const Tensor& v, const Tensor& x) {
  if (v.defined() && !(v.shape() == Shape{x.shape()[1]}))
    fail<ShapeError>(op, ": ", what, " must have shape ", Shape{x.shape()[1]}, " for x of ",
                     x.shape(), "; got ", v.shape());
}

Tensor by_channel(Tensor y, const Tensor& weight, const Tensor& bias) {
  if (weight.defined() && bias.defined())
    return addcmul(along_axis_1(bias, y.rank()), y, along_axis_1(weight, y.rank()));
  if (weight.defined()) y = y * along_axis_1(weight, y.rank());
  if (bias.defined()) y = y + along_axis_1(bias, y.rank());
  return y;
}

// Every image has running statistics of its own during the step; their mean is kept.
Tensor instance_norm_running(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                             double momentum, double eps) {
  const int64_t n = x.shape()[0], c = x.shape()[1];
  Shape merged = x.shape();
  merged[0] = 1;
  merged[1] = n * c;
  const Tensor means = running_mean.defined() ? repeat(running_mean, {n}) : Tensor();
  const Tensor vars = running_var.defined() ? repeat(running_var, {n}) : Tensor();
  const Tensor y =
      reshape(batch_norm(reshape(x, merged), means, vars, {}, {}, true, momentum, eps), x.shape());
  const NoGrad off;
  if (means.defined()) running_mean.copy_(mean(reshape(means, {n, c}), {0}));
  if (vars.defined()) running_var.copy_(mean(reshape(vars, {n, c}), {0}));
  return y;
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight,
                  const Tensor& bias, double eps) {
  return apply(kLayerNorm, {x, weight, bias}, row_attrs("layer_norm", x, normalized_shape, eps));
}

Tensor rms_norm(const Tensor& x, const Shape& normalized_shape, const Tensor& weight, double eps) {
  return apply(kRmsNorm, {x, weight}, row_attrs("rms_norm", x, normalized_shape, eps));
}

Tensor group_norm(const Tensor& x, int64_t num_groups, const Tensor& weight, const Tensor& bias,
                  double eps) {
  check_images("group_norm", x, 2);
  const int64_t n = x.shape()[0], c = x.shape()[1];
  if (num_groups < 1 || c % num_groups != 0)
    fail<ShapeError>("group_norm: the channels must divide into num_groups; x is ", x.shape(),
                     ", num_groups is ", num_groups);
  check_channels("group_norm", "weight", weight, x);
  check_channels("group_norm", "bias", bias, x);
  const int64_t size = x.numel() == 0 ? 1 : x.numel() / (n * num_groups);
  if (x.numel() == 0) return by_channel(x * 1.0, weight, bias);
  const Tensor rows = reshape(x, {n * num_groups, size});
  return by_channel(reshape(layer_norm(rows, {size}, {}, {}, eps), x.shape()), weight, bias);
}

Tensor instance_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var,
                     const Tensor& weight, const Tensor& bias, bool use_input_stats,
                     double momentum, double eps) {
  check_images("instance_norm", x, 3);
  check_channels("instance_norm", "weight", weight, x);
  check_channels("instance_norm", "bias", bias, x);
  if (!use_input_stats)
    return batch_norm(x, running_mean, running_var, weight, bias, false, momentum, eps);
  const bool keeps = running_mean.defined() || running_var.defined();
  const Tensor y = keeps ? instance_norm_running(x, running_mean, running_var, momentum, eps)
                         : group_norm(x, x.shape()[1], {}, {}, eps);
  return by_channel(y, weight, bias);
}

Tensor local_response_norm(const Tensor& x, int64_t size, double alpha, double beta, double k) {
  check_images("local_response_norm", x, 3);
  if (size < 1) fail("local_response_norm: size must be 1 or more; got ", size);
  Dims sizes = Dims::filled(2 * (x.rank() - 1), 0);  // of the last axis first
  sizes[2 * (x.rank() - 2)] = size / 2;
  sizes[2 * (x.rank() - 2) + 1] = (size - 1) / 2;
  const Tensor padded = pad(square(x), sizes);
  Tensor total = narrow(padded, 1, 0, x.shape()[1]);
  for (int64_t i = 1; i < size; ++i) total = total + narrow(padded, 1, i, x.shape()[1]);
  return x / pow(total * (alpha / static_cast<double>(size)) + k, beta);
}

Tensor normalize(const Tensor& x, double p, int64_t axis, double eps) {
  return x / clamp(norm(x, p, {axis}, true), eps);
}

}  // namespace rush
