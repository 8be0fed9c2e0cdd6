// Linear layers and convolutions, as torch.nn.functional and torch have them.
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/conv.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush::python {
namespace {

constexpr unsigned kHalf = kFunctionOnly | kLowerPrecision;

// y[.., k] = x1[.., i] weight[k, i, j] x2[.., j] + bias[k]
Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias) {
  if (weight.rank() != 3 || x1.rank() == 0 || x1.rank() != x2.rank() ||
      x1.size(-1) != weight.size(1) || x2.size(-1) != weight.size(2))
    fail<ShapeError>("bilinear: input1 [.., I], input2 [.., J] and weight [K, I, J] are needed; ",
                     "got ", x1.shape(), ", ", x2.shape(), " and ", weight.shape());
  Shape lead = x1.shape();
  lead.pop_back();
  const Tensor rows = reshape(x1, {-1, x1.size(-1)}), columns = reshape(x2, {-1, x2.size(-1)});
  if (rows.size(0) != columns.size(0))
    fail<ShapeError>("bilinear: leading axes differ: ", x1.shape(), " and ", x2.shape());
  const Tensor matrix = reshape(permute(weight, {1, 0, 2}), {weight.size(1), -1});  // [I, K J]
  const Tensor products = reshape(matmul(rows, matrix), {-1, weight.size(0), weight.size(2)});
  const Tensor y = sum(products * unsqueeze(columns, 1), {-1});
  lead.push_back(weight.size(0));
  return reshape(bias.defined() ? y + bias : y, lead);
}

using Convolve = Tensor (*)(const Tensor&, const Tensor&, const Tensor&, const ConvOptions&);
using ConvolveBack = Tensor (*)(const Tensor&, const Tensor&, const Tensor&,
                                const ConvTransposeOptions&);

template <Convolve f>
Tensor convolve_padded(const Tensor& x, const Tensor& weight, const Maybe& bias,
                       const PerAxis& stride, const std::string& padding, const PerAxis& dilation,
                       int64_t groups) {
  const bool is_same = padding == "same";
  if (!is_same && padding != "valid")
    fail("conv: padding is a number, one an axis, 'same' or 'valid'; got '", padding, "'");
  for (int64_t step : stride.values())
    if (is_same && step != 1)
      fail("conv: padding='same' is not supported for strided convolutions; got stride ",
           stride.values());
  return f(x, weight, bias,
           {.stride = stride, .dilation = dilation, .groups = groups, .same = is_same});
}

template <Convolve f>
void add_convolution(const Rows& rows, const std::string& name, const char* doc) {
  rows.add((name + "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)").c_str(),
           [](const Tensor& x, const Tensor& weight, const Maybe& bias, const PerAxis& stride,
              const PerAxis& padding, const PerAxis& dilation, int64_t groups) {
             return f(
                 x, weight, bias,
                 {.stride = stride, .padding = padding, .dilation = dilation, .groups = groups});
           },
           kHalf, doc);
  rows.add((name + "(input, weight, bias=None, stride=1, padding='valid', dilation=1, groups=1)")
               .c_str(),
           [](const Tensor& x, const Tensor& weight, const Maybe& bias, const PerAxis& stride,
              const std::string& padding, const PerAxis& dilation, int64_t groups) {
             return convolve_padded<f>(x, weight, bias, stride, padding, dilation, groups);
           },
           kHalf, doc);
}

template <ConvolveBack f>
void add_transposed(const Rows& rows, const std::string& name, const char* doc) {
  rows.add((name + "(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, "
                   "dilation=1)")
               .c_str(),
           [](const Tensor& x, const Tensor& weight, const Maybe& bias, const PerAxis& stride,
              const PerAxis& padding, const PerAxis& output_padding, int64_t groups,
              const PerAxis& dilation) {
             return f(x, weight, bias,
                      {.stride = stride,
                       .padding = padding,
                       .output_padding = output_padding,
                       .groups = groups,
                       .dilation = dilation});
           },
           kHalf, doc);
}

constexpr const char* kConvDoc =
    "The convolution of input [N, C, size...] (or [C, size...]) with weight [O, C / groups, "
    "kernel...], plus bias [O]. padding: zeros at both ends, 'same' or 'valid'.";
constexpr const char* kTransposedDoc =
    "The transpose of a convolution, which is its gradient: input [N, C, size...], weight "
    "[C, O / groups, kernel...], bias [O].";

void add_to(const Rows& rows) {
  add_convolution<conv1d>(rows, "conv1d", kConvDoc);
  add_convolution<conv2d>(rows, "conv2d", kConvDoc);
  add_convolution<conv3d>(rows, "conv3d", kConvDoc);
  add_transposed<conv_transpose1d>(rows, "conv_transpose1d", kTransposedDoc);
  add_transposed<conv_transpose2d>(rows, "conv_transpose2d", kTransposedDoc);
  add_transposed<conv_transpose3d>(rows, "conv_transpose3d", kTransposedDoc);
  rows.add(
      "bilinear(input1, input2, weight, bias=None)",
      [](const Tensor& x1, const Tensor& x2, const Tensor& weight, const Maybe& bias) {
        return bilinear(x1, x2, weight, bias);
      },
      kHalf, "x1 A x2 + b for each matrix A of weight: [out, in1, in2].");
  rows.add(
      "conv_tbc(input, weight, bias, pad=0)",
      [](const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t padding) {
        const Tensor y =
            conv1d(permute(x, {1, 2, 0}), permute(weight, {2, 1, 0}), bias, {.padding = padding});
        return permute(y, {2, 0, 1});
      },
      kHalf, "A convolution over the first axis of [time, batch, channels].");
}

}  // namespace

void add_linear_rows() {
  add_to(Rows("nn"));
  add_to(Rows("torch"));
  Rows("nn").add(
      "linear(input, weight, bias=None)",
      [](const Tensor& x, const Tensor& weight, const Maybe& bias) {
        return linear(x, weight, bias);
      },
      kHalf, "input @ weight.T + bias: [..., in] -> [..., out], with weight [out, in].");
}

}  // namespace rush::python
