// Orders and statistics: sorting, quantiles, different values, histograms, differences, distances.
#include <cmath>

#include "function.h"
#include "rows.h"
#include "rush/ops/create.h"
#include "rush/ops/search.h"
#include "rush/ops/sort.h"
#include "rush/ops/statistics.h"

namespace rush::python {
namespace {

using Axis = std::optional<int64_t>;

const char* const kSortDoc =
    "Sorted along an axis; NaN counts as the largest, equal ones keep "
    "their order.";

void add_sorts(const Rows& rows) {
  static const NamedTuple kSort("sort", {"values", "indices"}),
      kTopk("topk", {"values", "indices"});
  rows.add(
      "sort(input, dim=-1, descending=False, stable=False)",
      [](const Tensor& x, int64_t axis, bool descending, bool) {
        const auto [values, indices] = sort(x, axis, descending);
        return kSort({values, indices});
      },
      0, kSortDoc);
  rows.add("sort(input, *, stable, dim=-1, descending=False)",
           [](const Tensor& x, std::optional<bool>, int64_t axis, bool descending) {
             const auto [values, indices] = sort(x, axis, descending);
             return kSort({values, indices});
           });
  rows.add("argsort(input, dim=-1, descending=False, stable=False)",
           [](const Tensor& x, int64_t axis, bool descending, bool) {
             return argsort(x, axis, descending);
           });
  rows.add(
      "msort(input)", [](const Tensor& x) { return msort(x); }, 0, "Sorted along the first axis.");
  rows.add("topk(input, k, dim=-1, largest=True, sorted=True)",
           [](const Tensor& x, int64_t k, Axis axis, bool largest, bool sorted) {
             const auto [values, indices] = topk(x, k, axis.value_or(-1), largest, sorted);
             return kTopk({values, indices});
           });
}

// What stands for the middle of no elements.
Tensor nothing_of(const Tensor& x) {
  if (!is_floating(x.dtype())) fail<ShapeError>("median: no elements to choose from");
  return full({}, std::nan(""), x.dtype());
}

void add_middles(const Rows& rows) {
  static const NamedTuple kMedian("median", {"values", "indices"}),
      kNanmedian("nanmedian", {"values", "indices"}), kMode("mode", {"values", "indices"}),
      kKthvalue("kthvalue", {"values", "indices"});
  rows.add("median(input)", [](const Tensor& x) { return x.numel() ? median(x) : nothing_of(x); });
  rows.add("median(input, dim, keepdim=False)", [](const Tensor& x, int64_t axis, bool keepdim) {
    const auto [values, indices] = median(x, axis, keepdim);
    return kMedian({values, indices});
  });
  rows.add("nanmedian(input)",
           [](const Tensor& x) { return x.numel() ? nanmedian(x) : nothing_of(x); });
  rows.add("nanmedian(input, dim, keepdim=False)", [](const Tensor& x, int64_t axis, bool keepdim) {
    const auto [values, indices] = nanmedian(x, axis, keepdim);
    return kNanmedian({values, indices});
  });
  rows.add("mode(input, dim=-1, keepdim=False)", [](const Tensor& x, int64_t axis, bool keepdim) {
    const auto [values, indices] = mode(x, axis, keepdim);
    return kMode({values, indices});
  });
  rows.add("kthvalue(input, k, dim=-1, keepdim=False)",
           [](const Tensor& x, int64_t k, int64_t axis, bool keepdim) {
             const auto [values, indices] = kthvalue(x, k, axis, keepdim);
             return kKthvalue({values, indices});
           });
}

Between between_of(const std::string& name) {
  constexpr std::pair<const char*, Between> kNames[] = {{"linear", Between::kLinear},
                                                        {"lower", Between::kLower},
                                                        {"higher", Between::kHigher},
                                                        {"midpoint", Between::kMidpoint},
                                                        {"nearest", Between::kNearest}};
  for (const auto& [known, value] : kNames)
    if (name == known) return value;
  fail("quantile: interpolation is linear, lower, higher, midpoint or nearest; got '", name, "'");
}

// f: quantile or nanquantile. Several q, as a 1-d tensor, make a new first axis.
template <typename F>
void add_quantile(const Rows& rows, const char* signature, F) {
  rows.add(
      signature,
      [](const Tensor& x, const Operand& q, Axis axis, bool keepdim, const std::string& name) {
        const QuantileOptions options{axis, keepdim, between_of(name)};
        return q.rank() ? F{}(x, q.to_vector<double>(), options) : F{}(x, q.item(), options);
      },
      kFullPrecision);
}

void add_quantiles(const Rows& rows) {
  add_quantile(
      rows, "quantile(input, q, dim=None, keepdim=False, *, interpolation='linear')",
      [](const Tensor& x, const auto& q, const QuantileOptions& o) { return quantile(x, q, o); });
  add_quantile(rows, "nanquantile(input, q, dim=None, keepdim=False, *, interpolation='linear')",
               [](const Tensor& x, const auto& q, const QuantileOptions& o) {
                 return nanquantile(x, q, o);
               });
}

// What unique gives: one tensor, or a tuple with those asked for.
PyObject* parts_of(Unique u, bool with_inverse, bool with_counts) {
  std::vector<Tensor> parts = {u.values};
  if (with_inverse) parts.push_back(u.inverse);
  if (with_counts) parts.push_back(u.counts);
  return parts.size() == 1 ? wrap(u.values) : to_python(std::move(parts));
}

void add_sets(const Rows& rows) {
  rows.add(
      "unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None)",
      [](const Tensor& x, bool, bool inverse, bool counts, Axis axis) {
        return parts_of(unique(x, axis), inverse, counts);
      },
      0, "The different elements, or entries of an axis, in rising order.");
  rows.add(
      "unique_consecutive(input, return_inverse=False, return_counts=False, dim=None)",
      [](const Tensor& x, bool inverse, bool counts, Axis axis) {
        return parts_of(unique_consecutive(x, axis), inverse, counts);
      },
      0, "The elements without those that equal the one before.");
  rows.add(
      "isin(elements, test_elements, *, assume_unique=False, invert=False)",
      [](const Operand& x, const Operand& among, bool, bool invert) {
        return isin(x.is_weak() ? full({}, x) : Tensor(x),
                    among.is_weak() ? full({}, among) : Tensor(among), invert);
      },
      0, "Whether each element is among the others.");
}

using Range = std::optional<std::vector<double>>;

std::optional<std::pair<double, double>> range_of(const Range& range) {
  if (!range) return {};
  if (range->size() != 2) fail<ShapeError>("histogram: range is (low, high)");
  return std::pair((*range)[0], (*range)[1]);
}

void add_histograms(const Rows& rows) {
  static const NamedTuple kHistogram("histogram", {"hist", "bin_edges"});
  rows.add(
      "histc(input, bins=100, min=0, max=0)",
      [](const Tensor& x, int64_t bins, double min, double max) {
        return histc(x, bins, min, max);
      },
      0, "How many elements lie in each of `bins` equal parts of [min, max].");
  rows.add(
      "histogram(input, bins, *, range=None, weight=None, density=False)",
      [](const Tensor& x, int64_t bins, const Range& range, const Maybe& weight, bool density) {
        const auto [hist, edges] = histogram(x, bins, {range_of(range), weight, density});
        return kHistogram({hist, edges});
      },
      0, "How much lies between the edges of bins, and the edges.");
  rows.add("histogram(input, bins, *, weight=None, density=False)",
           [](const Tensor& x, const Tensor& bins, const Maybe& weight, bool density) {
             const auto [hist, edges] = histogram(x, bins, weight, density);
             return kHistogram({hist, edges});
           });
}

std::vector<double> ranges_of(const Range& range) { return range.value_or(std::vector<double>{}); }

const NamedTuple kHistogramDd("histogramdd", {"hist", "bin_edges"});
PyObject* named(const HistogramDd& found) {
  return kHistogramDd.of({wrap(found.hist), to_python(found.bin_edges)});
}

void add_grids(const Rows& rows) {
  rows.add(
      "histogramdd(input, bins, range=None, weight=None, density=False)",
      [](const Tensor& x, int64_t bins, const Range& range, const Maybe& weight, bool density) {
        const std::vector<int64_t> each(x.rank() ? static_cast<size_t>(x.size(-1)) : 0, bins);
        return named(histogramdd(x, each, {ranges_of(range), weight, density}));
      },
      kFunctionOnly, "Of points [..., D], how many lie in each cell of a grid, and its edges.");
  rows.add(
      "histogramdd(input, bins, range=None, weight=None, density=False)",
      [](const Tensor& x, const std::vector<int64_t>& bins, const Range& range, const Maybe& weight,
         bool density) {
        return named(histogramdd(x, bins, {ranges_of(range), weight, density}));
      },
      kFunctionOnly);
  rows.add(
      "histogramdd(input, bins, range=None, weight=None, density=False)",
      [](const Tensor& x, const std::vector<Tensor>& edges, const Any&, const Maybe& weight,
         bool density) { return named(histogramdd(x, edges, weight, density)); },
      kFunctionOnly);
}

void add_gradients(const Rows& rows) {
  using Axes = std::optional<Dims>;
  rows.add(
      "gradient(input, *, spacing=1, dim=None, edge_order=1)",
      [](const Tensor& x, double spacing, const Axes& axes, int64_t edge_order) {
        const auto count = static_cast<size_t>(axes ? axes->size() : x.rank());
        return gradient(x, std::vector<double>(count, spacing), axes, edge_order);
      },
      kFunctionOnly,
      "The derivative along each axis of a function sampled at equal distances or at points.");
  rows.add(
      "gradient(input, *, spacing, dim=None, edge_order=1)",
      [](const Tensor& x, const std::vector<double>& spacing, const Axes& axes,
         int64_t edge_order) { return gradient(x, spacing, axes, edge_order); },
      kFunctionOnly);
  rows.add(
      "gradient(input, *, spacing, dim=None, edge_order=1)",
      [](const Tensor& x, const std::vector<Tensor>& points, const Axes& axes, int64_t edge_order) {
        return gradient(x, points, axes, edge_order);
      },
      kFunctionOnly);
}

void add_differences(const Rows& rows) {
  rows.add(
      "diff(input, n=1, dim=-1, prepend=None, append=None)",
      [](const Tensor& x, int64_t n, int64_t axis, const Maybe& before, const Maybe& after) {
        return diff(x, n, axis, before, after);
      },
      0, "Differences of neighbours along an axis, n times.");
  rows.add(
      "trapezoid(y, x, *, dim=-1)",
      [](const Tensor& y, const Tensor& x, int64_t axis) { return trapezoid(y, x, axis); }, 0,
      "The integral along an axis by the trapezoid rule.");
  rows.add("trapezoid(y, *, dx=1, dim=-1)",
           [](const Tensor& y, double dx, int64_t axis) { return trapezoid(y, dx, axis); });
  rows.alias("trapz", "trapezoid");
  rows.add(
      "cumulative_trapezoid(y, x, *, dim=-1)",
      [](const Tensor& y, const Tensor& x, int64_t axis) {
        return cumulative_trapezoid(y, x, axis);
      },
      0, "Running integrals along an axis by the trapezoid rule.");
  rows.add(
      "cumulative_trapezoid(y, *, dx=1, dim=-1)",
      [](const Tensor& y, double dx, int64_t axis) { return cumulative_trapezoid(y, dx, axis); });
}

void add_covariances(const Rows& rows) {
  rows.add(
      "cov(input, *, correction=1, fweights=None, aweights=None)",
      [](const Tensor& x, int64_t correction, const Maybe& f, const Maybe& a) {
        return cov(x, {correction, f, a});
      },
      0, "The covariances of variables (rows) over observations (columns).");
  rows.add(
      "corrcoef(input)", [](const Tensor& x) { return corrcoef(x); }, 0,
      "Correlations: covariances over the product of deviations.");
  rows.add(
      "cdist(x1, x2, p=2.0, compute_mode=None)",
      [](const Tensor& a, const Tensor& b, double p, const Any&) { return cdist(a, b, p); },
      kFullPrecision, "The distances of all pairs of rows.");
  rows.add(
      "pdist(input, p=2.0)", [](const Tensor& x, double p) { return pdist(x, p); }, kFunctionOnly,
      "The distances of all pairs of one tensor's rows.");
}

}  // namespace

void add_order_rows() {
  const Rows rows("torch");
  add_sorts(rows);
  add_middles(rows);
  add_quantiles(rows);
  add_sets(rows);
  add_histograms(rows);
  add_grids(rows);
  add_gradients(rows);
  add_differences(rows);
  add_covariances(rows);
}

}  // namespace rush::python
