#include "rush/optim/line_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace rush::optim {
namespace {

// Where the cubic through two points with their slopes is lowest, kept within [low, high].
double lowest_of_cubic(const LinePoint& p, const LinePoint& q, double low, double high) {
  const LinePoint &left = p.at <= q.at ? p : q, &right = p.at <= q.at ? q : p;
  const double bend = p.slope + q.slope - 3 * (p.loss - q.loss) / (p.at - q.at);
  const double square = bend * bend - p.slope * q.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const double root = std::sqrt(square);
  const double part = (right.slope + root - bend) / (right.slope - left.slope + 2 * root);
  return std::min(std::max(right.at - (right.at - left.at) * part, low), high);
}

class Search {
 public:
  Search(const std::function<LinePoint(double)>& evaluate, const LinePoint& start,
         const LineSearchOptions& options)
      : evaluate_(evaluate), start_(start), options_(options) {}

  LinePoint run(double guess) {
    if (std::optional<LinePoint> found = bracket(guess)) return *found;
    return zoom();
  }

 private:
  bool is_too_high(const LinePoint& p) const {
    return p.loss > start_.loss + options_.enough * p.at * start_.slope;
  }
  bool is_flat(const LinePoint& p) const {
    return std::abs(p.slope) <= -options_.flat * start_.slope;
  }

  // Steps outward until a point is good or an interval must hold one (ends_).
  std::optional<LinePoint> bracket(double guess) {
    LinePoint before = start_, now = evaluate_(guess);
    for (; used_ < options_.most; ++used_) {
      if (is_too_high(now) || (used_ > 1 && now.loss >= before.loss)) {
        ends_ = {before, now};
        return {};
      }
      if (is_flat(now)) return now;
      if (now.slope >= 0) {
        ends_ = {before, now};
        return {};
      }
      constexpr double kLeast = 0.01, kMost = 10;
      const double next =
          lowest_of_cubic(before, now, now.at + kLeast * (now.at - before.at), kMost * now.at);
      before = std::exchange(now, evaluate_(next));
    }
    ends_ = {start_, now};
    return {};
  }

  LinePoint zoom() {
    bool is_slow = false;
    LinePoint *low = &ends_[0], *high = &ends_[1];
    const auto order = [&] {
      const bool is_first = ends_[0].loss <= ends_[1].loss;
      low = &ends_[is_first ? 0 : 1];
      high = &ends_[is_first ? 1 : 0];
    };
    order();
    for (; used_ < options_.most; ++used_) {
      const double width = std::abs(ends_[1].at - ends_[0].at);
      if (width * options_.largest_direction < options_.smallest) break;
      LinePoint now = evaluate_(next_inside(width, &is_slow));
      if (is_too_high(now) || now.loss >= low->loss) {
        *high = std::move(now);
        order();
        continue;
      }
      const bool is_done = is_flat(now);
      if (!is_done && now.slope * (high->at - low->at) >= 0) *high = *low;
      *low = std::move(now);
      if (is_done) {
        ++used_;
        break;
      }
    }
    return *low;
  }

  // The cubic's lowest place; away from the ends when it comes near them twice.
  double next_inside(double width, bool* is_slow) {
    const double left = std::min(ends_[0].at, ends_[1].at);
    const double right = std::max(ends_[0].at, ends_[1].at);
    constexpr double kMargin = 0.1;
    const double margin = kMargin * width;
    double at = lowest_of_cubic(ends_[0], ends_[1], left, right);
    const bool is_near = std::min(right - at, at - left) < margin;
    if (!is_near) {
      *is_slow = false;
    } else if (*is_slow || at >= right || at <= left) {
      at = std::abs(at - right) < std::abs(at - left) ? right - margin : left + margin;
      *is_slow = false;
    } else {
      *is_slow = true;
    }
    return at;
  }

  const std::function<LinePoint(double)>& evaluate_;
  const LinePoint& start_;
  const LineSearchOptions& options_;
  std::array<LinePoint, 2> ends_;
  int64_t used_ = 0;
};

}  // namespace

LinePoint strong_wolfe(const std::function<LinePoint(double at)>& evaluate, const LinePoint& start,
                       double guess, const LineSearchOptions& options) {
  return Search(evaluate, start, options).run(guess);
}

}  // namespace rush::optim
