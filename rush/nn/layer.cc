#include "rush/nn/layer.h"

#include "rush/base/rethrow.h"
#include "rush/core/node.h"

namespace rush::nn {

std::string Describe::text() const {
  std::string text = text_;
  if (!options_.empty()) text += (is_first_ ? "{" : ", {") + options_ + "}";
  return text + ")";
}

void Describe::add_option(const char* name, const Part& value) {
  if (!options_.empty()) options_ += ", ";
  options_ += "." + std::string(name) + " = " + value.text();
}

std::string layer_name(const char* kind, int axes) { return kind + std::to_string(axes) + "d"; }

std::string per_axis_text(const Dims& values) {
  bool is_alike = !values.empty();
  for (int64_t v : values) is_alike = is_alike && v == values[0];
  if (is_alike) return std::to_string(values[0]);
  std::string text = "{";
  for (int64_t v : values) text += (text.size() > 1 ? ", " : "") + std::to_string(v);
  return text + "}";
}

namespace {

std::string_view path_of(const Tensor& t) {
  const Node* node = t.defined() ? t.body().edge.node() : nullptr;
  return node ? module_of(*node) : std::string_view();
}

}  // namespace

LayerScope::Known::Known(std::string_view type, const Tensor& named)
    : origin(origin_for(path_of(named))), span(intern_name(type), ProfileKind::kModule) {}

OriginId LayerScope::Known::origin_for(std::string_view path) {
  return path.empty() ? t_origin : intern_origin(path, origin_of(t_origin).gradient_of);
}

void rethrow_from_layer(const std::string& layer, const Tensor& named) {
  const std::string path(path_of(named));
  rush::rethrow_from(path.empty() ? layer : path + " (" + layer + ")");
}

Tensor make_parameter(const Shape& shape) { return Tensor::empty(shape, default_dtype()); }

}  // namespace rush::nn
