#include "rush/graph/sizes.h"

#include <cmath>

namespace rush::graph {

int64_t resolve_size(int64_t value, const std::function<int64_t(int64_t)>& size_of) {
  const std::optional<SizeTerm> term = decode_size(value);
  if (!term) return value;
  int64_t result = term->factor;
  for (int64_t u : term->unknowns) result *= size_of(u);
  return result + term->offset;
}

namespace {

// The whole number that v is but for rounding, if it is made of unknown sizes:
// exactly, as powers of ten and the like never are, or (as correction in a
// variance) but for one.
std::optional<int64_t> whole_of(double v, bool may_lack_one = false) {
  constexpr double kRounding = 1e-13, kLargest = 4e18;
  if (!(std::abs(v) < kLargest)) return {};
  const double rounded = std::round(v);
  if (std::abs(v - rounded) > kRounding * std::abs(v)) return {};
  const auto whole = static_cast<int64_t>(rounded);
  const std::optional<SizeTerm> term = decode_size(whole);
  const bool is_made = term && (term->offset == 0 || (may_lack_one && term->offset == -1));
  return is_made ? std::optional(whole) : std::nullopt;
}

}  // namespace

double resolve_size(double value, const std::function<int64_t(int64_t)>& size_of) {
  if (value == 0 || !std::isfinite(value)) return value;
  const auto resolved = [&](int64_t v) { return static_cast<double>(resolve_size(v, size_of)); };
  if (const auto w = whole_of(value, true)) return resolved(*w);
  if (const auto w = whole_of(1 / value, true)) return 1 / resolved(*w);
  if (const auto w = whole_of(value * value)) return std::copysign(std::sqrt(resolved(*w)), value);
  constexpr int kLargestNumerator = 64;
  for (double k = 1; k <= kLargestNumerator; ++k) {
    if (const auto w = whole_of(k / value)) return k / resolved(*w);
    if (const auto w = whole_of(k / (value * value)))
      return std::copysign(std::sqrt(k / resolved(*w)), value);
  }
  return value;
}

}  // namespace rush::graph
