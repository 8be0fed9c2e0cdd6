// Rows of the pools and their gradients.
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "rush/ops/cases/op_case.h"
#include "rush/ops/pool.h"

namespace rush::testing {
namespace {

struct Window {
  int64_t start, end, step;  // not clipped
};

// The windows of one axis.
std::vector<Window> windows_of(const PoolAttrs& a, int axis, int64_t in) {
  std::vector<Window> all;
  if (a.is_adaptive()) {
    const int64_t out = a.output_size[axis];
    for (int64_t i = 0; i < out; ++i)
      all.push_back({i * in / out, ((i + 1) * in + out - 1) / out, 1});
    return all;
  }
  const int64_t k = a.kernel[axis], s = a.stride[axis], p = a.padding[axis], d = a.dilation[axis];
  for (int64_t start = -p;; start += s) {
    const int64_t end = start + d * (k - 1) + 1;
    if (end > in + p && !(a.ceil_mode && start < in && end - s < in + p)) return all;
    all.push_back({start, end, d});
  }
}

// A pool in double precision: for every window of x: [N, C, H, W] (missing axes: 1) calls
// f(n * c, output index, elements inside as offsets into the plane, size with padding).
using WindowVisitor = std::function<void(int64_t, int64_t, const std::vector<int64_t>&, int64_t)>;

Shape visit_windows(const Shape& x, const PoolAttrs& a, const WindowVisitor& visit) {
  const int axes = x.size() - 2;
  const int64_t height = axes == 2 ? x[2] : 1, width = x.back();
  const std::vector<Window> rows =
      axes == 2 ? windows_of(a, 0, height) : std::vector<Window>{{0, 1, 1}};
  const std::vector<Window> cols = windows_of(a, axes - 1, width);
  const int64_t pad_h = axes == 2 && !a.is_adaptive() ? a.padding[0] : 0;
  const int64_t pad_w = a.is_adaptive() ? 0 : a.padding[axes - 1];
  const auto padded = [](const Window& w, int64_t in, int64_t pad) {
    return std::min(w.end, in + pad) - w.start;
  };
  for (int64_t plane = 0; plane < x[0] * x[1]; ++plane)
    for (size_t i = 0; i < rows.size(); ++i)
      for (size_t j = 0; j < cols.size(); ++j) {
        std::vector<int64_t> inside;
        for (int64_t h = rows[i].start; h < rows[i].end; h += rows[i].step)
          for (int64_t w = cols[j].start; w < cols[j].end; w += cols[j].step)
            if (h >= 0 && h < height && w >= 0 && w < width) inside.push_back(h * width + w);
        visit(plane, static_cast<int64_t>(i * cols.size() + j), inside,
              padded(rows[i], height, pad_h) * padded(cols[j], width, pad_w));
      }
  Shape out{x[0], x[1]};
  if (axes == 2) out.push_back(static_cast<int64_t>(rows.size()));
  out.push_back(static_cast<int64_t>(cols.size()));
  return out;
}

int64_t plane_size(const Shape& s) { return s[0] * s[1] == 0 ? 0 : numel(s) / (s[0] * s[1]); }

double divisor(const PoolAttrs& a, size_t inside, int64_t padded) {
  if (a.divisor_override) return static_cast<double>(a.divisor_override);
  return a.count_include_pad ? static_cast<double>(padded) : static_cast<double>(inside);
}

Tensor naive_pool(const Tensor& x, const PoolAttrs& a, bool is_max) {
  const Shape out = visit_windows(x.shape(), a, [](auto...) {});
  Tensor y = Tensor::empty(out, float64);
  visit_windows(x.shape(), a, [&](int64_t plane, int64_t at, const auto& inside, int64_t padded) {
    const double* from = x.data<double>() + plane * plane_size(x.shape());
    double v = is_max ? -HUGE_VAL : 0;
    for (int64_t i : inside) v = is_max ? std::max(v, from[i]) : v + from[i];
    y.data<double>()[plane * plane_size(out) + at] =
        is_max ? v : v / divisor(a, inside.size(), padded);
  });
  return y;
}

PoolAttrs window(const Dims& kernel, const Dims& stride, const Dims& padding, const Dims& dilation,
                 bool ceil_mode = false) {
  PoolAttrs a;
  a.kernel = kernel;
  a.stride = stride;
  a.padding = padding;
  a.dilation = dilation;
  a.ceil_mode = ceil_mode;
  return a;
}

PoolAttrs adaptive(const Dims& size) {
  PoolAttrs a;
  a.output_size = size;
  return a;
}

std::string tuple(const Dims& d) {
  std::string s = "(";
  for (int64_t v : d) s += std::to_string(v) + ",";
  return s + ")";
}

std::string window_text(const PoolAttrs& a) {
  return ", " + tuple(a.kernel) + ", stride=" + tuple(a.stride) + ", padding=" + tuple(a.padding) +
         ", ceil_mode=" + (a.ceil_mode ? "True" : "False");
}

void add_max(CaseList& list, const char* label, const Shape& x, const PoolAttrs& a) {
  const int axes = x.size() - 2;
  OpCase c{.op = "max_pool", .label = label, .in = {{x, -2, 2, In::kDistinct}}};
  c.run = [a, axes](const Tensors& t) -> Tensors {
    if (a.is_adaptive())
      return {(axes == 1 ? adaptive_max_pool1d : adaptive_max_pool2d)(t[0], a.output_size)};
    return {(axes == 1 ? max_pool1d : max_pool2d)(t[0], a.kernel,
                                                  {.stride = a.stride,
                                                   .padding = a.padding,
                                                   .dilation = a.dilation,
                                                   .ceil_mode = a.ceil_mode})};
  };
  c.naive = [a](const Tensors& t) { return Tensors{naive_pool(t[0], a, true)}; };
  const std::string d = std::to_string(axes) + "d(x0";
  c.torch = a.is_adaptive()
                ? "F.adaptive_max_pool" + d + ", " + tuple(a.output_size) + ")"
                : "F.max_pool" + d + window_text(a) + ", dilation=" + tuple(a.dilation) + ")";
  list.add(c);
}

void add_average(CaseList& list, const char* label, const Shape& x, const PoolAttrs& a) {
  const int axes = x.size() - 2;
  OpCase c{.op = "avg_pool", .label = label, .in = {{x}}};
  c.run = [a, axes](const Tensors& t) -> Tensors {
    if (a.is_adaptive())
      return {(axes == 1 ? adaptive_avg_pool1d : adaptive_avg_pool2d)(t[0], a.output_size)};
    return {(axes == 1 ? avg_pool1d : avg_pool2d)(t[0], a.kernel,
                                                  {.stride = a.stride,
                                                   .padding = a.padding,
                                                   .ceil_mode = a.ceil_mode,
                                                   .count_include_pad = a.count_include_pad,
                                                   .divisor_override = a.divisor_override})};
  };
  c.naive = [a](const Tensors& t) { return Tensors{naive_pool(t[0], a, false)}; };
  const std::string d = std::to_string(axes) + "d(x0";
  c.torch = "F.adaptive_avg_pool" + d + ", " + tuple(a.output_size) + ")";
  if (!a.is_adaptive()) {
    c.torch = "F.avg_pool" + d + window_text(a) +
              ", count_include_pad=" + (a.count_include_pad ? "True" : "False");
    if (axes == 2 && a.divisor_override)
      c.torch += ", divisor_override=" + std::to_string(a.divisor_override);
    c.torch += ")";
  }
  c.tolerance = 4;
  list.add(c);
}

// x: [2, 2, 3, 4] in windows of 2 x 2, 1 apart: some elements are picked more than once.
constexpr int kPlanes = 4, kPlaneIn = 12, kPlaneOut = 6;
const std::vector<int32_t>& picked() {
  static const std::vector<int32_t> indices = {0, 1, 3, 4, 6, 7, 5, 5, 6, 5, 5, 6,
                                               1, 2, 2, 9, 6, 7, 4, 6, 6, 4, 6, 6};
  return indices;
}
Tensor picked_indices() { return Tensor::from(picked(), {2, 2, 2, 3}); }

void add_max_gradients(CaseList& list) {
  PoolAttrs a = window({2, 2}, {1, 1}, {0, 0}, {1, 1});
  const std::string indices_text = [] {
    std::string s = "torch.tensor([";
    for (int32_t i : picked()) s += std::to_string(i) + ",";
    return s + "]).view(2,2,6)";
  }();
  OpCase pick{.op = "max_pool_pick", .label = "overlapping windows", .in = {{{2, 2, 3, 4}}}};
  pick.run = [a](const Tensors& t) { return Tensors{max_pool_pick(t[0], picked_indices(), a)}; };
  pick.naive = [](const Tensors& t) -> Tensors {
    Tensor y = Tensor::empty({2, 2, 2, 3}, float64);
    for (int p = 0; p < kPlanes; ++p)
      for (int i = 0; i < kPlaneOut; ++i)
        y.data<double>()[p * kPlaneOut + i] =
            t[0].data<double>()[p * kPlaneIn + picked()[p * kPlaneOut + i]];
    return {y};
  };
  pick.torch = "x0.flatten(2).gather(2, " + indices_text + ").view(2,2,2,3)";
  list.add(pick);

  a.input_size = {3, 4};
  OpCase back{.op = "max_pool_grad", .label = "overlapping windows", .in = {{{2, 2, 2, 3}}}};
  back.run = [a](const Tensors& t) { return Tensors{max_pool_grad(t[0], picked_indices(), a)}; };
  back.naive = [](const Tensors& t) -> Tensors {
    Tensor dx = Tensor::empty({2, 2, 3, 4}, float64);
    for (int i = 0; i < kPlanes * kPlaneIn; ++i) dx.data<double>()[i] = 0;
    for (int p = 0; p < kPlanes; ++p)
      for (int i = 0; i < kPlaneOut; ++i)
        dx.data<double>()[p * kPlaneIn + picked()[p * kPlaneOut + i]] +=
            t[0].data<double>()[p * kPlaneOut + i];
    return {dx};
  };
  back.torch = "torch.zeros(2,2,12,dtype=x0.dtype).scatter_add(2, " + indices_text +
               ", x0.flatten(2)).view(2,2,3,4)";
  list.add(back);
}

void add_average_gradient(CaseList& list) {
  PoolAttrs a = window({3, 2}, {2, 1}, {1, 0}, {1, 1});
  a.count_include_pad = false;
  a.input_size = {5, 4};
  OpCase c{.op = "avg_pool_grad", .label = "overlapping windows", .in = {{{2, 3, 3, 3}}}};
  c.run = [a](const Tensors& t) { return Tensors{avg_pool_grad(t[0], a)}; };
  c.naive = [a](const Tensors& t) -> Tensors {
    const Shape x{2, 3, 5, 4};
    Tensor dx = Tensor::empty(x, float64);
    for (int64_t i = 0; i < dx.numel(); ++i) dx.data<double>()[i] = 0;
    visit_windows(x, a, [&](int64_t plane, int64_t at, const auto& inside, int64_t padded) {
      for (int64_t i : inside)
        dx.data<double>()[plane * 20 + i] +=
            t[0].data<double>()[plane * 9 + at] / divisor(a, inside.size(), padded);
    });
    return {dx};
  };
  c.torch =
      "torch.func.vjp(lambda v: F.avg_pool2d(v, (3,2), stride=(2,1), padding=(1,0), "
      "count_include_pad=False), torch.zeros(2,3,5,4,dtype=x0.dtype))[1](x0)[0]";
  list.add(c);
}

}  // namespace

void add_pool_cases(CaseList& list) {
  add_max(list, "2-d", {2, 3, 4, 6}, window({2, 2}, {2, 2}, {0, 0}, {1, 1}));
  add_max(list, "2-d, overlapping, padding", {1, 2, 5, 6}, window({3, 3}, {2, 1}, {1, 1}, {1, 1}));
  add_max(list, "2-d, dilation", {1, 2, 6, 7}, window({2, 3}, {1, 2}, {0, 1}, {2, 2}));
  add_max(list, "2-d, ceil mode", {1, 2, 5, 6}, window({2, 3}, {2, 2}, {0, 1}, {1, 1}, true));
  add_max(list, "2-d, adaptive", {1, 2, 5, 7}, adaptive({3, 2}));
  add_max(list, "2-d, empty batch", {0, 2, 4, 4}, window({2, 2}, {2, 2}, {0, 0}, {1, 1}));
  add_max(list, "1-d", {2, 2, 7}, window({3}, {2}, {1}, {1}));
  add_max(list, "1-d, adaptive, global", {2, 3, 5}, adaptive({1}));

  add_average(list, "2-d", {2, 3, 4, 6}, window({2, 2}, {2, 2}, {0, 0}, {1, 1}));
  add_average(list, "2-d, overlapping, padding", {1, 2, 5, 6},
              window({3, 3}, {2, 1}, {1, 1}, {1, 1}));
  PoolAttrs inside = window({3, 2}, {2, 2}, {1, 1}, {1, 1}, true);
  inside.count_include_pad = false;
  add_average(list, "2-d, ceil mode, padding not counted", {1, 2, 6, 5}, inside);
  add_average(list, "2-d, ceil mode, padding counted", {1, 2, 6, 5},
              window({3, 2}, {2, 2}, {1, 1}, {1, 1}, true));
  PoolAttrs divided = window({2, 2}, {1, 2}, {0, 0}, {1, 1});
  divided.divisor_override = 3;
  add_average(list, "2-d, own divisor", {1, 2, 3, 4}, divided);
  add_average(list, "2-d, adaptive", {1, 2, 5, 7}, adaptive({3, 2}));
  add_average(list, "2-d, global", {2, 3, 4, 3}, adaptive({1, 1}));
  add_average(list, "2-d, adaptive, larger than the input", {1, 2, 2, 3}, adaptive({3, 4}));
  add_average(list, "1-d", {2, 2, 7}, window({3}, {2}, {1}, {1}));

  add_max_gradients(list);
  add_average_gradient(list);
}

}  // namespace rush::testing
