// Rows of conv, conv_dx (as transposed convolution) and conv_dw.
#include <string>

#include "rush/ops/cases/op_case.h"
#include "rush/ops/conv.h"

namespace rush::testing {
namespace {

// The shapes of x, w and y with always three axes of space.
struct Plane {
  int64_t n, c, size[3];
  explicit Plane(const Shape& s) : n(s[0]), c(s[1]), size{1, 1, 1} {
    for (int d = 2; d < s.size(); ++d) size[3 - s.size() + d] = s[d];
  }
  int64_t at(int64_t i, int64_t j, int64_t d, int64_t h, int64_t w) const {
    return (((i * c + j) * size[0] + d) * size[1] + h) * size[2] + w;
  }
};

int64_t axis_value(const Dims& v, int axis, int64_t missing) {
  const int own = axis - (3 - v.size());
  return own < 0 ? missing : v[own];
}

// Calls f(i, j, k) for every product of a convolution: element i of x with j of w adds to k of y.
template <typename F>
void for_each_product(const Shape& xs, const Shape& ws, const Shape& ys, const ConvAttrs& a, F f) {
  const Plane x(xs), w(ws), y(ys);
  const int64_t c_group = w.c, o_group = y.c / a.groups;
  const auto source = [&](int axis, int64_t out, int64_t tap) {
    return out * axis_value(a.stride, axis, 1) - axis_value(a.padding, axis, 0) +
           tap * axis_value(a.dilation, axis, 1);
  };
  for (int64_t n = 0; n < y.n; ++n)
    for (int64_t o = 0; o < y.c; ++o)
      for (int64_t d = 0; d < y.size[0]; ++d)
        for (int64_t h = 0; h < y.size[1]; ++h)
          for (int64_t v = 0; v < y.size[2]; ++v)
            for (int64_t c = 0; c < c_group; ++c)
              for (int64_t i = 0; i < w.size[0]; ++i)
                for (int64_t j = 0; j < w.size[1]; ++j)
                  for (int64_t k = 0; k < w.size[2]; ++k) {
                    const int64_t sd = source(0, d, i), sh = source(1, h, j), sw = source(2, v, k);
                    if (sd < 0 || sh < 0 || sw < 0) continue;
                    if (sd >= x.size[0] || sh >= x.size[1] || sw >= x.size[2]) continue;
                    f(x.at(n, o / o_group * c_group + c, sd, sh, sw), w.at(o, c, i, j, k),
                      y.at(n, o, d, h, v));
                  }
}

Tensor zeros_of(const Shape& s) {
  Tensor t = Tensor::empty(s, float64);
  for (int64_t i = 0; i < t.numel(); ++i) t.data<double>()[i] = 0;
  return t;
}

// Bias [channels] over y: [n, channels, ...]
void add_bias(const Tensor& y, const Tensor& bias) {
  const int64_t channels = y.shape()[1];
  int64_t inner = 1;
  for (int d = 2; d < y.rank(); ++d) inner *= y.shape()[d];
  for (int64_t i = 0; i < y.numel(); ++i)
    y.data<double>()[i] += bias.data<double>()[i / inner % channels];
}

struct Row {
  const char* label;
  Shape x, w;
  bool bias;
  Dims stride, padding, dilation;
  int64_t groups = 1;
  Dims output_padding = {};
  bool same = false;
};

std::string keywords(const Row& r, bool transposed) {
  const auto tuple = [](const Dims& d) {
    std::string s = "(";
    for (int64_t v : d) s += std::to_string(v) + ",";
    return s + ")";
  };
  std::string s = std::string(", stride=") + tuple(r.stride) +
                  ", padding=" + (r.same ? std::string("'same'") : tuple(r.padding)) +
                  ", dilation=" + tuple(r.dilation) + ", groups=" + std::to_string(r.groups);
  if (transposed) s += ", output_padding=" + tuple(r.output_padding);
  return s;
}

void add_conv(CaseList& list, const Row& r) {
  const int axes = r.stride.size();
  OpCase c{.op = "conv", .label = r.label, .in = {{r.x}, {r.w}}};
  if (r.bias) c.in.push_back({{r.w[0]}});
  const ConvOptions o{.stride = r.stride,
                      .padding = r.padding,
                      .dilation = r.dilation,
                      .groups = r.groups,
                      .same = r.same};
  c.run = [o, axes](const Tensors& t) -> Tensors {
    const Tensor bias = t.size() > 2 ? t[2] : Tensor();
    return {(axes == 1 ? conv1d : axes == 2 ? conv2d : conv3d)(t[0], t[1], bias, o)};
  };
  c.naive = [r, axes](const Tensors& t) -> Tensors {
    ConvAttrs a{r.stride, r.padding, r.dilation, r.groups, {}};
    Shape xs = r.x;
    const bool batched = xs.size() == axes + 2;
    if (!batched) xs.insert(0, 1);
    Shape ys{xs[0], r.w[0]};
    for (int d = 0; d < axes; ++d) {
      const int64_t span = r.dilation[d] * (r.w[2 + d] - 1);
      if (r.same) a.padding[d] = span / 2;
      ys.push_back(r.same ? xs[2 + d]
                          : (xs[2 + d] + 2 * r.padding[d] - span - 1) / r.stride[d] + 1);
    }
    const Tensor y = zeros_of(ys);
    for_each_product(xs, r.w, ys, a, [&](int64_t i, int64_t j, int64_t k) {
      y.data<double>()[k] += t[0].data<double>()[i] * t[1].data<double>()[j];
    });
    if (r.bias) add_bias(y, t[2]);
    if (batched) return {y};
    ys.erase(0);
    return {Tensor::copy_of(y.raw(), static_cast<size_t>(y.numel()), ys, float64)};
  };
  c.torch = "F.conv" + std::to_string(axes) + "d(x0, x1" + (r.bias ? ", x2" : "") +
            keywords(r, false) + ")";
  c.tolerance = 10;
  list.add(c);
}

void add_transposed(CaseList& list, Row r) {
  const int axes = r.stride.size();
  if (r.output_padding.empty()) r.output_padding = Dims::filled(axes, 0);
  OpCase c{.op = "conv_dx", .label = r.label, .in = {{r.x}, {r.w}}};
  if (r.bias) c.in.push_back({{r.w[1] * r.groups}});
  const ConvTransposeOptions o{.stride = r.stride,
                               .padding = r.padding,
                               .output_padding = r.output_padding,
                               .groups = r.groups,
                               .dilation = r.dilation};
  c.run = [o, axes](const Tensors& t) -> Tensors {
    const Tensor bias = t.size() > 2 ? t[2] : Tensor();
    return {(axes == 1   ? conv_transpose1d
             : axes == 2 ? conv_transpose2d
                         : conv_transpose3d)(t[0], t[1], bias, o)};
  };
  c.naive = [r, axes](const Tensors& t) -> Tensors {
    Shape out{r.x[0], r.w[1] * r.groups};
    for (int d = 0; d < axes; ++d)
      out.push_back((r.x[2 + d] - 1) * r.stride[d] - 2 * r.padding[d] +
                    r.dilation[d] * (r.w[2 + d] - 1) + 1 + r.output_padding[d]);
    const Tensor y = zeros_of(out);
    const ConvAttrs a{r.stride, r.padding, r.dilation, r.groups, {}};
    for_each_product(out, r.w, r.x, a, [&](int64_t i, int64_t j, int64_t k) {
      y.data<double>()[i] += t[0].data<double>()[k] * t[1].data<double>()[j];
    });
    if (r.bias) add_bias(y, t[2]);
    return {y};
  };
  c.torch = "F.conv_transpose" + std::to_string(axes) + "d(x0, x1" + (r.bias ? ", x2" : "") +
            keywords(r, true) + ")";
  c.tolerance = 10;
  list.add(c);
}

// in: dy, x; r.w is the weights' shape.
void add_weight_gradient(CaseList& list, const Row& r, const Shape& dy) {
  const int axes = r.stride.size();
  ConvAttrs a{r.stride, r.padding, r.dilation, r.groups, {}};
  for (int d = 0; d < axes; ++d) a.size.push_back(r.w[2 + d]);
  OpCase c{.op = "conv_dw", .label = r.label, .in = {{dy}, {r.x}}};
  c.run = [a](const Tensors& t) { return Tensors{conv_dw(t[0], t[1], a)}; };
  c.naive = [r, a](const Tensors& t) -> Tensors {
    const Tensor dw = zeros_of(r.w);
    for_each_product(r.x, r.w, t[0].shape(), a, [&](int64_t i, int64_t j, int64_t k) {
      dw.data<double>()[j] += t[1].data<double>()[i] * t[0].data<double>()[k];
    });
    return {dw};
  };
  std::string size = "(";
  for (int64_t v : r.w) size += std::to_string(v) + ",";
  c.torch = "torch.nn.grad.conv" + std::to_string(axes) + "d_weight(x1, " + size + "), x0" +
            keywords(r, false) + ")";
  c.tolerance = 10;
  list.add(c);
}

}  // namespace

void add_conv_cases(CaseList& list) {
  add_conv(list, {"1-d, bias", {2, 3, 7}, {4, 3, 3}, true, {1}, {0}, {1}});
  add_conv(list, {"1-d, stride, padding, dilation", {2, 2, 9}, {3, 2, 3}, false, {2}, {2}, {2}});
  add_conv(list, {"2-d, bias", {2, 3, 5, 4}, {4, 3, 3, 2}, true, {1, 1}, {0, 0}, {1, 1}});
  add_conv(list, {"2-d, one channel", {2, 1, 5, 5}, {4, 1, 3, 3}, true, {1, 1}, {1, 1}, {1, 1}});
  add_conv(
      list,
      {"2-d, stride that leaves a rest", {1, 2, 6, 7}, {3, 2, 3, 3}, true, {2, 3}, {1, 0}, {1, 1}});
  add_conv(list, {"2-d, dilation", {1, 2, 7, 6}, {2, 2, 3, 2}, false, {1, 1}, {1, 2}, {2, 3}});
  add_conv(list, {"2-d, groups", {2, 4, 4, 4}, {6, 2, 3, 3}, true, {1, 1}, {1, 1}, {1, 1}, 2});
  add_conv(list, {"2-d, depthwise", {1, 4, 5, 4}, {4, 1, 3, 3}, true, {1, 1}, {1, 1}, {1, 1}, 4});
  add_conv(list, {"2-d, 1x1", {2, 3, 3, 2}, {5, 3, 1, 1}, false, {1, 1}, {0, 0}, {1, 1}});
  add_conv(list, {"2-d, kernel of the input's size",
                  {2, 2, 3, 4},
                  {3, 2, 3, 4},
                  true,
                  {1, 1},
                  {0, 0},
                  {1, 1}});
  add_conv(list,
           {"2-d, no batch dimension", {2, 4, 4}, {3, 2, 3, 3}, true, {1, 1}, {1, 1}, {1, 1}});
  add_conv(list, {"2-d, same padding, even kernel",
                  {1, 2, 5, 4},
                  {2, 2, 2, 4},
                  false,
                  {1, 1},
                  {0, 0},
                  {1, 1},
                  1,
                  {},
                  true});
  add_conv(list, {"2-d, empty batch", {0, 2, 4, 4}, {3, 2, 3, 3}, true, {1, 1}, {1, 1}, {1, 1}});
  add_conv(list, {"3-d", {1, 2, 3, 4, 3}, {2, 2, 2, 3, 2}, true, {1, 2, 1}, {1, 0, 1}, {1, 1, 1}});

  add_transposed(list, {"1-d, bias", {2, 3, 4}, {3, 2, 3}, true, {2}, {1}, {1}});
  add_transposed(list, {"2-d", {2, 3, 3, 2}, {3, 2, 3, 3}, false, {1, 1}, {0, 0}, {1, 1}});
  add_transposed(list, {"2-d, stride, output padding",
                        {1, 2, 3, 3},
                        {2, 3, 3, 3},
                        true,
                        {2, 2},
                        {1, 1},
                        {1, 1},
                        1,
                        {1, 0}});
  add_transposed(list, {"2-d, output padding beyond the stride",
                        {1, 2, 3, 3},
                        {2, 2, 2, 2},
                        false,
                        {1, 1},
                        {0, 1},
                        {3, 2},
                        1,
                        {2, 1}});
  add_transposed(list,
                 {"2-d, groups", {1, 4, 3, 3}, {4, 1, 2, 2}, true, {2, 1}, {0, 1}, {1, 2}, 2});
  add_transposed(list,
                 {"3-d", {1, 2, 2, 2, 2}, {2, 1, 2, 2, 2}, true, {1, 2, 1}, {0, 0, 1}, {1, 1, 1}});

  add_weight_gradient(list, {"2-d", {2, 2, 4, 4}, {3, 2, 3, 3}, false, {1, 1}, {1, 1}, {1, 1}},
                      {2, 3, 4, 4});
  add_weight_gradient(list,
                      {"2-d, stride, dilation, groups",
                       {2, 4, 7, 6},
                       {2, 2, 3, 2},
                       false,
                       {2, 1},
                       {1, 0},
                       {1, 2},
                       2},
                      {2, 2, 4, 4});
  add_weight_gradient(list, {"1-d", {3, 2, 6}, {2, 2, 3}, false, {2}, {1}, {1}}, {3, 2, 3});
}

}  // namespace rush::testing
