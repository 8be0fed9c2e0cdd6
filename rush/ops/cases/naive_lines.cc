#include "rush/ops/cases/naive_lines.h"

#include <map>

namespace rush::testing {

Tensor naive_reduce(const Tensor& x, const Dims& axes, bool keepdim,
                    const std::function<double(const Line&)>& f) {
  const Dims reduced = normalize_axes("naive", axes, x.rank());
  std::vector<bool> is_reduced(static_cast<size_t>(x.rank()), false);
  for (int64_t axis : reduced) is_reduced[static_cast<size_t>(axis)] = true;
  Shape wide = x.shape(), out;
  for (int i = 0; i < x.rank(); ++i) {
    if (is_reduced[static_cast<size_t>(i)]) wide[i] = 1;
    if (!is_reduced[static_cast<size_t>(i)] || keepdim) out.push_back(wide[i]);
  }
  std::vector<Line> groups(static_cast<size_t>(numel(wide)));
  for (int64_t linear = 0; linear < x.numel(); ++linear) {
    int64_t rest = linear, to = 0, step = 1;
    for (int i = x.rank() - 1; i >= 0; --i) {
      if (wide[i] != 1 || x.shape()[i] == 1) to += rest % x.shape()[i] * step;
      rest /= x.shape()[i];
      step *= wide[i];
    }
    groups[static_cast<size_t>(to)].push_back(x.data<double>()[linear]);
  }
  Tensor y = Tensor::empty(out, float64);
  for (size_t i = 0; i < groups.size(); ++i) y.data<double>()[i] = f(groups[i]);
  return y;
}

Tensor naive_map_lines(const Tensor& x, int64_t axis, const std::function<Line(const Line&)>& f) {
  const int at = normalize_axis("naive", axis, x.rank());
  int64_t outer = 1, inner = 1;
  for (int i = 0; i < at; ++i) outer *= x.shape()[i];
  for (int i = at + 1; i < x.rank(); ++i) inner *= x.shape()[i];
  const int64_t n = x.shape()[at];
  const int64_t length = static_cast<int64_t>(f(Line(static_cast<size_t>(n), 1.0)).size());
  Shape shape = x.shape();
  shape[at] = length;
  Tensor y = Tensor::empty(shape, float64);
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t j = 0; j < inner; ++j) {
      Line line;
      for (int64_t i = 0; i < n; ++i) line.push_back(x.data<double>()[(o * n + i) * inner + j]);
      const Line result = f(line);
      for (int64_t i = 0; i < length; ++i)
        y.data<double>()[(o * length + i) * inner + j] = result[static_cast<size_t>(i)];
    }
  }
  return y;
}

Tensor as_int64(const Tensor& x) {
  Tensor y = Tensor::empty(x.shape(), int64);
  for (int64_t i = 0; i < x.numel(); ++i)
    y.data<int64_t>()[i] = static_cast<int64_t>(x.data<double>()[i]);
  return y;
}

}  // namespace rush::testing
