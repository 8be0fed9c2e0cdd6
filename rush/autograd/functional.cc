// Derivatives of functions, each a few calls of grad().
#include "rush/autograd/functional.h"

#include "rush/autograd/autograd.h"
#include "rush/core/apply.h"
#include "rush/ops/movement.h"

namespace rush {

namespace {

std::vector<Tensor> list_of(const Tensors& ts) { return {ts.begin(), ts.end()}; }
Tensor zeros_as(const Tensor& t) { return Tensor::empty(t.shape(), t.dtype()).zero_(); }

TensorsFunction lift(const TensorFunction& f) {
  return [&f](const Tensors& xs) { return Tensors{f(xs[0])}; };
}

// Inputs whose derivatives can be taken without touching what the caller holds. With create_graph
// the caller's history must stay reachable, so tensors that have one are used as they are.
Tensors fresh_inputs(const Tensors& xs, bool create_graph) {
  Tensors fresh;
  for (const Tensor& x : xs) {
    if (create_graph && x.requires_grad()) {
      fresh.push_back(x);
    } else {
      fresh.push_back(x.detach());
      if (is_floating(x.dtype())) fresh.back().requires_grad_();
    }
  }
  return fresh;
}

// Gradients by every floating input, zeros where nothing flows; undefined for the other inputs.
Tensors gradients(const std::vector<Tensor>& ys, const Tensors& xs, const std::vector<Tensor>& dys,
                  bool create_graph) {
  std::vector<Tensor> wanted, outputs, seeds;
  for (const Tensor& x : xs)
    if (x.requires_grad()) wanted.push_back(x);
  for (size_t k = 0; k < ys.size(); ++k) {
    if (!ys[k].requires_grad()) continue;
    outputs.push_back(ys[k]);
    seeds.push_back(dys[k]);
  }
  std::vector<Tensor> found(wanted.size());
  if (!outputs.empty() && !wanted.empty())
    found = grad(outputs, wanted, seeds,
                 {.retain_graph = true, .create_graph = create_graph, .allow_unused = true});
  Tensors all;
  size_t next = 0;
  for (const Tensor& x : xs) {
    all.push_back({});
    if (!x.requires_grad()) continue;
    all.back() = found[next].defined() ? found[next] : zeros_as(x);
    ++next;
  }
  return all;
}

void check_vectors(const char* op, const Tensors& v, const Tensors& like) {
  if (v.size() != like.size())
    fail<ShapeError>(op, ": one vector for each of ", like.size(), " tensors; ", v.size(), " came");
  for (size_t i = 0; i < v.size(); ++i)
    if (v[i].defined() && v[i].shape() != like[i].shape())
      fail<ShapeError>(op, ": vector ", i, " has the shape of its tensor, ", like[i].shape(),
                       "; got ", v[i].shape());
}

const Tensor& one_scalar(const char* op, const Tensors& ys) {
  if (ys.size() != 1 || ys[0].numel() != 1)
    fail<ShapeError>(op, ": the function gives one tensor of one element; got ", ys.size(),
                     " outputs, the first of shape ", ys.empty() ? Shape{0} : ys[0].shape());
  return ys[0];
}

std::vector<Tensor> seeds_for(const char* op, const Tensors& ys, const Tensors& v) {
  if (v.empty()) return {zeros_as(one_scalar(op, ys)).fill_(1)};
  check_vectors(op, v, ys);
  std::vector<Tensor> seeds = list_of(v);
  for (size_t k = 0; k < seeds.size(); ++k)
    if (!seeds[k].defined()) seeds[k] = zeros_as(ys[k]);
  return seeds;
}

Tensors detached(Tensors ts, bool keep) {
  if (keep) return ts;
  for (Tensor& t : ts)
    if (t.defined()) t = t.detach();
  return ts;
}

// Row j of the Jacobian of `y` by every x, for each element j of y, joined.
std::vector<Tensor> jacobian_of(const Tensor& y, const Tensors& xs, bool create_graph) {
  std::vector<std::vector<Tensor>> rows(xs.size());
  for (int64_t j = 0; j < y.numel(); ++j) {
    Tensor seed = zeros_as(y);
    dispatch(y.dtype(), [&]<typename T>() { seed.data<T>()[j] = T(1); });
    const Tensors g = gradients({y}, xs, {seed}, create_graph);
    for (size_t i = 0; i < xs.size(); ++i)
      if (g[i].defined()) rows[i].push_back(g[i]);
  }
  std::vector<Tensor> blocks;
  for (size_t i = 0; i < xs.size(); ++i) {
    Shape shape = y.shape();
    for (int64_t d : xs[i].shape()) shape.push_back(d);
    if (!xs[i].requires_grad())
      blocks.push_back({});
    else if (rows[i].empty())
      blocks.push_back(Tensor::empty(shape, y.dtype()));
    else
      blocks.push_back(reshape(stack(rows[i]), shape));
  }
  return blocks;
}

}  // namespace

WithProduct vjp(const TensorsFunction& f, const Tensors& xs, const Tensors& v,
                const DerivativeOptions& options) {
  EnableGrad on;
  const Tensors inputs = fresh_inputs(xs, options.create_graph);
  const Tensors ys = f(inputs);
  Tensors product = gradients(list_of(ys), inputs, seeds_for("vjp", ys, v), options.create_graph);
  return {detached(ys, options.create_graph), detached(product, options.create_graph)};
}

WithProduct jvp(const TensorsFunction& f, const Tensors& xs, const Tensors& v,
                const DerivativeOptions& options) {
  EnableGrad on;
  check_vectors("jvp", v, xs);
  const Tensors inputs = fresh_inputs(xs, options.create_graph);
  const Tensors ys = f(inputs);
  Tensors seeds;
  for (const Tensor& y : ys) {
    seeds.push_back(zeros_as(y));
    if (y.requires_grad()) seeds.back().requires_grad_();
  }
  const Tensors g = gradients(list_of(ys), inputs, list_of(seeds), true);
  std::vector<Tensor> paths, directions;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!g[i].defined()) continue;
    paths.push_back(g[i]);
    directions.push_back(v[i].defined() ? v[i] : zeros_as(g[i]));
  }
  Tensors product = gradients(paths, seeds, directions, options.create_graph);
  return {detached(ys, options.create_graph), detached(product, options.create_graph)};
}

