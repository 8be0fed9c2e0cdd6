// Element by element, with the position and both values of the worst.
#include "rush/ops/cases/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "rush/ops/cases/inputs.h"

namespace rush::testing {

namespace {

// Below this, results count as cancelled to nothing, and only the absolute error matters.
constexpr double kSmallScale = 1e-2;

double largest_finite(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return 65504;
    case DType::kBFloat16:
      return 3.38953139e38;
    case DType::kFloat32:
      return 3.40282347e38;
    default:
      return INFINITY;
  }
}

std::string position_text(int64_t flat, const Shape& shape) {
  Dims at = Dims::filled(shape.size(), 0);
  for (int d = shape.size() - 1; d >= 0; --d) {
    at[d] = flat % shape[d];
    flat /= shape[d];
  }
  return to_text(at);
}

bool is_match(double got, double want, double allowed, double largest) {
  if (std::isnan(want)) return std::isnan(got);
  if (got == want) return true;
  if (std::isinf(want)) return false;
  if (std::isinf(got)) return std::abs(want) >= largest && std::signbit(got) == std::signbit(want);
  return std::abs(got - want) <= allowed;
}

std::string each(const Tensors& got, const Tensors& want,
                 const std::function<std::string(const Tensor&, const Tensor&)>& compare) {
  if (got.size() != want.size())
    return concat({got.size(), " outputs where ", want.size(), " are wanted"});
  for (size_t k = 0; k < got.size(); ++k) {
    if (got[k].defined() != want[k].defined())
      return concat({"output ", k, got[k].defined() ? " is defined" : " is undefined"});
    if (!got[k].defined()) continue;
    if (std::string text = compare(got[k], want[k]); !text.empty())
      return got.size() == 1 ? text : concat({"output ", k, ": ", text});
  }
  return "";
}

}  // namespace

std::vector<double> doubles_of(const Tensor& t) {
  const Tensor plain = converted(t, float64);
  const double* p = plain.data<double>();
  return {p, p + plain.numel()};
}

std::string difference(const Tensor& got, const Tensor& want, double relative) {
  if (got.shape() != want.shape())
    return concat({"shape ", got.shape(), " where ", want.shape(), " is wanted"});
  const std::vector<double> g = doubles_of(got), w = doubles_of(want);
  double largest = 0;
  for (double v : w)
    if (std::isfinite(v)) largest = std::max(largest, std::abs(v));
  const double absolute = relative * std::clamp(largest, kSmallScale, 1.0);
  int64_t worst = -1;
  double worst_error = -1;
  for (size_t i = 0; i < g.size(); ++i) {
    const double allowed = absolute + relative * std::abs(w[i]);
    if (is_match(g[i], w[i], allowed, largest_finite(got.dtype()) * (1 - 0x1p-11))) continue;
    const double error = std::abs(g[i] - w[i]);
    if (worst >= 0 && !(error > worst_error)) continue;
    worst = static_cast<int64_t>(i);
    worst_error = error;
  }
  if (worst < 0) return "";
  return concat({got.dtype(), got.shape(), " at ", position_text(worst, got.shape()), " is ",
                 g[worst], " where ", w[worst], " is wanted (relative bound ", relative, ")"});
}

std::string difference(const Tensors& got, const Tensors& want, double relative) {
  return each(got, want,
              [&](const Tensor& a, const Tensor& b) { return difference(a, b, relative); });
}

std::string bit_difference(const Tensor& got, const Tensor& want) {
  if (got.shape() != want.shape() || got.dtype() != want.dtype())
    return concat({got.dtype(), got.shape(), " where ", want.dtype(), want.shape(), " is wanted"});
  const Tensor a = converted(got, got.dtype()), b = converted(want, want.dtype());
  const size_t size = size_of(got.dtype());
  const char *p = static_cast<const char*>(a.raw()), *q = static_cast<const char*>(b.raw());
  for (int64_t i = 0; i < a.numel(); ++i) {
    if (std::memcmp(p + i * size, q + i * size, size) == 0) continue;
    const double x = doubles_of(a)[i], y = doubles_of(b)[i];
    if (std::isnan(x) && std::isnan(y)) continue;
    return concat({got.dtype(), got.shape(), " at ", position_text(i, got.shape()), " is ", x,
                   " where ", y, " is wanted, bit by bit (difference ", x - y, ")"});
  }
  return "";
}

std::string bit_difference(const Tensors& got, const Tensors& want) {
  return each(got, want, [](const Tensor& a, const Tensor& b) { return bit_difference(a, b); });
}

double bound_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat16:
      return 2e-3;
    case DType::kBFloat16:
      return 1.6e-2;
    case DType::kFloat32:
      return 1e-5;
    case DType::kFloat64:
      return 1e-11;
    default:
      return 0;
  }
}

}  // namespace rush::testing
