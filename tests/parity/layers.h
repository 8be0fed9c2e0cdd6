// What PyTorch is asked about layers, losses, optimisers and schedulers: the engine's results for
// given weights and inputs, for judge_layers.py.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rush/nn/module.h"
#include "rush/ops/cases/op_case.h"
#include "tests/parity/archive.h"

namespace rush::parity {

struct LayerCase {
  std::string torch;  // an expression giving the module, with nn in scope; also the row's name
  std::vector<testing::In> in;
  nn::ModuleRef module;
  std::function<Tensor(const Tensors&)> call;
  double tolerance = 1;
  bool curve = true;  // 50 steps of training from the same weights (of layers with parameters)
};

class LayerList {
 public:
  template <typename Layer>
  LayerCase& add(const std::string& torch, Layer layer, std::vector<testing::In> in) {
    const auto held = std::make_shared<Layer>(std::move(layer));
    list_.push_back({torch, std::move(in), nn::ModuleRef(*held),
                     [held](const Tensors& x) { return call(*held, x); }});
    return list_.back();
  }
  std::vector<LayerCase>& cases() { return list_; }

 private:
  template <typename Layer>
  static Tensor call(Layer& layer, const Tensors& x) {
    if constexpr (requires { layer(x[0], x[1], x[2], x[3]); })
      if (x.size() == 4) return layer(x[0], x[1], x[2], x[3]);
    if constexpr (requires { layer(x[0], x[1], x[2]); })
      if (x.size() == 3) return layer(x[0], x[1], x[2]);
    if constexpr (requires { layer(x[0], x[1]); })
      if (x.size() == 2) return layer(x[0], x[1]);
    if constexpr (requires { layer(x[0]); }) return layer(x[0]);
    fail("parity: the layer does not take ", x.size(), " inputs");
  }

  std::vector<LayerCase> list_;
};

void add_layers(LayerList& list);
void add_losses(LayerList& list);

// [{"name", "torch", "halve", "tolerance", ...}] of optimisers, and [{"torch", "rates"}].
nlohmann::json optimizers(Archive& archive);
nlohmann::json schedulers();

}  // namespace rush::parity
