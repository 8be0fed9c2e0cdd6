// Random numbers of further distributions: formulas in uniform ones, so they work in graphs too.
#include <cmath>
#include <limits>
#include <numbers>

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/sort.h"
#include "rush/ops/unary.h"
#include "rush/tensor/observer.h"

namespace rush {
namespace {

const Op& kPoissonQuantile =
    Define("poisson_quantile",
           "The least k that a Poisson variable of this rate is at or below with "
           "probability u or more.")
        .args({"u", "rate"})
        .elementwise(Types::kFloat)
        .floating_only()
        .grad([](Dy dy) { return zeros_like(dy); })
        .grad([](Dy dy) { return zeros_like(dy); });

void want_floating_values(const char* op, const char* name, const Tensor& x) {
  if (!is_floating(x.dtype()))
    fail<TypeError>(op, ": ", name, " must be floating; got ", x.dtype());
}
void want_positive(const char* op, const char* name, double v) {
  if (!(v > 0)) fail(op, ": ", name, " must be positive; got ", v);
}

// PyTorch draws in float64 whatever the dtype of the result.
Tensor uniform_numbers(const Shape& shape, Generator* generator) {
  if (!generator) return rand(shape, DType::kFloat64);
  return uniform_(empty(shape, DType::kFloat64), 0, 1, generator);
}
// -log of a uniform number in (0, 1].
Tensor standard_exponential(const Shape& shape, Generator* generator) {
  return neg(log1p(neg(uniform_numbers(shape, generator))));
}

// Probabilities must be finite, not negative, and have a positive sum in every row.
void check_weights(const Tensor& p) {
  if (!p.has_data()) return;
  const Unobserved off;  // only a check: a trace need not repeat it
  const Tensor total = sum(p, {-1});
  const Tensor good = logical_and(all(ge(p, 0), {-1}), logical_and(isfinite(total), gt(total, 0)));
  if (all(good).item<int64_t>() == 0)
    fail("multinomial: probabilities must be finite, not negative, and sum to more than 0");
}

}  // namespace

Tensor poisson_quantile(const Tensor& u, const Tensor& rate) {
  return apply(kPoissonQuantile, {u, rate});
}

Tensor randint_like(const Tensor& x, int64_t low, int64_t high, std::optional<DType> dtype) {
  return randint(low, high, x.shape(), dtype.value_or(x.dtype()));
}

Tensor normal(const Tensor& mean, const Tensor& std) {
  want_floating_values("normal", "mean", mean);
  const Shape shape = broadcast_shapes("normal", mean.shape(), std.shape());
  return mean +
         std * randn(shape, promote(mean.dtype(), std.is_weak() ? mean.dtype() : std.dtype()));
}

Tensor poisson(const Tensor& rate, Generator* generator) {
  want_floating_values("poisson", "rate", rate);
  const Tensor u = uniform_numbers(rate.shape(), generator);
  return cast(poisson_quantile(u, cast(rate, DType::kFloat64)), rate.dtype());
}

Tensor exponential_like(const Tensor& x, double lambd, Generator* generator) {
  want_floating_values("exponential_like", "x", x);
  want_positive("exponential_like", "lambd", lambd);
  return cast(standard_exponential(x.shape(), generator) / lambd, x.dtype());
}
Tensor geometric_like(const Tensor& x, double p, Generator* generator) {
  if (x.dtype() == DType::kBool) fail<TypeError>("geometric_like: x must not be bool");
  if (!(p > 0 && p < 1)) fail("geometric_like: p must be in (0, 1); got ", p);
  const Tensor u = uniform_numbers(x.shape(), generator);
  return cast(ceil(log(u) / std::log1p(-p)), x.dtype());
}
Tensor cauchy_like(const Tensor& x, double median, double sigma, Generator* generator) {
  want_floating_values("cauchy_like", "x", x);
  want_positive("cauchy_like", "sigma", sigma);
  constexpr double kEnd = std::numeric_limits<double>::epsilon();  // away from the poles
  const Tensor u = clamp(uniform_numbers(x.shape(), generator), kEnd, 1 - kEnd);
  return cast(tan((u - 0.5) * std::numbers::pi) * sigma + median, x.dtype());
}
Tensor log_normal_like(const Tensor& x, double mean, double std) {
  want_floating_values("log_normal_like", "x", x);
  want_positive("log_normal_like", "std", std);
  return exp(randn_like(x) * std + mean);
}

Tensor multinomial(const Tensor& p, int64_t num_samples, bool replacement, Generator* generator) {
  want_floating_values("multinomial", "p", p);
  if (p.rank() != 1 && p.rank() != 2)
    fail<ShapeError>("multinomial: p must be [N] or [rows, N]; got ", p.shape());
  const int64_t n = p.size(-1);
  if (num_samples < 1 || (!replacement && num_samples > n) || n == 0)
    fail<ShapeError>("multinomial: cannot draw ", num_samples, " of ", n, " categories",
                     replacement ? "" : " without replacement");
  check_weights(p);
  const Tensor weights = p.detach();
  if (!replacement || num_samples == 1) {
    // The first of n exponential clocks with these rates, the second, ...; zero rates come last.
    const Tensor rates = weights / cast(standard_exponential(p.shape(), generator), p.dtype());
    return num_samples == 1 ? argmax(rates, -1, true) : topk(rates, num_samples, -1).indices;
  }
  Shape shape = p.shape();
  shape[p.rank() - 1] = num_samples;
  const Tensor sums = cumsum(weights, -1), shares = sums / slice(sums, -1, n - 1);
  return searchsorted(cast(shares, DType::kFloat64), uniform_numbers(shape, generator));
}

}  // namespace rush
