// Every node is run on copies of its inputs that start a history of their own, so that going
// backward through it is one call of grad().
#include "rush/graph/stepper.h"

#include "rush/autograd/autograd.h"
#include "rush/core/vocabulary.h"
#include "rush/graph/session_impl.h"
#include "rush/ops/create.h"

namespace rush {

using namespace graph;

namespace {

Tensor fresh(const Tensor& t) {
  if (!t.defined() || !is_floating(t.dtype()) || t.is_weak()) return t;
  auto body = TensorBody::make();
  body->storage = t.storage();
  body->layout = t.layout();
  body->dtype = t.dtype();
  return Tensor(std::move(body)).requires_grad_();
}

}  // namespace

struct Stepper::Impl {
  struct Visit {
    std::vector<Tensor> inputs;  // leaves of the node's own tape
    Tensors outputs;
    std::vector<Tensor> gradients;  // what has arrived so far
    bool is_done = false;           // it has been gone through backward
  };

  Impl(std::shared_ptr<Session::Impl> s, const NodeRef& loss, const std::vector<Feed>& feeds,
       const RunOptions& o)
      : session(std::move(s)), state(*session->graph.state()), target(session->locate(loss)) {
    const std::scoped_lock lock(session->mutex);
    const std::vector<Feed> given = session->with_dtypes(feeds);
    const std::vector<const Node*> fed = session->placeholders_of(given);
    if (session->options.forbid_nan_feeds) session->check_values(given);
    std::vector<Tensor> values;
    for (const Feed& f : given) values.push_back(f.value.detach());
    evaluation = std::make_unique<Evaluation>(state, std::vector<Edge>{target}, fed,
                                              o.training.value_or(false), session->values);
    walk = std::make_unique<Evaluation::Walk>(*evaluation, std::move(values));
    visits.resize(evaluation->node_count());
    for (size_t i = 0; i < visits.size(); ++i) {
      index[&evaluation->node(i)] = i;
      const NodeKind kind = evaluation->kind(i);
      if (kind == NodeKind::kGradients)
        fail("stepper: ", state.label(evaluation->node(i)),
             " holds gradients, which are no steps of one's own; step to the loss");
    }
    if (!is_floating(target.node()->outputs[target.index()].dtype))
      fail<TypeError>("stepper: a loss is floating; ", state.label(*target.node()), " is ",
                      target.node()->outputs[target.index()]);
  }

  bool forward() {
    while (next < visits.size() && evaluation->kind(next) == NodeKind::kUpdate) ++next;
    if (next == visits.size()) return false;
    Visit& v = visits[next];
    v.inputs.clear();  // of a step that failed
    for (const auto& s : evaluation->sources(next))
      v.inputs.push_back(s.step < 0 ? Tensor() : fresh(visits[s.step].outputs[s.output].detach()));
    const EnableGrad tape;
    const std::scoped_lock lock(session->mutex);
    v.outputs = walk->compute(next, v.inputs);
    if (v.inputs.empty())  // values of the session and of feeds are not handed out
      for (Tensor& t : v.outputs)
        if (!t.is_weak()) t = clone(t.detach());
    v.gradients.resize(v.outputs.size());
    current = next++;
    return true;
  }

  bool backward() {
    if (next < visits.size()) fail("stepper: the forward half is not done; call forward() first");
    if (!is_backward) {
      is_backward = true;
      back = visits.size();
      const Tensor& y = output(target);
      visits[index.at(target.node())].gradients[target.index()] = ones_like(y.detach());
    }
    while (back > 0 && evaluation->kind(back - 1) == NodeKind::kUpdate) --back;
    if (back == 0) return false;
    current = --back;
    propagate(visits[current], current);
    visits[current].is_done = true;
    return true;
  }

