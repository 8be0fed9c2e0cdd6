// Writing ops down: the node is made after the same shape rule, and joins the graph of its inputs.
#include <algorithm>
#include <map>

#include "rush/base/unknown.h"
#include "rush/core/internal.h"

namespace rush::detail {
namespace {

using OutSpecs = InlineVec<OutSpec, 2>;

const Node* symbolic_node(const Tensor& t) {
  return t.defined() && !t.has_data() ? t.body().edge.node() : nullptr;
}

// The attributes with every whole number replaced.
AttrBox mapped(AttrRef attrs, const std::function<int64_t(int64_t)>& size_of) {
  AttrBox copy(attrs);
  if (attrs.data)
    attrs.type->map_numbers(copy.mutable_data(), {size_of, [](double v) { return v; }});
  return copy;
}

bool mentions_unknown(AttrRef attrs) {
  bool found = false;
  mapped(attrs, [&](int64_t v) {
    found |= rush::mentions_unknown(v);
    return v;
  });
  return found;
}

// The graph that the result belongs to; none for placeholders that were made without one.
GraphBuilder* graph_for(const Op& op, std::span<const Arg> in) {
  if (t_graph_scope && t_graph_scope->takes_all()) return t_graph_scope;
  const Node* first = nullptr;
  bool is_symbolic = false;
  for (const Arg& a : in) {
    const Node* node = symbolic_node(*a.tensor);
    is_symbolic |= node != nullptr;
    if (!node || !node->extra || !node->extra->home) continue;
    GraphBuilder* graph = node->extra->home->graph;
    if (!graph) fail(op.name, ": the graph of its input ", node->name(), " has been destroyed");
    if (!first) first = node;
    if (graph != first->extra->home->graph)
      fail(op.name, ": inputs are of two graphs: ", first->name(), " of ",
           first->extra->home->graph->describe(), " and ", node->name(), " of ", graph->describe());
  }
  if (first) return first->extra->home->graph;
  return is_symbolic ? nullptr : t_graph_scope;
}

void run_rule(const Op& op, std::span<const Arg> in, AttrRef attrs, OutSpecs& specs) {
  specs.clear();
  if (op.is_elementwise) {
    const ElementwisePlan plan = plan_elementwise(op, in);
    specs.push_back(OutSpec{{plan.shape, plan.result}, Format::kContiguous});
  } else if (op.is_view) {
    Layout out;
    if (!op.view(op.name.c_str(), Layout(in[0].tensor->shape()), attrs.data, &out))
      fail<ShapeError>(op.name, ": not possible for shape ", in[0].tensor->shape());
    specs.push_back(OutSpec{{out.shape, in[0].tensor->dtype()}, Format::kContiguous});
  } else {
    infer(op, in, attrs, specs);
  }
}

// All sizes of all inputs, each once.
std::vector<int64_t> sizes_in(std::span<const Arg> in) {
  std::vector<int64_t> sizes;
  for (const Arg& a : in)
    if (a.tensor->defined())
      for (int64_t v : a.tensor->shape())
        if (std::find(sizes.begin(), sizes.end(), v) == sizes.end()) sizes.push_back(v);
  return sizes;
}

// The inputs, with the sizes of the symbolic ones replaced: size_of(size, axis from the right).
template <typename SizeOf>
std::vector<Tensor> with_sizes(std::span<const Arg> in, SizeOf&& size_of) {
  std::vector<Tensor> replaced;
  for (const Arg& a : in) {
    Tensor t = *a.tensor;
    if (t.defined() && !t.has_data()) {
      Shape shape = t.shape();
      for (int i = 0; i < shape.size(); ++i) shape[i] = size_of(shape[i], shape.size() - 1 - i);
      const bool is_weak = t.is_weak();
      t = make_symbolic({shape, t.dtype()});
      t.body().is_weak = is_weak;
    }
    replaced.push_back(std::move(t));
  }
  return replaced;
}

// Whether sizes of inputs or numbers among the attributes depend on unknown sizes.
bool depends_on_unknown(std::span<const Arg> in, AttrRef attrs) {
  for (const Arg& a : in)
    if (a.tensor->defined() && !a.tensor->has_data())
      for (int64_t v : a.tensor->shape())
        if (rush::mentions_unknown(v)) return true;
  return mentions_unknown(attrs);
}

// Gives stand-ins of their own to sizes that depend on unknown ones but do not say how. What
// depends is found by running the rule on other sizes.
void name_derived_sizes(const Op& op, std::span<const Arg> in, AttrRef attrs, OutSpecs& specs) {
  if (!depends_on_unknown(in, attrs)) return;
  OutSpecs others[kOtherValues];
  for (int set = 0; set < kOtherValues; ++set) {
    const auto value = [set](int64_t v, int = 0) { return revalued_size(v, set); };
    try {
      run_rule(op, args_of(with_sizes(in, value)), mapped(attrs, value).ref(), others[set]);
    } catch (const ShapeError&) {
      return;  // it wants more of these sizes than that they are unknown
    }
  }
  for (size_t o = 0; o < specs.size(); ++o) {
    for (int axis = 0; axis < specs[o].shape.size(); ++axis) {
      int64_t& size = specs[o].shape[axis];
      const int64_t b = others[0][o].shape[axis], c = others[1][o].shape[axis];
      if (size == b && size == c) continue;
      if (revalued_size(size, 0) != b || revalued_size(size, 1) != c)
        size = derived_size({size, b, c});
    }
  }
}

void infer_named(const Op& op, std::span<const Arg> in, AttrRef attrs, OutSpecs& specs) {
  run_rule(op, in, attrs, specs);
  name_derived_sizes(op, in, attrs, specs);
}

// Runs the rule as if sizes that nobody named were equal to other sizes at hand.
bool fits_with(const Op& op, const std::vector<Tensor>& bound, AttrRef attrs, OutSpecs& specs) {
  try {
    infer_named(op, args_of(bound), attrs, specs);
    return true;
  } catch (const ShapeError&) {
    return false;
  }
}

// With each nameless size as the first other size along its axis, counted from the right.
std::vector<Tensor> with_axes_agreeing(std::span<const Arg> in) {
  std::map<int, int64_t> of_axis;
  for (const bool is_named : {true, false})
    for (const Arg& a : in) {
      if (!a.tensor->defined()) continue;
      const Shape& shape = a.tensor->shape();
      for (int i = 0; i < shape.size(); ++i)
        if (shape[i] != 1 && is_anonymous_size(shape[i]) != is_named)
          of_axis.emplace(shape.size() - 1 - i, shape[i]);
    }
  return with_sizes(in, [&](int64_t v, int axis) {
    const auto found = of_axis.find(axis);
    return is_anonymous_size(v) && found != of_axis.end() ? found->second : v;
  });
}

// The shape rule. Where it refuses a size that nobody named, that may well be the size it wants:
// feeds are checked against it when they come.
void infer_deferred(const Op& op, std::span<const Arg> in, AttrRef attrs, OutSpecs& specs) {
  try {
    infer_named(op, in, attrs, specs);
  } catch (const ShapeError& e) {
    const std::vector<int64_t> sizes = sizes_in(in);
    bool has_anonymous = false;
    for (int64_t unknown : sizes) {
      if (!is_anonymous_size(unknown)) continue;
      has_anonymous = true;
      for (int64_t size : sizes) {
        const auto bind = [&](int64_t v, int) { return v == unknown ? size : v; };
        if (size != unknown && fits_with(op, with_sizes(in, bind), attrs, specs)) return;
      }
    }
    if (has_anonymous && fits_with(op, with_axes_agreeing(in), attrs, specs)) return;
    throw ShapeError(with_size_names(e.what()));
  }
}

// A tensor with data that meets symbolic ones becomes a variable or a constant of the graph.
Edge edge_in_graph(const Tensor& t, GraphBuilder* graph) {
  const TensorBody& b = t.body();
  if (!b.storage) return b.edge;
  if (graph) return graph->enter(t);
  if (b.edge && b.edge.node()->is_leaf()) return b.edge;
  const Tensor stands_for = make_symbolic({b.layout.shape, b.dtype}, false);
  stands_for.body().edge.node()->extras().constant = t;
  return stands_for.body().edge;
}

bool wants_grad(const Node& node, const GraphBuilder* graph) {
  if (!t_grad_enabled) return false;
  if (graph) return true;  // a session finds out: gradients may be asked for by any node
  for (size_t i = 0; i < node.inputs.size(); ++i)
    if (const Node* source = node.inputs[i].node())
      if (source->needs_grad && node.op->is_differentiable(i)) return true;
  return false;
}

Tensors write_down(const Op& op, std::span<const Arg> in, AttrRef attrs, const OutSpecs& specs,
                   GraphBuilder* graph) {
  // Before the node: constants get their nodes here, and ids must grow along every edge.
  InlineVec<Edge, 4> edges;
  for (const Arg& a : in)
    edges.push_back(a.tensor->defined() ? edge_in_graph(*a.tensor, graph) : Edge());
  Ref<Node> node = Node::make(&op);
  node->is_symbolic = true;
  if (attrs.data) node->attrs = AttrBox(attrs);
  for (Edge& edge : edges) node->inputs.push_back(std::move(edge));
  node->needs_grad = wants_grad(*node, graph);
  Tensors outs;
  for (const OutSpec& spec : specs) {
    auto body = TensorBody::make();
    body->layout = Layout(spec.shape);
    body->dtype = spec.dtype;
    body->edge = Edge(node.get(), static_cast<uint32_t>(node->outputs.size()));
    node->outputs.push_back(spec);
    outs.push_back(Tensor(std::move(body)));
  }
  if (graph) graph->added(*node);
  return outs;
}

// Ops that write inputs: what the graph keeps is read as a copy, which is written back afterwards.
Tensors write_down_with_effects(const Op& op, std::span<const Arg> in, AttrRef attrs,
                                const OutSpecs& specs, GraphBuilder& graph) {
  std::vector<Tensor> inputs = values_of(in), written(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    if (!inputs[i].defined() || !op.writes(i, in.size(), attrs.data)) continue;
    written[i] = inputs[i];
    inputs[i] = graph.copy_of_written(inputs[i]);
  }
  Tensors outs = write_down(op, args_of(inputs), attrs, specs, &graph);
  const Node& node = *outs[0].body().edge.node();
  for (size_t i = 0; i < in.size(); ++i)
    if (written[i].defined()) graph.write_back(node, written[i], inputs[i]);
  return outs;
}

}  // namespace

bool is_deferred(const Op& op, std::span<const Arg> in, AttrRef attrs) {
  if (any_symbolic(in)) return true;
  if (!t_graph_scope || op.writes_in_place()) return false;
  return (op.is_random && (in.empty() || t_graph_scope->takes_all())) || mentions_unknown(attrs);
}

Tensors defer(const Op& op, std::span<const Arg> in, AttrRef attrs) {
  if (op.writes_in_place() && op.outputs == 0)  // nothing would hang on it
    fail(op.name, ": only writes in place, which a symbolic tensor does not allow");
  if (!op.is_elementwise && !op.is_view && !op.infer) return op.body(values_of(in), attrs.data);
  GraphBuilder* graph = graph_for(op, in);
  OutSpecs specs;
  infer_deferred(op, in, attrs, specs);
  if (graph && op.writes_in_place()) return write_down_with_effects(op, in, attrs, specs, *graph);
  return write_down(op, in, attrs, specs, graph);
}

}  // namespace rush::detail
