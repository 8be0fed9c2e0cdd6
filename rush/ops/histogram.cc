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

// `bins` equal parts of the range: [bins + 1]
Tensor even_edges(const Range& r, int64_t bins, DType t) {
  const Tensor steps = linspace(0, double(bins), bins + 1, t);
  return where(eq(steps, double(bins)), r.high, r.low + steps * ((r.high - r.low) / double(bins)));
}

// Between which edges each element lies; -1 or the number of bins: between none. The last edge
// belongs to the last bin.
Tensor bin_of(const Tensor& x, const Tensor& edges) {
  const int64_t count = edges.numel() - 1;
  const Tensor bin = searchsorted(edges, x, true) - 1;
  return where(isnan(x), -1, where(eq(x, select(edges, 0, count)), count - 1, bin));
}

Tensor widths_of(const Tensor& edges) {
  return slice(edges, 0, 1) - slice(edges, 0, 0, edges.numel() - 1);
}

void check_edges(const char* op, const Tensor& x, const Tensor& edges) {
  if (edges.rank() != 1 || edges.numel() < 2 || edges.dtype() != x.dtype())
    fail<ShapeError>(op, ": edges must be 1-d, 2 or more, of x's dtype ", x.dtype(), "; got ",
                     edges.dtype(), edges.shape());
}

Histogram between(const Tensor& x, const Tensor& edges, const Tensor& weight, bool density) {
  if (weight.defined() && (weight.shape() != x.shape() || weight.dtype() != x.dtype()))
    fail<ShapeError>("histogram: weight must have shape and dtype of x, ", x.dtype(), x.shape(),
                     "; got ", weight.dtype(), weight.shape());
  const int64_t count = edges.numel() - 1;
  const Tensor flat = reshape(x, {-1});
  const Tensor hist = add_up(flat, bin_of(flat, edges), count, weight);
  return {density ? hist / (sum(hist) * widths_of(edges)) : hist, edges};
}

// Points as rows: [N, D]
Tensor rows_of(const Tensor& x, size_t axes) {
  if (x.rank() < 2 || x.size(-1) != static_cast<int64_t>(axes))
    fail<ShapeError>("histogramdd: wants points [..., D] and D axes of bins; x is ", x.shape(),
                     ", bins are for ", axes, " axes");
  return reshape(x.detach(), {-1, x.size(-1)});
}

HistogramDd in_cells(const Tensor& rows, const std::vector<Tensor>& edges, const Tensor& weight,
                     bool density) {
  if (weight.defined() && (weight.numel() != rows.size(0) || weight.dtype() != rows.dtype()))
    fail<ShapeError>("histogramdd: needs a weight of ", rows.dtype(), " for each of the ",
                     rows.size(0), " points; got ", weight.dtype(), weight.shape());
  Tensor cell, is_outside, volume;
  int64_t cells = 1;
  Shape shape;
  for (size_t i = 0; i < edges.size(); ++i) {
    const int64_t count = edges[i].numel() - 1, axis = static_cast<int64_t>(i);
    const Tensor bin = bin_of(select(rows, 1, axis).contiguous(), edges[i]);
    const Tensor misses = logical_or(lt(bin, 0), ge(bin, count));
    is_outside = i ? logical_or(is_outside, misses) : misses;
    cell = i ? cell * count + bin : bin;
    volume = i ? unsqueeze(volume, -1) * widths_of(edges[i]) : widths_of(edges[i]);
    shape.push_back(count);
    cells *= count;
  }
  const Tensor hist =
      reshape(add_up(select(rows, 1, 0), where(is_outside, -1, cell), cells, weight), shape);
  return {density ? hist / (sum(hist) * volume) : hist, edges};
}

}  // namespace

Tensor histc(const Tensor& x, int64_t bins, double min, double max) {
  check_bins("histc", x, bins);
  const Tensor flat = reshape(x.detach(), {-1});
  const Range r = range_of("histc", flat, min, max);
  const Tensor place = (flat - r.low) / (r.high - r.low) * double(bins);
  const Tensor is_inside = logical_and(ge(flat, r.low), le(flat, r.high));
  const Tensor bin = clamp(cast(where(is_inside, place, 0.0), int64), {}, double(bins - 1));
  return scatter_add(zeros({bins}, x.dtype()), 0, bin, cast(is_inside, x.dtype()));
}

Histogram histogram(const Tensor& x, int64_t bins, const HistogramOptions& o) {
  check_bins("histogram", x, bins);
  const double low = o.range ? o.range->first : 0, high = o.range ? o.range->second : 0;
  const Range r = range_of("histogram", x.detach(), low, high);
  return between(x.detach(), even_edges(r, bins, x.dtype()), o.weight, o.density);
}

Histogram histogram(const Tensor& x, const Tensor& edges, const Tensor& weight, bool density) {
  check_edges("histogram", x, edges);
  check_bins("histogram", x, edges.numel() - 1);
  return between(x.detach(), edges, weight, density);
}

HistogramDd histogramdd(const Tensor& x, const std::vector<int64_t>& bins,
                        const HistogramDdOptions& o) {
  const Tensor rows = rows_of(x, bins.size());
  if (!o.range.empty() && o.range.size() != 2 * bins.size())
    fail<ShapeError>("histogramdd: range must have a low and a high end for each of ", bins.size(),
                     " axes; got ", o.range.size(), " numbers");
  std::vector<Tensor> edges;
  for (size_t i = 0; i < bins.size(); ++i) {
    check_bins("histogramdd", x, bins[i]);
    const double low = o.range.empty() ? 0 : o.range[2 * i];
    const double high = o.range.empty() ? 0 : o.range[2 * i + 1];
    const Range r = range_of("histogramdd", select(rows, 1, static_cast<int64_t>(i)), low, high);
    edges.push_back(even_edges(r, bins[i], x.dtype()));
  }
  return in_cells(rows, edges, o.weight, o.density);
}

HistogramDd histogramdd(const Tensor& x, const std::vector<Tensor>& edges, const Tensor& weight,
                        bool density) {
  const Tensor rows = rows_of(x, edges.size());
  for (const Tensor& each : edges) {
    check_edges("histogramdd", x, each);
    check_bins("histogramdd", x, each.numel() - 1);
  }
  return in_cells(rows, edges, weight, density);
}

}  // namespace rush
