// Derivatives of sampled functions by central differences.
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/movement.h"
#include "rush/ops/statistics.h"

namespace rush {
namespace {

constexpr const char* kName = "gradient";

void check(const Tensor& x, const Dims& axes, int64_t spacings, int64_t edge_order) {
  if (x.dtype() == DType::kUInt8 || x.dtype() == DType::kBool)
    fail<TypeError>(kName, ": wants numbers with signs; got ", x.dtype());
  if (edge_order != 1 && edge_order != 2)
    fail<Error>(kName, ": edge_order must be 1 or 2; got ", edge_order);
  if (spacings != axes.size())
    fail<ShapeError>(kName, ": needs a spacing for each of the ", axes.size(), " axes; got ",
                     spacings);
  for (int i = 0; i < axes.size(); ++i) {
    for (int j = 0; j < i; ++j)
      if (axes[i] == axes[j]) fail<ShapeError>(kName, ": axis ", axes[i], " is named twice");
    if (x.shape()[axes[i]] <= edge_order)
      fail<ShapeError>(kName, ": edge_order ", edge_order, " needs ", edge_order + 1,
                       " elements or more along axis ", axes[i], "; x is ", x.shape());
  }
}

Dims normalized(const Tensor& x, const std::optional<Dims>& axes) {
  Dims all;
  for (int i = 0; i < (axes ? axes->size() : x.rank()); ++i)
    all.push_back(normalize_axis(kName, axes ? (*axes)[i] : i, x.rank()));
  return all;
}

// Of a parabola through three points, the slopes at the first (or the last, counted from there):
// near and far are the distances of the first two points and of the other two.
Tensor slope_at_end(const Tensor& y0, const Tensor& y1, const Tensor& y2, const Tensor& near,
                    const Tensor& far) {
  const Tensor both = near + far;
  return y1 * (both / (near * far)) - y0 * ((near + both) / (near * both)) -
         y2 * (near / (far * both));
}

// steps: the distances of neighbours, 1 long or n - 1 along the axis.
Tensor slopes(const Tensor& y, int axis, const Tensor& steps, int64_t edge_order) {
  const int64_t n = y.shape()[axis];
  const bool is_even = steps.rank() == 0;
  const auto at = [&](int64_t i) { return slice(y, axis, i, i + 1); };
  const auto step = [&](int64_t i) { return is_even ? steps : slice(steps, axis, i, i + 1); };
  const Tensor before = slice(y, axis, 0, n - 2), after = slice(y, axis, 2);
  Tensor middle;
  if (is_even) {
    middle = (after - before) / (steps * 2);
  } else {
    const Tensor a = slice(steps, axis, 0, n - 2), b = slice(steps, axis, 1);
    middle = (a * a * after + (b * b - a * a) * slice(y, axis, 1, n - 1) - b * b * before) /
             (a * b * (a + b));
  }
  if (edge_order == 1)
    return cat({(at(1) - at(0)) / step(0), middle, (at(n - 1) - at(n - 2)) / step(n - 2)}, axis);
  return cat({slope_at_end(at(0), at(1), at(2), step(0), step(1)), middle,
              -slope_at_end(at(n - 1), at(n - 2), at(n - 3), step(n - 2), step(n - 3))},
             axis);
}

}  // namespace

std::vector<Tensor> gradient(const Tensor& x, const std::vector<double>& spacing,
                             const std::optional<Dims>& axes, int64_t edge_order) {
  const Dims along = normalized(x, axes);
  check(x, along, std::ssize(spacing), edge_order);
  const Tensor y = is_floating(x.dtype()) ? x : cast(x, default_dtype());
  std::vector<Tensor> found;
  for (int i = 0; i < along.size(); ++i)
    found.push_back(slopes(y, static_cast<int>(along[i]),
                           Tensor::scalar(spacing[static_cast<size_t>(i)], y.dtype()), edge_order));
  return found;
}

std::vector<Tensor> gradient(const Tensor& x, const std::vector<Tensor>& points,
                             const std::optional<Dims>& axes, int64_t edge_order) {
  const Dims along = normalized(x, axes);
  check(x, along, std::ssize(points), edge_order);
  const Tensor y = is_floating(x.dtype()) ? x : cast(x, default_dtype());
  std::vector<Tensor> found;
  for (int i = 0; i < along.size(); ++i) {
    const auto at = static_cast<size_t>(i);
    const int64_t n = y.shape()[along[i]];
    if (points[at].rank() != 1 || points[at].numel() != n)
      fail<ShapeError>(kName, ": needs a point for each of the ", n, " elements along axis ",
                       along[i], "; got shape ", points[at].shape());
    Shape line = Dims::filled(y.rank(), 1);
    line[along[i]] = n - 1;
    found.push_back(slopes(y, static_cast<int>(along[i]),
                           reshape(diff(cast(points[at], y.dtype())), line), edge_order));
  }
  return found;
}

}  // namespace rush
