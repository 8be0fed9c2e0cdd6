// Leaves: tensors a user asks gradients for, and the Tensor methods that deal with them.
#include "rush/core/apply.h"
#include "rush/core/internal.h"
#include "rush/core/vocabulary.h"
#include "rush/tensor/observer.h"

namespace rush {

bool Tensor::requires_grad() const {
  refresh_view(*this);
  return static_cast<bool>(body().edge);
}

bool Tensor::is_leaf() const { return !requires_grad() || body().edge.node()->is_leaf(); }

const Tensor& Tensor::requires_grad_(bool on) const {
  TensorBody& b = body();
  if (on == static_cast<bool>(b.edge)) return *this;
  if (!on) {
    if (!is_leaf())
      fail(
          "requires_grad_: only a leaf can stop requiring a gradient; use detach() on the result "
          "of ",
          b.edge.node()->name());
    b.edge = Edge();
    return *this;
  }
  if (!is_floating(b.dtype))
    fail<TypeError>("requires_grad_: only floating tensors have gradients; dtype is ", b.dtype);
  if (b.base && b.base->edge)
    fail("requires_grad_: this is a view of a tensor that already requires a gradient");
  Ref<Node> node = Node::make(nullptr);
  node->needs_grad = true;
  node->outputs.push_back({b.layout.shape, b.dtype});
  node->extras();
  b.edge = Edge::adopt(node.detach(), 0);
  b.base = nullptr;  // a leaf has no history but its own, whatever happens to the tensor it shows
  b.is_weak = false;
  return *this;
}

Tensor Tensor::grad() const {
  const Edge& edge = body().edge;
  if (!edge || !edge.node()->extra) return {};
  if (t_observer && edge.node()->is_leaf()) t_observer->grad_slot_changes(*edge.node(), true);
  const NodeExtra& extra = *edge.node()->extra;
  if (edge.node()->is_leaf()) return extra.grad;
  for (const auto& [output, grad] : extra.retained)
    if (output == edge.index()) return grad;
  return {};
}

void Tensor::set_grad(const Tensor& g) const {
  const Edge& edge = body().edge;
  if (!edge || !edge.node()->is_leaf()) {
    if (!g.defined()) return;
    fail("set_grad: only a leaf that requires a gradient can be given one");
  }
  if (g.defined() && (!(g.shape() == shape()) || g.dtype() != dtype()))
    fail<ShapeError>("set_grad: the tensor is ", Spec{shape(), dtype()}, ", the gradient ",
                     Spec{g.shape(), g.dtype()});
  if (t_observer) t_observer->grad_slot_changes(*edge.node(), false);
  edge.node()->extras().grad = g;
}

namespace {

// In a graph, where a tensor is nothing but its history, detaching is a node without a gradient.
const Op& kDetach = Define("detach", "The same tensor, as a constant: no gradient goes through.")
                        .args({"x"})
                        .view([](const char*, const Layout& in, const void*, Layout* out) {
                          *out = in;
                          return true;
                        });

}  // namespace

Tensor Tensor::detach() const {
  const TensorBody& b = body();
  if (!b.storage) return apply(kDetach, {*this});
  auto out = TensorBody::make();
  out->storage = b.storage;
  out->layout = b.layout;
  out->dtype = b.dtype;
  out->is_weak = b.is_weak;
  return Tensor(std::move(out));
}

}  // namespace rush
