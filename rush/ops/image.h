// Sliding blocks and resampling of images. x: [N, C, size...] with 1 to 3 axes of space.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rush/ops/per_axis.h"
#include "rush/tensor/tensor.h"

namespace rush {

struct UnfoldOptions {
  PerAxis dilation = 1, padding = 0, stride = 1;
};
// The blocks a convolution sees as columns. x: [N, C, H, W] or [C, H, W] ->
// [N, C * kernel's size, blocks]
Tensor im2col(const Tensor& x, const PerAxis& kernel, const UnfoldOptions& options = {});
// Adds columns back to where their elements came from: [N, C * kernel's size, blocks] -> [N, C, H,
// W] with the given H and W.
Tensor fold(const Tensor& columns, const Dims& output_size, const PerAxis& kernel,
            const UnfoldOptions& options = {});

struct InterpolateOptions {
  Dims size{};                          // of the result, or
  std::vector<double> scale_factor{};   // times the size of x: one, or one an axis
  std::string_view mode = "nearest";    // nearest-exact, linear, bilinear, trilinear, bicubic, area
  std::optional<bool> align_corners{};  // whether the corners' centres stay where they are
  bool recompute_scale_factor = false;  // take it from the sizes, after they were rounded
  bool antialias = false;               // bilinear and bicubic: average when shrinking
};
Tensor interpolate(const Tensor& x, const InterpolateOptions& options);

struct GridSampleOptions {
  std::string_view mode = "bilinear";       // nearest, or bicubic (two axes only)
  std::string_view padding_mode = "zeros";  // border, reflection: what lies outside
  bool align_corners = false;               // -1 and 1 are the corners' centres, not their edges
};
// x at the places of grid: [N, out..., axes], whose last axis is (x, y) or (x, y, z) in [-1, 1].
Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& options = {});
// The grid that theta: [N, 2, 3] or [N, 3, 4] maps the places of an image of `size` [N, C, ...] to.
Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners = false);

}  // namespace rush
