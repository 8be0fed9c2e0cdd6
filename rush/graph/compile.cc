#include "rush/graph/compile.h"

#include <algorithm>
#include <chrono>
#include <mutex>

#include "rush/core/internal.h"
#include "rush/graph/passes/passes.h"
#include "rush/graph/plan.h"
#include "rush/graph/tracer.h"

namespace rush::graph {
namespace {

constexpr int kMostAttempts = 3;  // at a trace that later runs can follow

// What a plan was made for. Strides matter: kernels were chosen and views cut by them.
struct Signature {
  struct Argument {
    Shape shape;
    Strides strides;
    DType dtype;
    bool is_weak, requires_grad, is_leaf;
    explicit Argument(const Tensor& t)
        : shape(t.shape()),
          strides(t.strides()),
          dtype(t.dtype()),
          is_weak(t.is_weak()),
          requires_grad(t.requires_grad()),
          is_leaf(t.is_leaf()) {}
    bool fits(const Tensor& t) const {
      return t.shape() == shape && t.strides() == strides && t.dtype() == dtype &&
             t.is_weak() == is_weak && t.requires_grad() == requires_grad && t.is_leaf() == is_leaf;
    }
  };
  std::vector<Argument> arguments;
  bool grad_enabled;
  DType default_type;

  explicit Signature(std::span<const Tensor> args)
      : grad_enabled(rush::grad_enabled()), default_type(default_dtype()) {
    for (const Tensor& t : args) arguments.emplace_back(t);
  }
  bool fits(std::span<const Tensor> args) const {
    if (args.size() != arguments.size() || grad_enabled != rush::grad_enabled() ||
        default_type != default_dtype())
      return false;
    for (size_t i = 0; i < args.size(); ++i)
      if (!arguments[i].fits(args[i])) return false;
    return true;
  }
};

struct Entry {
  explicit Entry(std::span<const Tensor> args) : signature(args) {}
  Signature signature;
  Guards guards;
  std::vector<GradResult> grads;
  std::vector<LeafRef> slots;  // if any is that of an argument
  size_t returned = 0;
  std::shared_ptr<Plan> plan;  // null: tried, but not settled
  int attempts = 0;
  int64_t last_used = 0;
};

bool is_plain(const Tensor& t) {
  return t.defined() && t.has_data() && is_dense(t.shape(), t.strides()) && t.layout().offset == 0;
}

}  // namespace

struct PlanCache::Impl {
  explicit Impl(const CompileOptions& o) : options(o) {
    if (o.autocast && *o.autocast != DType::kBFloat16)
      fail<TypeError>("compile: autocast works in bfloat16; got ", *o.autocast);
    if (o.cache_size < 1) fail("compile: the cache holds at least one plan; got 0");
  }

  Entry* find(std::span<const Tensor> args) {
    for (const auto& e : entries)
      if (e->signature.fits(args) && e->guards.hold(args)) return e.get();
    std::erase_if(entries, [](const auto& e) { return e->guards.are_void(); });
    return nullptr;
  }

  Entry& add(std::span<const Tensor> args) {
    if (entries.size() >= options.cache_size)
      entries.erase(std::min_element(
          entries.begin(), entries.end(),
          [](const auto& a, const auto& b) { return a->last_used < b->last_used; }));
    return *entries.emplace_back(std::make_unique<Entry>(args));
  }

  // Runs the function while it is traced and, if later runs can follow, makes the plan.
  void trace_into(Entry& entry, const TensorFunction& fn, const std::vector<Tensor>& args,
                  std::vector<Tensor>& results) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    Trace t = trace(fn, args, results, options.keeps_gradients);
    const auto traced = Clock::now();
    ++stats.traces;
    ++entry.attempts;
    stats.last_trace_seconds = std::chrono::duration<double>(traced - start).count();
    if (!t.unsettled.empty()) {
      if (entry.attempts < kMostAttempts) return;
      fail("compile: ", t.unsettled,
           " in every run, where a plan could not renew it; return the tensor instead of keeping "
           "it");
    }
    if (options.optimise)
      run_passes(t.program, {.exact = options.exact, .autocast = options.autocast.has_value()});
    entry.plan = std::make_shared<Plan>(std::move(t.program));
    entry.plan->set_timing(options.timing);
    entry.guards = std::move(t.guards);
    entry.grads = std::move(t.grads);
    const auto is_argument = [](const LeafRef& s) { return s.argument >= 0; };
    if (std::any_of(t.slots.begin(), t.slots.end(), is_argument)) entry.slots = std::move(t.slots);
    entry.returned = t.returned;
    stats.last_plan_seconds = std::chrono::duration<double>(Clock::now() - traced).count();
  }

  CompileOptions options;
  CompileStats stats;
  std::vector<std::unique_ptr<Entry>> entries;
  std::shared_ptr<Plan> last;
  std::recursive_mutex mutex;  // the traced function may ask for stats()
};

PlanCache::PlanCache(const CompileOptions& options) : impl_(std::make_unique<Impl>(options)) {}
PlanCache::~PlanCache() = default;

void PlanCache::call(const TensorFunction& fn, std::span<const Tensor> given,
                     std::vector<Tensor>& results) {
  if (t_observer) {  // inside another trace: part of that
    results = fn({given.begin(), given.end()});
    return;
  }
  std::vector<Tensor> changed;
  std::span<const Tensor> args = given;
  if (!std::all_of(given.begin(), given.end(), is_plain)) {
    for (const Tensor& t : given) changed.push_back(as_argument(t));
    args = changed;
  }
  Impl& s = *impl_;
  const std::scoped_lock lock(s.mutex);
  Entry* entry = s.find(args);
  if (!entry) entry = &s.add(args);
  entry->last_used = s.stats.planned_runs + s.stats.traces;
  if (!entry->plan) {
    try {
      return s.trace_into(*entry, fn, {args.begin(), args.end()}, results);
    } catch (...) {
      std::erase_if(s.entries, [&](const auto& e) { return e.get() == entry; });
      throw;
    }
  }
  check_slots(entry->slots, args);
  s.last = entry->plan;
  entry->plan->run(args, results);
  ++s.stats.planned_runs;
  deliver(entry->grads, args, results);
  results.resize(entry->returned);
}

std::string PlanCache::explain() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->last ? impl_->last->explain()
                     : "compile: no plan has run yet; the first calls are eager and are traced\n";
}

CompileStats PlanCache::stats() const {
  const std::scoped_lock lock(impl_->mutex);
  CompileStats stats = impl_->stats;
  if (impl_->last) stats.arena_bytes = impl_->last->arena_bytes();
  return stats;
}

size_t PlanCache::size() const {
  const std::scoped_lock lock(impl_->mutex);
  return static_cast<size_t>(std::count_if(impl_->entries.begin(), impl_->entries.end(),
                                           [](const auto& e) { return e->plan != nullptr; }));
}

}  // namespace rush::graph
