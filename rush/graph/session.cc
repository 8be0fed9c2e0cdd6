#include "rush/graph/session.h"

#include <algorithm>
#include <charconv>
#include <mutex>

#include "rush/core/vocabulary.h"
#include "rush/graph/compile.h"
#include "rush/graph/evaluation.h"
#include "rush/graph/session_impl.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {

using namespace graph;

// ---- Requests ----------------------------------------------------------------------------------

bool Asked::fits(const NodeRef& ref) const {
  if (!ref.tensor().defined()) return !body && name == ref.name();
  const TensorBody& b = ref.tensor().body();
  if (body.get() == &b) return true;
  return b.edge && b.edge.node() == edge.node() && b.edge.index() == edge.index();
}

Session::Impl::Impl(const Graph& g, const SessionOptions& o) : graph(g), options(o) {
  if (options.cache_size < 1) fail("session: the cache holds at least one plan; got 0");
}

bool Session::Impl::Request::fits(const std::vector<NodeRef>& wanted,
                                  const std::vector<Feed>& given, const RunOptions& o) const {
  if (wanted.size() != fetches.size() || given.size() != feeds.size() || o.training != training)
    return false;
  for (size_t i = 0; i < given.size(); ++i) {
    const Tensor& t = given[i].value;
    if (!feeds[i].fits(given[i].placeholder) || !t.defined() || t.is_weak() || !t.has_data() ||
        t.dtype() != specs[i].dtype || !(t.shape() == specs[i].shape))
      return false;
  }
  for (size_t i = 0; i < wanted.size(); ++i)
    if (!fetches[i].fits(wanted[i])) return false;
  return true;
}

Edge Session::Impl::locate(const NodeRef& ref) const {
  const GraphState& state = *graph.state();
  if (ref.tensor().defined()) return state.locate("session", ref.tensor());
  std::string name = ref.name();
  uint32_t output = 0;
  Node* node = state.find(name);
  if (const size_t colon = name.rfind(':'); !node && colon != std::string::npos) {
    const char* const end = name.data() + name.size();
    const auto [stop, error] = std::from_chars(name.data() + colon + 1, end, output);
    if (error == std::errc() && stop == end) node = state.find(name.substr(0, colon));
  }
  if (!node || output >= node->outputs.size())
    fail("session: ", state.describe(), " has no node called '", ref.name(), "'");
  return Edge(node, output);
}

int Session::Impl::variable(const char* op, const NodeRef& ref) const {
  const Edge edge = locate(ref);
  const NodeInfo& info = graph.state()->info(*edge.node());
  if (info.kind != NodeKind::kVariable)
    fail(op, ": ", graph.state()->label(*edge.node()), " is no variable");
  return info.variable;
}

Asked Session::Impl::asked(const NodeRef& ref) const {
  Asked a;
  a.edge = locate(ref);
  if (ref.tensor().defined())
    a.body = ref.tensor().body_ref();
  else
    a.name = ref.name();
  return a;
}

std::vector<const Node*> Session::Impl::placeholders_of(const std::vector<Feed>& given) const {
  const GraphState& state = *graph.state();
  std::vector<const Node*> fed;
  std::vector<Tensor> values_fed;
  for (const Feed& f : given) {
    const Node* node = locate(f.placeholder).node();
    if (state.info(*node).kind != NodeKind::kPlaceholder)
      fail("session: only placeholders are fed; ", state.label(*node), " is none");
    if (std::find(fed.begin(), fed.end(), node) != fed.end())
      fail("session: ", state.label(*node), " is fed twice");
    fed.push_back(node);
    values_fed.push_back(f.value);
  }
  check_feeds(state, fed, values_fed);
  return fed;
}

