#include "rush/nn/pool.h"

#include <cstdlib>

#include "rush/nn/layer.h"

namespace rush::nn {
namespace {

template <typename Options>
using PoolFunction = Tensor (*)(const Tensor&, const PerAxis&, const Options&);
using AdaptiveFunction = Tensor (*)(const Tensor&, const PerAxis&);

constexpr PoolFunction<MaxPoolOptions> kMaxPool[] = {max_pool1d, max_pool2d, max_pool3d};
constexpr PoolFunction<AvgPoolOptions> kAvgPool[] = {avg_pool1d, avg_pool2d, avg_pool3d};
constexpr AdaptiveFunction kAdaptiveAvg[] = {adaptive_avg_pool1d, adaptive_avg_pool2d,
                                             adaptive_avg_pool3d};
constexpr AdaptiveFunction kAdaptiveMax[] = {adaptive_max_pool1d, adaptive_max_pool2d,
                                             adaptive_max_pool3d};

using LpPoolFunction = Tensor (*)(const Tensor&, double, const PerAxis&, const LpPoolOptions&);
constexpr LpPoolFunction kLpPool[] = {lp_pool1d, lp_pool2d, lp_pool3d};

void check_kernel(const char* kind, int axes, const PerAxis& kernel) {
  const std::string name = layer_name(kind, axes);
  for (int64_t k : kernel.expand(name.c_str(), "the size", axes))
    if (k < 1) fail<ShapeError>(name, ": sizes are at least 1; what came: ", kernel.values());
}

// A stride that is not given is the kernel's size.
std::string stride_text(const PerAxis& stride, const PerAxis& kernel) {
  return per_axis_text(stride.is_given() ? stride.values() : kernel.values());
}

}  // namespace

template <int axes>
MaxPool<axes>::MaxPool(const PerAxis& kernel, const MaxPoolOptions& options)
    : kernel_(kernel), options_(options) {
  check_kernel("MaxPool", axes, kernel);
}

template <int axes>
Tensor MaxPool<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return kMaxPool[axes - 1](x, kernel_, options_); });
}

template <int axes>
std::string MaxPool<axes>::describe() const {
  const auto& o = options_;
  const std::string kernel = per_axis_text(kernel_.values());
  return Describe(layer_name("MaxPool", axes))
      .arg(kernel)
      .option("stride", stride_text(o.stride, kernel_), kernel)
      .option("padding", per_axis_text(o.padding.values()), std::string("0"))
      .option("dilation", per_axis_text(o.dilation.values()), std::string("1"))
      .option("ceil_mode", o.ceil_mode, false)
      .option("same", o.same, false)
      .option("share_ties", o.share_ties, false);
}

template <int axes>
AvgPool<axes>::AvgPool(const PerAxis& kernel, const AvgPoolOptions& options)
    : kernel_(kernel), options_(options) {
  check_kernel("AvgPool", axes, kernel);
}

template <int axes>
Tensor AvgPool<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return kAvgPool[axes - 1](x, kernel_, options_); });
}

template <int axes>
std::string AvgPool<axes>::describe() const {
  const auto& o = options_;
  const std::string kernel = per_axis_text(kernel_.values());
  return Describe(layer_name("AvgPool", axes))
      .arg(kernel)
      .option("stride", stride_text(o.stride, kernel_), kernel)
      .option("padding", per_axis_text(o.padding.values()), std::string("0"))
      .option("ceil_mode", o.ceil_mode, false)
      .option("count_include_pad", o.count_include_pad, true)
      .option("divisor_override", o.divisor_override, int64_t{0})
      .option("same", o.same, false);
}

template <int axes>
AdaptiveAvgPool<axes>::AdaptiveAvgPool(const PerAxis& output_size) : output_size_(output_size) {
  check_kernel("AdaptiveAvgPool", axes, output_size);
}

template <int axes>
Tensor AdaptiveAvgPool<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return kAdaptiveAvg[axes - 1](x, output_size_); });
}

