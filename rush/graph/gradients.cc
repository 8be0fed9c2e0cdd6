// Gradients and modes as nodes. What they mean is decided when they are run (evaluation_run.cc).
#include <unordered_set>

#include "rush/base/unknown.h"
#include "rush/graph/state.h"
#include "rush/ops/cast.h"

namespace rush {
namespace graph {
namespace {

Op special(const char* name, const char* doc) {
  Op op;
  op.name = name;
  op.doc = doc;
  return op;
}

// The nodes that the gradient of `ys` reaches, as far as the graph tells.
std::unordered_set<const Node*> reached_from(const GraphState& state, const std::vector<Edge>& ys) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> pending;
  const auto reach = [&](const Edge& e) {
    if (e && is_floating(e.node()->outputs[e.index()].dtype) && seen.insert(e.node()).second)
      pending.push_back(e.node());
  };
  for (const Edge& y : ys) reach(y);
  while (!pending.empty()) {
    const Node& node = *pending.back();
    pending.pop_back();
    if (node.is_leaf() || !node.needs_grad) continue;
    const NodeKind kind = state.info(node).kind;
    const bool is_special = kind == NodeKind::kGradients || kind == NodeKind::kByMode;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (is_special || node.op->is_differentiable(i)) reach(node.inputs[i]);
  }
  return seen;
}

GraphState& common_graph(const char* op, const std::vector<Tensor>& tensors) {
  for (const Tensor& t : tensors)
    if (GraphState* state = state_of(t)) return *state;
  fail(op, ": none of the tensors belongs to a graph; use grad() for tensors with data");
}

}  // namespace

bool depends_on(const GraphState& state, const Tensor& y, const Tensor& x) {
  const int v = state.find_variable(x);
  const Node* node = v >= 0 ? state.variables()[v].edge.node() : x.body().edge.node();
  return node && reached_from(state, {state.locate("gradients", y)}).contains(node);
}

const Op kGradientsOp = special("gradients", "Gradients of nodes by nodes.");
const Op kByModeOp = special("by_mode", "One value while training, another one otherwise.");
const Op kUpdateOp = special("update", "A change of variables after all reads of a run.");

}  // namespace graph

using namespace graph;

std::vector<Tensor> gradients(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs,
                              const std::vector<Tensor>& dys, const GradientOptions& options) {
  if (ys.empty() || xs.empty()) fail("gradients: at least one y and one x are needed");
  if (!dys.empty() && dys.size() != ys.size())
    fail<ShapeError>("gradients: ", ys.size(), " ys, but ", dys.size(), " dys");
  GraphState& state = common_graph("gradients", ys);
  NodeInfo info;
  info.kind = NodeKind::kGradients;
  info.ys = ys.size();
  info.xs = xs.size();
  std::vector<Edge> y_edges, inputs;
  for (const Tensor& y : ys) {
    y_edges.push_back(state.locate("gradients", y));
    if (!is_floating(y.dtype()))
      fail<TypeError>("gradients: a y is floating; ", state.label(*y_edges.back().node()), " is ",
                      Spec{y.shape(), y.dtype()});
  }
  const auto reached = reached_from(state, y_edges);
  inputs = y_edges;
  std::vector<Spec> specs;
  for (const Tensor& x : xs) {
    if (x.has_data() && x.is_leaf() && x.requires_grad()) state.adopt(x, true);
    const Edge edge = state.locate("gradients", x);
    const std::string name = state.label(*edge.node());
    if (!is_floating(x.dtype()))
      fail<TypeError>("gradients: an x is floating; ", name, " is ", Spec{x.shape(), x.dtype()});
    if (!options.allow_unused && !reached.contains(edge.node()))
      fail("gradients: no y depends on ", name, " ", Spec{x.shape(), x.dtype()},
           "; allow_unused = true gives zeros instead");
    specs.push_back(edge.node()->outputs[edge.index()]);
    inputs.push_back(edge);
  }
  for (size_t i = 0; i < dys.size(); ++i) {
    if (!dys[i].defined()) {
      inputs.emplace_back();
      continue;
    }
    if (!(dys[i].shape() == ys[i].shape()))
      fail<ShapeError>("gradients: y number ", i, " is ", ys[i].shape(), ", its dy ",
                       dys[i].shape());
    inputs.push_back(dys[i].has_data() ? state.enter(dys[i]) : state.locate("gradients", dys[i]));
  }
  return state.add_node(kGradientsOp, std::move(inputs), std::move(specs), options.name,
                        std::move(info));
}

Tensor by_mode(const Tensor& training, const Tensor& evaluation) {
  GraphState& state = common_graph("by_mode", {training, evaluation});
  const auto edge_of = [&](const Tensor& t) {
    return t.has_data() ? state.enter(t) : state.locate("by_mode", t);
  };
  if (!(training.shape() == evaluation.shape()) || training.dtype() != evaluation.dtype())
    fail<ShapeError>("by_mode: both values need one shape and dtype; what came: ",
                     Spec{training.shape(), training.dtype()}, " and ",
                     Spec{evaluation.shape(), evaluation.dtype()});
  state.training();
  NodeInfo info;
  info.kind = NodeKind::kByMode;
  std::vector<Edge> inputs{edge_of(training), edge_of(evaluation)};
  return state.add_node(kByModeOp, std::move(inputs), {{training.shape(), training.dtype()}}, {},
                        std::move(info))[0];
}

}  // namespace rush
