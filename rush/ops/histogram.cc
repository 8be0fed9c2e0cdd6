// Histograms: the bin of every element, and one scatter_add.
#include <cmath>

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/search.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

void check_bins(const char* op, const Tensor& x, int64_t bins) {
  if (!is_floating(x.dtype())) fail<TypeError>(op, ": wants a floating dtype; got ", x.dtype());
  if (bins < 1) fail<ShapeError>(op, ": bins must be 1 or more; got ", bins);
}

struct Range {
  Tensor low, high;  // 0-d, of x's dtype, low < high
};
// [min, max], or where they are equal the range of x, or that one made 2 wide if it is a point.
Range range_of(const char* op, const Tensor& x, double min, double max) {
  if (!(min <= max) || !std::isfinite(min) || !std::isfinite(max))
    fail<Error>(op, ": the range must be finite and rise; got [", min, ", ", max, "]");
  Range r{Tensor::scalar(min, x.dtype()), Tensor::scalar(max, x.dtype())};
  if (min == max && x.numel() > 0) r = {amin(x), amax(x)};
  const Tensor is_point = eq(r.low, r.high);
  return {where(is_point, r.low - 1, r.low), where(is_point, r.high + 1, r.high)};
}

// Adds `weight` (or ones) up by bin; bins outside [0, count) are dropped.
Tensor add_up(const Tensor& x, const Tensor& bin, int64_t count, const Tensor& weight) {
  const Tensor is_inside = logical_and(ge(bin, 0), lt(bin, count));
  const Tensor each = weight.defined() ? reshape(weight, {-1}) : ones({x.numel()}, x.dtype());
  return scatter_add(zeros({count}, x.dtype()), 0,
                     clamp(where(is_inside, bin, 0), 0, double(count - 1)),
                     where(is_inside, each, 0.0));
}

Histogram between(const Tensor& x, const Tensor& edges, const Tensor& weight, bool density) {
  if (weight.defined() && (weight.shape() != x.shape() || weight.dtype() != x.dtype()))
    fail<ShapeError>("histogram: weight must have shape and dtype of x, ", x.dtype(), x.shape(),
                     "; got ", weight.dtype(), weight.shape());
  const int64_t count = edges.numel() - 1;
  const Tensor flat = reshape(x, {-1});
  const Tensor last = eq(flat, select(edges, 0, count));
  const Tensor bin = searchsorted(edges, flat, true) - 1;
  const Tensor known = where(isnan(flat), -1, where(last, count - 1, bin));
  const Tensor hist = add_up(flat, known, count, weight);
  if (!density) return {hist, edges};
  return {hist / (sum(hist) * (slice(edges, 0, 1) - slice(edges, 0, 0, count))), edges};
}

}  // namespace

Tensor histc(const Tensor& x, int64_t bins, double min, double max) {
  check_bins("histc", x, bins);
  const Tensor flat = reshape(x.detach(), {-1});
  const Range r = range_of("histc", flat, min, max);
  const Tensor place = (flat - r.low) / (r.high - r.low) * double(bins);
  const Tensor is_inside = logical_and(ge(flat, r.low), le(flat, r.high));
  const Tensor bin = clamp(cast(where(is_inside, place, 0.0), int64), {}, double(bins - 1));
  return add_up(flat, where(is_inside, bin, -1), bins, {});
}

Histogram histogram(const Tensor& x, int64_t bins, const HistogramOptions& o) {
  check_bins("histogram", x, bins);
  const double low = o.range ? o.range->first : 0, high = o.range ? o.range->second : 0;
  const Range r = range_of("histogram", x.detach(), low, high);
  const Tensor steps = linspace(0, double(bins), bins + 1, x.dtype());
  const Tensor edges =
      where(eq(steps, double(bins)), r.high, r.low + steps * ((r.high - r.low) / double(bins)));
  return between(x.detach(), edges, o.weight, o.density);
}

Histogram histogram(const Tensor& x, const Tensor& edges, const Tensor& weight, bool density) {
  if (edges.rank() != 1 || edges.numel() < 2 || edges.dtype() != x.dtype())
    fail<ShapeError>("histogram: edges must be 1-d, 2 or more, of x's dtype ", x.dtype(), "; got ",
                     edges.dtype(), edges.shape());
  check_bins("histogram", x, edges.numel() - 1);
  return between(x.detach(), edges, weight, density);
}

}  // namespace rush
