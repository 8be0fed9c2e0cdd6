// Layers that put a border around the last 1, 2 or 3 axes: nn::ReflectionPad2d{1},
// nn::ConstantPad1d{{2, 0}, 0.5}. The padding is one number for all sides, or (before, after) for
// the last axis, then for the one before it, and so on. x: [N, C, size...] or [C, size...].
#pragma once

#include "rush/nn/visitor.h"
#include "rush/ops/per_axis.h"

namespace rush::nn {

enum class Border { kConstant, kReflect, kReplicate, kCircular };

// What they share.
template <int axes, Border border>
class BorderPad {
 public:
  explicit BorderPad(const PerAxis& padding) : BorderPad(padding, 0) {}
  Tensor operator()(const Tensor& x) const;
  std::string describe() const;

 protected:
  BorderPad(const PerAxis& padding, double value);

 private:
  Dims padding_;
  double value_;
};

template <int axes>
using ZeroPad = BorderPad<axes, Border::kConstant>;
template <int axes>
using ReflectionPad = BorderPad<axes, Border::kReflect>;
template <int axes>
using ReplicationPad = BorderPad<axes, Border::kReplicate>;
template <int axes>
using CircularPad = BorderPad<axes, Border::kCircular>;
template <int axes>
class ConstantPad : public BorderPad<axes, Border::kConstant> {
 public:
  ConstantPad(const PerAxis& padding, double value)
      : BorderPad<axes, Border::kConstant>(padding, value) {}
};

extern template class BorderPad<1, Border::kConstant>;
extern template class BorderPad<2, Border::kConstant>;
extern template class BorderPad<3, Border::kConstant>;
extern template class BorderPad<1, Border::kReflect>;
extern template class BorderPad<2, Border::kReflect>;
extern template class BorderPad<3, Border::kReflect>;
extern template class BorderPad<1, Border::kReplicate>;
extern template class BorderPad<2, Border::kReplicate>;
extern template class BorderPad<3, Border::kReplicate>;
extern template class BorderPad<1, Border::kCircular>;
extern template class BorderPad<2, Border::kCircular>;
extern template class BorderPad<3, Border::kCircular>;
using ZeroPad1d = ZeroPad<1>;
using ZeroPad2d = ZeroPad<2>;
using ZeroPad3d = ZeroPad<3>;
using ConstantPad1d = ConstantPad<1>;
using ConstantPad2d = ConstantPad<2>;
using ConstantPad3d = ConstantPad<3>;
using ReflectionPad1d = ReflectionPad<1>;
using ReflectionPad2d = ReflectionPad<2>;
using ReflectionPad3d = ReflectionPad<3>;
using ReplicationPad1d = ReplicationPad<1>;
using ReplicationPad2d = ReplicationPad<2>;
using ReplicationPad3d = ReplicationPad<3>;
using CircularPad1d = CircularPad<1>;
using CircularPad2d = CircularPad<2>;
using CircularPad3d = CircularPad<3>;

}  // namespace rush::nn
