#include "rush/nn/padding.h"

#include "rush/nn/layer.h"
#include "rush/ops/movement.h"

namespace rush::nn {
namespace {

template <Border border>
constexpr const char* kName = border == Border::kConstant    ? "ConstantPad"
                              : border == Border::kReflect   ? "ReflectionPad"
                              : border == Border::kReplicate ? "ReplicationPad"
                                                             : "CircularPad";
template <Border border>
constexpr const char* kMode = border == Border::kConstant    ? "constant"
                              : border == Border::kReflect   ? "reflect"
                              : border == Border::kReplicate ? "replicate"
                                                             : "circular";

}  // namespace

template <int axes, Border border>
BorderPad<axes, border>::BorderPad(const PerAxis& padding, double value)
    : padding_(padding.expand(layer_name(kName<border>, axes).c_str(), "padding", 2 * axes)),
      value_(value) {}

template <int axes, Border border>
Tensor BorderPad<axes, border>::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] {
    if (x.rank() != axes + 1 && x.rank() != axes + 2)
      fail<ShapeError>("pad: ", axes,
                       " sizes after the channels are needed; what came: ", x.shape());
    return pad(x, padding_, kMode<border>, value_);
  });
}

template <int axes, Border border>
std::string BorderPad<axes, border>::describe() const {
  Describe text(layer_name(kName<border>, axes));
  text.arg(per_axis_text(padding_));
  if (border == Border::kConstant) text.arg(value_);
  return text;
}

template class BorderPad<1, Border::kConstant>;
template class BorderPad<2, Border::kConstant>;
template class BorderPad<3, Border::kConstant>;
template class BorderPad<1, Border::kReflect>;
template class BorderPad<2, Border::kReflect>;
template class BorderPad<3, Border::kReflect>;
template class BorderPad<1, Border::kReplicate>;
template class BorderPad<2, Border::kReplicate>;
template class BorderPad<3, Border::kReplicate>;
template class BorderPad<1, Border::kCircular>;
template class BorderPad<2, Border::kCircular>;
template class BorderPad<3, Border::kCircular>;

}  // namespace rush::nn
