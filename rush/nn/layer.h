// What layers share: their description, and errors that say which layer they came from.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rush/base/error.h"
#include "rush/graph/graph.h"
#include "rush/nn/mode.h"
#include "rush/nn/visitor.h"
#include "rush/profile/origin.h"
#include "rush/profile/span.h"
#include "rush/tensor/tensor.h"

namespace rush::nn {

// Builds "Conv2d(1, 32, [3, 3], {.stride = [2, 2]})": what one would write to get the layer.
// Options at their default are left out.
class Describe {
 public:
  explicit Describe(std::string_view name) : text_(std::string(name) + "(") {}
  Describe& arg(const Part& value) {
    text_ += (is_first_ ? "" : ", ") + value.text();
    is_first_ = false;
    return *this;
  }
  template <typename T>
  Describe& option(const char* name, const T& value, const T& usual) {
    if (!(value == usual)) add_option(name, Part(value));
    return *this;
  }
  std::string text() const;
  operator std::string() const { return text(); }

 private:
  void add_option(const char* name, const Part& value);

  std::string text_, options_;
  bool is_first_ = true;
};

// "Conv" and 2: "Conv2d".
std::string layer_name(const char* kind, int axes);
// "3" when all values are alike, "{3, 5}" otherwise.
std::string per_axis_text(const Dims& values);

// Called while an error is being handled: throws one of the same type whose text starts with the
// layer, "fc1 (Linear(784, 800)): linear: ...". `named` is a tensor whose name tells the path.
[[noreturn]] void rethrow_from_layer(const std::string& layer, const Tensor& named);

// While it lives, ops belong to the module whose parameter `named` is: profiles show it.
class LayerScope {
 public:
  LayerScope(std::string_view type, const Tensor& named) {
    if (rush::detail::is_profiling() || t_observer) [[unlikely]]
      known_.emplace(type, named);
  }

 private:
  struct Known {
    Known(std::string_view type, const Tensor& named);
    static OriginId origin_for(std::string_view path);
    OriginScope origin;
    rush::detail::ProfileSpan span;
  };
  std::optional<Known> known_;
};

// Runs a layer's formula.
template <typename Layer, typename F>
auto in_layer(const Layer& layer, const Tensor& named, F&& formula) {
  const LayerScope scope(detail::type_name<Layer>(), named);
  try {
    return formula();
  } catch (const Error&) {
    rethrow_from_layer(layer.describe(), named);
  }
}

// Runs formula(training). In a graph, where the mode is told to each run, both values are written
// down.
template <typename F>
Tensor in_mode(const Tensor& x, const Mode& training, F&& formula) {
  if (x.has_data()) return formula(static_cast<bool>(training));
  const Tensor value = formula(true);
  return by_mode(value, formula(false));
}

// Makes an uninitialised parameter of the default dtype.
Tensor make_parameter(const Shape& shape);
// Marks a tensor as a parameter, once its first values are there.
inline void train_from_here(const Tensor& t) {
  if (t.defined()) t.requires_grad_();
}

}  // namespace rush::nn
