#include "rush/graph/evaluation.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace rush::graph {
namespace {

// The inputs of a node that a run in this mode needs.
std::span<const Edge> inputs_in_use(const Node& node, NodeKind kind, bool training) {
  const std::span<const Edge> all(node.inputs.begin(), node.inputs.size());
  if (kind != NodeKind::kByMode) return all;
  return all.subspan(training ? 0 : 1, 1);
}

}  // namespace

UpdateRun& SessionValues::run_of(const GraphState& state, const Node& node) {
  std::shared_ptr<UpdateRun>& run = updates[&node];
  if (run) return *run;
  const Update& update = *state.info(node).update;
  if (update.key()) run = by_key[update.key()];
  if (run) return *run;
  std::vector<Tensor> written;
  for (int v : update.variables()) {
    if (v >= static_cast<int>(variables.size()) || !variables[v].defined())
      fail("session: variable ", state.variables()[v].name, ", which ", state.label(node),
           " updates, is not initialised; call initialize(), or restore it");
    written.push_back(variables[v]);
  }
  run = update.start(std::move(written));
  if (update.key()) by_key[update.key()] = run;
  return *run;
}

bool wants_training(const GraphState& state, const std::vector<Edge>& fetches) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> pending;
  const auto reach = [&](const Edge& e) {
    if (e && seen.insert(e.node()).second) pending.push_back(e.node());
  };
  for (const Edge& e : fetches) reach(e);
  while (!pending.empty()) {
    const Node& node = *pending.back();
    pending.pop_back();
    if (const auto& update = state.info(node).update; update && update->is_training()) return true;
    for (const Edge& e : node.inputs) reach(e);
  }
  return false;
}

Evaluation::Evaluation(const GraphState& state, std::vector<Edge> fetches,
                       std::vector<const Node*> fed, bool training, SessionValues& values)
    : state_(state), fed_(std::move(fed)), values_(values) {
  training_value_ = Tensor::empty({}, DType::kBool);
  *training_value_.data<bool>() = training;
  collect(fetches, training, values);
  find_sources(training);
  std::unordered_map<const Node*, int> index;
  for (size_t i = 0; i < steps_.size(); ++i) index[steps_[i].node.get()] = static_cast<int>(i);
  for (const Edge& e : fetches) fetches_.push_back({index.at(e.node()), e.index()});
  plan_gradients();
  plan_releases();
}

// Finds the ancestors of what is fetched, and the updates that come with them.
void Evaluation::collect(const std::vector<Edge>& fetches, bool training, SessionValues& values) {
  std::unordered_set<Node*> seen;
  std::vector<Node*> pending, found;
  const auto reach = [&](const Edge& e) {
    if (e && seen.insert(e.node()).second) pending.push_back(e.node());
  };
  for (const Edge& e : fetches) reach(e);
  while (!pending.empty()) {
    Node* node = pending.back();
    pending.pop_back();
    found.push_back(node);
    const NodeInfo& info = state_.info(*node);
    for (const Edge& e : inputs_in_use(*node, info.kind, training)) reach(e);
    for (const Edge& e : info.with_it) reach(e);
    for (const Node* origin : info.sized_by) reach(Edge(const_cast<Node*>(origin), 0));
  }
  std::sort(found.begin(), found.end(), [](Node* a, Node* b) { return a->id < b->id; });
  for (Node* node : found) add_step(node, values);
}

void Evaluation::add_step(Node* node, SessionValues& values) {
  const NodeInfo& info = state_.info(*node);
  Step& step = steps_.emplace_back();
  step.node = Ref<Node>::share(node);
  step.kind = info.kind;
  step.ys = info.ys;
  step.xs = info.xs;
  step.resolves_sizes = info.has_unknown_attrs;
  if (step.kind == NodeKind::kUpdate) step.update = &values.run_of(state_, *node);
  if (step.kind == NodeKind::kPlaceholder) {
    const auto fed = std::find(fed_.begin(), fed_.end(), node);
    if (fed == fed_.end())
      fail("session: placeholder ", state_.label(*node), " ", node->outputs[0],
           " is needed, but was not fed");
    step.source = static_cast<int>(fed - fed_.begin());
  }
  if (step.kind == NodeKind::kVariable) {
    step.source = info.variable;
    if (step.source >= static_cast<int>(values.variables.size()) ||
        !values.variables[step.source].defined())
      fail("session: variable ", state_.label(*node), " is not initialised; call initialize(), ",
           "or restore it from a file");
  }
}

void Evaluation::find_sources(bool training) {
  std::unordered_map<const Node*, int> index;
  for (size_t i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    index[step.node.get()] = static_cast<int>(i);
    step.is_late = step.kind == NodeKind::kUpdate;
    for (const Edge& e : inputs_in_use(*step.node, step.kind, training)) {
      step.inputs.push_back(e ? Source{index.at(e.node()), e.index()} : Source());
      if (e) step.is_late |= steps_[step.inputs.back().step].is_late;
    }
    has_late_reads_ |= step.is_late && step.kind != NodeKind::kUpdate;
  }
}

// The tape is on from the xs of gradients up to their ys, for gradients of gradients also there.
void Evaluation::plan_gradients() {
  for (size_t i = steps_.size(); i-- > 0;) {
    Step& step = steps_[i];
    step.is_recorded = step.leads_to_gradients && step.node->needs_grad;
    const bool is_gradients = step.kind == NodeKind::kGradients;
    for (size_t k = 0; k < step.inputs.size(); ++k) {
      if (step.inputs[k].step < 0) continue;
      Step& source = steps_[step.inputs[k].step];
      source.leads_to_gradients |= is_gradients || step.leads_to_gradients;
      source.starts_history |= is_gradients && k >= step.ys && k < step.ys + step.xs;
    }
  }
}

// Values are dropped after their last use, but for those that are fetched or that updates read.
void Evaluation::plan_releases() {
  std::vector<int> last(steps_.size(), -1);
  for (size_t i = 0; i < steps_.size(); ++i)
    for (const Source& s : steps_[i].inputs)
      if (s.step >= 0) last[s.step] = static_cast<int>(i);
  for (const Step& step : steps_)
    for (const Source& s : step.inputs)
      if (step.is_late && s.step >= 0) last[s.step] = -1;
  for (const Source& s : fetches_) last[s.step] = -1;
  for (size_t i = 0; i < steps_.size(); ++i)
    if (last[i] >= 0) steps_[last[i]].last_used.push_back(static_cast<int>(i));
}

}  // namespace rush::graph
