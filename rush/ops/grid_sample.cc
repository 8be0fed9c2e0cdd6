// Reading an image at arbitrary places. Each place is a weighted sum of the elements around it; the
// weights are functions of the grid, so its gradient comes by itself.
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/image.h"
#include "rush/ops/index.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

struct Axis {
  int64_t size;
  bool align;
  std::string_view padding;

  // [-1, 1] to elements.
  Tensor place(const Tensor& c) const {
    if (align) return (c + 1) * (0.5 * double(size - 1));
    return ((c + 1) * double(size) - 1) * 0.5;
  }
  // Mirrored at the centres (or edges) of the first and the last element.
  Tensor reflected(const Tensor& at) const {
    const double low = align ? 0 : -0.5, span = align ? double(size - 1) : double(size);
    if (span == 0) return at * 0.0;
    const Tensor away = abs(at - low);
    const Tensor flips = floor(away / span), rest = away - flips * span;
    const Tensor is_even = eq(remainder(flips, 2), 0);
    return where(is_even, rest + low, span - rest + low);
  }
  Tensor moved_inside(const Tensor& at) const {
    if (padding == "zeros") return at;
    return clamp(padding == "reflection" ? reflected(at) : at, 0, double(size - 1));
  }
};

// One summand along one axis: whole-valued places as floats, and their weights (none: 1).
struct Corner {
  Tensor at, weight;
};
using Corners = std::vector<Corner>;