WithProduct hvp(const TensorsFunction& f, const Tensors& xs, const Tensors& v,
                const DerivativeOptions& options) {
  EnableGrad on;
  check_vectors("hvp", v, xs);
  const Tensors inputs = fresh_inputs(xs, options.create_graph);
  const Tensors ys = f(inputs);
  const Tensors g = gradients(list_of(ys), inputs, seeds_for("hvp", ys, {}), true);
  std::vector<Tensor> paths, directions;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!g[i].defined()) continue;
    paths.push_back(g[i]);
    directions.push_back(v[i].defined() ? v[i] : zeros_as(g[i]));
  }
  Tensors product = gradients(paths, inputs, directions, options.create_graph);
  return {detached(ys, options.create_graph), detached(product, options.create_graph)};
}

std::vector<std::vector<Tensor>> jacobian(const TensorsFunction& f, const Tensors& xs,
                                          const DerivativeOptions& options) {
  EnableGrad on;
  const Tensors inputs = fresh_inputs(xs, options.create_graph);
  std::vector<std::vector<Tensor>> all;
  for (const Tensor& y : f(inputs)) {
    if (is_floating(y.dtype()))
      all.push_back(jacobian_of(y, inputs, options.create_graph));
    else
      all.push_back(std::vector<Tensor>(xs.size()));
  }
  return all;
}

std::vector<std::vector<Tensor>> hessian(const TensorsFunction& f, const Tensors& xs,
                                         const DerivativeOptions& options) {
  EnableGrad on;
  const Tensors inputs = fresh_inputs(xs, options.create_graph);
  const Tensors ys = f(inputs);
  const Tensors g = gradients(list_of(ys), inputs, seeds_for("hessian", ys, {}), true);
  std::vector<std::vector<Tensor>> all;
  for (const Tensor& row : g)
    all.push_back(row.defined() ? jacobian_of(row, inputs, options.create_graph)
                                : std::vector<Tensor>(xs.size()));
  return all;
}

Tensor vjp(const TensorFunction& f, const Tensor& x, const Tensor& v,
           const DerivativeOptions& options) {
  return vjp(lift(f), Tensors{x}, v.defined() ? Tensors{v} : Tensors{}, options).product[0];
}
Tensor jvp(const TensorFunction& f, const Tensor& x, const Tensor& v,
           const DerivativeOptions& options) {
  return jvp(lift(f), Tensors{x}, Tensors{v}, options).product[0];
}
Tensor hvp(const TensorFunction& f, const Tensor& x, const Tensor& v,
           const DerivativeOptions& options) {
  return hvp(lift(f), Tensors{x}, Tensors{v}, options).product[0];
}
Tensor jacobian(const TensorFunction& f, const Tensor& x, const DerivativeOptions& options) {
  return jacobian(lift(f), Tensors{x}, options)[0][0];
}
Tensor hessian(const TensorFunction& f, const Tensor& x, const DerivativeOptions& options) {
  return hessian(lift(f), Tensors{x}, options)[0][0];
}

}  // namespace rush