// Finds what the request needs. Feeds have been brought into their final form.
std::unique_ptr<Session::Impl::Request> Session::Impl::prepare(const std::vector<NodeRef>& wanted,
                                                               const std::vector<Feed>& given,
                                                               const RunOptions& o) {
  const GraphState& state = *graph.state();
  if (wanted.empty()) fail("session: nothing was fetched");
  auto request = std::make_unique<Request>();
  request->training = o.training;
  request->names_version = state.names_version();
  std::vector<Edge> edges;
  const std::vector<const Node*> fed = placeholders_of(given);
  for (const Feed& f : given) {
    request->feeds.push_back(asked(f.placeholder));
    request->specs.push_back({f.value.shape(), f.value.dtype()});
  }
  for (const NodeRef& ref : wanted) {
    request->fetches.push_back(asked(ref));
    edges.push_back(request->fetches.back().edge);
  }
  const bool training = o.training ? *o.training : wants_training(state, edges);
  request->evaluation = std::make_unique<Evaluation>(state, edges, fed, training, values);
  request->plans =
      std::make_unique<PlanCache>(CompileOptions{.exact = options.exact, .cache_size = 2});
  return request;
}

std::vector<Tensor> Session::Impl::carry_out(Request& r, const std::vector<Tensor>& args) {
  const Evaluation& evaluation = *r.evaluation;
  if (!options.use_plans || r.is_untraceable) return evaluation.run(args);
  bool has_written = false;
  std::vector<Tensor> results;
  try {
    r.plans->call([&](const std::vector<Tensor>& in) { return evaluation.run(in, &has_written); },
                  args, results);
    return results;
  } catch (const Error&) {
    // What a trace refuses may still be interpreted; what fails there fails for good reason.
    if (has_written) throw;
    results = evaluation.run(args);
    r.is_untraceable = true;
    return results;
  }
}

Session::Impl::Request& Session::Impl::find(const std::vector<NodeRef>& wanted,
                                            const std::vector<Feed>& given, const RunOptions& o) {
  for (size_t i = 0; i < requests.size(); ++i) {
    if (requests[i]->names_version != graph.state()->names_version() ||
        !requests[i]->fits(wanted, given, o))
      continue;
    std::rotate(requests.begin(), requests.begin() + static_cast<ptrdiff_t>(i),
                requests.begin() + static_cast<ptrdiff_t>(i) + 1);
    return *requests[0];
  }
  auto request = prepare(wanted, given, o);
  if (requests.size() >= options.cache_size) requests.pop_back();
  requests.insert(requests.begin(), std::move(request));
  return *requests[0];
}

void Session::Impl::check_values(const std::vector<Feed>& given) const {
  for (const Feed& f : given) {
    if (!is_floating(f.value.dtype()) || f.value.numel() == 0) continue;
    const NoGrad off;
    if (isnan(f.value).max().item<bool>())
      fail("session: the value fed to ", graph.state()->label(*locate(f.placeholder).node()),
           " contains a NaN, which forbid_nan_feeds refuses");
  }
}

namespace {

// Plain numbers take the dtype of their placeholder.
Feed with_dtype(const GraphState& state, const Edge& placeholder, const Feed& f) {
  if (!f.value.defined() || !f.value.has_data())
    fail("session: the value fed to ", state.label(*placeholder.node()),
         " has no data: inside a GraphScope every op makes a node; make data before it, or run it "
         "first");
  if (!f.value.is_weak()) return f;
  const NoGrad off;
  const Tensor value = cast(f.value, placeholder.node()->outputs[placeholder.index()].dtype);
  value.body().is_weak = false;
  return {f.placeholder, value};
}

bool is_plain(const Feed& f) {
  return f.value.defined() && f.value.has_data() && !f.value.is_weak();
}

}  // namespace

std::vector<Feed> Session::Impl::with_dtypes(const std::vector<Feed>& given) const {
  std::vector<Feed> plain;
  for (const Feed& f : given) plain.push_back(with_dtype(*graph.state(), locate(f.placeholder), f));
  return plain;
}

std::vector<Tensor> Session::run(const std::vector<NodeRef>& fetches,
                                 const std::vector<Feed>& feeds, const RunOptions& options) {
  const std::scoped_lock lock(impl_->mutex);
  if (!std::all_of(feeds.begin(), feeds.end(), is_plain))
    return impl_->run(fetches, impl_->with_dtypes(feeds), options);
  return impl_->run(fetches, feeds, options);
}

