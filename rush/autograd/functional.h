// Derivatives of functions: products with vectors on either side, whole Jacobians and Hessians.
// Everything is built from grad(), so each works at any order when create_graph is set.
#pragma once

#include <functional>
#include <vector>

#include "rush/core/op.h"

namespace rush {

using TensorFunction = std::function<Tensor(const Tensor&)>;
using TensorsFunction = std::function<Tensors(const Tensors&)>;

struct DerivativeOptions {
  bool create_graph = false;  // the result can be differentiated again
};

// What f gave, and the product asked for.
struct WithProduct {
  Tensors outputs, product;
};

// Vector-Jacobian product: v[k] as f's output k, product[i] as xs[i]. v may be empty when f has one
// output of one element.
WithProduct vjp(const TensorsFunction& f, const Tensors& xs, const Tensors& v,
                const DerivativeOptions& options = {});
// Jacobian-vector product (forward mode): v[i] as xs[i], product[k] as f's output k. It takes two
// reverse passes: u -> vjp(u) is linear, and its own vjp is the product.
WithProduct jvp(const TensorsFunction& f, const Tensors& xs, const Tensors& v,
                const DerivativeOptions& options = {});
// Hessian-vector product of a function with one output of one element: product[i] as xs[i].
WithProduct hvp(const TensorsFunction& f, const Tensors& xs, const Tensors& v,
                const DerivativeOptions& options = {});

// jacobian(f, xs)[k][i]: [shape of output k..., shape of xs[i]...].
std::vector<std::vector<Tensor>> jacobian(const TensorsFunction& f, const Tensors& xs,
                                          const DerivativeOptions& options = {});
// hessian(f, xs)[i][j]: [shape of xs[i]..., shape of xs[j]...]; f has one output of one element.
std::vector<std::vector<Tensor>> hessian(const TensorsFunction& f, const Tensors& xs,
                                         const DerivativeOptions& options = {});

// The same for functions of one tensor with one result.
Tensor vjp(const TensorFunction& f, const Tensor& x, const Tensor& v,
           const DerivativeOptions& options = {});
Tensor jvp(const TensorFunction& f, const Tensor& x, const Tensor& v,
           const DerivativeOptions& options = {});
Tensor hvp(const TensorFunction& f, const Tensor& x, const Tensor& v,
           const DerivativeOptions& options = {});
Tensor jacobian(const TensorFunction& f, const Tensor& x, const DerivativeOptions& options = {});
Tensor hessian(const TensorFunction& f, const Tensor& x, const DerivativeOptions& options = {});

}  // namespace rush
