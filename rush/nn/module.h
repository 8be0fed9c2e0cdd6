// What can be done with a model of any type (see visitor.h for what a model is).
//
// Parameters are its floating tensors that require a gradient, buffers all its other tensors. A
// tensor that several members share is one parameter. Names equal PyTorch's: "layers.0.weight".
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "rush/nn/visitor.h"
#include "rush/tensor/state.h"

namespace rush {

std::vector<Tensor> parameters(const nn::ModuleRef& model);
State named_parameters(const nn::ModuleRef& model);
State named_buffers(const nn::ModuleRef& model);
int64_t parameter_count(const nn::ModuleRef& model);  // elements of all parameters

// All tensors by name, in order of the members; they share memory with the model.
State state(const nn::ModuleRef& model);

struct LoadOptions {
  bool strict = true;  // missing and unexpected names are errors
};
struct LoadReport {
  std::vector<std::string> missing, unexpected;
};
// Copies values into the model's tensors, converting floating types. All that does not fit is
// listed in one ShapeError, and then nothing has been changed.
LoadReport load(const nn::ModuleRef& model, const State& state, const LoadOptions& options = {});

// Converts all floating tensors. They stay the same tensors: an optimiser made before still works.
void to(const nn::ModuleRef& model, DType dtype);
// Sets every `training` in the model, an nn::Mode or a bool: dropout and batch norm act on it. (In
// a graph they do not: there, the mode is told to each run.)
void train(const nn::ModuleRef& model, bool on = true);
void eval(const nn::ModuleRef& model);
// In the default graph, gives the variables that the model's tensors are or become the names of
// state(), after `prefix`: a saved session and a saved model can then be exchanged.
void name_variables(const nn::ModuleRef& model, const std::string& prefix = "");
void zero_grad(const nn::ModuleRef& model);
// Excludes all tensors from training, or includes the floating ones again.
void requires_grad_(const nn::ModuleRef& model, bool on = true);

// The tree of modules with their options and parameter counts.
std::string to_string(const nn::ModuleRef& model);

namespace nn::detail {
void unshare(const ModuleRef& model);  // gives every tensor its own memory
std::vector<void*> find_modules(const ModuleRef& model, const ModuleType* type);

template <typename T>
concept Printable = HasVisitFields<T> || HasDescribe<T> ||
    (is_module<T>() && std::is_aggregate_v<T> && HasCall<T>);
}  // namespace nn::detail

// A copy with its own tensors. (Copying a model as a value shares them, as copying a Tensor does.)
template <typename M>
requires(nn::detail::is_module<M>() && !std::is_same_v<M, Tensor>) M clone(const M& model) {
  static_assert(std::is_copy_constructible_v<M>,
                "rush: clone needs a model that can be copied; nn::AnyModule can, unique_ptr not");
  M copy = model;
  nn::detail::unshare(copy);
  return copy;
}

// Calls f(layer) for every module of the type Layer:
//   apply<nn::Linear>(net, [](nn::Linear& l) { nn::init::xavier_uniform_(l.weight); });
template <typename Layer, typename M, typename F>
requires(nn::detail::is_module<M>()) void apply(M& model, F&& f) {
  for (void* m : nn::detail::find_modules(model, &nn::detail::module_type<Layer>))
    f(*static_cast<Layer*>(m));
}

template <typename M>
requires nn::detail::Printable<M> std::ostream& operator<<(std::ostream& os, const M& model) {
  return os << to_string(nn::ModuleRef(model));
}

}  // namespace rush
