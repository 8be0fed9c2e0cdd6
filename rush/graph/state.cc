// What a graph keeps: its nodes with their names, and its variables.
#include "rush/graph/state.h"

#include "rush/core/vocabulary.h"
#include "rush/graph/sizes.h"

namespace rush::graph {
namespace {

thread_local std::string t_name_prefix;  // of the name scopes this thread is in

// The stand-ins that a number was made from.
template <typename T>
void add_unknowns(T value, std::vector<int64_t>& found) {
  resolve_size(value, [&](int64_t u) {
    found.push_back(u);
    return u;
  });
}

std::vector<int64_t> unknowns_in(const AttrBox& attrs) {
  std::vector<int64_t> found;
  if (!attrs.data()) return found;
  AttrBox copy(attrs);
  const auto look = [&](auto v) {
    add_unknowns(v, found);
    return v;
  };
  attrs.ref().type->map_numbers(copy.mutable_data(), {look, look});
  return found;
}

// Of a plain number that meets symbolic tensors.
std::vector<int64_t> unknowns_in(const Tensor& number) {
  std::vector<int64_t> found;
  if (is_floating(number.dtype()))
    add_unknowns(number.item<double>(), found);
  else if (number.dtype() == DType::kInt64)
    add_unknowns(number.item<int64_t>(), found);
  return found;
}

// A tensor of its own body over the memory of t.
Tensor handle_with(const Edge& edge, const Spec& spec, bool is_weak = false) {
  auto body = TensorBody::make();
  body->layout = Layout(spec.shape);
  body->dtype = spec.dtype;
  body->is_weak = is_weak;
  body->edge = edge;
  return Tensor(std::move(body));
}

}  // namespace

GraphState::GraphState(std::string name)
    : home_(Ref<GraphHome>::adopt(new GraphHome)), name_(std::move(name)) {
  home_->graph = this;
}

GraphState::~GraphState() { home_->graph = nullptr; }

std::string GraphState::describe() const {
  return name_.empty() ? "an unnamed graph" : "graph '" + name_ + "'";
}

// ---- Names -------------------------------------------------------------------------------------

std::string GraphState::unique(std::string_view name) {
  std::string wanted = t_name_prefix + std::string(name);
  int& number = next_number_[wanted];
  std::string text = number == 0 ? wanted : wanted + "_" + std::to_string(number);
  while (by_name_.contains(text)) text = wanted + "_" + std::to_string(++number);
  ++number;
  return text;
}

Node* GraphState::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : found->second;
}

std::string GraphState::label(const Node& node) const {
  const NodeInfo& i = info(node);
  return i.kind == NodeKind::kVariable ? variables_[i.variable].name : node.name();
}

void GraphState::rename(int variable, const std::string& name) {
  Variable& v = variables_.at(variable);
  if (v.name == name) return;
  if (by_name_.contains(name))
    fail("rename: ", v.name, " cannot be called ", name, ", which is the name of another node");
  by_name_.erase(v.name);
  v.name = name;
  by_name_[name] = v.edge.node();
  ++names_version_;
}

// ---- Nodes -------------------------------------------------------------------------------------

const NodeInfo& GraphState::info(const Node& node) const {
  static const NodeInfo op;
  const auto found = infos_.find(&node);
  return found == infos_.end() ? op : found->second;
}

bool GraphState::owns(const Node& node) const {
  return (node.extra && node.extra->home == home_) || infos_.contains(&node);
}

void GraphState::enter_node(Node& node, std::string_view name, NodeInfo info) {
  NodeExtra& extra = node.extras();
  extra.home = home_;
  extra.name = unique(name);
  by_name_[extra.name] = &node;
  nodes_.push_back(Ref<Node>::share(&node));
  for (const Spec& spec : node.outputs)
    for (int64_t size : spec.shape)
      if (is_derived_size(size)) origins_.emplace(size, &node);
  if (const std::vector<int64_t> unknowns = unknowns_in(node.attrs); !unknowns.empty()) {
    info.has_unknown_attrs = true;
    info.sized_by = origins_of(unknowns);
  }
  if (info.kind != NodeKind::kOp || info.has_unknown_attrs) infos_[&node] = std::move(info);
}

std::vector<const Node*> GraphState::origins_of(const std::vector<int64_t>& sizes) const {
  std::vector<const Node*> nodes;
  for (int64_t size : sizes)
    if (const auto found = origins_.find(size); found != origins_.end())
      nodes.push_back(found->second);
  return nodes;
}

void GraphState::added(Node& node) { enter_node(node, node.op->name, {}); }