std::vector<Tensor> Session::Impl::run(const std::vector<NodeRef>& fetches,
                                       const std::vector<Feed>& feeds, const RunOptions& o) {
  const NoGrad no_grad;  // results carry no history; evaluations turn the tape on where they must
  Request& request = find(fetches, feeds, o);
  if (options.forbid_nan_feeds) check_values(feeds);
  args.clear();
  for (const Feed& f : feeds) args.push_back(f.value.requires_grad() ? f.value.detach() : f.value);
  last = &request;
  std::vector<Tensor> results = carry_out(request, args);
  args.clear();
  return results;
}

// ---- Variables ---------------------------------------------------------------------------------

void Session::Impl::set(int v, const Tensor& value) {
  const NoGrad off;
  const Spec& spec = graph.state()->variables()[v].spec;
  values.variables.resize(graph.state()->variables().size());
  Tensor& kept = values.variables[v];
  Tensor first = kept.defined() ? Tensor() : Tensor::empty(spec.shape, spec.dtype);
  (first.defined() ? first : kept).copy_(value.detach());
  if (first.defined()) kept = std::move(first);  // not before it has a value; then it stays
}

void Session::Impl::initialize(bool only_missing) {
  const GraphState& state = *graph.state();
  const NoGrad off;
  GraphBuilder* const scope = std::exchange(t_graph_scope, nullptr);
  struct Restore {
    GraphBuilder* scope;
    ~Restore() { t_graph_scope = scope; }
  } const restore{scope};
  values.variables.resize(state.variables().size());
  for (size_t i = 0; i < state.variables().size(); ++i) {
    const Variable v = state.variables()[i];
    if (only_missing && values.variables[i].defined()) continue;
    if (v.fill) {
      const Tensor t = Tensor::empty(v.spec.shape, v.spec.dtype);
      v.fill(t);
      set(static_cast<int>(i), t);
    } else if (v.initial.has_data()) {
      set(static_cast<int>(i), v.initial);
    } else {
      const Evaluation initial(state, {v.initial.body().edge}, {}, false, values);
      set(static_cast<int>(i), initial.run({})[0]);
    }
  }
  if (only_missing) return;
  forget_updates();
}

void Session::Impl::forget_updates() {
  requests.clear();  // they hold on to what optimisers kept
  last = nullptr;
  values.updates.clear();
  values.by_key.clear();
}

Session::Session(const Graph& graph, const SessionOptions& options)
    : impl_(std::make_shared<Impl>(graph, options)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::initialize() {
  const std::scoped_lock lock(impl_->mutex);
  impl_->initialize(false);
}
void Session::initialize_missing() {
  const std::scoped_lock lock(impl_->mutex);
  impl_->initialize(true);
}

Tensor Session::value(const NodeRef& variable) const {
  const std::scoped_lock lock(impl_->mutex);
  const int v = impl_->variable("value", variable);
  const auto& values = impl_->values.variables;
  if (v >= static_cast<int>(values.size()) || !values[v].defined())
    fail("session: variable ", impl_->graph.state()->variables()[v].name,
         " is not initialised; call initialize(), or restore it from a file");
  const NoGrad off;
  return clone(values[v]);
}

void Session::assign(const NodeRef& variable, const Tensor& value) {
  const std::scoped_lock lock(impl_->mutex);
  const int v = impl_->variable("assign", variable);
  const auto& known = impl_->graph.state()->variables()[v];
  if (!value.is_weak() && !(value.shape() == known.spec.shape))
    fail<ShapeError>("assign: variable ", known.name, " is ", known.spec,
                     "; what came: ", Spec{value.shape(), value.dtype()});
  impl_->set(v, value);
}

const Graph& Session::graph() const { return impl_->graph; }

size_t Session::plan_count() const {
  const std::scoped_lock lock(impl_->mutex);
  size_t count = 0;
  for (const auto& r : impl_->requests) count += r->plans->size();
  return count;
}

std::string Session::explain() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->last ? impl_->last->plans->explain() : "session: nothing has run yet\n";
}

}  // namespace rush
