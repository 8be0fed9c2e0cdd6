// What a graph knows beyond its nodes; for the files of this folder and for layers.
#pragma once

#include <unordered_map>

#include "rush/core/node.h"
#include "rush/graph/graph.h"
#include "rush/graph/update.h"

namespace rush::graph {

enum class NodeKind : uint8_t {
  kOp,
  kPlaceholder,
  kVariable,
  kConstant,
  kTraining,   // the bool that says which mode a run is in
  kGradients,  // inputs: the ys, the xs, then the dys that are given
  kByMode,     // inputs: the value while training, the other one
  kUpdate,     // inputs: what the update reads; its value comes after all reads of a run
};

struct Variable {
  Edge edge{};
  std::string name{};
  Spec spec{};
  bool is_trainable = true;
  Tensor initial{};  // or:
  Fill fill{};
};

struct NodeInfo {
  NodeKind kind = NodeKind::kOp;
  int variable = -1;
  size_t ys = 0, xs = 0;              // kGradients
  std::shared_ptr<Update> update;     // kUpdate
  std::vector<Edge> with_it;          // updates that are made whenever the node has run
  bool has_unknown_attrs = false;     // attributes made from sizes that were not known
  std::vector<const Node*> sized_by;  // whose results tell derived sizes (base/unknown.h) used here
};

class GraphState final : public GraphBuilder, public std::enable_shared_from_this<GraphState> {
 public:
  explicit GraphState(std::string name);
  ~GraphState() override;

  const Ref<GraphHome>& home() const override { return home_; }
  std::string describe() const override;
  void added(Node& node) override;
  Edge enter(const Tensor& t) override;
  Tensor copy_of_written(const Tensor& t) override;
  void write_back(const Node& node, const Tensor& t, const Tensor& copy) override;

  const std::string& name() const { return name_; }
  uint64_t names_version() const { return names_version_; }  // grows when a name changes hands
  const std::vector<Ref<Node>>& nodes() const { return nodes_; }
  const std::vector<Variable>& variables() const { return variables_; }
  const NodeInfo& info(const Node& node) const;  // of an op if nothing special is known
  bool owns(const Node& node) const;
  Node* find(std::string_view name) const;
  // The number of a variable, of a parameter or buffer that became one; -1: it is none.
  int find_variable(const Tensor& t) const;
  // The node a tensor stands for in this graph. Error for tensors of other graphs.
  Edge locate(const char* op, const Tensor& t) const;
  std::string label(const Node& node) const;  // its name

  // Nodes that are not made by apply(). `name` is made unique.
  Tensor add_leaf(const Spec& spec, std::string_view name, NodeInfo info);
  std::vector<Tensor> add_node(const Op& op, std::vector<Edge> inputs, std::vector<Spec> outputs,
                               std::string_view name, NodeInfo info);
  Tensor add_variable(Variable variable);
  // Tensors with data as variables: a parameter, or a running average (not trainable).
  int adopt(const Tensor& t, bool is_trainable);
  void rename(int variable, const std::string& name);
  void update_with(const Node& node, const Edge& update);
  Tensor training();

 private:
  std::string unique(std::string_view name);
  Tensor view_again(const Tensor& t);
  std::vector<const Node*> origins_of(const std::vector<int64_t>& sizes) const;
  void enter_node(Node& node, std::string_view name, NodeInfo info);

  Ref<GraphHome> home_;
  std::string name_;
  uint64_t names_version_ = 0;
  std::vector<Ref<Node>> nodes_;
  std::vector<Variable> variables_;
  std::unordered_map<const Node*, NodeInfo> infos_;
  std::unordered_map<std::string, Node*> by_name_;
  std::unordered_map<std::string, int> next_number_;
  std::unordered_map<int64_t, const Node*> origins_;    // of derived sizes: who had them first
  std::unordered_map<const TensorBody*, int> buffers_;  // kept alive by Variable::initial
  Tensor training_;
};

// Error where a size that must be known is one of those that stand for unknown sizes: it was
// computed from one, or is a large number that cannot be told from one.
void check_plain_sizes(const char* op, const Shape& shape);
// The graph of t's node; null for other tensors.
GraphState* state_of(const Tensor& t);
extern const Op kGradientsOp, kByModeOp, kUpdateOp;

// Whether a gradient goes from y to x, as far as the graph tells.
bool depends_on(const GraphState& state, const Tensor& y, const Tensor& x);
// Writes `value` to the variable that `buffer` became or is, in every run that computes `with`.
void assign_with(const Tensor& with, const Tensor& buffer, const Tensor& value);
// Makes a tensor with data a variable that is not trained, in the graph of `x`.
Tensor buffer_in_graph(const Tensor& x, const Tensor& buffer);

}  // namespace rush::graph
