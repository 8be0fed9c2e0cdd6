// Averages of a model's weights over training: plain (stochastic weight averaging) or exponential.
//
//   nn::AveragedModel ema(net, {.decay = 0.999});
//   ... opt.step(loss); ema.update_parameters(net); ...
//   eval(ema);  ema(x);
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "rush/nn/module.h"

namespace rush::nn {

struct AveragedModelOptions {
  std::optional<double> decay{};  // of an exponential average; none: all count the same
  bool use_buffers = false;       // average these too; otherwise they are copied
};

namespace detail {
// Moves the average towards a model of the same type: the first time it becomes a copy.
void average_into(const ModuleRef& average, const ModuleRef& model, const Tensor& n_averaged,
                  const AveragedModelOptions& options);
}  // namespace detail

// State names are "n_averaged" and "module.<name>", as PyTorch's.
template <typename Model>
class AveragedModel {
 public:
  explicit AveragedModel(const Model& model, const AveragedModelOptions& options = {})
      : n_averaged(Tensor::from(std::vector<int64_t>{0}, Shape{})),
        module(clone(model)),
        options_(options) {
    if (options.decay && !(*options.decay >= 0 && *options.decay <= 1))
      fail("AveragedModel: decay is in [0, 1]; what came: ", *options.decay);
  }
  void update_parameters(const Model& model) {
    detail::average_into(module, model, n_averaged, options_);
  }
  template <typename... Inputs>
  auto operator()(const Inputs&... inputs) {
    return module(inputs...);
  }
  void fields(Visitor& v) {
    v("n_averaged", n_averaged);
    v("module", module);
  }

  Tensor n_averaged;
  Model module;

 private:
  AveragedModelOptions options_;
};

// The running values of batch norms for averaged weights: `run` puts the batches through the model,
// in training mode and without gradients; all of them count the same.
//   nn::update_bn(ema, [&] { for (auto [x, y] : loader) ema(x); });
void update_bn(const ModuleRef& model, const std::function<void()>& run);

// All parameters one after another in one vector, and back.
Tensor parameters_to_vector(const std::vector<Tensor>& params);
void vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& params);

}  // namespace rush::nn
