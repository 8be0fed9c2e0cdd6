#include "rush/data/transforms.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "rush/base/error.h"

namespace rush::data {
namespace {

struct ImageSizes {
  int64_t n, c, h, w;
};

ImageSizes sizes_of(const char* name, const Tensor& images) {
  if (images.rank() != 4)
    fail<ShapeError>(name, ": images must be [N, C, H, W], got ", images.shape());
  const Shape& s = images.shape();
  return {s[0], s[1], s[2], s[3]};
}

template <typename T>
void scale_into(float* out, const T* in, int64_t n, float scale) {
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<float>(in[i]) * scale;
}

// out = (in - mean) / std over one channel of one image, for float32 or, by a table, uint8.
void normalize_plane(float* out, const void* in, DType dtype, int64_t n, double mean, double std) {
  const double factor = 1.0 / std;
  if (dtype == DType::kFloat32) {
    const auto* x = static_cast<const float*>(in);
    const auto f = static_cast<float>(factor), shift = static_cast<float>(-mean * factor);
    for (int64_t i = 0; i < n; ++i) out[i] = x[i] * f + shift;
    return;
  }
  const auto* x = static_cast<const uint8_t*>(in);
  float table[256];
  for (int v = 0; v < 256; ++v) table[v] = static_cast<float>((v / 255.0 - mean) * factor);
  for (int64_t i = 0; i < n; ++i) out[i] = table[x[i]];
}

// What maps a pixel of the result to where it is read from: x' = a x + b y + c, and so for y.
struct Affine {
  float xx, xy, x0, yx, yy, y0;
};

Affine random_affine(const RandomAffine& options, int64_t h, int64_t w, Random& random) {
  const double angle = random.uniform(-options.degrees, options.degrees) * std::numbers::pi / 180.0;
  const double scale = random.uniform(options.scale_from, options.scale_to);
  const double dx = random.uniform(-options.shift, options.shift);
  const double dy = random.uniform(-options.shift, options.shift);
  const double c = std::cos(angle) / scale, s = std::sin(angle) / scale;
  const double cx = static_cast<double>(w - 1) / 2, cy = static_cast<double>(h - 1) / 2;
  const auto f = [](double v) { return static_cast<float>(v); };
  return {f(c),  f(s), f(cx - c * (cx + dx) - s * (cy + dy)),
          f(-s), f(c), f(cy + s * (cx + dx) - c * (cy + dy))};
}

float pixel(const float* in, int64_t h, int64_t w, int64_t y, int64_t x, float fill) {
  return y < 0 || y >= h || x < 0 || x >= w ? fill : in[y * w + x];
}

void sample_plane(float* out, const float* in, int64_t h, int64_t w, const Affine& a, float fill) {
  for (int64_t y = 0; y < h; ++y) {
    for (int64_t x = 0; x < w; ++x) {
      const auto fx = static_cast<float>(x), fy = static_cast<float>(y);
      const float sx = a.xx * fx + a.xy * fy + a.x0, sy = a.yx * fx + a.yy * fy + a.y0;
      const float left = std::floor(sx), top = std::floor(sy);
      const auto x0 = static_cast<int64_t>(left), y0 = static_cast<int64_t>(top);
      const float u = sx - left, v = sy - top;
      const float above =
          (1 - u) * pixel(in, h, w, y0, x0, fill) + u * pixel(in, h, w, y0, x0 + 1, fill);
      const float below =
          (1 - u) * pixel(in, h, w, y0 + 1, x0, fill) + u * pixel(in, h, w, y0 + 1, x0 + 1, fill);
      out[y * w + x] = (1 - v) * above + v * below;
    }
  }
}

void check_probability(const char* name, double p) {
  const bool fine = p >= 0 && p <= 1;
  if (!fine) fail(name, ": probability must be in 0 to 1, got ", p);
}

void flip_plane(char* out, const char* in, int64_t h, int64_t w, size_t item, bool vertical) {
  const size_t row = static_cast<size_t>(w) * item;
  for (int64_t y = 0; y < h; ++y) {
    const char* from = in + static_cast<size_t>(vertical ? h - 1 - y : y) * row;
    char* to = out + static_cast<size_t>(y) * row;
    if (vertical) {
      std::memcpy(to, from, row);
      continue;
    }
    for (int64_t x = 0; x < w; ++x)
      std::memcpy(to + static_cast<size_t>(x) * item, from + static_cast<size_t>(w - 1 - x) * item,
                  item);
  }
}

}  // namespace

Tensor ToFloat::operator()(const Tensor& images, Random&) const {
  const Tensor in = images.contiguous();
  Tensor out = Tensor::empty(in.shape(), DType::kFloat32);
  dispatch(in.dtype(), [&]<typename T>() {
    scale_into(out.data<float>(), in.data<T>(), in.numel(), static_cast<float>(scale));
  });
  return out;
}

Tensor Normalize::operator()(const Tensor& images, Random&) const {
  const auto [n, c, h, w] = sizes_of("Normalize", images);
  const auto fits = [c = c](const std::vector<double>& v) {
    return v.size() == 1 || v.size() == static_cast<size_t>(c);
  };
  if (!fits(mean) || !fits(std))
    fail<ShapeError>("Normalize: ", mean.size(), " means and ", std.size(), " stds for ", c,
                     " channels");
  if (std::find(std.begin(), std.end(), 0.0) != std.end()) fail("Normalize: a std is 0");
  if (images.dtype() != DType::kUInt8 && images.dtype() != DType::kFloat32)
    fail<TypeError>("Normalize: images must be uint8 or float32, got ", images.dtype());
  const Tensor in = images.contiguous();
  Tensor out = Tensor::empty(in.shape(), DType::kFloat32);
  const auto* from = static_cast<const char*>(in.raw());
  const size_t plane_bytes = static_cast<size_t>(h * w) * size_of(in.dtype());
  for (int64_t plane = 0; plane < n * c; ++plane) {
    const auto channel = static_cast<size_t>(plane % c);
    normalize_plane(out.data<float>() + plane * h * w,
                    from + static_cast<size_t>(plane) * plane_bytes, in.dtype(), h * w,
                    mean[mean.size() == 1 ? 0 : channel], std[std.size() == 1 ? 0 : channel]);
  }
  return out;
}

Tensor RandomCrop::operator()(const Tensor& images, Random& random) const {
  const auto [n, c, h, w] = sizes_of("RandomCrop", images);
  const bool fits = height > 0 && width > 0 && padding >= 0 && height <= h + 2 * padding &&
                    width <= w + 2 * padding;
  if (!fits)
    fail<ShapeError>("RandomCrop: ", Dims{height, width}, " does not fit into ", Dims{h, w},
                     " with a border of ", padding);
  const Tensor in = images.contiguous();
  Tensor out = Tensor::empty({n, c, height, width}, in.dtype());
  const size_t item = size_of(in.dtype());
  auto* to = static_cast<char*>(out.raw());
  std::memset(to, 0, static_cast<size_t>(out.numel()) * item);
  const auto* from = static_cast<const char*>(in.raw());
  for (int64_t i = 0; i < n; ++i) {
    const int64_t top = random.below(h + 2 * padding - height + 1) - padding;
    const int64_t left = random.below(w + 2 * padding - width + 1) - padding;
    const int64_t x0 = std::max<int64_t>(0, -left), x1 = std::min(width, w - left);
    for (int64_t row = 0; row < c * height; ++row) {
      const int64_t plane = i * c + row / height, y = row % height + top;
      if (y < 0 || y >= h || x1 <= x0) continue;
      std::memcpy(to + static_cast<size_t>((i * c * height + row) * width + x0) * item,
                  from + static_cast<size_t>((plane * h + y) * w + left + x0) * item,
                  static_cast<size_t>(x1 - x0) * item);
    }
  }
  return out;
}

Tensor RandomFlip::operator()(const Tensor& images, Random& random) const {
  check_probability("RandomFlip", probability);
  const auto [n, c, h, w] = sizes_of("RandomFlip", images);
  const Tensor in = images.contiguous();
  Tensor out = Tensor::empty(in.shape(), in.dtype());
  const size_t item = size_of(in.dtype()), plane = static_cast<size_t>(h * w) * item;
  auto* to = static_cast<char*>(out.raw());
  const auto* from = static_cast<const char*>(in.raw());
  for (int64_t i = 0; i < n; ++i) {
    const bool flip = random.uniform() < probability;
    for (int64_t k = i * c; k < (i + 1) * c; ++k) {
      const size_t at = static_cast<size_t>(k) * plane;
      if (flip)
        flip_plane(to + at, from + at, h, w, item, vertical);
      else if (plane > 0)
        std::memcpy(to + at, from + at, plane);
    }
  }
  return out;
}

Tensor RandomAffine::operator()(const Tensor& images, Random& random) const {
  const auto [n, c, h, w] = sizes_of("RandomAffine", images);
  const bool fine = scale_from > 0 && scale_to >= scale_from && std::isfinite(scale_to) &&
                    std::isfinite(degrees) && std::abs(shift) <= 1e6;
  if (!fine)
    fail("RandomAffine: needs 0 < scale_from <= scale_to and finite numbers, got scale ",
         scale_from, " to ", scale_to, ", degrees ", degrees, ", shift ", shift);
  const Tensor in = images.contiguous();
  const auto* from = in.data<float>();
  Tensor out = Tensor::empty(in.shape(), DType::kFloat32);
  for (int64_t i = 0; i < n; ++i) {
    const Affine affine = random_affine(*this, h, w, random);
    for (int64_t k = i * c; k < (i + 1) * c; ++k)
      sample_plane(out.data<float>() + k * h * w, from + k * h * w, h, w, affine, fill);
  }
  return out;
}

}  // namespace rush::data
