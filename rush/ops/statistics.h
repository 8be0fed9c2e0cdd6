// Statistics of several numbers at once: extremes, differences, integrals, covariances, distances.
#pragma once

#include <optional>
#include <vector>

#include "rush/tensor/tensor.h"

namespace rush {

struct MinMax {
  Tensor min, max;
};
MinMax aminmax(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false);

// The mean and the variance (of all there is: no correction) over some axes, or over all.
struct Moments {
  Tensor mean, variance;
};
Moments moments(const Tensor& x, const Dims& axes = {}, bool keepdim = false);

// Differences of neighbours along an axis, n times. `prepend` and `append` are joined on first.
Tensor diff(const Tensor& x, int64_t n = 1, int64_t axis = -1, const Tensor& prepend = {},
            const Tensor& append = {});
// The integral along an axis by the trapezoid rule; the points lie dx apart, or at x, which is 1-d
// or has y's shape.
Tensor trapezoid(const Tensor& y, double dx = 1, int64_t axis = -1);
Tensor trapezoid(const Tensor& y, const Tensor& x, int64_t axis = -1);
Tensor cumulative_trapezoid(const Tensor& y, double dx = 1, int64_t axis = -1);
Tensor cumulative_trapezoid(const Tensor& y, const Tensor& x, int64_t axis = -1);

// The derivative along each axis (all, if none are given) of a function sampled at equal distances,
// or at `points`: [n] for each axis. Inside by central differences; at the ends by the neighbour
// (edge_order 1) or a parabola (2).
std::vector<Tensor> gradient(const Tensor& x, const std::vector<double>& spacing,
                             const std::optional<Dims>& axes = {}, int64_t edge_order = 1);
std::vector<Tensor> gradient(const Tensor& x, const std::vector<Tensor>& points,
                             const std::optional<Dims>& axes = {}, int64_t edge_order = 1);

struct CovOptions {
  int64_t correction = 1;
  Tensor fweights{};  // integers [N]: how often each observation counts
  Tensor aweights{};  // [N]: how much each observation weighs
};
// x: [variables, observations] or [observations] -> the covariances [variables, variables]
Tensor cov(const Tensor& x, const CovOptions& options = {});
Tensor corrcoef(const Tensor& x);  // covariances over the product of deviations

// The distances of all pairs of rows. a: [..., P, M], b: [..., R, M] -> [..., P, R]
Tensor cdist(const Tensor& a, const Tensor& b, double p = 2);
// Of the rows of x: [N, M] with each other, i < j -> [N (N - 1) / 2]
Tensor pdist(const Tensor& x, double p = 2);

}  // namespace rush