template <int axes>
std::string AdaptiveAvgPool<axes>::describe() const {
  return Describe(layer_name("AdaptiveAvgPool", axes)).arg(per_axis_text(output_size_.values()));
}

template <int axes>
AdaptiveMaxPool<axes>::AdaptiveMaxPool(const PerAxis& output_size) : output_size_(output_size) {
  check_kernel("AdaptiveMaxPool", axes, output_size);
}

template <int axes>
Tensor AdaptiveMaxPool<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return kAdaptiveMax[axes - 1](x, output_size_); });
}

template <int axes>
std::string AdaptiveMaxPool<axes>::describe() const {
  return Describe(layer_name("AdaptiveMaxPool", axes)).arg(per_axis_text(output_size_.values()));
}

template <int axes>
LPPool<axes>::LPPool(double norm_type, const PerAxis& kernel, const LpPoolOptions& options)
    : norm_type_(norm_type), kernel_(kernel), options_(options) {
  check_kernel("LPPool", axes, kernel);
}

template <int axes>
Tensor LPPool<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return kLpPool[axes - 1](x, norm_type_, kernel_, options_); });
}

template <int axes>
std::string LPPool<axes>::describe() const {
  const std::string kernel = per_axis_text(kernel_.values());
  return Describe(layer_name("LPPool", axes))
      .arg(norm_type_)
      .arg(kernel)
      .option("stride", stride_text(options_.stride, kernel_), kernel)
      .option("ceil_mode", options_.ceil_mode, false);
}

template <int axes>
MaxUnpool<axes>::MaxUnpool(const PerAxis& kernel, const MaxUnpoolOptions& options)
    : kernel_(kernel), options_(options) {
  check_kernel("MaxUnpool", axes, kernel);
}

template <int axes>
Tensor MaxUnpool<axes>::operator()(const Tensor& x, const Tensor& indices,
                                   const Dims& output_size) const {
  return in_layer(*this, {}, [&] {
    if (x.rank() < axes + 1)
      fail<ShapeError>("max_unpool: ", axes,
                       " sizes after the channels are needed; what came: ", x.shape());
    const Dims kernel = kernel_.expand("max_unpool", "kernel", axes);
    const Dims padding = options_.padding.expand("max_unpool", "padding", axes);
    const Dims stride =
        options_.stride.is_given() ? options_.stride.expand("max_unpool", "stride", axes) : kernel;
    Dims size;
    for (int i = 0; i < axes; ++i)
      size.push_back((x.size(x.rank() - axes + i) - 1) * stride[i] - 2 * padding[i] + kernel[i]);
    if (output_size.empty()) return max_unpool(x, indices, size);
    bool fits = output_size.size() == axes;
    for (int i = 0; fits && i < axes; ++i) fits = std::abs(output_size[i] - size[i]) < stride[i];
    if (!fits)
      fail<ShapeError>("max_unpool: output_size lies within a stride of ", size,
                       "; what came: ", output_size);
    return max_unpool(x, indices, output_size);
  });
}

template <int axes>
std::string MaxUnpool<axes>::describe() const {
  const std::string kernel = per_axis_text(kernel_.values());
  return Describe(layer_name("MaxUnpool", axes))
      .arg(kernel)
      .option("stride", stride_text(options_.stride, kernel_), kernel)
      .option("padding", per_axis_text(options_.padding.values()), std::string("0"));
}

template class MaxPool<1>;
template class MaxPool<2>;
template class MaxPool<3>;
template class AvgPool<1>;
template class AvgPool<2>;
template class AvgPool<3>;
template class AdaptiveAvgPool<1>;
template class AdaptiveAvgPool<2>;
template class AdaptiveAvgPool<3>;
template class AdaptiveMaxPool<1>;
template class AdaptiveMaxPool<2>;
template class AdaptiveMaxPool<3>;
template class LPPool<1>;
template class LPPool<2>;
template class LPPool<3>;
template class MaxUnpool<1>;
template class MaxUnpool<2>;
template class MaxUnpool<3>;

}  // namespace rush::nn
