// Resizing, an axis at a time: every element of the result is a weighted sum of a few elements of
// the axis ("taps"), whose places and weights follow from the sizes alone.
#include <algorithm>
#include <cmath>

#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/image.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/pool.h"

namespace rush {
namespace {

// tap[k].index[i]: where the k-th summand of element i comes from.
struct Tap {
  std::vector<int64_t> index;
  std::vector<double> weight;
};
using Taps = std::vector<Tap>;

// Keys' cubic with parameter a: the weight of an element at distance t.
double cubic(double t, double a) {
  t = std::abs(t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return ((t - 5) * t + 8) * t * a - 4 * a;
  return 0;
}
double triangle(double t) { return std::max(0.0, 1 - std::abs(t)); }

struct Resize {
  int64_t in, out;
  double scale;  // elements of x per element of the result
  bool align;

  double source(int64_t i) const {
    return align ? scale * double(i) : scale * (double(i) + 0.5) - 0.5;
  }
  int64_t inside(int64_t at) const { return std::clamp<int64_t>(at, 0, in - 1); }
};

Taps nearest_taps(const Resize& r, bool exact) {
  Taps taps(1);
  for (int64_t i = 0; i < r.out; ++i)
    taps[0].index.push_back(
        r.inside(static_cast<int64_t>(std::floor((double(i) + (exact ? 0.5 : 0)) * r.scale))));
  return taps;
}

Taps linear_taps(const Resize& r) {
  Taps taps(2);
  for (int64_t i = 0; i < r.out; ++i) {
    const double at = std::max(0.0, r.source(i));
    const auto low = r.inside(static_cast<int64_t>(at));
    const double share = std::min(at - double(low), 1.0);
    taps[0].index.push_back(low);
    taps[0].weight.push_back(1 - share);
    taps[1].index.push_back(r.inside(low + 1));
    taps[1].weight.push_back(share);
  }
  return taps;
}

constexpr double kCubic = -0.75, kCubicAntialias = -0.5;

Taps cubic_taps(const Resize& r) {
  Taps taps(4);
  for (int64_t i = 0; i < r.out; ++i) {
    const double at = r.source(i), low = std::floor(at);
    for (int k = 0; k < 4; ++k) {
      taps[k].index.push_back(r.inside(static_cast<int64_t>(low) + k - 1));
      taps[k].weight.push_back(cubic(at - low + 1 - k, kCubic));
    }
  }
  return taps;
}

// The filter is stretched when shrinking, so that every element of x counts somewhere.
Taps antialias_taps(const Resize& r, bool is_cubic) {
  const double stretch = std::max(r.scale, 1.0), support = (is_cubic ? 2 : 1) * stretch;
  std::vector<std::vector<double>> weights;
  std::vector<int64_t> starts;
  size_t most = 0;
  for (int64_t i = 0; i < r.out; ++i) {
    const double centre = r.scale * (double(i) + 0.5);
    const int64_t from = std::max<int64_t>(static_cast<int64_t>(centre - support + 0.5), 0);
    const int64_t to = std::min<int64_t>(static_cast<int64_t>(centre + support + 0.5), r.in);
    std::vector<double> w;
    double total = 0;
    for (int64_t j = from; j < to; ++j) {
      const double t = (double(j) - centre + 0.5) / stretch;
      w.push_back(is_cubic ? cubic(t, kCubicAntialias) : triangle(t));
      total += w.back();
    }
    for (double& v : w) v /= total;
    starts.push_back(from);
    most = std::max(most, w.size());
    weights.push_back(std::move(w));
  }
  Taps taps(most);
  for (size_t i = 0; i < starts.size(); ++i) {
    for (size_t k = 0; k < most; ++k) {
      taps[k].index.push_back(r.inside(starts[i] + static_cast<int64_t>(k)));
      taps[k].weight.push_back(k < weights[i].size() ? weights[i][k] : 0);
    }
  }
  return taps;
}

Tensor resample(const Tensor& x, int axis, const Taps& taps) {
  Tensor y;
  Shape line = Dims::filled(x.rank(), 1);
  line[axis] = static_cast<int64_t>(taps[0].index.size());
  for (const Tap& tap : taps) {
    const Tensor part = index_select(x, axis, Tensor::from(tap.index));
    if (tap.weight.empty()) return part;  // the one tap of nearest
    const Tensor weight = cast(reshape(Tensor::from(tap.weight), line), x.dtype());
    y = y.defined() ? addcmul(y, part, weight) : part * weight;
  }
  return y;
}

// The sizes of the result, and the factor along each axis (0: take it from the sizes).
struct Target {
  Dims size;
  std::vector<double> factor;
};
Target target_of(const Tensor& x, const InterpolateOptions& o) {
  const int axes = x.rank() - 2;
  if (o.size.empty() == o.scale_factor.empty())
    fail<ShapeError>("interpolate: give size or scale_factor, one of them");
  Target t{o.size, std::vector<double>(static_cast<size_t>(axes), 0.0)};
  if (!o.size.empty()) {
    if (t.size.size() == 1) t.size = Dims::filled(axes, t.size[0]);
    if (t.size.size() != axes)
      fail<ShapeError>("interpolate: size takes 1 or ", axes, " values; got ", o.size);
  } else {
    if (o.scale_factor.size() != 1 && static_cast<int>(o.scale_factor.size()) != axes)
      fail<ShapeError>("interpolate: scale_factor takes 1 or ", axes, " values; got ",
                       static_cast<int64_t>(o.scale_factor.size()));
    for (int i = 0; i < axes; ++i) {
      const double f = o.scale_factor[o.scale_factor.size() == 1 ? 0 : static_cast<size_t>(i)];
      if (!(f > 0)) fail<ShapeError>("interpolate: scale_factor must be positive; got ", f);
      t.size.push_back(static_cast<int64_t>(std::floor(double(x.size(i + 2)) * f)));
      if (!o.recompute_scale_factor) t.factor[static_cast<size_t>(i)] = f;
    }
  }
  for (int i = 0; i < axes; ++i)
    if (t.size[i] < 1 || x.size(i + 2) < 1)
      fail<ShapeError>("interpolate: sizes must be 1 or more; x is ", x.shape(), ", size ", t.size);
  return t;
}

// How many axes of space a mode is for; 0: any.
int axes_of_mode(std::string_view mode) {
  if (mode == "linear") return 1;
  if (mode == "bilinear" || mode == "bicubic") return 2;
  if (mode == "trilinear") return 3;
  if (mode == "nearest" || mode == "nearest-exact" || mode == "area") return 0;
  fail(
      "interpolate: mode must be nearest, nearest-exact, linear, bilinear, bicubic, trilinear or "
      "area; got '",
      mode, "'");
}

void check_mode(const Tensor& x, const InterpolateOptions& o) {
  const int wanted = axes_of_mode(o.mode), axes = x.rank() - 2;
  if (axes < 1 || axes > 3)
    fail<ShapeError>("interpolate: x must be [N, C, size...] with 1 to 3 axes of space; got ",
                     x.shape());
  if (wanted != 0 && wanted != axes)
    fail<ShapeError>("interpolate: mode ", o.mode, " is for ", wanted, " axes of space; x is ",
                     x.shape());
  if (wanted == 0 && o.align_corners)
    fail("interpolate: align_corners is for linear and cubic modes; mode is ", o.mode);
  if (o.antialias && wanted != 2)
    fail("interpolate: antialias is for bilinear and bicubic; mode is ", o.mode);
  const bool is_nearest = o.mode == "nearest" || o.mode == "nearest-exact";
  if (!is_nearest && !is_floating(x.dtype()))
    fail<TypeError>("interpolate: mode ", o.mode, " wants a floating dtype; got ", x.dtype());
}

Taps taps_of(const Resize& r, const InterpolateOptions& o) {
  if (o.mode == "nearest") return nearest_taps(r, false);
  if (o.mode == "nearest-exact") return nearest_taps(r, true);
  if (o.antialias) return antialias_taps(r, o.mode == "bicubic");
  return o.mode == "bicubic" ? cubic_taps(r) : linear_taps(r);
}

Tensor pooled(const Tensor& x, const Dims& size) {
  if (size.size() == 1) return adaptive_avg_pool1d(x, size);
  return size.size() == 2 ? adaptive_avg_pool2d(x, size) : adaptive_avg_pool3d(x, size);
}

}  // namespace

Tensor interpolate(const Tensor& x, const InterpolateOptions& o) {
  check_mode(x, o);
  const Target target = target_of(x, o);
  if (o.mode == "area") return pooled(x, target.size);
  const bool align = o.align_corners.value_or(false);
  Tensor y = x;
  const int axes = target.size.size();
  // Elements of the last axis are gathered one by one: while there are few of them.
  const bool grows = numel(target.size) > numel(Shape(x.shape().data() + 2, axes));
  for (int k = 0; k < axes; ++k) {
    const int i = grows ? axes - 1 - k : k;
    const int64_t in = x.size(i + 2), out = target.size[i];
    const double factor = target.factor[static_cast<size_t>(i)];
    double scale = factor > 0 ? 1 / factor : double(in) / double(out);
    if (align) scale = out > 1 ? double(in - 1) / double(out - 1) : 0;
    if (in == out && scale == 1) continue;
    y = resample(y, i + 2, taps_of({in, out, scale, align}, o));
  }
  return y;
}

}  // namespace rush
