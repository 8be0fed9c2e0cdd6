// fn is written down once on symbolic samples, and then carried out node by node on batches.
#include "rush/vmap/vmap.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "rush/base/rethrow.h"
#include "rush/core/node.h"
#include "rush/ops/movement.h"
#include "rush/vmap/batch.h"

namespace rush {
namespace vmaps {
namespace {

// The graph that fn is written down in: all nodes made in its scope are its own, whatever they are
// made of.
class Trace final : public GraphBuilder {
 public:
  const Ref<GraphHome>& home() const override { return home_; }
  std::string describe() const override { return "a vmap"; }
  bool takes_all() const override { return true; }
  void added(Node& node) override {
    own_.insert(&node);
    nodes_.push_back(Ref<Node>::share(&node));
  }
  // Captured tensors stay what they are; their own nodes stand for them, so that gradients by them
  // can be asked for.
  Edge enter(const Tensor& t) override {
    Edge edge = t.body().edge;
    if (!edge) edge = make_symbolic({t.shape(), t.dtype()}, false).body().edge;
    values_[edge.node()].emplace(edge.index(), t);
    if (!t.body().edge) {
      edge.node()->extras().constant = t;
      nodes_.push_back(Ref<Node>::share(edge.node()));
    }
    return edge;
  }
  Tensor copy_of_written(const Tensor& t) override { fail(refusal(t)); }
  void write_back(const Node&, const Tensor& t, const Tensor&) override { fail(refusal(t)); }

  Tensor sample(const Spec& spec) {
    const Tensor t = make_symbolic(spec, is_floating(spec.dtype));
    nodes_.push_back(Ref<Node>::share(t.body().edge.node()));
    return t;
  }
  bool owns(const Node* node) const { return own_.contains(node); }
  // The value of an edge to a node that is not its own.
  Tensor outside(const Edge& edge) const;

 private:
  static std::string refusal(const Tensor& t) {
    return concat({"a tensor of shape ", to_text(t.shape()),
                   " that is the same for all samples would be written in place; compute a new "
                   "value instead (for batch norm: evaluation mode, or no running averages)"});
  }

  const Ref<GraphHome> home_ = Ref<GraphHome>::adopt(new GraphHome);
  std::vector<Ref<Node>> nodes_;
  std::unordered_set<const Node*> own_;
  std::unordered_map<const Node*, std::unordered_map<uint32_t, Tensor>> values_;
};

Tensor Trace::outside(const Edge& edge) const {
  if (const auto found = values_.find(edge.node()); found != values_.end())
    if (const auto value = found->second.find(edge.index()); value != found->second.end())
      return value->second;
  const Spec& spec = edge.node()->outputs[edge.index()];
  auto body = TensorBody::make();
  body->layout = Layout(spec.shape);
  body->dtype = spec.dtype;
  body->edge = edge;
  return Tensor(std::move(body));
}

// The nodes of the trace that `results` come from, in order, each with how often it is read.
std::vector<std::pair<Node*, size_t>> needed_nodes(const Trace& trace,
                                                   const std::vector<Tensor>& results) {
  std::unordered_map<Node*, size_t> reads;
  std::vector<Node*> pending;
  const auto reach = [&](const Edge& e) {
    if (e && trace.owns(e.node()) && reads[e.node()]++ == 0) pending.push_back(e.node());
  };
  for (const Tensor& t : results)
    if (t.defined() && !t.has_data()) reach(t.body().edge);
  while (!pending.empty()) {
    const Node* node = pending.back();
    pending.pop_back();
    for (const Edge& e : node->inputs) reach(e);
  }
  std::vector<std::pair<Node*, size_t>> ordered(reads.begin(), reads.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const auto& a, const auto& b) { return a.first->id < b.first->id; });
  return ordered;
}

class Replay {
 public:
  Replay(const Trace& trace, int64_t size, Randomness randomness)
      : trace_(trace), size_(size), randomness_(randomness) {}

  void set(const Tensor& sample, const Value& value) {
    values_[sample.body().edge.node()] = {value};
  }

  std::vector<Value> run(const std::vector<Tensor>& results) {
    for (const auto& [node, reads] : needed_nodes(trace_, results)) {
      reads_[node] = reads;
      compute(*node);
    }
    std::vector<Value> values;
    for (const Tensor& t : results)
      values.push_back(!t.defined() || t.has_data() ? Value{t} : value_of(t.body().edge));
    return values;
  }

 private:
  Value value_of(const Edge& edge) {
    if (!edge) return {};
    const auto found = values_.find(edge.node());
    return found == values_.end() ? Value{trace_.outside(edge)} : found->second[edge.index()];
  }

