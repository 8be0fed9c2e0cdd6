// A session's values by name, out and in again.
#include <map>
#include <unordered_map>

#include "rush/core/vocabulary.h"
#include "rush/graph/session_impl.h"

namespace rush {

using namespace graph;

namespace {

std::string list_of(const char* what, const std::vector<std::string>& names) {
  constexpr size_t kShown = 20;
  if (names.empty()) return "";
  std::string text = std::string("; ") + what + ": ";
  for (size_t i = 0; i < names.size() && i < kShown; ++i) text += (i ? ", " : "") + names[i];
  return names.size() <= kShown ? text
                                : text + ", and " + std::to_string(names.size() - kShown) + " more";
}

// Updates that keep something, each with its first node's name.
std::vector<std::pair<std::string, const Node*>> updates_of(const GraphState& state) {
  std::vector<std::pair<std::string, const Node*>> found;
  std::vector<const void*> keys;
  for (const Ref<Node>& node : state.nodes()) {
    const auto& update = state.info(*node).update;
    if (!update || !update->key()) continue;
    if (std::find(keys.begin(), keys.end(), update->key()) != keys.end()) continue;
    keys.push_back(update->key());
    found.emplace_back(state.label(*node), node.get());
  }
  return found;
}

struct Loading {
  RestoreReport report;
  std::vector<std::pair<int, const Tensor*>> variables;
  std::map<const Node*, State> updates;  // of updates that have entries
};

// The update that an entry belongs to: the one with the longest name that it begins with.
const std::pair<std::string, const Node*>* owner_of(
    const std::string& key, const std::vector<std::pair<std::string, const Node*>>& updates) {
  const std::pair<std::string, const Node*>* best = nullptr;
  for (const auto& u : updates)
    if (key.starts_with(u.first + "/") && (!best || u.first.size() > best->first.size())) best = &u;
  return best;
}

// Sorts entries by what they belong to.
Loading match(const GraphState& graph, const State& state) {
  Loading found;
  std::unordered_map<std::string_view, const Tensor*> given;
  for (const auto& [name, t] : state) given[name] = &t;
  for (size_t i = 0; i < graph.variables().size(); ++i) {
    const Variable& v = graph.variables()[i];
    const auto entry = given.find(v.name);
    if (entry == given.end()) {
      found.report.missing.push_back(v.name);
      continue;
    }
    const Tensor& t = *entry->second;
    given.erase(entry);
    if (t.shape() == v.spec.shape && is_floating(t.dtype()) == is_floating(v.spec.dtype))
      found.variables.emplace_back(static_cast<int>(i), &t);
    else
      found.report.reshaped.push_back(
          concat({Part(v.name), Part(" is "), Part(v.spec), Part(" in the graph and "),
                  Part(Spec{t.shape(), t.dtype()}), Part(" in the state")}));
  }
  const auto updates = updates_of(graph);
  for (const auto& [key, t] : state) {
    if (given.erase(key) == 0) continue;
    if (const auto* owner = owner_of(key, updates))
      found.updates[owner->second].emplace_back(key.substr(owner->first.size() + 1), t);
    else
      found.report.unexpected.push_back(key);
  }
  return found;
}

// The session's tensors, and new ones for variables that have none yet and are to be set.
std::vector<Tensor> tensors_to_load(const GraphState& graph, const SessionValues& values,
                                    const Loading& found) {
  std::vector<Tensor> all = values.variables;
  all.resize(graph.variables().size());
  for (const auto& [v, t] : found.variables)
    if (!all[v].defined()) {
      const Spec& spec = graph.variables()[v].spec;
      all[v] = Tensor::empty(spec.shape, spec.dtype);
    }
  return all;
}

}  // namespace

State Session::state() const {
  const std::scoped_lock lock(impl_->mutex);
  const GraphState& graph = *impl_->graph.state();
  const NoGrad off;
  State all;
  for (size_t i = 0; i < graph.variables().size(); ++i) {
    const auto& values = impl_->values.variables;
    if (i >= values.size() || !values[i].defined())
      fail("session: variable ", graph.variables()[i].name,
           " is not initialised, so there is no state yet");
    all.emplace_back(graph.variables()[i].name, clone(values[i]));
  }
  for (const auto& [name, node] : updates_of(graph)) {
    const auto run = impl_->values.by_key.find(graph.info(*node).update->key());
    if (run == impl_->values.by_key.end()) continue;
    for (const auto& [key, t] : run->second->state()) all.emplace_back(name + "/" + key, clone(t));
  }
  return all;
}

RestoreReport Session::load(const State& state, const RestoreOptions& options) {
  const std::scoped_lock lock(impl_->mutex);
  const GraphState& graph = *impl_->graph.state();
  Loading found = match(graph, state);
  const RestoreReport& r = found.report;
  const bool is_complete = r.missing.empty() && r.unexpected.empty() && r.reshaped.empty();
  if (options.strict && !is_complete)
    fail<ShapeError>("session: the state does not fit ", graph.describe(),
                     list_of("missing", r.missing), list_of("unexpected", r.unexpected),
                     list_of("reshaped", r.reshaped));
  // Everything that may fail is done beside what the session has, which is then replaced.
  SessionValues next;
  next.variables = tensors_to_load(graph, impl_->values, found);
  for (const auto& [node, kept] : found.updates) {
    try {
      next.run_of(graph, *node).load(kept);
    } catch (const ShapeError& e) {
      if (options.strict) throw;
      found.report.reshaped.push_back(graph.label(*node) + ": " + e.what());
      next.by_key.erase(graph.info(*node).update->key());
      next.updates.erase(node);
    }
  }
  impl_->forget_updates();  // and the plans that write to what optimisers kept
  impl_->values = std::move(next);
  for (const auto& [v, t] : found.variables) impl_->set(v, *t);
  for (const auto& [key, run] : impl_->values.by_key) run->loaded();
  return found.report;
}

}  // namespace rush
