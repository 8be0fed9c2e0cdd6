#include "rush/graph/graph.h"

#include "rush/base/unknown.h"
#include "rush/core/vocabulary.h"
#include "rush/graph/state.h"

namespace rush {

using graph::GraphState;
using graph::NodeInfo;
using graph::NodeKind;
using graph::Variable;

int64_t SizeSpec::resolve(int axis) const {
  if (!name_.empty()) return unknown_size(name_);
  if (size_ == kUnknown) return unknown_size(axis);
  if (size_ < 0)
    fail<ShapeError>("placeholder: a size is 0 or more, kUnknown or a name; what came: ", size_);
  graph::check_plain_sizes("placeholder", {size_});
  return size_;
}

// ---- Graph -------------------------------------------------------------------------------------

Graph::Graph() : Graph(std::string()) {}
Graph::Graph(std::string name) : state_(std::make_shared<GraphState>(std::move(name))) {}

const std::string& Graph::name() const { return state_->name(); }

namespace {

Tensor tensor_of(const Edge& edge) {
  const Spec& spec = edge.node()->outputs[edge.index()];
  auto body = TensorBody::make();
  body->layout = Layout(spec.shape);
  body->dtype = spec.dtype;
  body->edge = edge;
  return Tensor(std::move(body));
}

}  // namespace

Tensor Graph::find(std::string_view name) const {
  Node* node = state_->find(name);
  return node && !node->outputs.empty() ? tensor_of(Edge(node, 0)) : Tensor();
}

std::string Graph::name_of(const Tensor& t) const {
  const Edge edge = state_->locate("name_of", t);
  const std::string name = state_->label(*edge.node());
  return edge.index() == 0 ? name : name + ":" + std::to_string(edge.index());
}

std::vector<std::string> Graph::node_names() const {
  std::vector<std::string> names;
  for (const Ref<Node>& node : state_->nodes()) names.push_back(state_->label(*node));
  return names;
}

std::vector<Tensor> Graph::variables(bool only_trainable) const {
  std::vector<Tensor> found;
  for (const Variable& v : state_->variables())
    if (v.is_trainable || !only_trainable) found.push_back(tensor_of(v.edge));
  return found;
}

std::vector<std::string> Graph::variable_names(bool only_trainable) const {
  std::vector<std::string> names;
  for (const Variable& v : state_->variables())
    if (v.is_trainable || !only_trainable) names.push_back(v.name);
  return names;
}

void Graph::rename(const Tensor& variable, const std::string& name) const {
  int v = state_->find_variable(variable);
  if (v < 0 && variable.has_data() && variable.is_leaf())
    v = state_->adopt(variable, variable.requires_grad());
  if (v < 0) fail("rename: ", name_of(variable), " is no variable");
  state_->rename(v, name);
}

Tensor Graph::training() const { return state_->training(); }

// ---- Scopes ------------------------------------------------------------------------------------

Graph default_graph() {
  thread_local std::optional<Graph> without_scope;
  if (t_graph_scope && t_graph_scope->takes_all())
    fail("graph: ", t_graph_scope->describe(),
         " is going on, in which nothing can be added to a graph; make it before, and capture it");
  if (t_graph_scope) return Graph(static_cast<GraphState*>(t_graph_scope)->shared_from_this());
  if (!without_scope) without_scope.emplace();
  return *without_scope;
}

Graph graph_of(const Tensor& t) {
  GraphState* state = graph::state_of(t);
  if (!state) fail("graph_of: the tensor belongs to no graph");
  return Graph(state->shared_from_this());
}

GraphScope::GraphScope(const Graph& graph) : graph_(graph), before_(t_graph_scope) {
  t_graph_scope = graph.state().get();
}
GraphScope::~GraphScope() { t_graph_scope = before_; }

// ---- What graphs start from --------------------------------------------------------------------

Tensor placeholder(DType dtype, const std::vector<SizeSpec>& shape, std::string_view name) {
  Shape sizes;
  for (const SizeSpec& s : shape) sizes.push_back(s.resolve(sizes.size()));
  NodeInfo info;
  info.kind = NodeKind::kPlaceholder;
  return default_graph().state()->add_leaf({sizes, dtype}, name.empty() ? "placeholder" : name,
                                           info);
}

Tensor placeholder(DType dtype, std::initializer_list<SizeSpec> shape, std::string_view name) {
  return placeholder(dtype, std::vector<SizeSpec>(shape), name);
}

namespace {

void check_variable(const Shape& shape) {
  for (int64_t size : shape)
    if (size < 0) fail<ShapeError>("variable: a size is 0 or more; what came: ", shape);
  graph::check_plain_sizes("variable", shape);
}

}  // namespace

Tensor variable(const Tensor& initial, const VariableOptions& options) {
  check_variable(initial.shape());
  if (initial.has_data() && initial.requires_grad())
    fail(
        "variable: the tensor requires a gradient and becomes a variable by itself where it is "
        "used; give its detach()ed value for another one");
  const NoGrad off;
  return default_graph().state()->add_variable(
      {.name = options.name,
       .spec = {initial.shape(), initial.dtype()},
       .is_trainable = options.trainable,
       .initial = initial.has_data() ? clone(initial) : initial});
}
Tensor variable(const Tensor& initial, const char* name) {
  return variable(initial, VariableOptions{.name = name});
}
Tensor variable(const Shape& shape, Fill fill, const VariableOptions& options) {
  check_variable(shape);
  return default_graph().state()->add_variable({.name = options.name,
                                                .spec = {shape, default_dtype()},
                                                .is_trainable = options.trainable,
                                                .fill = std::move(fill)});
}
Tensor variable(const Shape& shape, Fill fill, const char* name) {
  return variable(shape, std::move(fill), VariableOptions{.name = name});
}

Tensor constant(const Tensor& value, std::string_view name) {
  if (!value.has_data()) fail("constant: the tensor is symbolic already");
  const NoGrad off;
  NodeInfo info;
  info.kind = NodeKind::kConstant;
  const Tensor t = default_graph().state()->add_leaf({value.shape(), value.dtype()},
                                                     name.empty() ? "constant" : name, info);
  t.body().edge.node()->extras().constant = clone(value.detach());
  return t;
}

}  // namespace rush
