// Printing: values in columns of equal width, summarised when there are many, then dtype and shape.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "rush/tensor/tensor.h"

namespace rush {
namespace {

// An element: `whole` is exact for integer types, whose large values a double would round.
struct Element {
  double real = 0;
  int64_t whole = 0;
};

class Printer {
 public:
  Printer(const Tensor& t, const PrintOptions& o)
      : t_(t), o_(o), summarised_(t.numel() > o.threshold) {
    collect(0, 0);
    choose_format();
  }

  std::string text() {
    std::string out = "tensor(";
    indent_ = static_cast<int>(out.size());
    print(0, 0, out);
    return out;
  }

 private:
  // Calls f(i) for the indices shown of an axis, and gap() between the edges.
  template <typename F, typename G>
  void for_each_shown(int axis, F&& f, G&& gap) {
    const int64_t n = t_.shape()[axis];
    const int64_t edge = o_.edge_items;
    for (int64_t i = 0; i < n; ++i) {
      if (summarised_ && n > 2 * edge && i == edge) {
        gap();
        i = n - edge;
      }
      f(i);
    }
  }

  Element element(int64_t offset) const {
    return dispatch(t_.dtype(), [&]<typename T>() -> Element {
      const T v = static_cast<const T*>(t_.raw())[offset];
      if constexpr (std::is_integral_v<T>)
        return {static_cast<double>(v), static_cast<int64_t>(v)};
      else
        return {static_cast<double>(v), 0};
    });
  }

  void collect(int axis, int64_t offset) {
    if (axis == t_.rank()) {
      if (t_.numel() > 0) shown_.push_back(element(offset));
      return;
    }
    for_each_shown(
        axis, [&](int64_t i) { collect(axis + 1, offset + i * t_.strides()[axis]); }, [] {});
  }

  void choose_format() {
    double largest = 0, smallest = INFINITY;
    bool whole = true;
    for (const auto [v, _] : shown_) {
      if (!std::isfinite(v)) continue;
      if (v != 0) {
        largest = std::max(largest, std::abs(v));
        smallest = std::min(smallest, std::abs(v));
      }
      whole &= v == std::floor(v);
    }
    whole_ = whole;
    constexpr double kLarge = 1e8, kSmall = 1e-4, kSpread = 1000;
    scientific_ = is_floating(t_.dtype()) &&
                  (largest >= kLarge ||
                   (!whole && largest > 0 && (smallest < kSmall || largest / smallest > kSpread)));
    for (const Element& e : shown_) width_ = std::max(width_, static_cast<int>(format(e).size()));
  }

  std::string format(const Element& e) const {
    if (t_.dtype() == DType::kBool) return e.whole ? "true" : "false";
    if (!is_floating(t_.dtype())) return std::to_string(e.whole);
    char buffer[64];
    const double v = e.real;
    if (std::isnan(v))
      return "nan";
    else if (std::isinf(v))
      return v > 0 ? "inf" : "-inf";
    else if (scientific_)
      std::snprintf(buffer, sizeof buffer, "%.*e", o_.precision, v);
    else if (whole_)
      std::snprintf(buffer, sizeof buffer, "%.0f.", v);
    else
      std::snprintf(buffer, sizeof buffer, "%.*f", o_.precision, v);
    return buffer;
  }

  std::string padded(const Element& e) const {
    const std::string s = format(e);
    return std::string(static_cast<size_t>(width_) - s.size(), ' ') + s;
  }

  void print(int axis, int64_t offset, std::string& out) {
    if (axis == t_.rank()) {
      out += padded(element(offset));
      return;
    }
    const bool is_row = axis == t_.rank() - 1;
    const int depth = indent_ + axis + 1;
    out += '[';
    bool is_first = true;
    int column = depth;
    const auto separate = [&](int next_width) {
      if (!is_first) out += ',';
      if (is_row) {
        if (!is_first && column + next_width + 2 > o_.line_width) {
          out += '\n' + std::string(static_cast<size_t>(depth), ' ');
          column = depth;
        } else if (!is_first) {
          out += ' ';
        }
        column += next_width + 2;
      } else if (!is_first) {
        out += std::string(static_cast<size_t>(std::max(1, t_.rank() - axis - 1)), '\n') +
               std::string(static_cast<size_t>(depth), ' ');
      }
      is_first = false;
    };
    for_each_shown(
        axis,
        [&](int64_t i) {
          separate(width_);
          print(axis + 1, offset + i * t_.strides()[axis], out);
        },
        [&] {
          separate(3);
          out += "...";
        });
    out += ']';
  }

  const Tensor& t_;
  const PrintOptions& o_;
  bool summarised_, scientific_ = false, whole_ = false;
  int width_ = 0, indent_ = 0;
  std::vector<Element> shown_;
};

}  // namespace

std::string to_string(const Tensor& t, const PrintOptions& options) {
  if (!t.defined()) return "tensor(undefined)";
  std::string out = "tensor(";
  if (!t.has_data())
    out += "symbolic";
  else if (t.numel() == 0)
    out += "[]";
  else
    out = Printer(t, options).text();
  out += ", " + to_text(t.dtype()) + to_text(t.shape());
  if (t.requires_grad()) out += ", requires_grad";
  return out + ")";
}

std::ostream& operator<<(std::ostream& os, const Tensor& t) { return os << to_string(t); }

}  // namespace rush
