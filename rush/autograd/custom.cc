// Ops from user code, and checkpointing, which is one of them. Both are nodes whose gradient is a
// function kept in the node instead of rules in a record.
#include <algorithm>
#include <memory>
#include <unordered_set>

#include "rush/autograd/engine.h"
#include "rush/base/random.h"
#include "rush/tensor/observer.h"

namespace rush {
namespace {

const Op& custom_record() {
  static const Op op = [] {
    Op record;
    record.name = "custom";
    record.args = {"inputs*"};
    record.joint_grad = [](const GradCall&) { return Tensors(); };
    return record;
  }();
  return op;
}

bool any_recorded(const std::vector<Tensor>& tensors) {
  if (!grad_enabled()) return false;
  for (const Tensor& t : tensors)
    if (t.defined() && t.requires_grad()) return true;
  return false;
}

void keep(Node& node, const Tensor& t, int slot) {
  const TensorBody& b = t.body();
  Saved& s = node.saved.emplace_back();
  s.storage = b.storage;
  s.layout = b.layout;
  s.dtype = b.dtype;
  s.is_weak = b.is_weak;
  s.version = t.version();
  s.slot = slot;
}

// A tensor that shares everything with `t` but its place in history.
Tensor without_history(const Tensor& t) {
  const TensorBody& b = t.body();
  auto out = TensorBody::make();
  out->storage = b.storage;
  out->layout = b.layout;
  out->dtype = b.dtype;
  out->is_weak = b.is_weak;
  return Tensor(std::move(out));
}

}  // namespace

void CustomContext::save(const std::vector<Tensor>& tensors) { pending_ = tensors; }

// Connects a context with the node it serves; befriended so that users see neither.
struct CustomAccess {
  static void set_needs(CustomContext& c, const std::vector<Tensor>& inputs) {
    for (const Tensor& t : inputs) c.needs_.push_back(t.defined() && t.requires_grad());
  }
  // Turns what was saved into values of the node, so that it holds no handle of its own outputs.
  static void settle(CustomContext& c, Node& node, const std::vector<Tensor>& inputs,
                     const Tensors& outs) {
    for (const Tensor& t : c.pending_) {
      int slot = 0;
      bool is_known = false;
      const auto match = [&](const Tensor& candidate, int s) {
        if (is_known || !candidate.defined() || !candidate.is_same(t)) return;
        slot = s;
        is_known = true;
      };
      for (size_t i = 0; i < inputs.size(); ++i) match(inputs[i], static_cast<int>(i));
      for (size_t i = 0; i < outs.size(); ++i) match(outs[i], Saved::kOutput + static_cast<int>(i));
      if (is_known) {
        if (!node.find_saved(slot)) keep(node, t, slot);
        c.slots_.push_back(slot);
      } else {
        c.slots_.push_back(~static_cast<int>(c.others_.size()));
        c.others_.push_back(t.defined() ? without_history(t) : t);
        c.other_versions_.push_back(t.defined() ? t.version() : 0);
      }
    }
    c.pending_.clear();
  }
  static void enter(CustomContext& c, const GradCall& call) { c.call_ = &call; }
  static void leave(CustomContext& c) { c.call_ = nullptr; }
};

bool CustomContext::arrived(size_t output) const {
  return call_ && output < call_->dy.size() && call_->dy[output].defined();
}

std::vector<Tensor> CustomContext::saved() const {
  if (!call_) return pending_;
  std::vector<Tensor> out;
  for (const int slot : slots_) {
    if (slot >= Saved::kOutput) {
      out.push_back(call_->output_value(slot - Saved::kOutput));
    } else if (slot >= 0) {
      out.push_back(call_->input_value(slot));
    } else {
      const Tensor& t = others_[static_cast<size_t>(~slot)];
      if (t.defined() && t.version() != other_versions_[static_cast<size_t>(~slot)])
        fail("backward: ", call_->node.name(), " saved a tensor of shape ", t.shape(), " that ",
             t.storage()->last_writer(), " has changed in place since");
      out.push_back(t);
    }
  }
  return out;
}

namespace {
bool any_symbolic(const std::vector<Tensor>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const Tensor& t) { return t.defined() && !t.has_data(); });
}
}  // namespace

Tensors custom_op(const std::string& name, const std::vector<Tensor>& inputs,
                  const CustomForward& forward, const CustomBackward& backward) {
  if (any_symbolic(inputs))
    fail(name, ": an op from user code runs at once and cannot be written down with symbolic ",
         "tensors (in a graph, or under vmap); write it as a function of other ops");
  auto context = std::make_shared<CustomContext>();
  CustomAccess::set_needs(*context, inputs);
  Tensors outs;
  {
    const NoGrad no_grad;
    outs = forward(*context, inputs);
  }
  if (!any_recorded(inputs)) return outs;
  // An output that is an input, or a view with a history, gets a handle of its own.
  for (Tensor& out : outs) {
    if (!out.defined()) fail(name, ": the forward function returned an undefined tensor");
    for (const Tensor& in : inputs)
      if (in.defined() && out.is_same(in)) out = without_history(out);
  }
  Ref<Node> node = Node::make(&custom_record());
  node->needs_grad = true;
  node->extras().name = name;
  for (const Tensor& in : inputs) node->inputs.push_back(in.defined() ? in.body().edge : Edge());
  CustomAccess::settle(*context, *node, inputs, outs);
  for (size_t i = 0; i < outs.size(); ++i) {
    TensorBody& b = outs[i].body();
    node->outputs.push_back({b.layout.shape, b.dtype});
    if (!is_floating(b.dtype)) continue;
    b.edge = Edge(node.get(), static_cast<uint32_t>(i));
  }
  node->extras().backward = [context, backward](const GradCall& call) {
    Tensors dys;
    for (size_t i = 0; i < call.dy.size(); ++i) dys.push_back(call.arriving(static_cast<int>(i)));
    CustomAccess::enter(*context, call);
    Tensors dxs;
    try {
      dxs = backward(*context, dys);
    } catch (...) {
      CustomAccess::leave(*context);
      throw;
    }
    CustomAccess::leave(*context);
    return dxs;
  };
  return outs;
}

