// Element-wise functions that are formulas in others.
#include <cmath>
#include <numbers>

#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/special.h"

namespace rush {

Tensor ndtr(const Tensor& x) { return erfc(x * -(1 / std::numbers::sqrt2)) * 0.5; }

Tensor entr(const Tensor& x) {
  const Tensor is_positive = gt(x, 0), safe = where(is_positive, x, 1.0);
  const Tensor rest = where(lt(x, 0), -INFINITY, where(isnan(x), NAN, 0.0));
  return where(is_positive, neg(safe * log(safe)), rest);
}

// The sum of lgamma(x - i / 2) over i < p, and a constant.
Tensor multigammaln(const Tensor& x, int64_t p) {
  constexpr int64_t kMost = 1 << 24;  // of which each takes the room of x
  if (p < 1 || p > kMost) fail("multigammaln: p must be between 1 and ", kMost, "; got ", p);
  const Tensor halves = arange(0, double(p), 1, x.dtype()) * 0.5;
  return sum(lgamma(unsqueeze(x, -1) - halves), {-1}) +
         double(p) * double(p - 1) / 4 * std::log(std::numbers::pi);
}

Tensor logaddexp2(const Tensor& x, const Tensor& y) {
  return logaddexp(x * std::numbers::ln2, y * std::numbers::ln2) / std::numbers::ln2;
}

Tensor ldexp(const Tensor& x, const Tensor& other) {
  return x * pow(2.0, is_floating(other.dtype()) ? other : cast(other, default_dtype()));
}

// The exponent from the logarithm, which may be off by one at powers of two; then put right.
Frexp frexp(const Tensor& x) {
  if (!is_floating(x.dtype())) fail<TypeError>("frexp: wants a floating dtype; got ", x.dtype());
  const Tensor is_plain = logical_and(isfinite(x), ne(x, 0));
  const Tensor size = abs(where(is_plain, x, 1.0)).detach();
  Tensor e = floor(log2(size)) + 1;
  // In two steps, for 2^-e alone overflows where x is subnormal.
  const auto scaled = [](const Tensor& v, const Tensor& exponent) {
    const Tensor half = floor(exponent * 0.5);
    return v * exp2(neg(half)) * exp2(half - exponent);
  };
  e = where(ge(scaled(size, e), 1), e + 1, where(lt(scaled(size, e), 0.5), e - 1, e));
  return {where(is_plain, scaled(x, e), x), cast(where(is_plain, e, 0.0), DType::kInt32)};
}

Tensor float_power(const Tensor& x, const Tensor& exponent) {
  return pow(cast(x, DType::kFloat64), cast(exponent, DType::kFloat64));
}
Tensor deg2rad(const Tensor& x) { return x * (std::numbers::pi / 180); }
Tensor rad2deg(const Tensor& x) { return x * (180 / std::numbers::pi); }
Tensor signbit(const Tensor& x) {
  if (!is_floating(x.dtype())) return lt(x, 0);
  return lt(copysign(ones_like(x), x.detach()), 0);
}
Tensor positive(const Tensor& x) {
  if (x.dtype() == DType::kBool) fail<TypeError>("positive: truth values have no sign; got bool");
  return x;
}
Tensor isposinf(const Tensor& x) { return logical_and(isinf(x), gt(x, 0)); }
Tensor isneginf(const Tensor& x) { return logical_and(isinf(x), lt(x, 0)); }
Tensor clamp_min(const Tensor& x, double min) { return clamp(x, min); }
Tensor clamp_max(const Tensor& x, double max) { return clamp(x, {}, max); }
Tensor clip(const Tensor& x, std::optional<double> min, std::optional<double> max) {
  return clamp(x, min, max);
}
Tensor round_to(const Tensor& x, int64_t decimals) {
  if (!is_floating(x.dtype())) return x;
  const double scale = std::pow(10.0, double(std::abs(decimals)));
  return decimals < 0 ? round(x / scale) * scale : round(x * scale) / scale;
}

bool allclose(const Tensor& x, const Tensor& y, double rtol, double atol, bool equal_nan) {
  return all(isclose(x, y, rtol, atol, equal_nan)).item<int64_t>() != 0;
}
bool equal(const Tensor& x, const Tensor& y) {
  return x.shape() == y.shape() && all(eq(x, y)).item<int64_t>() != 0;
}

}  // namespace rush
