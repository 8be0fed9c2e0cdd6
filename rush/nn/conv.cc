#include "rush/nn/conv.h"

#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/conv.h"
#include "rush/ops/movement.h"
#include "rush/ops/same_padding.h"

namespace rush::nn {
namespace {

// The shape of a weight whose channels are split into groups: [whole, split / groups, kernel...].
Shape weight_shape(const std::string& layer, int64_t whole, int64_t split, int64_t groups,
                   const Dims& kernel) {
  if (whole < 1 || split < 1) {
    fail<ShapeError>(layer, ": channels are at least 1; what came: ", whole, " and ", split);
  }
  if (groups < 1 || whole % groups != 0 || split % groups != 0) {
    fail<ShapeError>(layer, ": groups divide both numbers of channels; what came: ", groups,
                     " groups for ", whole, " and ", split);
  }
  Shape shape{whole, split / groups};
  for (int64_t k : kernel) {
    if (k < 1) fail<ShapeError>(layer, ": kernel sizes are at least 1; what came: ", kernel);
    shape.push_back(k);
  }
  return shape;
}

Dims kernel_of(const Tensor& weight) {
  return Dims(weight.shape().data() + 2, static_cast<size_t>(weight.rank() - 2));
}

template <int axes>
constexpr auto kConv = axes == 1   ? conv1d
                       : axes == 2 ? conv2d
                                   : conv3d;
template <int axes>
constexpr auto kConvTranspose = axes == 1   ? conv_transpose1d
                                : axes == 2 ? conv_transpose2d
                                            : conv_transpose3d;

}  // namespace

template <int axes>
Conv<axes>::Conv(int64_t in_channels, int64_t out_channels, const PerAxis& kernel,
                 const ConvLayerOptions& options)
    : options_(options) {
  const std::string name = layer_name("Conv", axes);
  const std::string& mode = options.padding_mode;
  if (mode != "zeros" && mode != "reflect" && mode != "replicate" && mode != "circular") {
    fail(name, ": padding_mode is zeros, reflect, replicate or circular; what came: ", mode);
  }
  const Dims k = kernel.expand(name.c_str(), "kernel", axes);
  for (auto* option : {&options_.stride, &options_.padding, &options_.dilation})
    *option = option->expand(name.c_str(), "an option", axes);
  weight = make_parameter(weight_shape(name, out_channels, in_channels, options.groups, k));
  if (options.bias) bias = make_parameter({out_channels});
  init::layer_default_(weight, bias);
  train_from_here(weight);
  train_from_here(bias);
}

// x with a border by padding_mode: `same` puts the odd element behind.
template <int axes>
Tensor Conv<axes>::padded(const Tensor& x) const {
  Dims sizes;
  for (int i = axes - 1; i >= 0; --i) {
    int64_t before = options_.padding.values()[i], after = before;
    if (options_.same) {
      const int64_t span = options_.dilation.values()[i] * (weight.size(2 + i) - 1) + 1;
      const int64_t size = x.size(x.rank() - axes + i);
      const SamePadding p = same_padding(size, span, options_.stride.values()[i]);
      before = p.before;
      after = p.after;
    }
    sizes.push_back(before);
    sizes.push_back(after);
  }
  return pad(x, sizes, options_.padding_mode);
}

template <int axes>
Tensor Conv<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, weight, [&] {
    const auto& o = options_;
    ConvOptions options{.stride = o.stride,
                        .padding = o.padding,
                        .dilation = o.dilation,
                        .groups = o.groups,
                        .same = o.same};
    if (o.padding_mode == "zeros") return kConv<axes>(x, weight, bias, options);
    options.padding = 0;
    options.same = false;
    return kConv<axes>(padded(x), weight, bias, options);
  });
}

template <int axes>
void Conv<axes>::fields(Visitor& v) {
  v("weight", weight);
  v("bias", bias);
}

template <int axes>
std::string Conv<axes>::describe() const {
  const auto& o = options_;
  Describe text(layer_name("Conv", axes));
  text.arg(weight.size(1) * o.groups).arg(weight.size(0)).arg(per_axis_text(kernel_of(weight)));
  text.option("stride", per_axis_text(o.stride.values()), std::string("1"));
  text.option("padding", per_axis_text(o.padding.values()), std::string("0"));
  text.option("dilation", per_axis_text(o.dilation.values()), std::string("1"));
  text.option("groups", o.groups, int64_t{1}).option("bias", bias.defined(), true);
  text.option("padding_mode", "\"" + o.padding_mode + "\"", std::string("\"zeros\""));
  return text.option("same", o.same, false);
}

template <int axes>
ConvTranspose<axes>::ConvTranspose(int64_t in_channels, int64_t out_channels, const PerAxis& kernel,
                                   const ConvTransposeLayerOptions& options)
    : options_(options) {
  const std::string name = layer_name("ConvTranspose", axes);
  const Dims k = kernel.expand(name.c_str(), "kernel", axes);
  auto& o = options_;
  for (auto* option : {&o.stride, &o.padding, &o.output_padding, &o.dilation})
    *option = option->expand(name.c_str(), "an option", axes);
  weight = make_parameter(weight_shape(name, in_channels, out_channels, options.groups, k));
  if (options.bias) bias = make_parameter({out_channels});
  init::layer_default_(weight, bias);
  train_from_here(weight);
  train_from_here(bias);
}

template <int axes>
Tensor ConvTranspose<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, weight, [&] {
    const auto& o = options_;
    return kConvTranspose<axes>(x, weight, bias,
                                {.stride = o.stride,
                                 .padding = o.padding,
                                 .output_padding = o.output_padding,
                                 .groups = o.groups,
                                 .dilation = o.dilation,
                                 .same = o.same});
  });
}

template <int axes>
void ConvTranspose<axes>::fields(Visitor& v) {
  v("weight", weight);
  v("bias", bias);
}

template <int axes>
std::string ConvTranspose<axes>::describe() const {
  const auto& o = options_;
  Describe text(layer_name("ConvTranspose", axes));
  text.arg(weight.size(0)).arg(weight.size(1) * o.groups).arg(per_axis_text(kernel_of(weight)));
  text.option("stride", per_axis_text(o.stride.values()), std::string("1"));
  text.option("padding", per_axis_text(o.padding.values()), std::string("0"));
  text.option("output_padding", per_axis_text(o.output_padding.values()), std::string("0"));
  text.option("groups", o.groups, int64_t{1}).option("bias", bias.defined(), true);
  text.option("dilation", per_axis_text(o.dilation.values()), std::string("1"));
  return text.option("same", o.same, false);
}

template class Conv<1>;
template class Conv<2>;
template class Conv<3>;
template class ConvTranspose<1>;
template class ConvTranspose<2>;
template class ConvTranspose<3>;

}  // namespace rush::nn
