// Padding, resampling, sliding blocks and shuffles, as torch.nn.functional has them.
#include "function.h"
#include "nn_arguments.h"
#include "rows.h"
#include "rush/ops/image.h"
#include "rush/ops/join.h"
#include "rush/ops/movement.h"

namespace rush::python {
namespace {

void check_align(std::string_view mode, std::optional<bool> align_corners) {
  const bool has_corners = mode != "nearest" && mode != "area" && mode != "nearest-exact";
  if (!has_corners && align_corners)
    fail<ShapeError>("interpolate: align_corners option can only be set with the interpolating ",
                     "modes: linear | bilinear | bicubic | trilinear; mode is ", mode);
}

struct Resized {
  Axes size;
  Numbers scale;
  std::string mode;
  std::optional<bool> align_corners;
  bool recompute = false, antialias = false;
};

Tensor resized(const Tensor& x, const Resized& r) {
  const int axes = x.rank() - 2;
  check_align(r.mode, r.align_corners);
  if (r.size.empty() == r.scale.values.empty())
    fail<ShapeError>("interpolate: one of size and scale_factor must be given, and only one");
  if (r.recompute && !r.size.empty())
    fail<ShapeError>("interpolate: recompute_scale_factor is not meaningful with a size");
  if (r.antialias && !((r.mode == "bilinear" || r.mode == "bicubic") && axes == 2))
    fail<ShapeError>("interpolate: antialias goes with bilinear and bicubic, and 4-D input");
  Dims size = r.size;
  if (size.size() == 1 && axes > 1) size = Dims::filled(axes, size[0]);
  return interpolate(x, {.size = size,
                         .scale_factor = r.scale.values,
                         .mode = r.mode,
                         .align_corners = r.align_corners,
                         .recompute_scale_factor = r.recompute,
                         .antialias = r.antialias});
}

void warn_deprecated(const char* name) {
  warn(std::string("`nn.functional.") + name +
       "` is deprecated. Use `nn.functional.interpolate` instead.");
}

bool aligned(std::optional<bool> align_corners) {
  if (!align_corners)
    warn(
        "Default grid_sample and affine_grid behavior has changed to align_corners=False since "
        "1.3.0. Please specify align_corners=True if the old behavior is desired.");
  return align_corners.value_or(false);
}

void add_resampling(const Rows& nn) {
  nn.add(
      "interpolate(input, size=None, scale_factor=None, mode='nearest', align_corners=None, "
      "recompute_scale_factor=None, antialias=False)",
      [](const Tensor& x, const Axes& size, const Numbers& scale, const std::string& mode,
         std::optional<bool> align_corners, std::optional<bool> recompute, bool antialias) {
        return resized(x, {size, scale, mode, align_corners, recompute.value_or(false), antialias});
      },
      0,
      "input [N, C, size...] resampled to a size, or by a factor. mode: nearest, nearest-exact, "
      "linear, bilinear, bicubic, trilinear or area.");
  nn.add(
      "upsample(input, size=None, scale_factor=None, mode='nearest', align_corners=None)",
      [](const Tensor& x, const Axes& size, const Numbers& scale, const std::string& mode,
         std::optional<bool> align_corners) {
        warn_deprecated("upsample");
        return resized(x, {size, scale, mode, align_corners});
      },
      0, "The older name of interpolate.");
  nn.add(
      "upsample_nearest(input, size=None, scale_factor=None)",
      [](const Tensor& x, const Axes& size, const Numbers& scale) {
        warn_deprecated("upsample_nearest");
        return resized(x, {size, scale, "nearest", std::nullopt});
      },
      0, "interpolate with mode nearest.");
  nn.add(
      "upsample_bilinear(input, size=None, scale_factor=None)",
      [](const Tensor& x, const Axes& size, const Numbers& scale) {
        warn_deprecated("upsample_bilinear");
        return resized(x, {size, scale, "bilinear", true});
      },
      0, "interpolate with mode bilinear and aligned corners.");
}

void add_grids(const Rows& nn, const Rows& torch) {
  nn.add(
      "grid_sample(input, grid, mode='bilinear', padding_mode='zeros', align_corners=None)",
      [](const Tensor& x, const Tensor& grid, const std::string& mode, const std::string& padding,
         std::optional<bool> align_corners) {
        return grid_sample(
            x, grid,
            {.mode = mode, .padding_mode = padding, .align_corners = aligned(align_corners)});
      },
      kFullPrecision, "input at the places of grid: [N, out..., axes], in [-1, 1].");
  nn.add(
      "affine_grid(theta, size, align_corners=None)",
      [](const Tensor& theta, const Dims& size, std::optional<bool> align_corners) {
        return affine_grid(theta, size, aligned(align_corners));
      },
      0, "The grid that theta: [N, 2, 3] or [N, 3, 4] maps an image of this size to.");
  torch.add("affine_grid_generator(theta, size, align_corners)",
            [](const Tensor& theta, const Dims& size, bool align_corners) {
              return affine_grid(theta, size, align_corners);
            });
  torch.add(
      "grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners)",
      [](const Tensor& x, const Tensor& grid, int64_t mode, int64_t padding, bool align_corners) {
        constexpr std::string_view kModes[] = {"bilinear", "nearest", "bicubic"};
        constexpr std::string_view kPaddings[] = {"zeros", "border", "reflection"};
        if (mode < 0 || mode > 2 || padding < 0 || padding > 2)
          fail("grid_sampler: modes are 0, 1 and 2; got ", mode, " and ", padding);
        return grid_sample(x, grid,
                           {.mode = kModes[mode],
                            .padding_mode = kPaddings[padding],
                            .align_corners = align_corners});
      },
      kFunctionOnly | kFullPrecision);
}

void add_blocks(const Rows& nn) {
  nn.add(
      "unfold(input, kernel_size, dilation=1, padding=0, stride=1)",
      [](const Tensor& x, const PerAxis& kernel, const PerAxis& dilation, const PerAxis& padding,
         const PerAxis& stride) {
        return im2col(x, kernel, {.dilation = dilation, .padding = padding, .stride = stride});
      },
      0, "The blocks a convolution sees, as columns: [N, C, H, W] -> [N, C * kernel, blocks].");
  nn.add(
      "fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1)",
      [](const Tensor& x, const PerAxis& size, const PerAxis& kernel, const PerAxis& dilation,
         const PerAxis& padding, const PerAxis& stride) {
        return fold(x, size.expand("fold", "output_size", 2), kernel,
                    {.dilation = dilation, .padding = padding, .stride = stride});
      },
      0, "Columns added back to where unfold took them: [N, C * kernel, blocks] -> [N, C, H, W].");
}

void add_shuffles(const Rows& nn) {
  nn.add(
      "pixel_shuffle(input, upscale_factor)",
      [](const Tensor& x, int64_t factor) { return pixel_shuffle(x, factor); }, 0,
      "[.., C * r * r, H, W] -> [.., C, H * r, W * r]");
  nn.add(
      "pixel_unshuffle(input, downscale_factor)",
      [](const Tensor& x, int64_t factor) { return pixel_unshuffle(x, factor); }, 0,
      "[.., C, H * r, W * r] -> [.., C * r * r, H, W]");
  for (const char* name : {"channel_shuffle", "native_channel_shuffle"})
    nn.add((std::string(name) + "(input, groups)").c_str(),
           [](const Tensor& x, int64_t groups) { return channel_shuffle(x, groups); }, 0,
           "Channels (axis 1) of groups dealt out one from each.");
}

}  // namespace

void add_image_rows() {
  const Rows nn("nn");
  nn.add(
      "pad(input, pad, mode='constant', value=None)",
      [](const Tensor& x, const Dims& sizes, const std::string& mode, std::optional<double> value) {
        if (mode != "constant" && value && *value != 0)
          fail("pad: padding mode ", mode, " takes no value; got ", *value);
        return pad(x, sizes, mode, value.value_or(0));
      },
      0,
      "input with borders: pairs (before, after) for the last axis, then the one before it, and "
      "so on. mode: constant, reflect, replicate or circular; negative sizes crop.");
  add_resampling(nn);
  add_grids(nn, Rows("torch"));
  add_blocks(nn);
  add_shuffles(nn);
}

}  // namespace rush::python
