// Which values there are, and how many: unique, isin, histograms. Results whose size depends on
// values need values: placeholders and traces are refused.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "rush/tensor/tensor.h"

namespace rush {

struct Unique {
  Tensor values;   // in rising order (or, for unique_consecutive, in x's)
  Tensor inverse;  // int64: where each element of x is in values
  Tensor counts;   // int64: how many of each there are
};
// The different elements; with an axis, the different entries along it. No gradient. Each NaN
// counts as different.
Unique unique(const Tensor& x, std::optional<int64_t> axis = {});
// The same after dropping only those elements that equal the one before.
Unique unique_consecutive(const Tensor& x, std::optional<int64_t> axis = {});

// Whether each element of x is among those of `among`; bool, in x's shape.
Tensor isin(const Tensor& x, const Tensor& among, bool invert = false);

// How many elements of x lie in each of `bins` equal parts of [min, max], in x's dtype; min = max:
// the range of x. Elements outside are not counted.
Tensor histc(const Tensor& x, int64_t bins = 100, double min = 0, double max = 0);

struct HistogramOptions {
  std::optional<std::pair<double, double>> range{};  // not given: that of x
  Tensor weight{};                                   // of x's shape: what each element counts
  bool density = false;                              // the integral over the bins becomes 1
};
struct Histogram {
  Tensor hist, bin_edges;
};
Histogram histogram(const Tensor& x, int64_t bins, const HistogramOptions& options = {});
// With rising edges: [bins + 1], of x's dtype.
Histogram histogram(const Tensor& x, const Tensor& edges, const Tensor& weight = {},
                    bool density = false);

// Of points x: [..., D], how many lie in each cell of a grid.
struct HistogramDd {
  Tensor hist;  // [bins of axis 0, bins of axis 1, ...]
  std::vector<Tensor> bin_edges;
};
struct HistogramDdOptions {
  std::vector<double> range{};  // low and high of each axis; empty: those of x
  Tensor weight{};              // of x's shape without the last axis
  bool density = false;
};
HistogramDd histogramdd(const Tensor& x, const std::vector<int64_t>& bins,
                        const HistogramDdOptions& options = {});
HistogramDd histogramdd(const Tensor& x, const std::vector<Tensor>& edges,
                        const Tensor& weight = {}, bool density = false);

}  // namespace rush
