#include "rush/autograd/autograd.h"

#include <atomic>

#include "rush/autograd/engine.h"

namespace rush {
namespace {

Tensor ones_like(const Tensor& y) {
  Tensor one = Tensor::scalar(1, y.dtype());
  if (y.rank() == 0) return one;
  return y.has_data() ? one.reshape(y.shape()) : one;
}

// Pairs every y with its seed; the errors a caller of backward can make all arise here.
void set_seeds(const char* op, const std::vector<Tensor>& ys, const std::vector<Tensor>& dys,
               detail::Walk& walk) {
  if (ys.empty()) fail(op, ": no tensor to start from was given");
  if (!dys.empty() && dys.size() != ys.size())
    fail<ShapeError>(op, ": ", ys.size(), " tensors, but ", dys.size(), " gradients for them");
  for (size_t i = 0; i < ys.size(); ++i) {
    const Tensor& y = ys[i];
    if (!y.requires_grad())
      fail(op, ": the tensor of shape ", y.shape(),
           " has no history; did one of its inputs require a gradient, outside NoGrad?");
    Tensor dy = dys.empty() ? Tensor() : dys[i];
    if (!dy.defined()) {
      if (y.numel() != 1)
        fail<ShapeError>(op, ": a result of shape ", y.shape(),
                         " needs a gradient to start from; only one-element results start from 1 "
                         "(take a sum or a mean, or pass dy)");
      dy = ones_like(y);
    } else if (!(dy.shape() == y.shape())) {
      fail<ShapeError>(op, ": the result has shape ", y.shape(), ", its gradient ", dy.shape());
    } else if (dy.dtype() != y.dtype()) {
      dy = dy.to(y.dtype());
    }
    walk.ys.push_back(y.body().edge);
    walk.dys.push_back(std::move(dy));
  }
}

}  // namespace

std::vector<Tensor> grad(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs,
                         const std::vector<Tensor>& dys, const GradOptions& options) {
  detail::Walk walk{.retain_graph = options.retain_graph, .create_graph = options.create_graph};
  set_seeds("grad", ys, dys, walk);
  for (const Tensor& x : xs) {
    if (!x.requires_grad()) fail("grad: an x of shape ", x.shape(), " does not require a gradient");
    walk.xs.push_back(x.body().edge);
  }
  std::vector<Tensor> dxs = detail::walk_backward(walk);
  for (size_t i = 0; i < xs.size(); ++i)
    if (!dxs[i].defined() && !options.allow_unused)
      fail("grad: no y depends on x number ", i, " (shape ", xs[i].shape(),
           "); allow_unused = true gives an undefined tensor instead");
  return dxs;
}

void backward(const std::vector<Tensor>& ys, const std::vector<Tensor>& dys,
              const GradOptions& options) {
  detail::Walk walk{.accumulate = true,
                    .retain_graph = options.retain_graph,
                    .create_graph = options.create_graph};
  for (const Tensor& y : ys)
    if (y.defined() && !y.has_data())
      fail(
          "backward: a symbolic tensor has no values to go back from; write gradients(y, xs) into "
          "the graph and run those in a session");
  set_seeds("backward", ys, dys, walk);
  detail::walk_backward(walk);
}

void Tensor::backward(const Tensor& dy, bool retain_graph, bool create_graph) const {
  rush::backward({*this}, {dy}, {.retain_graph = retain_graph, .create_graph = create_graph});
}

HookHandle register_hook(const Tensor& t, std::function<Tensor(const Tensor&)> hook) {
  static std::atomic<uint64_t> next{1};
  refresh_view(t);
  const Edge& edge = t.body().edge;
  if (!edge) fail("register_hook: the tensor of shape ", t.shape(), " does not require a gradient");
  const uint64_t id = next++;
  edge.node()->extras().hooks.push_back({edge.index(), id, std::move(hook)});
  return {edge, id};
}

void HookHandle::remove() {
  if (edge_ && edge_.node()->extra)
    std::erase_if(edge_.node()->extra->hooks, [&](const Hook& h) { return h.id == id_; });
}

void retain_grad(const Tensor& t) {
  refresh_view(t);
  const Edge& edge = t.body().edge;
  if (!edge) fail("retain_grad: the tensor of shape ", t.shape(), " does not require a gradient");
  if (!t.is_leaf()) edge.node()->extras().retained.emplace_back(edge.index(), Tensor());
}

}  // namespace rush