// ---- Checkpoint -------------------------------------------------------------------------------

namespace {

using Segment = std::function<Tensors(const std::vector<Tensor>&)>;

// Every recorded tensor from outside that the segment's results depend on: the edges that lead to
// nodes older than the segment, other than its own inputs.
std::vector<Edge> captured_edges(const Tensors& outs, const std::vector<Tensor>& aliases,
                                 uint64_t first_id) {
  std::vector<Edge> captured;
  std::vector<Node*> stack;
  std::unordered_set<Node*> seen;
  const auto is_alias = [&](const Node* n) {
    for (const Tensor& a : aliases)
      if (a.defined() && a.body().edge.node() == n) return true;
    return false;
  };
  const auto reach = [&](const Edge& e) {
    if (!e || is_alias(e.node())) return;
    if (e.node()->id < first_id || e.node()->is_leaf()) {
      for (const Edge& c : captured)
        if (c.node() == e.node() && c.index() == e.index()) return;
      captured.push_back(e);
    } else {
      stack.push_back(e.node());
    }
  };
  for (const Tensor& out : outs)
    if (out.defined()) reach(out.body().edge);
  while (!stack.empty()) {
    Node* n = stack.back();
    stack.pop_back();
    if (!seen.insert(n).second) continue;
    for (const Edge& e : n->inputs) reach(e);
  }
  return captured;
}

std::vector<Tensor> aliases_of(const std::vector<Tensor>& inputs) {
  std::vector<Tensor> out;
  for (const Tensor& x : inputs)
    out.push_back(x.defined() && x.requires_grad() ? without_history(x).requires_grad_() : x);
  return out;
}

// Puts the default generator where it was when the segment first ran, and back afterwards.
class ReplayRandom {
 public:
  explicit ReplayRandom(const Generator::State& then) : now_(default_generator().state()) {
    default_generator().set_state(then);
  }
  ~ReplayRandom() { default_generator().set_state(now_); }

 private:
  Generator::State now_;
};

Tensors checkpoint_gradient(const Segment& fn, const GradCall& call, size_t explicit_inputs,
                            const std::vector<Tensor>& plain_inputs,
                            const Generator::State& random) {
  detail::Walk walk{.create_graph = grad_enabled()};
  Tensors outs;
  {
    const EnableGrad recording;
    const ReplayRandom replay(random);
    std::vector<Tensor> in;
    for (size_t i = 0; i < explicit_inputs; ++i) {
      if (!call.node.inputs[i]) {
        in.push_back(plain_inputs[i]);
        continue;
      }
      Tensor x = call.input_value(static_cast<int>(i));
      in.push_back(walk.create_graph ? detail::alias(x) : without_history(x).requires_grad_());
      walk.xs.push_back(in.back().body().edge);
    }
    outs = fn(in);
  }
  for (size_t i = explicit_inputs; i < call.node.inputs.size(); ++i)
    walk.xs.push_back(call.node.inputs[i]);
  for (size_t o = 0; o < outs.size(); ++o) {
    if (!outs[o].requires_grad() || !call.dy[o].defined()) continue;
    walk.ys.push_back(outs[o].body().edge);
    walk.dys.push_back(call.dy[o]);
  }
  const std::vector<Tensor> found = detail::walk_backward(walk);
  Tensors dxs;
  size_t next = 0;
  for (size_t i = 0; i < call.node.inputs.size(); ++i)
    dxs.push_back(i < explicit_inputs && !call.node.inputs[i] ? Tensor() : found[next++]);
  return dxs;
}

}  // namespace

Tensors checkpoint(const Segment& fn, const std::vector<Tensor>& inputs) {
  // A trace is freed of what it need not keep by the passes over it.
  if (!grad_enabled() || t_observer || any_symbolic(inputs)) return fn(inputs);
  const Generator::State random = default_generator().state();
  const Ref<Node> marker = Node::make(nullptr);
  const std::vector<Tensor> aliases = aliases_of(inputs);
  Tensors traced = fn(aliases);
  const std::vector<Edge> captured = captured_edges(traced, aliases, marker->id);
  const auto recorded = [](const Tensor& t) { return t.defined() && t.requires_grad(); };
  if (captured.empty() && std::none_of(inputs.begin(), inputs.end(), recorded)) return traced;

  Ref<Node> node = Node::make(&custom_record());
  node->needs_grad = true;
  node->extras().name = "checkpoint";
  std::vector<Tensor> plain;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool is_recorded = recorded(inputs[i]);
    node->inputs.push_back(is_recorded ? inputs[i].body().edge : Edge());
    if (is_recorded) keep(*node, inputs[i], static_cast<int>(i));
    plain.push_back(is_recorded ? Tensor() : inputs[i]);
  }
  for (const Edge& e : captured) node->inputs.push_back(e);
  Tensors outs;
  for (size_t o = 0; o < traced.size(); ++o) {
    outs.push_back(without_history(traced[o]));
    TensorBody& b = outs.back().body();
    node->outputs.push_back({b.layout.shape, b.dtype});
    if (!traced[o].requires_grad()) continue;
    b.edge = Edge(node.get(), static_cast<uint32_t>(o));
  }
  node->extras().backward = [fn, plain, random, n = inputs.size()](const GradCall& call) {
    return checkpoint_gradient(fn, call, n, plain, random);
  };
  return outs;
}

}  // namespace rush