Tensor cubic_weight(const Tensor& t, int k) {  // t in [0, 1): the distance from corner 1
  constexpr double a = -0.75;
  if (k == 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (k == 2) return cubic_weight(1 - t, 1);
  if (k == 3) return cubic_weight(1 - t, 0);
  const Tensor u = t + 1;
  return ((u - 5) * u + 8) * u * a - 4 * a;
}

Corners corners_of(const Tensor& place, const Axis& axis, std::string_view mode) {
  if (mode == "nearest") return {{round(axis.moved_inside(place)), {}}};
  const bool is_cubic = mode == "bicubic";
  const Tensor at = is_cubic ? place : axis.moved_inside(place);
  const Tensor low = floor(at.detach()), share = at - low;
  if (!is_cubic) return {{low, 1 - share}, {low + 1, share}};
  Corners all;
  for (int k = 0; k < 4; ++k)
    all.push_back({axis.moved_inside(low + double(k - 1)), cubic_weight(share, k)});
  return all;
}

// The sum over all combinations of corners, an axis of space after another.
struct Sampler {
  Tensor flat;  // [N, C, elements]
  std::vector<Axis> axes;
  std::vector<Corners> corners;  // each [N, P]
  Tensor total;

  void add_up(size_t axis, const Tensor& index, const Tensor& weight) {
    if (axis == axes.size()) return add(index, weight);
    for (const Corner& c : corners[axis]) {
      const double last = double(axes[axis].size - 1);
      const Tensor held = clamp(c.at, 0, last);
      Tensor w = c.weight;
      const Tensor is_inside = logical_and(ge(c.at, 0), le(c.at, last));
      w = w.defined() ? where(is_inside, w, 0.0) : cast(is_inside, flat.dtype());
      const Tensor here = cast(held, int64);
      add_up(axis + 1, index.defined() ? index * axes[axis].size + here : here,
             weight.defined() ? weight * w : w);
    }
  }
  void add(const Tensor& index, const Tensor& weight) {
    const Shape shape{flat.size(0), flat.size(1), index.size(1)};
    const Tensor at = expand(unsqueeze(cast(index, int64), 1), shape);
    const Tensor part = gather(flat, 2, at) * unsqueeze(weight, 1);
    total = total.defined() ? total + part : part;
  }
};

void check_grid(const Tensor& x, const Tensor& grid, const GridSampleOptions& o) {
  const int axes = x.rank() - 2;
  if ((axes != 2 && axes != 3) || grid.rank() != x.rank() || grid.size(-1) != axes ||
      grid.size(0) != x.size(0))
    fail<ShapeError>(
        "grid_sample: wants x: [N, C, H, W] and grid: [N, H', W', 2], or the same "
        "with three axes; x is ",
        x.shape(), ", grid is ", grid.shape());
  if (!is_floating(x.dtype()) || x.dtype() != grid.dtype())
    fail<TypeError>("grid_sample: x and grid must have one floating dtype; x is ", x.dtype(),
                    ", grid is ", grid.dtype());
  for (int i = 0; i < axes; ++i)
    if (x.size(i + 2) == 0)
      fail<ShapeError>("grid_sample: axes of space must not be empty; x is ", x.shape());
  if (o.mode != "bilinear" && o.mode != "nearest" && (o.mode != "bicubic" || axes != 2))
    fail("grid_sample: mode must be bilinear, nearest or, for two axes, bicubic; got '", o.mode,
         "' for x ", x.shape());
  if (o.padding_mode != "zeros" && o.padding_mode != "border" && o.padding_mode != "reflection")
    fail("grid_sample: padding_mode must be zeros, border or reflection; got '", o.padding_mode,
         "'");
}

// n places along an axis in [-1, 1]: centres of the elements.
Tensor centres(int64_t n, bool align, DType dtype) {
  if (align) return n == 1 ? zeros({1}, dtype) : linspace(-1, 1, n, dtype);
  return (arange(double(n), dtype) * 2 + 1) / double(n) - 1;
}

}  // namespace

Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& o) {
  check_grid(x, grid, o);
  const int axes = x.rank() - 2;
  const Shape& size = x.shape();
  Shape out = grid.shape();
  out.pop_back();
  const int64_t places = numel(out) / std::max<int64_t>(out[0], 1);
  Sampler sampler;
  sampler.flat = reshape(x, {size[0], size[1], numel(Shape(size.data() + 2, size_t(axes)))});
  for (int i = 0; i < axes; ++i) {
    const Axis axis{size[i + 2], o.align_corners, o.padding_mode};
    // Places without a number are outside; no others are so far away that they overflow.
    constexpr double kFar = 1e9;
    const Tensor given = select(grid, -1, axes - 1 - i);
    const Tensor c = clamp(nan_to_num(given, -2 - double(size[i + 2])), -kFar, kFar);
    sampler.axes.push_back(axis);
    sampler.corners.push_back(corners_of(axis.place(reshape(c, {out[0], places})), axis, o.mode));
  }
  sampler.add_up(0, {}, {});
  out.insert(1, size[1]);
  return reshape(sampler.total, out);
}

Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners) {
  const int axes = size.size() - 2;
  if ((axes != 2 && axes != 3) || theta.shape() != Shape{size[0], axes, axes + 1})
    fail<ShapeError>(
        "affine_grid: wants theta: [N, 2, 3] and size [N, C, H, W], or [N, 3, 4] and "
        "three axes; theta is ",
        theta.shape(), ", size ", size);
  if (!is_floating(theta.dtype()))
    fail<TypeError>("affine_grid: theta must be floating; got ", theta.dtype());
  for (int64_t n : size)
    if (n < 1) fail<ShapeError>("affine_grid: sizes must be 1 or more; got ", size);
  Shape out(size.data() + 2, static_cast<size_t>(axes));
  std::vector<Tensor> parts;  // x, y, (z,) 1
  for (int i = axes - 1; i >= 0; --i) {
    Shape line = Dims::filled(axes, 1);
    line[i] = out[i];
    parts.push_back(expand(reshape(centres(out[i], align_corners, theta.dtype()), line), out));
  }
  parts.push_back(ones(out, theta.dtype()));
  const Tensor base = reshape(stack(parts, -1), {1, -1, axes + 1});
  out.insert(0, size[0]);
  out.push_back(axes);
  return reshape(matmul(base, transpose(theta, 1, 2)), out);
}

}  // namespace rush
