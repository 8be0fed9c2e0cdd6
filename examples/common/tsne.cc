#include "common/tsne.h"

#include <rush/rush.h>

#include <cmath>

namespace demo {
namespace {

using namespace rush;

Tensor squared_distances(const Tensor& x) {
  const Tensor norms = sum(square(x), {1}, true);
  return clamp(norms + norms.t() - 2 * matmul(x, x.t()), 0.0);
}

// exp(-beta d) normalised, with the beta whose distribution has the entropy wanted: bisection.
void neighbour_row(std::vector<double>& row, size_t self, double entropy) {
  constexpr int kHalvings = 60;
  const std::vector<double> d = row;
  double low = 0, high = INFINITY, beta = 1;
  double nearest = INFINITY;
  for (size_t j = 0; j < d.size(); ++j)
    if (j != self) nearest = std::min(nearest, d[j]);
  for (int i = 0; i < kHalvings; ++i) {
    double total = 0, weighted = 0;
    for (size_t j = 0; j < d.size(); ++j) {
      row[j] = j == self ? 0 : std::exp(-beta * (d[j] - nearest));
      total += row[j];
      weighted += row[j] * (d[j] - nearest);
    }
    const double found = std::log(total) + beta * weighted / total;
    for (double& p : row) p /= total;
    if (std::abs(found - entropy) < 1e-4) return;
    (found > entropy ? low : high) = beta;
    beta = std::isinf(high) ? 2 * beta : (low + high) / 2;
  }
}

// Joint probabilities [N, N] of being neighbours.
Tensor neighbours(const Tensor& x, double perplexity) {
  const size_t n = static_cast<size_t>(x.size(0));
  const std::vector<double> d = squared_distances(x).to_vector();
  std::vector<double> p;
  for (size_t i = 0; i < n; ++i) {
    std::vector<double> row(d.begin() + static_cast<int64_t>(i * n),
                            d.begin() + static_cast<int64_t>((i + 1) * n));
    neighbour_row(row, i, std::log(perplexity));
    p.insert(p.end(), row.begin(), row.end());
  }
  const Tensor rows = Tensor::from(p, {x.size(0), x.size(0)});
  return cast(clamp((rows + rows.t()) / (2.0 * static_cast<double>(n)), 1e-12), float32);
}

}  // namespace

Tensor tsne(const Tensor& x, const TsneOptions& options) {
  constexpr int kEarly = 100;  // steps that pull neighbours together first
  constexpr double kExaggeration = 12;
  const NoGrad no_grad;
  const int64_t n = x.size(0);
  const double rate = std::max(50.0, static_cast<double>(n) / kExaggeration);
  const Tensor p = neighbours(x, std::min(options.perplexity, static_cast<double>(n - 1) / 3));
  const Tensor off_diagonal = 1 - eye(n);
  Tensor y = 1e-2 * randn({n, 2}), velocity = zeros({n, 2});
  for (int step = 0; step < options.steps; ++step) {
    const bool is_early = step < kEarly;
    const Tensor closeness = off_diagonal / (1 + squared_distances(y));
    const Tensor q = closeness / sum(closeness);
    const Tensor pull = ((is_early ? kExaggeration : 1.0) * p - q) * closeness;
    const Tensor gradient = 4 * (sum(pull, {1}, true) * y - matmul(pull, y));
    velocity = (is_early ? 0.5 : 0.8) * velocity - rate * gradient;
    y = y + velocity;
  }
  return y;
}

}  // namespace demo
