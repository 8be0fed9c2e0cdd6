// A graph as text, and for Graphviz.
#include "rush/base/unknown.h"
#include "rush/graph/dot.h"
#include "rush/graph/state.h"

namespace rush {

using namespace graph;

namespace {

std::string source(const GraphState& state, const Edge& e) {
  if (!e) return "-";
  const std::string name = state.label(*e.node());
  return e.node()->outputs.size() == 1 ? name : name + ":" + std::to_string(e.index());
}

std::string what(const GraphState& state, const Node& node) {
  const NodeInfo& info = state.info(node);
  switch (info.kind) {
    case NodeKind::kPlaceholder:
      return "placeholder";
    case NodeKind::kVariable:
      return state.variables()[info.variable].is_trainable ? "variable" : "variable, not trained";
    case NodeKind::kConstant:
      return "constant";
    case NodeKind::kTraining:
      return "mode";
    default:
      return node.op->name;
  }
}

std::string specs(const Node& node) {
  std::string text;
  for (const Spec& s : node.outputs) text += (text.empty() ? "" : ", ") + rush::to_text(s);
  return text;
}

}  // namespace

std::string Graph::to_text() const {
  std::string text;
  for (const Ref<Node>& node : state_->nodes()) {
    text += state_->label(*node) + " = " + what(*state_, *node);
    if (!node->is_leaf()) {
      std::string inside;
      for (const Edge& e : node->inputs)
        inside += (inside.empty() ? "" : ", ") + source(*state_, e);
      if (std::string attrs = with_size_names(node->attrs.text()); !attrs.empty())
        inside += (inside.empty() ? "" : ", ") + attrs;
      text += "(" + inside + ")";
    }
    text += " -> " + specs(*node) + "\n";
  }
  return text;
}

std::string Graph::to_dot() const {
  std::string text = "digraph {\n  node [shape=box];\n";
  for (const Ref<Node>& node : state_->nodes()) {
    const std::string name = quoted(state_->label(*node));
    text += "  " + name + " [label=" +
            quoted(state_->label(*node) + "\n" + what(*state_, *node) + "\n" + specs(*node)) +
            (node->is_leaf() ? ", style=filled" : "") + "];\n";
    for (const Edge& e : node->inputs)
      if (e) text += "  " + quoted(state_->label(*e.node())) + " -> " + name + ";\n";
  }
  return text + "}\n";
}

}  // namespace rush
