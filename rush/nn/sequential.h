// Chains of layers: Sequential, whose layers are known at compile time, and SequentialList, which
// grows at run time. Names are indices, as in PyTorch: "0.weight".
#pragma once

#include <tuple>
#include <utility>
#include <vector>

#include "rush/nn/any_module.h"
#include "rush/nn/visitor.h"

namespace rush::nn {

//   nn::Sequential body{nn::Linear{784, 100}, nn::ReLU{}, nn::Linear{100, 10}};
// A layer is anything that can be called with a tensor, so functions and lambdas fit in too.
template <typename... Layers>
class Sequential {
 public:
  explicit(sizeof...(Layers) == 1) Sequential(Layers... layers) : layers_(std::move(layers)...) {}
  Tensor operator()(const Tensor& x) const { return run<0>(x); }
  template <size_t i>
  auto& get() {
    return std::get<i>(layers_);
  }
  template <size_t i>
  const auto& get() const {
    return std::get<i>(layers_);
  }
  static constexpr size_t size() { return sizeof...(Layers); }
  void fields(Visitor& v) { detail::walk<std::tuple<Layers...>>(&layers_, v); }

 private:
  template <size_t i>
  Tensor run(const Tensor& x) const {
    if constexpr (i == sizeof...(Layers))
      return x;
    else
      return run<i + 1>(std::get<i>(layers_)(x));
  }

  // Layers may count calls or draw numbers: calling is not const for every one of them.
  mutable std::tuple<Layers...> layers_;
};

class SequentialList {
 public:
  SequentialList() = default;
  template <typename Layer>
  SequentialList& add(Layer layer) {
    layers_.emplace_back(std::move(layer));
    return *this;
  }
  Tensor operator()(const Tensor& x) const;
  size_t size() const { return layers_.size(); }
  AnyModule& operator[](size_t i) { return layers_[i]; }
  const AnyModule& operator[](size_t i) const { return layers_[i]; }
  void fields(Visitor& v);

 private:
  std::vector<AnyModule> layers_;
};

}  // namespace rush::nn
