// Convolution, its gradient by the input and its gradient by the weights are bilinear and close
// under differentiation: each one's gradients are the other two. A transposed convolution is the
// gradient by the input, used forwards.
#include "rush/ops/conv.h"

#include <cstdint>
#include <string>

#include "rush/core/apply.h"
#include "rush/core/op.h"
#include "rush/core/vocabulary.h"
#include "rush/ops/movement.h"
#include "rush/ops/same_padding.h"

namespace rush {
namespace {

constexpr int64_t kLargest = INT32_MAX;  // of strides, paddings and dilations

Dims space_of(const Shape& s) { return Dims(s.data() + 2, s.size() - 2); }

Shape with_space(int64_t n, int64_t channels, const Dims& space) {
  Shape s{n, channels};
  for (int64_t v : space) s.push_back(v);
  return s;
}

ConvAttrs sized(const ConvAttrs& attrs, const Dims& size) {
  ConvAttrs a = attrs;
  a.size = size;
  return a;
}

void check_range(const char* op, const char* name, const Dims& values, int64_t least) {
  for (int64_t v : values)
    if (v < least || v > kLargest)
      fail<ShapeError>(op, ": ", name, " must be ", least, " or more; got ", values);
}

void check_attrs(const char* op, const ConvAttrs& a) {
  check_range(op, "stride", a.stride, 1);
  check_range(op, "dilation", a.dilation, 1);
  check_range(op, "padding", a.padding, 0);
  if (a.groups < 1) fail<ShapeError>(op, ": groups must be 1 or more; got ", a.groups);
}

void check_operands(const InferCall& c, const char* op, int rank) {
  for (size_t i = 0; i < c.in.size(); ++i) {
    if (i == 2 && !c.is_present(i)) continue;
    if (!is_floating(c.dtype(i)))
      fail<TypeError>(op, ": wants floating-point tensors; got ", c.dtype(i));
    if (c.dtype(i) != c.dtype(0))
      fail<TypeError>(op, ": operands must have one dtype; got ", c.dtype(0), " and ", c.dtype(i));
    if (i < 2 && c.shape(i).size() != rank)
      fail<ShapeError>(op, ": operands must have ", rank, " dimensions; got ", c.shape(0), " and ",
                       c.shape(1));
  }
}

// Channels of x against those of the weight.
void check_channels(const char* op, const Shape& x, const Shape& w, int64_t groups) {
  if (x[1] % groups != 0)
    fail<ShapeError>(op, ": groups must divide the channels of x: ", x[1], " channels, ", groups,
                     " groups");
  if (w[0] % groups != 0)
    fail<ShapeError>(op, ": groups must divide the output channels: weight is ", w, ", ", groups,
                     " groups");
  if (w[1] * groups != x[1])
    fail<ShapeError>(op, ": x has ", x[1], " channels, weight expects ", w[1] * groups, ": x is ",
                     x, ", weight is ", w);
}

void check_kernel(const char* op, const Shape& w) {
  for (int64_t k : space_of(w))
    if (k < 1) fail<ShapeError>(op, ": the kernel is empty: weight is ", w);
}

// "conv2d" for a record's error texts.
std::string name_of_rank(const ConvAttrs& a) { return concat({"conv", a.stride.size(), "d"}); }

Dims output_space(const char* op, const Shape& x, const Shape& w, const ConvAttrs& a) {
  Dims out;
  for (int d = 0; d < a.stride.size(); ++d) {
    const int64_t padded = x[2 + d] + 2 * a.padding[d];
    const int64_t span = a.dilation[d] * (w[2 + d] - 1) + 1;
    if (span > padded)
      fail<ShapeError>(op, ": the kernel is larger than the padded input: x is ", x, ", weight is ",
                       w, ", padding ", a.padding, ", dilation ", a.dilation);
    out.push_back((padded - span) / a.stride[d] + 1);
  }
  return out;
}

void infer_conv(InferCall& c) {
  const auto& a = c.attributes<ConvAttrs>();
  const std::string name = name_of_rank(a);
  const char* op = name.c_str();
  check_operands(c, op, a.stride.size() + 2);
  check_attrs(op, a);
  const Shape &x = c.shape(0), &w = c.shape(1);
  check_channels(op, x, w, a.groups);
  check_kernel(op, w);
  if (c.is_present(2) && (c.shape(2).size() != 1 || c.shape(2)[0] != w[0]))
    fail<ShapeError>(op, ": bias must be [", w[0], "] for weight ", w, "; got ", c.shape(2));
  const Dims space = a.size.empty() ? output_space(op, x, w, a) : a.size;
  c.result(with_space(x[0], w[0], space), c.dtype(0), Format::kChannelsLast);
}

void check_size(const char* op, const ConvAttrs& a) {
  if (a.size.size() != a.stride.size())
    fail<ShapeError>(op, ": size must have ", a.stride.size(), " values; got ", a.size);
  check_range(op, "size", a.size, 0);
}

void infer_conv_dx(InferCall& c) {
  const auto& a = c.attributes<ConvAttrs>();
  check_operands(c, c.op, a.stride.size() + 2);
  check_attrs(c.op, a);
  check_size(c.op, a);
  const Shape &dy = c.shape(0), &w = c.shape(1);
  check_kernel(c.op, w);
  if (w[0] % a.groups != 0)
    fail<ShapeError>(c.op, ": groups must divide the channels of dy: weight is ", w, ", ", a.groups,
                     " groups");
  if (dy[1] != w[0])
    fail<ShapeError>(c.op, ": dy has ", dy[1], " channels, weight expects ", w[0], ": dy is ", dy,
                     ", weight is ", w);
  c.result(with_space(dy[0], w[1] * a.groups, a.size), c.dtype(0), Format::kChannelsLast);
}

void infer_conv_dw(InferCall& c) {
  const auto& a = c.attributes<ConvAttrs>();
  check_operands(c, c.op, a.stride.size() + 2);
  check_attrs(c.op, a);
  check_size(c.op, a);
  const Shape &dy = c.shape(0), &x = c.shape(1);
  if (dy[0] != x[0]) fail<ShapeError>(c.op, ": batch sizes differ: dy is ", dy, ", x is ", x);
  if (dy[1] % a.groups != 0 || x[1] % a.groups != 0)
    fail<ShapeError>(c.op, ": groups must divide the channels: dy is ", dy, ", x is ", x, ", ",
                     a.groups, " groups");
  c.result(with_space(dy[1], x[1] / a.groups, a.size), c.dtype(0));
}

const Op& kConv =
    Define("conv",
           "Convolution (cross-correlation) over 1, 2 or 3 axes of space. x: [N, C, size...], "
           "weight: [O, C/groups, kernel...], bias: [O] or none give [N, O, ...].")
        .args({"x", "weight", "bias?"})
        .attrs<ConvAttrs>()
        .floating_only()
        .shape(infer_conv)
        .grad([](Dy dy, X<1> w, XSpec<0> x, const ConvAttrs& a) {
          return conv_dx(dy, w, sized(a, space_of(x.shape)));
        })
        .grad([](Dy dy, X<0> x, XSpec<1> w, const ConvAttrs& a) {
          return conv_dw(dy, x, sized(a, space_of(w.shape)));
        })
        .grad([](Dy dy) {
          const int64_t channels = dy.shape()[1];
          Shape kept = Dims::filled(dy.rank(), 1);
          kept[1] = channels;
          return reshape(sum_to(dy, kept), {channels});
        });

const Op& kConvDx =
    Define("conv_dx",
           "Gradient of a convolution by its input, and the transposed convolution. "
           "dy: [N, O, ...], weight: [O, C/groups, kernel...] give [N, C, size...].")
        .args({"dy", "weight"})
        .attrs<ConvAttrs>()
        .floating_only()
        .shape(infer_conv_dx)
        .grad([](Dy g, X<1> w, XSpec<0> dy, const ConvAttrs& a) {
          return conv(g, w, {}, sized(a, space_of(dy.shape)));
        })
        .grad([](Dy g, X<0> dy, XSpec<1> w, const ConvAttrs& a) {
          return conv_dw(dy, g, sized(a, space_of(w.shape)));
        });

const Op& kConvDw =
    Define("conv_dw",
           "Gradient of a convolution by its weights. dy: [N, O, ...], x: [N, C, ...] give "
           "[O, C/groups, size...].")
        .args({"dy", "x"})
        .attrs<ConvAttrs>()
        .floating_only()
        .shape(infer_conv_dw)
        .grad([](Dy g, X<1> x, XSpec<0> dy, const ConvAttrs& a) {
          return conv(x, g, {}, sized(a, space_of(dy.shape)));
        })
        .grad([](Dy g, X<0> dy, XSpec<1> x, const ConvAttrs& a) {
          return conv_dx(dy, g, sized(a, space_of(x.shape)));
        });

// Checks ranks; returns whether x has a batch dimension.
bool is_batched(const char* op, const Tensor& x, const Tensor& weight, int axes) {
  if (weight.rank() != axes + 2)
    fail<ShapeError>(op, ": weight must have ", axes + 2, " dimensions; got ", weight.shape());
  if (x.rank() != axes + 2 && x.rank() != axes + 1)
    fail<ShapeError>(op, ": x must have ", axes + 2, " dimensions, or ", axes + 1,
                     " without a batch; got ", x.shape());
  return x.rank() == axes + 2;
}

void pad_same(const Tensor& x, const Tensor& weight, ConvAttrs& a) {
  for (int d = 0; d < a.stride.size(); ++d) {
    const int64_t size = x.shape()[x.rank() - a.stride.size() + d];
    const int64_t span = a.dilation[d] * (weight.shape()[2 + d] - 1) + 1;
    const SamePadding p = same_padding(size, span, a.stride[d]);
    a.padding[d] = p.before;
    a.size.push_back(p.windows);
  }
}

Tensor convolve(const char* op, int axes, const Tensor& x, const Tensor& weight, const Tensor& bias,
                const ConvOptions& o) {
  const bool batched = is_batched(op, x, weight, axes);
  ConvAttrs a{o.stride.expand(op, "stride", axes),
              o.padding.expand(op, "padding", axes),
              o.dilation.expand(op, "dilation", axes),
              o.groups,
              {}};
  check_attrs(op, a);
  if (o.same) pad_same(x, weight, a);
  if (batched) return conv(x, weight, bias, a);
  return squeeze(conv(unsqueeze(x, 0), weight, bias, a), 0);
}

Dims transposed_size(const char* op, const Tensor& x, const Tensor& weight, const ConvAttrs& a,
                     const Dims& output_padding) {
  Dims size;
  const int axes = a.stride.size();
  for (int d = 0; d < axes; ++d) {
    const int64_t extra = output_padding[d];
    if (extra < 0 || (extra >= a.stride[d] && extra >= a.dilation[d]))
      fail<ShapeError>(op, ": output_padding must be smaller than stride or dilation; got ",
                       output_padding, ", stride ", a.stride, ", dilation ", a.dilation);
    size.push_back((x.shape()[x.rank() - axes + d] - 1) * a.stride[d] - 2 * a.padding[d] +
                   a.dilation[d] * (weight.shape()[2 + d] - 1) + 1 + extra);
    if (size[d] < 1)
      fail<ShapeError>(op, ": the result would be empty: x is ", x.shape(), ", weight is ",
                       weight.shape(), ", padding ", a.padding);
  }
  return size;
}

// The size whose convolution with same padding has the size of x.
void unpad_same(const Tensor& x, const Tensor& weight, ConvAttrs& a) {
  for (int d = 0; d < a.stride.size(); ++d) {
    const int64_t size = x.shape()[x.rank() - a.stride.size() + d] * a.stride[d];
    const int64_t span = a.dilation[d] * (weight.shape()[2 + d] - 1) + 1;
    a.padding[d] = same_padding(size, span, a.stride[d]).before;
    a.size.push_back(size);
  }
}

Tensor convolve_transposed(const char* op, int axes, const Tensor& x, const Tensor& weight,
                           const Tensor& bias, const ConvTransposeOptions& o) {
  const bool batched = is_batched(op, x, weight, axes);
  ConvAttrs a{o.stride.expand(op, "stride", axes),
              o.padding.expand(op, "padding", axes),
              o.dilation.expand(op, "dilation", axes),
              o.groups,
              {}};
  check_attrs(op, a);
  const int64_t channels = x.shape()[batched ? 1 : 0];
  if (channels != weight.shape()[0])
    fail<ShapeError>(op, ": x has ", channels, " channels, weight expects ", weight.shape()[0],
                     ": x is ", x.shape(), ", weight is ", weight.shape());
  if (channels % a.groups != 0)
    fail<ShapeError>(op, ": groups must divide the channels of x: ", channels, " channels, ",
                     a.groups, " groups");
  const int64_t out = weight.shape()[1] * a.groups;
  if (bias.defined() && bias.shape() != Shape{out})
    fail<ShapeError>(op, ": bias must be [", out, "] for weight ", weight.shape(), "; got ",
                     bias.shape());
  if (o.same)
    unpad_same(x, weight, a);
  else
    a.size = transposed_size(op, x, weight, a, o.output_padding.expand(op, "output_padding", axes));
  Tensor y = conv_dx(batched ? x : unsqueeze(x, 0), weight, a);
  if (bias.defined()) {
    Shape wide = Dims::filled(axes + 2, 1);
    wide[1] = out;
    y = add(y, reshape(bias, wide));
  }
  return batched ? y : squeeze(y, 0);
}

}  // namespace

Tensor conv(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvAttrs& attrs) {
  return apply(kConv, {x, weight, bias}, attrs);
}
Tensor conv_dx(const Tensor& dy, const Tensor& weight, const ConvAttrs& attrs) {
  return apply(kConvDx, {dy, weight}, attrs);
}
Tensor conv_dw(const Tensor& dy, const Tensor& x, const ConvAttrs& attrs) {
  return apply(kConvDw, {dy, x}, attrs);
}

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& o) {
  return convolve("conv1d", 1, x, weight, bias, o);
}
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& o) {
  return convolve("conv2d", 2, x, weight, bias, o);
}
Tensor conv3d(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvOptions& o) {
  return convolve("conv3d", 3, x, weight, bias, o);
}
Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTransposeOptions& o) {
  return convolve_transposed("conv_transpose1d", 1, x, weight, bias, o);
}
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTransposeOptions& o) {
  return convolve_transposed("conv_transpose2d", 2, x, weight, bias, o);
}
Tensor conv_transpose3d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTransposeOptions& o) {
  return convolve_transposed("conv_transpose3d", 3, x, weight, bias, o);
}

}  // namespace rush