  void propagate(Visit& v, size_t i) {
    std::vector<Tensor> ys, dys, xs;
    std::vector<Evaluation::Source> to;
    for (size_t k = 0; k < v.outputs.size(); ++k) {
      if (!v.gradients[k].defined() || !v.outputs[k].body().edge) continue;
      ys.push_back(v.outputs[k]);
      dys.push_back(v.gradients[k]);
    }
    for (size_t k = 0; k < v.inputs.size(); ++k) {
      if (!v.inputs[k].defined() || !v.inputs[k].body().edge) continue;
      xs.push_back(v.inputs[k]);
      to.push_back(evaluation->sources(i)[k]);
    }
    if (ys.empty() || xs.empty()) return;
    const auto dxs = grad(ys, xs, dys, {.retain_graph = true, .allow_unused = true});
    for (size_t k = 0; k < dxs.size(); ++k) {
      if (!dxs[k].defined()) continue;
      Tensor& sum = visits[to[k].step].gradients[to[k].output];
      sum = sum.defined() ? add(sum, dxs[k]) : dxs[k];
    }
  }

  const Tensor& output(const Edge& e) const {
    const auto at = index.find(e.node());
    if (at == index.end())
      fail("stepper: ", state.label(*e.node()), " is not needed for ", state.label(*target.node()),
           ", so it has no value");
    const Tensors& outputs = visits[at->second].outputs;
    if (outputs.empty())
      fail("stepper: ", state.label(*e.node()), " has no value yet; forward() has not reached it");
    return outputs[e.index()];
  }

  Tensor gradient(const Edge& e) const {
    const Tensor value = output(e).detach();
    const Visit& v = visits[index.at(e.node())];
    if (!v.is_done)
      fail("stepper: ", state.label(*e.node()),
           " has no gradient yet; backward() has not reached it");
    return v.gradients[e.index()].defined() ? v.gradients[e.index()] : zeros_like(value);
  }

  const Node& node() const {
    if (next == 0) fail("stepper: no step has been made; call forward()");
    return evaluation->node(current);
  }

  const std::shared_ptr<Session::Impl> session;
  const GraphState& state;
  Edge target;
  std::unique_ptr<Evaluation> evaluation;
  std::unique_ptr<Evaluation::Walk> walk;
  std::vector<Visit> visits;
  std::unordered_map<const Node*, size_t> index;
  size_t next = 0, back = 0, current = 0;
  bool is_backward = false;
};

Stepper::Stepper(Session& session, const NodeRef& loss, const std::vector<Feed>& feeds,
                 const RunOptions& options)
    : impl_(std::make_unique<Impl>(session.impl_, loss, feeds, options)) {}
Stepper::~Stepper() = default;

bool Stepper::forward() { return impl_->forward(); }
bool Stepper::backward() { return impl_->backward(); }

std::string Stepper::node() const { return impl_->state.label(impl_->node()); }

std::string Stepper::op() const {
  switch (impl_->state.info(impl_->node()).kind) {
    case NodeKind::kPlaceholder:
      return "placeholder";
    case NodeKind::kVariable:
      return "variable";
    case NodeKind::kConstant:
      return "constant";
    case NodeKind::kTraining:
      return "mode";
    default:
      return impl_->node().op->name;
  }
}

std::vector<std::string> Stepper::inputs() const {
  std::vector<std::string> names;
  for (const auto& s : impl_->evaluation->sources(impl_->current))
    if (s.step >= 0) names.push_back(impl_->state.label(impl_->evaluation->node(s.step)));
  return names;
}

Tensor Stepper::value() const { return value(node()); }
Tensor Stepper::gradient() const { return gradient(node()); }

std::vector<Tensor> Stepper::values(const NodeRef& node) const {
  const Edge edge = impl_->session->locate(node);
  impl_->output(edge);
  std::vector<Tensor> all;
  for (const Tensor& t : impl_->visits[impl_->index.at(edge.node())].outputs)
    all.push_back(t.detach());
  return all;
}
Tensor Stepper::value(const NodeRef& node) const {
  return impl_->output(impl_->session->locate(node)).detach();
}
Tensor Stepper::gradient(const NodeRef& node) const {
  return impl_->gradient(impl_->session->locate(node));
}

}  // namespace rush
