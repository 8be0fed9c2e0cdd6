#include "rush/io/image_grid.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "rush/base/error.h"

namespace rush::io {
namespace {

struct Grid {
  int64_t rows, columns, h, w, gap, scale;
  int64_t height() const { return rows * h * scale + (rows - 1) * gap; }
  int64_t width() const { return columns * w * scale + (columns - 1) * gap; }
};

Grid make_grid(const Tensor& images, const GridOptions& o) {
  if (images.rank() != 4 || images.numel() == 0)
    fail<ShapeError>("image_grid: images must be [N, C, H, W] and not empty, got ", images.shape());
  if (o.columns < 0 || o.gap < 0 || o.scale < 1 || !(o.low < o.high))
    fail(
        "image_grid: columns and gap must not be negative, scale at least 1, low below high; got "
        "columns ",
        o.columns, ", gap ", o.gap, ", scale ", o.scale, ", low ", o.low, ", high ", o.high);
  const int64_t n = images.size(0);
  const auto square = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(n))));
  const int64_t columns = o.columns > 0 ? o.columns : square;
  return {(n + columns - 1) / columns, columns, images.size(2), images.size(3), o.gap, o.scale};
}

std::vector<uint8_t> to_bytes(const Tensor& images, const GridOptions& o) {
  if (images.dtype() == DType::kUInt8) return images.to_vector<uint8_t>();
  std::vector<uint8_t> bytes;
  bytes.reserve(static_cast<size_t>(images.numel()));
  for (double v : images.to_vector<double>()) {
    const double part = std::clamp((v - o.low) / (o.high - o.low), 0.0, 1.0);
    bytes.push_back(static_cast<uint8_t>(std::isnan(part) ? 0 : std::lround(255 * part)));
  }
  return bytes;
}

}  // namespace

Tensor image_grid(const Tensor& images, const GridOptions& options) {
  const Grid grid = make_grid(images, options);
  const std::vector<uint8_t> bytes = to_bytes(images, options);
  const int64_t channels = images.size(1);
  Tensor picture = Tensor::empty({channels, grid.height(), grid.width()}, DType::kUInt8);
  uint8_t* to = picture.data<uint8_t>();
  std::fill_n(to, picture.numel(), options.background);
  const int64_t inner_h = grid.h * grid.scale, inner_w = grid.w * grid.scale;
  for (int64_t n = 0; n < images.size(0); ++n) {
    const int64_t top = n / grid.columns * (inner_h + grid.gap);
    const int64_t left = n % grid.columns * (inner_w + grid.gap);
    for (int64_t c = 0; c < channels; ++c) {
      const uint8_t* from = bytes.data() + (n * channels + c) * grid.h * grid.w;
      for (int64_t y = 0; y < inner_h; ++y)
        for (int64_t x = 0; x < inner_w; ++x)
          to[(c * grid.height() + top + y) * grid.width() + left + x] =
              from[y / grid.scale * grid.w + x / grid.scale];
    }
  }
  return picture;
}

}  // namespace rush::io
