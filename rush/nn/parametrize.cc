#include "rush/nn/parametrize.h"

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::nn::detail {
namespace {

// All axes but one; none: all.
Dims other_axes(const char* what, const Tensor& weight, std::optional<int64_t> axis) {
  Dims axes;
  if (!axis) return axes;
  if (*axis < -weight.rank() || *axis >= weight.rank())
    fail<IndexError>(what, ": the weight of shape ", weight.shape(), " has no axis ", *axis);
  const int64_t kept = *axis < 0 ? *axis + weight.rank() : *axis;
  for (int64_t i = 0; i < weight.rank(); ++i)
    if (i != kept) axes.push_back(i);
  return axes;
}

Tensor norm_over(const Tensor& direction, const WeightNormOptions& options) {
  const Dims axes = other_axes("WeightNorm", direction, options.axis);
  if (options.axis && axes.empty()) return abs(direction);
  return norm(direction, 2, axes, options.axis.has_value());
}

Tensor unit(const Tensor& x, double eps) { return x / clamp(norm(x), eps); }

// Outputs as rows.
Tensor as_matrix(const Tensor& weight, int64_t axis) {
  const Tensor front = axis == 0 ? weight : movedim(weight, axis, 0);
  return flatten(front, 1);
}

void iterate(const Tensor& matrix, const Tensor& u, const Tensor& v, int64_t times, double eps) {
  const NoGrad off;
  for (int64_t i = 0; i < times; ++i) {
    u.copy_(unit(mv(matrix, v), eps));
    v.copy_(unit(mv(t(matrix), u), eps));
  }
}

}  // namespace

MagnitudeAndDirection split_weight(const Tensor& weight, const WeightNormOptions& options) {
  const NoGrad off;
  const Tensor direction = weight.detach().clone();
  return {norm_over(direction, options).clone().requires_grad_(), direction.requires_grad_()};
}

Tensor join_weight(const MagnitudeAndDirection& parts, const WeightNormOptions& options) {
  return parts.direction * (parts.magnitude / norm_over(parts.direction, options));
}

Spectral start_spectral(const Tensor& weight, const SpectralNormOptions& options) {
  if (weight.rank() < 2)
    fail<ShapeError>("SpectralNorm: a weight of at least 2 axes is needed; what came: ",
                     weight.shape());
  if (options.n_power_iterations < 1)
    fail("SpectralNorm: n_power_iterations is at least 1; what came: ", options.n_power_iterations);
  if (options.axis < 0 || options.axis >= weight.rank())
    fail<IndexError>("SpectralNorm: the weight of shape ", weight.shape(), " has no axis ",
                     options.axis);
  const NoGrad off;
  const Tensor original = weight.detach().clone();
  const Tensor matrix = as_matrix(original, options.axis);
  const Tensor u = unit(randn({matrix.size(0)}, matrix.dtype()), options.eps);
  const Tensor v = unit(randn({matrix.size(1)}, matrix.dtype()), options.eps);
  constexpr int64_t kFirst = 15;
  iterate(matrix, u, v, kFirst, options.eps);
  return {original.requires_grad_(), u, v};
}

Tensor divide_by_norm(const Spectral& s, const SpectralNormOptions& options, bool training) {
  const Tensor matrix = as_matrix(s.original, options.axis);
  if (training) iterate(matrix.detach(), s.u, s.v, options.n_power_iterations, options.eps);
  // Copies: the next call overwrites u and v, which this call's gradient still reads.
  const Tensor sigma = dot(s.u.clone(), mv(matrix, s.v.clone()));
  return s.original / sigma;
}

}  // namespace rush::nn::detail