  void compute(Node& node) {
    std::vector<Value> in;
    std::vector<Spec> in_specs, out;
    for (const Edge& e : node.inputs) {
      in.push_back(value_of(e));
      in_specs.push_back(e ? e.node()->outputs[e.index()] : Spec{});
    }
    for (const Spec& spec : node.outputs) out.push_back(spec);
    const BatchCall call{*node.op, node.attrs.ref(), in, in_specs, out, size_, randomness_};
    const GradMode mode(grad_enabled() && node.needs_grad);
    auto& values = values_[&node];
    const bool is_batched =
        std::any_of(in.begin(), in.end(), [](const Value& v) { return v.is_batched; });
    const bool draws_each = node.op->is_random && randomness_ != Randomness::kSame;
    if (is_batched || draws_each) {
      for (Tensor& t : carry_out(call)) values.push_back({std::move(t), true});
    } else {
      std::vector<Tensor> same;
      for (const Value& v : in) same.push_back(v.tensor);
      for (Tensor& t : call.run(same, call.attrs)) values.push_back({std::move(t), false});
    }
    release_inputs(node);
  }

  // Values are dropped when nobody will read them again.
  void release_inputs(const Node& node) {
    for (const Edge& e : node.inputs)
      if (const auto left = e ? reads_.find(e.node()) : reads_.end();
          left != reads_.end() && --left->second == 0)
        values_.erase(e.node());
  }

  const Trace& trace_;
  int64_t size_;
  Randomness randomness_;
  std::unordered_map<const Node*, std::vector<Value>> values_;
  std::unordered_map<const Node*, size_t> reads_;
};

// The arguments with the mapped axis in front, and its size.
int64_t bring_forward(const std::vector<Tensor>& arguments, const InDims& in_dims,
                      std::vector<Value>& values) {
  if (!in_dims.empty() && in_dims.size() != arguments.size())
    fail<ShapeError>("in_dims has ", in_dims.size(), " entries for ", arguments.size(),
                     " arguments");
  std::optional<int64_t> size;
  size_t first = 0;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Tensor& t = arguments[i];
    const std::optional<int64_t> dim = in_dims.empty() ? 0 : in_dims[i];
    if (!t.defined() || !dim) {
      values.push_back({t, false});
      continue;
    }
    if (t.rank() == 0)
      fail<ShapeError>("argument ", i, " is 0-d and has no axis to map; give std::nullopt for it");
    const int axis = normalize_axis("vmap", *dim, t.rank());
    if (size && *size != t.shape()[axis])
      fail<ShapeError>("mapped axes must have one size; argument ", first, " has ", *size,
                       ", argument ", i, " has ", t.shape()[axis], " (axis ", axis, " of ",
                       t.shape(), ")");
    if (!size) first = i;
    size = t.shape()[axis];
    values.push_back({axis == 0 ? t : movedim(t, axis, 0), true});
  }
  if (!size) fail("no argument is mapped; at least one needs an axis in in_dims");
  return *size;
}

// fn on samples. What it writes down belongs to the trace.
std::vector<Tensor> write_down(
    Trace& trace, Replay& replay, const std::vector<Value>& values,
    const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& fn) {
  std::vector<Tensor> samples;
  for (const Value& v : values) {
    samples.push_back(v.tensor);
    if (!v.is_batched) continue;
    Shape shape = v.tensor.shape();
    shape.erase(0);
    samples.back() = trace.sample({shape, v.tensor.dtype()});
    replay.set(samples.back(), v);
  }
  struct Scope {
    explicit Scope(GraphBuilder* inside) { t_graph_scope = inside; }
    ~Scope() { t_graph_scope = before; }
    GraphBuilder* before = t_graph_scope;
  } const scope(&trace);
  return fn(samples);
}

// Where the batch axis goes in the results.
std::vector<Tensor> placed(const std::vector<Value>& values, int64_t size,
                           const OutDims& out_dims) {
  if (!out_dims.empty() && out_dims.size() != values.size())
    fail<ShapeError>("out_dims has ", out_dims.size(), " entries for ", values.size(), " results");
  std::vector<Tensor> placed;
  for (size_t i = 0; i < values.size(); ++i) {
    Tensor t = values[i].tensor;
    if (t.defined() && !values[i].is_batched)
      t = expand(unsqueeze(t, 0), with_batch(size, t.shape()));
    if (t.defined() && !out_dims.empty()) t = movedim(t, 0, out_dims[i]);
    placed.push_back(std::move(t));
  }
  return placed;
}

}  // namespace
}  // namespace vmaps

std::vector<Tensor> vmap_call(
    const std::function<std::vector<Tensor>(const std::vector<Tensor>&)>& fn,
    const std::vector<Tensor>& arguments, const VmapOptions& options) {
  using namespace vmaps;
  try {
    std::vector<Value> values;
    const int64_t size = bring_forward(arguments, options.in_dims, values);
    Trace trace;
    Replay replay(trace, size, options.randomness);
    const std::vector<Tensor> results = write_down(trace, replay, values, fn);
    return placed(replay.run(results), size, options.out_dims);
  } catch (const Error& e) {
    if (std::string_view(e.what()).starts_with("vmap: ")) throw;
    rethrow_from("vmap");
  }
}

}  // namespace rush
