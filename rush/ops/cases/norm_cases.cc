// Rows of normalisations; where a record has a body, that is the reference.
#include <algorithm>
#include <cmath>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/norm.h"
#include "rush/ops/binary.h"
#include "rush/ops/cases/op_case.h"
#include "rush/ops/cast.h"
#include "rush/ops/norm.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::testing {
namespace {

constexpr double kEps = 1e-3, kMomentum = 0.3;

// y, and the running statistics after the step.
Tensors naive_batch_norm(const Tensors& in) {
  const Shape& s = in[0].shape();
  const int64_t channels = s[1], plane = numel(s) / (s[0] * channels), count = s[0] * plane;
  Tensor y = Tensor::empty(s, float64), means = Tensor::empty({channels}, float64),
         vars = Tensor::empty({channels}, float64);
  const double* x = in[0].data<double>();
  for (int64_t c = 0; c < channels; ++c) {
    double mean = 0, square = 0;
    const auto each = [&](auto f) {
      for (int64_t i = 0; i < s[0]; ++i)
        for (int64_t k = 0; k < plane; ++k) f((i * channels + c) * plane + k);
    };
    each([&](int64_t i) { mean += x[i] / static_cast<double>(count); });
    each([&](int64_t i) { square += (x[i] - mean) * (x[i] - mean); });
    const double inverse = 1 / std::sqrt(square / static_cast<double>(count) + kEps);
    each([&](int64_t i) {
      y.data<double>()[i] =
          (x[i] - mean) * inverse * in[3].data<double>()[c] + in[4].data<double>()[c];
    });
    const auto move = [](double old, double now) {
      return (1 - kMomentum) * old + kMomentum * now;
    };
    means.data<double>()[c] = move(in[1].data<double>()[c], mean);
    vars.data<double>()[c] = move(in[2].data<double>()[c], square / static_cast<double>(count - 1));
  }
  return {y, means, vars};
}

std::vector<In> batch_norm_inputs(const Shape& shape) {
  const Shape channels{shape[1]};
  return {{shape, -2, 2},
          {channels, -1, 1, In::kFixedReal},
          {channels, 0.5, 2, In::kFixedReal},
          {channels, 0.5, 2},
          {channels, -1, 1}};
}

void add_batch_norm(CaseList& list) {
  const std::pair<const char*, Shape> shapes[] = {
      {"rows", {6, 5}}, {"images", {2, 3, 4, 5}}, {"sequences", {3, 20, 2}}};
  for (const auto& [label, shape] : shapes) {
    const Shape channels{shape[1]};
    OpCase row;
    row.op = "batch_norm";
    row.label = label;
    row.in = batch_norm_inputs(shape);
    row.tolerance = 5;
    row.run = [](const Tensors& x) -> Tensors {
      return {batch_norm(x[0], x[1], x[2], x[3], x[4], true, kMomentum, kEps), x[1], x[2]};
    };
    row.naive = naive_batch_norm;
    row.torch = "(F.batch_norm(x0, x1, x2, x3, x4, training=True, momentum=0.3, eps=1e-3), x1, x2)";
    list.add(row);
    row.op = "batch_norm_grad";
    row.in = {{shape, -2, 2}, {shape, -2, 2}, {channels, 0.5, 2}};
    row.naive = nullptr;
    row.run = [](const Tensors& x) -> Tensors {
      Dims axes{0};
      for (int i = 2; i < x[0].rank(); ++i) axes.push_back(i);
      const Tensor wide = is_half(x[0].dtype()) ? cast(x[0], float32) : x[0];
      const Tensor inverse = rsqrt(var(wide, axes, 0) + kEps);
      return apply_multi(*find_op("batch_norm_grad"), {x[0], x[1], x[2], mean(wide, axes), inverse},
                         BatchNormAttrs{kMomentum, kEps});
    };
    row.torch.clear();
    row.no_torch = "the gradients of batch_norm are compared instead";
    list.add(row);
  }
}

// y = relu(batch_norm(x) + skip).
Tensors naive_batch_norm_relu(const Tensors& in) {
  Tensors all = naive_batch_norm(in);
  for (int64_t i = 0; i < in[0].numel(); ++i) {
    double& y = all[0].data<double>()[i];
    y = std::max(0.0, y + in[5].data<double>()[i]);
  }
  return all;
}

void add_batch_norm_relu(CaseList& list) {
  const std::pair<const char*, Shape> shapes[] = {{"rows", {6, 5}}, {"images", {2, 3, 4, 5}}};
  for (const auto& [label, shape] : shapes) {
    const Shape channels{shape[1]};
    OpCase row;
    row.op = "batch_norm_relu";
    row.label = label;
    row.in = batch_norm_inputs(shape);
    row.in.push_back({shape, -2, 2});
    row.tolerance = 5;
    row.run = [](const Tensors& x) -> Tensors {
      return {apply_multi(*find_op("batch_norm_relu"), {x[0], x[1], x[2], x[3], x[4], x[5]},
                          BatchNormAttrs{kMomentum, kEps})[0],
              x[1], x[2]};
    };
    row.naive = naive_batch_norm_relu;
    row.torch =
        "(F.relu(F.batch_norm(x0, x1, x2, x3, x4, training=True, momentum=0.3, eps=1e-3) + x5), "
        "x1, x2)";
    list.add(row);
    row.op = "batch_norm_relu_grad";
    row.in = {{shape, -2, 2}, {shape, -2, 2}, {channels, 0.5, 2}, {channels, -1, 1}};
    row.naive = nullptr;
    row.run = [](const Tensors& x) -> Tensors {
      Dims axes{0};
      for (int i = 2; i < x[0].rank(); ++i) axes.push_back(i);
      const Tensor wide = is_half(x[0].dtype()) ? cast(x[0], float32) : x[0];
      const Tensor inverse = rsqrt(var(wide, axes, 0) + kEps);
      return apply_multi(*find_op("batch_norm_relu_grad"),
                         {x[0], x[1], x[2], mean(wide, axes), inverse, x[3]},
                         BatchNormAttrs{kMomentum, kEps});
    };
    row.torch.clear();
    row.no_torch = "the gradients of batch_norm and relu are compared instead";
    list.add(row);
  }
}

void add_layer_norm(CaseList& list) {
  const std::pair<const char*, Shape> shapes[] = {{"rows", {4, 10}}, {"long rows", {2, 3, 37}}};
  for (const auto& [label, shape] : shapes) {
    const int64_t n = shape.back();
    OpCase row;
    row.op = "layer_norm";
    row.label = label;
    row.in = {{shape, -2, 2}, {{n}, 0.5, 2}, {{n}, -1, 1}};
    row.tolerance = 5;
    row.run = [n](const Tensors& x) -> Tensors {
      return {layer_norm(x[0], {n}, x[1], x[2], kEps)};
    };
    row.torch = concat({"F.layer_norm(x0, (", n, ",), x1, x2, 1e-3)"});
    list.add(row);
    row.op = "rms_norm";
    row.in.resize(2);
    row.run = [n](const Tensors& x) -> Tensors { return {rms_norm(x[0], {n}, x[1], kEps)}; };
    row.torch = concat({"F.rms_norm(x0, (", n, ",), x1, 1e-3)"});
    list.add(row);
    row.op = "layer_norm_grad";
    // Whole numbers: where a repeated row has no spread, its mean is exact.
    row.in = {{shape, -3, 3, In::kInteger}, {shape, -2, 2}, {{n}, 0.5, 2}};
    row.run = [](const Tensors& x) -> Tensors {
      const Tensor wide = is_half(x[0].dtype()) ? cast(x[0], float32) : x[0];
      return apply_multi(*find_op("layer_norm_grad"),
                         {x[0], x[1], x[2], mean(wide, {-1}), rsqrt(var(wide, {-1}, 0) + kEps)},
                         LayerNormAttrs{1, kEps});
    };
    row.torch.clear();
    row.no_torch = "the gradients of layer_norm are compared instead";
    list.add(row);
    row.op = "rms_norm_grad";
    row.run = [](const Tensors& x) -> Tensors {
      const Tensor wide = is_half(x[0].dtype()) ? cast(x[0], float32) : x[0];
      return apply_multi(*find_op("rms_norm_grad"),
                         {x[0], x[1], x[2], rsqrt(mean(square(wide), {-1}) + kEps)},
                         LayerNormAttrs{1, kEps});
    };
    row.no_torch = "the gradients of rms_norm are compared instead";
    list.add(row);
    row.op = "layer_norm_grad";
    row.label = concat({label, ", no weight"});
    row.in.resize(2);
    row.run = [](const Tensors& x) -> Tensors {
      const Tensor wide = is_half(x[0].dtype()) ? cast(x[0], float32) : x[0];
      return {
          apply_multi(*find_op("layer_norm_grad"),
                      {x[0], x[1], Tensor(), mean(wide, {-1}), rsqrt(var(wide, {-1}, 0) + kEps)},
                      LayerNormAttrs{1, kEps})[0]};
    };
    row.no_torch = "the gradients of layer_norm are compared instead";
    list.add(row);
  }
}

}  // namespace

void add_norm_cases(CaseList& list) {
  add_batch_norm(list);
  add_batch_norm_relu(list);
  add_layer_norm(list);
}

}  // namespace rush::testing
