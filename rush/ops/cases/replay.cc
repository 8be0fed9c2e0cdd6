// Nodes are evaluated by growing id, which is a topological order.
#include "rush/ops/cases/replay.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "rush/core/apply.h"

namespace rush::testing {

std::vector<Node*> nodes_behind(const Tensors& outputs) {
  std::unordered_set<Node*> seen;
  std::vector<Node*> pending, all;
  const auto visit = [&](const Edge& edge) {
    if (edge && seen.insert(edge.node()).second) pending.push_back(edge.node());
  };
  for (const Tensor& t : outputs)
    if (t.defined()) visit(t.body().edge);
  while (!pending.empty()) {
    Node* node = pending.back();
    pending.pop_back();
    all.push_back(node);
    for (const Edge& edge : node->inputs) visit(edge);
  }
  std::sort(all.begin(), all.end(), [](Node* a, Node* b) { return a->id < b->id; });
  return all;
}

Tensors placeholders_for(const Tensors& inputs) {
  Tensors all;
  for (const Tensor& t : inputs)
    all.push_back(t.defined() ? make_symbolic({t.shape(), t.dtype()}, is_floating(t.dtype()))
                              : Tensor());
  return all;
}

namespace {

// A view that was written down knows nothing of strides: where these do not allow it, it is taken
// of a copy, as the public function does.
Tensor viewable(const Node& node, const Tensor& x) {
  Layout layout;
  const bool is_possible =
      node.op->view(node.op->name.c_str(), x.layout(), node.attrs.data(), &layout);
  return is_possible ? x : x.contiguous();
}

}  // namespace

Tensors replay(const Tensors& outputs, const Tensors& placeholders, const Tensors& values,
               const Op* by_body) {
  std::unordered_map<Node*, Tensors> computed;
  for (size_t i = 0; i < placeholders.size(); ++i)
    if (placeholders[i].defined())
      computed[placeholders[i].body().edge.node()] = Tensors{values[i]};
  for (Node* node : nodes_behind(outputs)) {
    if (computed.count(node)) continue;
    if (node->is_leaf()) {
      if (!node->extra || !node->extra->constant.defined())
        fail("replay: a leaf of ", node->outputs[0], " has no value");
      computed[node] = Tensors{node->extra->constant};
      continue;
    }
    std::vector<Tensor> in;
    for (const Edge& edge : node->inputs)
      in.push_back(edge ? computed.at(edge.node())[edge.index()] : Tensor());
    if (node->op->is_view) in[0] = viewable(*node, in[0]);
    computed[node] = node->op == by_body ? node->op->body(in, node->attrs.data())
                                         : apply_multi(*node->op, args_of(in), node->attrs.ref());
  }
  Tensors results;
  for (const Tensor& t : outputs) {
    if (t.defined() && !t.has_data())
      results.push_back(computed.at(t.body().edge.node())[t.body().edge.index()]);
    else
      results.push_back(t);
  }
  return results;
}

}  // namespace rush::testing
