// Pools and their reverses, as torch.nn.functional and torch have them.
#include <cmath>
#include <cstdlib>

#include "function.h"
#include "nn_arguments.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/pool.h"
#include "rush/ops/unary.h"

namespace rush::python {
namespace {

using MaxPool = Tensor (*)(const Tensor&, const PerAxis&, const MaxPoolOptions&);
using MaxPoolPairs = Pooled (*)(const Tensor&, const PerAxis&, const MaxPoolOptions&);
using AvgPool = Tensor (*)(const Tensor&, const PerAxis&, const AvgPoolOptions&);
using Adaptive = Tensor (*)(const Tensor&, const PerAxis&);

// In autocast the pools over three axes of space run in float32.
constexpr unsigned flags_of(int axes) {
  return kFunctionOnly | (axes == 3 ? unsigned{kFullPrecision} : 0u);
}
std::string named(const char* what, int axes) { return what + std::to_string(axes) + "d"; }

MaxPoolOptions options_of(const PerAxis& stride, const PerAxis& padding, const PerAxis& dilation,
                          bool ceil_mode) {
  return {.stride = stride, .padding = padding, .dilation = dilation, .ceil_mode = ceil_mode};
}

template <MaxPool f, MaxPoolPairs pairs, int axes>
void add_max_pool(const Rows& torch, const Rows& nn) {
  constexpr const char* kDoc =
      "The largest element of each window. return_indices: and where it lies among the flattened "
      "axes of space.";
  const std::string name = named("max_pool", axes);
  const std::string parameters =
      "(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False";
  torch.add((name + parameters + ")").c_str(),
            [](const Tensor& x, const PerAxis& kernel, const PerAxis& stride,
               const PerAxis& padding, const PerAxis& dilation, bool ceil_mode) {
              return f(x, kernel, options_of(stride, padding, dilation, ceil_mode));
            },
            flags_of(axes), "The largest element of each window.");
  torch.add((name + "_with_indices" + parameters + ")").c_str(),
            [](const Tensor& x, const PerAxis& kernel, const PerAxis& stride,
               const PerAxis& padding, const PerAxis& dilation, bool ceil_mode) {
              return pairs(x, kernel, options_of(stride, padding, dilation, ceil_mode));
            },
            flags_of(axes), kDoc);
  nn.add((name + parameters + ", return_indices=False)").c_str(),
         [](const Tensor& x, const PerAxis& kernel, const PerAxis& stride, const PerAxis& padding,
            const PerAxis& dilation, bool ceil_mode, bool return_indices) {
           const MaxPoolOptions options = options_of(stride, padding, dilation, ceil_mode);
           if (!return_indices) return OneOrMore{{f(x, kernel, options)}};
           auto [values, places] = pairs(x, kernel, options);
           return OneOrMore{{values, places}};
         },
         flags_of(axes), kDoc);
  nn.add((name + "_with_indices" + parameters + ", return_indices=False)").c_str(),
         [](const Tensor& x, const PerAxis& kernel, const PerAxis& stride, const PerAxis& padding,
            const PerAxis& dilation, bool ceil_mode,
            bool) { return pairs(x, kernel, options_of(stride, padding, dilation, ceil_mode)); },
         flags_of(axes), kDoc);
}

constexpr const char* kAverageDoc =
    "The mean of each window. count_include_pad: padding counts as zeros; divisor_override: what "
    "sums are divided by instead.";

template <AvgPool f, int axes>
void add_avg_pool(const Rows& rows) {
  rows.add(
      (named("avg_pool", axes) + "(input, kernel_size, stride=None, padding=0, ceil_mode=False, "
                                 "count_include_pad=True, divisor_override=None)")
          .c_str(),
      [](const Tensor& x, const PerAxis& kernel, const PerAxis& stride, const PerAxis& padding,
         bool ceil_mode, bool count_include_pad, std::optional<int64_t> divisor) {
        if (divisor && *divisor == 0) fail("avg_pool: divisor_override must not be 0");
        return f(x, kernel,
                 {.stride = stride,
                  .padding = padding,
                  .ceil_mode = ceil_mode,
                  .count_include_pad = count_include_pad,
                  .divisor_override = divisor.value_or(0)});
      },
      flags_of(axes), kAverageDoc);
}

void add_avg_pool1d(const Rows& rows) {
  rows.add(
      "avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, "
      "count_include_pad=True)",
      [](const Tensor& x, const PerAxis& kernel, const PerAxis& stride, const PerAxis& padding,
         bool ceil_mode, bool count_include_pad) {
        return avg_pool1d(x, kernel,
                          {.stride = stride,
                           .padding = padding,
                           .ceil_mode = ceil_mode,
                           .count_include_pad = count_include_pad});
      },
      kFunctionOnly, "The mean of each window. count_include_pad: padding counts as zeros.");
}

template <Adaptive average, Adaptive most, int axes>
void add_adaptive(const Rows& nn) {
  nn.add((named("adaptive_avg_pool", axes) + "(input, output_size)").c_str(),
         [](const Tensor& x, const SizesOrNone& sizes) {
           return average(x, sizes.fill_from("adaptive_avg_pool", x, axes));
         },
         flags_of(axes),
         "The mean of windows chosen so that the result has output_size; None keeps a size.");
  constexpr const char* kDoc =
      "The largest element of windows chosen so that the result has output_size; None keeps a "
      "size. return_indices: and where it lies among the flattened axes of space.";
  const std::string name = named("adaptive_max_pool", axes);
  nn.add((name + "(input, output_size, return_indices=False)").c_str(),
         [](const Tensor& x, const SizesOrNone& sizes, bool return_indices) {
           const Dims size = sizes.fill_from("adaptive_max_pool", x, axes);
           if (!return_indices) return OneOrMore{{most(x, size)}};
           auto [values, places] = adaptive_max_pool_with_indices(x, size);
           return OneOrMore{{values, places}};
         },
         flags_of(axes), kDoc);
  nn.add((name + "_with_indices(input, output_size, return_indices=False)").c_str(),
         [](const Tensor& x, const SizesOrNone& sizes, bool) {
           return adaptive_max_pool_with_indices(x, sizes.fill_from("adaptive_max_pool", x, axes));
         },
         flags_of(axes), kDoc);
}

void add_adaptive1d_to_torch(const Rows& torch) {
  torch.add(
      "adaptive_avg_pool1d(input, output_size)",
      [](const Tensor& x, const PerAxis& size) { return adaptive_avg_pool1d(x, size); },
      kFunctionOnly, "The mean of windows chosen so that the result has output_size.");
  torch.add(
      "adaptive_max_pool1d(input, output_size)",
      [](const Tensor& x, const PerAxis& size) {
        return adaptive_max_pool_with_indices(x,
                                              size.expand("adaptive_max_pool1d", "output_size", 1));
      },
      kFunctionOnly,
      "The largest element of windows chosen so that the result has output_size, and where "
      "it lies.");
}

// As PyTorch counts: from means of x^p, so that an odd p keeps signs; the limits for infinite p.
template <MaxPool most, AvgPool average, int axes>
Tensor norm_of_windows(const Tensor& x, double p, const PerAxis& kernel, const PerAxis& stride,
                       bool ceil_mode) {
  if (std::isinf(p)) {
    const MaxPoolOptions options{.stride = stride, .ceil_mode = ceil_mode};
    return p > 0 ? most(abs(x), kernel, options) : -most(-abs(x), kernel, options);
  }
  const Tensor y = average(pow(x, p), kernel, {.stride = stride, .ceil_mode = ceil_mode});
  double size = 1;
  for (int64_t k : kernel.expand("lp_pool", "kernel_size", axes)) size *= static_cast<double>(k);
  return pow(sign(y) * relu(abs(y)) * size, 1 / p);
}

template <MaxPool most, AvgPool average, int axes>
void add_lp_pool(const Rows& nn) {
  nn.add(
      (named("lp_pool", axes) + "(input, norm_type, kernel_size, stride=None, ceil_mode=False)")
          .c_str(),
      [](const Tensor& x, double p, const PerAxis& kernel, const PerAxis& stride, bool ceil_mode) {
        return norm_of_windows<most, average, axes>(x, p, kernel, stride, ceil_mode);
      },
      0, "(sum of x^p over the window)^(1 / p), with p = norm_type.");
}

// The spatial size that a pool's input had, or one that is given and possible.
Dims unpooled_size(const Tensor& x, const Dims& kernel, const PerAxis& given_stride,
                   const PerAxis& given_padding, std::vector<int64_t> given) {
  const int axes = kernel.size();
  if (x.rank() < axes) fail<ShapeError>("max_unpool: x has too few axes: ", x.shape());
  const Dims stride =
      given_stride.is_given() ? given_stride.expand("max_unpool", "stride", axes) : kernel;
  const Dims padding = given_padding.expand("max_unpool", "padding", axes);
  Dims usual;
  for (int d = 0; d < axes; ++d)
    usual.push_back((x.size(x.rank() - axes + d) - 1) * stride[d] + kernel[d] - 2 * padding[d]);
  if (given.empty()) return usual;
  if (given.size() == static_cast<size_t>(axes) + 2) given.erase(given.begin(), given.begin() + 2);
  if (given.size() != static_cast<size_t>(axes))
    fail<ShapeError>("max_unpool: output_size takes ", axes, " or ", axes + 2, " sizes; got ",
                     given.size());
  Dims size;
  for (int d = 0; d < axes; ++d) {
    size.push_back(given[static_cast<size_t>(d)]);
    if (std::abs(size[d] - usual[d]) >= stride[d])
      fail<ShapeError>("max_unpool: output_size must lie within a stride of ", usual, "; got ",
                       size[d], " for axis ", d, " of space");
  }
  return size;
}

template <int axes>
void add_max_unpool(const Rows& nn) {
  nn.add((named("max_unpool", axes) +
          "(input, indices, kernel_size, stride=None, padding=0, output_size=None)")
             .c_str(),
         [](const Tensor& x, const Tensor& indices, const PerAxis& kernel, const PerAxis& stride,
            const PerAxis& padding, const std::optional<std::vector<int64_t>>& output_size) {
           const Dims size =
               unpooled_size(x, kernel.expand("max_unpool", "kernel_size", axes), stride, padding,
                             output_size.value_or(std::vector<int64_t>()));
           return max_unpool(x, indices, size);
         },
         axes > 1 ? unsigned{kFullPrecision} : 0u,
         "Puts each element back where a max pool with return_indices found it; zeros elsewhere.");
}

}  // namespace

void add_pool_rows() {
  const Rows torch("torch"), nn("nn");
  add_max_pool<max_pool1d, max_pool1d_with_indices, 1>(torch, nn);
  add_max_pool<max_pool2d, max_pool2d_with_indices, 2>(torch, nn);
  add_max_pool<max_pool3d, max_pool3d_with_indices, 3>(torch, nn);
  add_avg_pool1d(nn);
  add_avg_pool1d(torch);
  add_avg_pool<avg_pool2d, 2>(nn);
  add_avg_pool<avg_pool3d, 3>(nn);
  add_adaptive<adaptive_avg_pool1d, adaptive_max_pool1d, 1>(nn);
  add_adaptive<adaptive_avg_pool2d, adaptive_max_pool2d, 2>(nn);
  add_adaptive<adaptive_avg_pool3d, adaptive_max_pool3d, 3>(nn);
  add_adaptive1d_to_torch(torch);
  add_lp_pool<max_pool1d, avg_pool1d, 1>(nn);
  add_lp_pool<max_pool2d, avg_pool2d, 2>(nn);
  add_lp_pool<max_pool3d, avg_pool3d, 3>(nn);
  add_max_unpool<1>(nn);
  add_max_unpool<2>(nn);
  add_max_unpool<3>(nn);
}

}  // namespace rush::python
