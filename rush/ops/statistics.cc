#include "rush/ops/statistics.h"

#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/join.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

// The sum of each pair of neighbours along an axis of size 1 or more, times half their distance.
Tensor trapezoids(const char* op, const Tensor& y, const Tensor& distance, int axis) {
  const int64_t n = y.shape()[axis];
  if (n == 0) fail<ShapeError>(op, ": axis ", axis, " is empty; y is ", y.shape());
  return (slice(y, axis, 1) + slice(y, axis, 0, n - 1)) * (distance * 0.5);
}

// Distances of neighbouring points, shaped to go with y's axis.
Tensor distances(const char* op, const Tensor& y, const Tensor& x, int axis) {
  if (x.rank() != 1) {
    if (x.shape() != y.shape())
      fail<ShapeError>(op, ": x must be 1-d or have y's shape; x is ", x.shape(), ", y is ",
                       y.shape());
    return diff(x, 1, axis);
  }
  if (x.numel() != y.shape()[axis])
    fail<ShapeError>(op, ": needs a point for each of the ", y.shape()[axis],
                     " elements along axis ", axis, "; x is ", x.shape());
  Shape line = Dims::filled(y.rank(), 1);
  line[axis] = x.numel() - 1;
  return reshape(diff(x), line);
}

int axis_of(const char* op, const Tensor& x, int64_t axis) {
  if (x.rank() == 0) fail<ShapeError>(op, ": needs one axis or more; got a 0-d tensor");
  return normalize_axis(op, axis, x.rank());
}

void check_weights(const char* name, const Tensor& w, int64_t n, bool whole) {
  if (!w.defined()) return;
  if (w.rank() != 1 || w.numel() != n)
    fail<ShapeError>("cov: ", name, " must have shape [", n, "], one for each observation; got ",
                     w.shape());
  if (whole != is_integral(w.dtype()))
    fail<TypeError>("cov: ", name, whole ? " must be integers" : " must be floating", "; got ",
                    w.dtype());
}

}  // namespace

MinMax aminmax(const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
  const Dims axes = axis && x.rank() > 0 ? Dims{*axis} : Dims{};
  return {amin(x, axes, keepdim), amax(x, axes, keepdim)};
}

Moments moments(const Tensor& x, const Dims& axes, bool keepdim) {
  return {mean(x, axes, keepdim), var(x, axes, 0, keepdim)};
}

Tensor diff(const Tensor& x, int64_t n, int64_t axis, const Tensor& prepend, const Tensor& append) {
  const int at = axis_of("diff", x, axis);
  if (n < 0) fail<ShapeError>("diff: n must not be negative; got ", n);
  std::vector<Tensor> parts;
  if (prepend.defined()) parts.push_back(prepend);
  parts.push_back(x);
  if (append.defined()) parts.push_back(append);
  Tensor y = parts.size() == 1 ? x : cat(parts, at);
  for (int64_t i = 0; i < n && y.shape()[at] > 0; ++i) {
    const Tensor after = slice(y, at, 1), before = slice(y, at, 0, y.shape()[at] - 1);
    y = y.dtype() == DType::kBool ? logical_xor(after, before) : after - before;
  }
  return y;
}

Tensor trapezoid(const Tensor& y, double dx, int64_t axis) {
  const int at = axis_of("trapezoid", y, axis);
  return sum(trapezoids("trapezoid", y, dx, at), {at});
}
Tensor trapezoid(const Tensor& y, const Tensor& x, int64_t axis) {
  const int at = axis_of("trapezoid", y, axis);
  return sum(trapezoids("trapezoid", y, distances("trapezoid", y, x, at), at), {at});
}
Tensor cumulative_trapezoid(const Tensor& y, double dx, int64_t axis) {
  const int at = axis_of("cumulative_trapezoid", y, axis);
  return cumsum(trapezoids("cumulative_trapezoid", y, dx, at), at);
}
Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, int64_t axis) {
  const char* op = "cumulative_trapezoid";
  const int at = axis_of(op, y, axis);
  return cumsum(trapezoids(op, y, distances(op, y, x, at), at), at);
}

// The weighted sum of products of deviations, over the weights' total less the correction.
Tensor cov(const Tensor& x, const CovOptions& o) {
  if (x.rank() > 2)
    fail<ShapeError>("cov: x must be [variables, observations] or [observations]; got ", x.shape());
  if (!is_floating(x.dtype())) fail<TypeError>("cov: wants a floating dtype; got ", x.dtype());
  const Tensor rows = x.rank() == 2 ? x : reshape(x, {1, -1});
  const int64_t n = rows.size(1);
  check_weights("fweights", o.fweights, n, true);
  check_weights("aweights", o.aweights, n, false);
  Tensor weight;  // [N], or none
  if (o.fweights.defined()) weight = cast(o.fweights, x.dtype());
  if (o.aweights.defined()) weight = weight.defined() ? weight * o.aweights : o.aweights;
  const Tensor total = weight.defined() ? sum(weight) : Tensor::scalar(double(n), x.dtype());
  const Tensor weighted = weight.defined() ? rows * weight : rows;
  const Tensor away = rows - sum(weighted, {1}, true) / total;
  Tensor norm = total - double(o.correction);
  if (o.correction != 0 && o.aweights.defined())
    norm = total - double(o.correction) * sum(weight * o.aweights) / total;
  const Tensor scaled = weight.defined() ? away * weight : away;
  const Tensor c = matmul(scaled, transpose(away, 0, 1)) / clamp(norm, 0);
  return x.rank() == 2 ? c : reshape(c, {});
}

Tensor corrcoef(const Tensor& x) {
  const Tensor c = cov(x);
  if (c.rank() == 0) return c / c;
  const Tensor deviation = sqrt(diagonal(c));
  return clamp(c / unsqueeze(deviation, 1) / unsqueeze(deviation, 0), -1, 1);
}

namespace {

// |a - b|^2 = |a|^2 + |b|^2 - 2 a b: one product of matrices instead of all differences. Loses
// digits where points lie close together beside their distance from the origin. No gradient at
// distance 0.
Tensor euclidean_distances(const Tensor& a, const Tensor& b) {
  const Tensor squares = sum(square(a), {-1}, true) + transpose(sum(square(b), {-1}, true), -1, -2);
  const Tensor distances = squares - 2 * matmul(a, transpose(b, -1, -2));
  const Tensor is_apart = gt(distances, 0);
  return where(is_apart, sqrt(where(is_apart, distances, 1)), 0);
}

}  // namespace

Tensor cdist(const Tensor& a, const Tensor& b, double p) {
  if (a.rank() < 2 || b.rank() < 2 || a.size(-1) != b.size(-1))
    fail<ShapeError>("cdist: wants a: [..., P, M] and b: [..., R, M]; a is ", a.shape(), ", b is ",
                     b.shape());
  if (!(p >= 0)) fail("cdist: p must not be negative; got ", p);
  constexpr int64_t kMany = 25;
  if (p == 2 && (a.size(-2) > kMany || b.size(-2) > kMany)) return euclidean_distances(a, b);
  return norm(unsqueeze(a, -2) - unsqueeze(b, -3), p, {-1});
}

Tensor pdist(const Tensor& x, double p) {
  if (x.rank() != 2) fail<ShapeError>("pdist: x must be [N, M]; got ", x.shape());
  if (!(p >= 0)) fail("pdist: p must not be negative; got ", p);
  const Tensor pairs = triu_indices(x.size(0), x.size(0), 1);
  return norm(index_select(x, 0, select(pairs, 0, 0)) - index_select(x, 0, select(pairs, 0, 1)), p,
              {-1});
}

}  // namespace rush