Tensor GraphState::add_leaf(const Spec& spec, std::string_view name, NodeInfo info) {
  const Tensor t = make_symbolic(spec, true);
  enter_node(*t.body().edge.node(), name, std::move(info));
  return t;
}

std::vector<Tensor> GraphState::add_node(const Op& op, std::vector<Edge> inputs,
                                         std::vector<Spec> outputs, std::string_view name,
                                         NodeInfo info) {
  const Ref<Node> node = Node::make(&op);
  node->is_symbolic = true;
  node->needs_grad = grad_enabled();
  for (Edge& e : inputs) node->inputs.push_back(std::move(e));
  std::vector<Tensor> outs;
  for (const Spec& spec : outputs) {
    node->outputs.push_back(spec);
    outs.push_back(
        handle_with(Edge(node.get(), static_cast<uint32_t>(node->outputs.size() - 1)), spec));
  }
  enter_node(*node, name.empty() ? op.name : name, std::move(info));
  return outs;
}

Edge GraphState::locate(const char* op, const Tensor& t) const {
  if (const int v = find_variable(t); v >= 0) return variables_[v].edge;
  const Edge& edge = t.body().edge;
  if (edge && owns(*edge.node())) return edge;
  if (t.has_data() || !edge)
    fail(op, ": a tensor of ", Spec{t.shape(), t.dtype()}, " with values is no node of ",
         describe());
  const Node& node = *edge.node();
  const GraphBuilder* other = node.extra && node.extra->home ? node.extra->home->graph : nullptr;
  fail(op, ": ", node.name(), " is a node of ", other ? other->describe() : "another graph",
       ", not of ", describe());
}

// ---- Variables and constants -------------------------------------------------------------------

int GraphState::find_variable(const Tensor& t) const {
  const TensorBody& b = t.body();
  if (b.edge)
    if (const NodeInfo& i = info(*b.edge.node()); i.kind == NodeKind::kVariable) return i.variable;
  const auto found = buffers_.find(&b);
  return found == buffers_.end() ? -1 : found->second;
}

Tensor GraphState::add_variable(Variable v) {
  const int number = static_cast<int>(variables_.size());
  NodeInfo info;
  info.kind = NodeKind::kVariable;
  info.variable = number;
  const Tensor t = add_leaf(v.spec, v.name.empty() ? "variable" : v.name, info);
  v.edge = t.body().edge;
  v.name = v.edge.node()->extra->name;
  variables_.push_back(std::move(v));
  return t;
}

int GraphState::adopt(const Tensor& t, bool is_trainable) {
  if (const int known = find_variable(t); known >= 0) return known;
  const TensorBody& b = t.body();
  check_plain_sizes("graph", t.shape());
  Variable v{.spec = {b.layout.shape, b.dtype}, .is_trainable = is_trainable, .initial = t};
  const int number = static_cast<int>(variables_.size());
  if (!b.edge) {
    v.name = is_trainable ? "variable" : "buffer";
    add_variable(std::move(v));
    buffers_[&b] = number;
    return number;
  }
  // A parameter's own node stands for it, so that it may be named as an x of gradients.
  Node& leaf = *b.edge.node();
  v.edge = b.edge;
  v.name = unique(leaf.extra && !leaf.extra->name.empty() ? leaf.extra->name : "variable");
  by_name_[v.name] = &leaf;
  nodes_.push_back(Ref<Node>::share(&leaf));
  NodeInfo& info = infos_[&leaf];
  info.kind = NodeKind::kVariable;
  info.variable = number;
  variables_.push_back(std::move(v));
  return number;
}

// A view of a parameter that was taken before it met the graph, taken anew of the variable.
Tensor GraphState::view_again(const Tensor& t) {
  const TensorBody& b = t.body();
  if (!b.base || !b.base->edge || !b.base->edge.node()->is_leaf()) return {};
  std::vector<const Node*> views;
  for (const Node* n = b.edge.node(); !n->is_leaf(); n = n->inputs[0].node()) {
    if (!n->op->is_view || !n->inputs[0]) return {};
    views.push_back(n);
  }
  const Variable& v = variables_[adopt(Tensor(b.base), true)];
  Tensor x = handle_with(v.edge, v.spec);
  for (auto n = views.rbegin(); n != views.rend(); ++n)
    x = apply(*(*n)->op, {x}, (*n)->attrs.ref());
  return x;
}

