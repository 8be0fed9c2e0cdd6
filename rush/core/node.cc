#include "rush/core/node.h"

#include <atomic>
#include <new>

#include "rush/tensor/allocator.h"

namespace rush {

void NodeRelease::retain(Node* n) { n->retain(); }
void NodeRelease::release(Node* n) { n->release(); }

namespace {

uint64_t next_id() {
  static std::atomic<uint64_t> counter{1};
  return counter.fetch_add(1, std::memory_order_relaxed);
}

thread_local Node* t_pending = nullptr;
thread_local bool t_destroying = false;

}  // namespace

Ref<Node> Node::make(const Op* op) {
  Node* n = new (pool_allocate(sizeof(Node))) Node;
  n->op = op;
  n->id = next_id();
  return Ref<Node>::adopt(n);
}

void Node::destroy(Node* n) {
  // Destroying a node may release the last reference to its inputs, and so on down a chain of any
  // length: the outermost call works them off one by one.
  n->next_pending_ = t_pending;
  t_pending = n;
  if (t_destroying) return;
  t_destroying = true;
  while (Node* next = t_pending) {
    t_pending = next->next_pending_;
    next->~Node();
    pool_deallocate(next, sizeof(Node));
  }
  t_destroying = false;
}

std::string_view module_of(const Node& leaf) {
  if (!leaf.is_leaf() || !leaf.extra) return {};
  const std::string_view name = leaf.extra->name;
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

Tensor make_symbolic(const Spec& spec, bool needs_grad) {
  Ref<Node> node = Node::make(nullptr);
  node->outputs.push_back(spec);
  node->needs_grad = needs_grad;
  node->extras();
  auto body = TensorBody::make();
  body->layout = Layout(spec.shape);
  body->dtype = spec.dtype;
  body->edge = Edge::adopt(node.detach(), 0);
  return Tensor(std::move(body));
}

// ---- What gradient rules see ------------------------------------------------------------------

namespace {

Tensor unpack(const Node& node, const Saved& s, Edge edge) {
  if (s.storage && s.storage->version() != s.version)
    fail("backward: ", node.name(), " needs a value of shape ", s.layout.shape, " that ",
         s.storage->last_writer(), " has changed in place since (version ", s.version,
         " was saved, ", s.storage->version(),
         " is there); use the out-of-place form, or clone() first");
  auto body = TensorBody::make();
  body->storage = s.storage;
  body->layout = s.layout;
  body->dtype = s.dtype;
  body->is_weak = s.is_weak;
  body->edge = std::move(edge);
  return Tensor(std::move(body));
}

Tensor symbolic_value(const Edge& edge) {
  const Node& source = *edge.node();
  if (source.is_leaf() && source.extra && source.extra->constant.defined())
    return source.extra->constant;
  const Spec& spec = source.outputs[edge.index()];
  auto body = TensorBody::make();
  body->layout = Layout(spec.shape);
  body->dtype = spec.dtype;
  body->edge = edge;
  return Tensor(std::move(body));
}

}  // namespace

Tensor GradCall::arriving(int output) const {
  if (const Tensor& d = dy[output]; d.defined()) return d;
  // Nothing arrived: zeros of the output's shape, as a broadcast scalar.
  const Spec& spec = node.outputs[output];
  Tensor zero = Tensor::scalar(0, spec.dtype);
  auto body = TensorBody::make();
  body->storage = zero.storage();
  body->layout = Layout(spec.shape, Dims::filled(spec.shape.size(), 0), 0);
  body->dtype = spec.dtype;
  return Tensor(std::move(body));
}

Tensor GradCall::input_value(int i) const {
  const Edge& edge = node.inputs[i];
  if (const Saved* s = node.find_saved(i)) return unpack(node, *s, edge);
  if (edge && node.is_symbolic) return symbolic_value(edge);
  return {};  // an optional input that was left out
}

Tensor GradCall::output_value(int i) const {
  Edge edge(const_cast<Node*>(&node), static_cast<uint32_t>(i));
  if (const Saved* s = node.find_saved(Saved::kOutput + i))
    return unpack(node, *s, is_floating(s->dtype) ? std::move(edge) : Edge());
  return symbolic_value(edge);
}

Spec GradCall::input_spec(int i) const {
  if (const Edge& edge = node.inputs[i]) return edge.node()->outputs[edge.index()];
  if (const Saved* s = node.find_saved(i)) return {s->layout.shape, s->dtype};
  return {};
}

int GradCall::input_count() const { return static_cast<int>(node.inputs.size()); }
const void* GradCall::attrs() const { return node.attrs.data(); }

}  // namespace rush