Edge GraphState::enter(const Tensor& t) {
  const TensorBody& b = t.body();
  if (const int v = find_variable(t); v >= 0) return variables_[v].edge;
  if (b.edge && b.edge.node()->is_leaf()) return variables_[adopt(t, true)].edge;
  if (b.edge) {
    if (const Tensor view = view_again(t); view.defined()) return view.body().edge;
    if (grad_enabled())
      fail("graph: a tensor of ", Spec{t.shape(), t.dtype()}, " was computed by ",
           b.edge.node()->name(), " outside the graph from parameters, whose gradients would be ",
           "lost; compute it from the graph's tensors, or detach() it");
  }
  if (b.base && b.base->edge && b.base->edge.node()->is_leaf())
    fail("graph: a view of a parameter was taken under NoGrad and would not follow the variable; ",
         "take it of the graph's tensor, or detach() it first");
  check_plain_sizes("graph", t.shape());
  NodeInfo info;
  info.kind = NodeKind::kConstant;
  const NoGrad off;
  if (t.is_weak()) info.sized_by = origins_of(unknowns_in(t));
  const Tensor kept = t.is_weak() ? t : clone(t.detach());
  const Tensor entered = add_leaf({t.shape(), t.dtype()}, "constant", info);
  entered.body().edge.node()->extras().constant = kept;
  return entered.body().edge;
}

Tensor GraphState::training() {
  if (!training_.defined()) {
    NodeInfo info;
    info.kind = NodeKind::kTraining;
    training_ = add_leaf({{}, DType::kBool}, "training", info);
  }
  return training_;
}

// ---- Writes ------------------------------------------------------------------------------------

namespace {

// Sets a variable to a value.
class Assign final : public Update {
 public:
  explicit Assign(int variable) : variable_(variable) {}
  std::vector<int> variables() const override { return {variable_}; }
  bool is_training() const override { return false; }
  std::shared_ptr<UpdateRun> start(std::vector<Tensor> values) const override {
    struct Run final : UpdateRun {
      Tensor run(std::span<const Tensor> inputs) override {
        target.copy_(inputs[0].detach());
        return target;
      }
      Tensor target;
    };
    auto run = std::make_shared<Run>();
    run->target = values[0];
    return run;
  }

 private:
  int variable_;
};

}  // namespace

Tensor GraphState::copy_of_written(const Tensor& t) {
  const int v = t.has_data() ? adopt(t, false) : find_variable(t);
  if (v < 0)
    fail("graph: a result of ", t.body().edge.node()->name(),
         " would be written in place; only variables can be");
  return clone(handle_with(variables_[v].edge, variables_[v].spec));
}

void GraphState::update_with(const Node& node, const Edge& update) {
  infos_[&node].with_it.push_back(update);
}

void GraphState::write_back(const Node& node, const Tensor& t, const Tensor& copy) {
  const int v = find_variable(t);
  NodeInfo info;
  info.kind = NodeKind::kUpdate;
  info.update = std::make_shared<Assign>(v);
  const Tensor done =
      add_node(kUpdateOp, {copy.body().edge}, {variables_[v].spec}, "assign", std::move(info))[0];
  update_with(node, done.body().edge);
}

void check_plain_sizes(const char* op, const Shape& shape) {
  for (int64_t size : shape)
    if (mentions_unknown(size))
      fail<ShapeError>(op, ": this size must be known, and ", std::to_string(size),
                       " stands for the unknown size ", size_text(size),
                       " in graphs; if it is a number of its own, make the tensor a little larger");
}

GraphState* state_of(const Tensor& t) {
  if (!t.defined() || t.has_data()) return nullptr;
  const Node* node = t.body().edge.node();
  const bool is_owned = node && node->extra && node->extra->home;
  return is_owned ? static_cast<GraphState*>(node->extra->home->graph) : nullptr;
}

Tensor buffer_in_graph(const Tensor& x, const Tensor& buffer) {
  GraphState* state = state_of(x);
  if (!state || !buffer.defined() || !buffer.has_data()) return buffer;
  const Variable& v = state->variables()[state->adopt(buffer, false)];
  return handle_with(v.edge, v.spec);
}

void assign_with(const Tensor& with, const Tensor& buffer, const Tensor& value) {
  GraphState* state = state_of(with);
  if (!state) fail("assign_with: the tensor belongs to no graph");
  if (!(value.shape() == buffer.shape()) || value.dtype() != buffer.dtype())
    fail<ShapeError>("assign_with: the variable is ", Spec{buffer.shape(), buffer.dtype()},
                     "; what came: ", Spec{value.shape(), value.dtype()});
  state->locate("assign_with", value);
  state->write_back(*with.body().edge.node(), buffer, value);
}

}  // namespace rush::graph

namespace rush {

using graph::t_name_prefix;

NameScope::NameScope(std::string_view name) : length_before_(t_name_prefix.size()) {
  t_name_prefix += name;
  t_name_prefix += '/';
}
NameScope::~NameScope() { t_name_prefix.resize(length_before_); }

}  // namespace rush
