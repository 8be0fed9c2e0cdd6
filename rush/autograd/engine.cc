// One walk from the ys down: nodes in the order of falling ids, which is an order of dependencies
// because a node's id is larger than those of its inputs. No recursion, linear in edges.
#include "rush/autograd/engine.h"

#include <algorithm>
#include <bit>
#include <mutex>

#include "rush/core/apply.h"
#include "rush/core/internal.h"
#include "rush/core/vocabulary.h"
#include "rush/profile/span.h"
#include "rush/tensor/observer.h"

namespace rush::detail {
namespace {

// Node -> dense index, by open addressing. Node addresses are multiples of 64.
class NodeIndex {
 public:
  // The index of `n`, or -1 after inserting it as `next`.
  int64_t find_or_insert(const Node* n, int64_t next) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    Slot& s = slot(n);
    if (s.node) return s.index;
    s = {n, next};
    ++count_;
    return -1;
  }
  void set(const Node* n, int64_t index) { slot(n).index = index; }
  int64_t find(const Node* n) const {
    const Slot& s = const_cast<NodeIndex*>(this)->slot(n);
    return s.node ? s.index : -1;
  }

 private:
  struct Slot {
    const Node* node = nullptr;
    int64_t index = 0;
  };
  Slot& slot(const Node* n) {
    const uint64_t hash = (reinterpret_cast<uintptr_t>(n) >> 6) * 0x9e3779b97f4a7c15u;
    size_t i = hash >> shift_;
    while (slots_[i].node && slots_[i].node != n) i = (i + 1) & (slots_.size() - 1);
    return slots_[i];
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    shift_ = 64 - std::countr_zero(slots_.size());
    for (const Slot& s : old)
      if (s.node) slot(s.node) = s;
  }
  std::vector<Slot> slots_ = std::vector<Slot>(64);
  size_t count_ = 0;
  int shift_ = 58;
};

struct Visit {
  Node* node = nullptr;
  bool is_needed = false;
  InlineVec<Tensor, 1> dy;
};

bool is_sole_owner(const Tensor& t) { return is_held_only_by(1, t); }

// Brings a gradient to the shape and dtype of what it belongs to: undoes broadcasting and
// promotion.
Tensor fitted(Tensor dx, const Spec& spec) {
  if (!(dx.shape() == spec.shape)) dx = sum_to(dx, spec.shape);
  if (dx.dtype() != spec.dtype) dx = cast(dx, spec.dtype);
  return dx;
}

// What the gradient of `n` is computed for. A node from before the profiler was started may tell by
// the name of a parameter.
OriginId gradient_origin(const Node& n) {
  if (!origin_of(t_origin).gradient_of.empty()) return t_origin;  // within a gradient
  if (n.origin != kNoOrigin) return intern_origin(origin_of(n.origin).module, n.name());
  for (const Edge& e : n.inputs)
    if (e && e.node()->is_leaf())
      if (const std::string_view module = module_of(*e.node()); !module.empty())
        return intern_origin(module, n.name());
  return intern_origin("", n.name());
}

class Walker {
 public:
  explicit Walker(const Walk& walk) : walk_(walk), mode_(walk.create_graph) {}

  std::vector<Tensor> run() {
    results_.resize(walk_.xs.size());
    collect();
    mark_needed();
    for (size_t i = 0; i < walk_.ys.size(); ++i) add_to(walk_.ys[i], walk_.dys[i]);
    for (Visit& v : visits_) {
      if (t_walk_step) t_walk_step();
      visit(v);
    }
    if (walk_.accumulate) accumulate_leaves();
    return std::move(results_);
  }

 private:
  void collect() {
    // Nodes older than every x cannot lead to one.
    uint64_t oldest = walk_.accumulate ? 0 : ~uint64_t{0};
    for (const Edge& x : walk_.xs) oldest = std::min(oldest, x ? x.node()->id : oldest);
    std::vector<Node*> found;
    const auto reach = [&](Node* n) {
      if (n->id < oldest) return;
      if (index_.find_or_insert(n, static_cast<int64_t>(found.size())) < 0) found.push_back(n);
    };
    for (const Edge& y : walk_.ys) reach(y.node());
    for (size_t next = 0; next < found.size(); ++next)
      for (const Edge& e : found[next]->inputs)
        if (e) reach(e.node());
    const auto newer = [](const Node* a, const Node* b) { return a->id > b->id; };
    if (!std::is_sorted(found.begin(), found.end(), newer)) {
      std::sort(found.begin(), found.end(), newer);
      for (size_t i = 0; i < found.size(); ++i) index_.set(found[i], static_cast<int64_t>(i));
    }
    visits_ = std::vector<Visit>(found.size());
    for (size_t i = 0; i < found.size(); ++i) visits_[i].node = found[i];
  }

  void mark_needed() {
    if (walk_.accumulate) {
      for (Visit& v : visits_) v.is_needed = v.node->needs_grad;
      return;
    }
    for (const Edge& x : walk_.xs)
      if (const int64_t i = x ? index_.find(x.node()) : -1; i >= 0) visits_[i].is_needed = true;
    for (auto it = visits_.rbegin(); it != visits_.rend(); ++it) {
      Visit& v = *it;
      for (size_t k = 0; !v.is_needed && k < v.node->inputs.size(); ++k) v.is_needed = wants(v, k);
    }
  }

  bool wants(const Visit& v, size_t input) const {
    const Edge& e = v.node->inputs[input];
    if (v.node->is_symbolic && !v.node->needs_grad) return false;  // written down under NoGrad
    if (!e || !(v.node->op->is_differentiable(input) || has_own_backward(*v.node))) return false;
    const int64_t i = index_.find(e.node());
    return i >= 0 && visits_[i].is_needed;
  }

  static bool has_own_backward(const Node& n) { return n.extra && n.extra->backward; }

  void add_to(const Edge& e, const Tensor& d) {
    const int64_t i = index_.find(e.node());
    if (i < 0 || !visits_[i].is_needed) return;
    auto& dy = visits_[i].dy;
    if (dy.size() <= e.index()) dy.resize(e.node()->outputs.size());
    Tensor& sum = dy[e.index()];
    if (!sum.defined())
      sum = d;
    else if (!walk_.create_graph && is_sole_owner(sum) && d.has_data())
      sum.add_(d);
    else
      sum = add(sum, d);
  }

  void visit(Visit& v) {
    if (v.dy.empty()) return;
    Node& n = *v.node;
    if (n.extra) run_hooks(n, v.dy);
    for (size_t k = 0; k < walk_.xs.size(); ++k)
      if (walk_.xs[k].node() == &n && walk_.xs[k].index() < v.dy.size())
        results_[k] = v.dy[walk_.xs[k].index()];
    if (n.is_leaf()) {
      if (walk_.accumulate) leaves_.emplace_back(&n, std::move(v.dy[0]));
      return;
    }
    uint64_t wanted = 0;
    for (size_t k = 0; k < n.inputs.size(); ++k)
      if (wants(v, k)) wanted |= uint64_t{1} << std::min<size_t>(k, 63);
    if (wanted) {
      const OriginScope origin(is_origin_wanted_ ? gradient_origin(n) : kNoOrigin);
      if (!add_to_part(n, v.dy)) propagate(n, v.dy, wanted);
    }
    if (!keeps_values(n)) release(n);
    v.dy.clear();
  }

  // The gradient of a part (slice, select) of a tensor that has a gradient already is added where
  // it belongs, without zeros around it: taking a tensor apart costs no more than its size.
  bool add_to_part(const Node& n, const InlineVec<Tensor, 1>& dy) {
    static const Op *const slice = find_op("slice"), *const select = find_op("select");
    if ((n.op != slice && n.op != select) || walk_.create_graph || n.is_symbolic) return false;
    const Edge& whole = n.inputs[0];
    const auto& sums = visits_[index_.find(whole.node())].dy;
    if (whole.index() >= sums.size() || !sums[whole.index()].defined()) return false;
    const Tensor& sum = sums[whole.index()];
    if (!is_sole_owner(sum) || !dy[0].has_data() || sum.dtype() != dy[0].dtype()) return false;
    apply(*n.op, {sum}, n.attrs.ref()).add_(dy[0]);
    return true;
  }

  void run_hooks(Node& n, InlineVec<Tensor, 1>& dy) {
    for (const Hook& hook : std::vector(n.extra->hooks)) {  // a hook may remove itself
      if (hook.output >= dy.size() || !dy[hook.output].defined()) continue;
      if (Tensor replaced = hook.run(dy[hook.output]); replaced.defined())
        dy[hook.output] = fitted(std::move(replaced), n.outputs[hook.output]);
    }
    if (!walk_.accumulate) return;
    for (auto& [output, kept] : n.extra->retained)
      if (output < dy.size() && dy[output].defined())
        kept = kept.defined() ? add(kept, dy[output]) : dy[output];
  }

  void propagate(Node& n, InlineVec<Tensor, 1>& dy, uint64_t wanted) {
    if (n.is_released)
      fail("backward: the values that the gradient of ", n.name(),
           " needs were freed by an earlier backward pass; pass retain_graph = true to that one");
    dy.resize(n.outputs.size());
    GradCall call{n, dy, Wants{wanted}, 0};
    try {
      if (has_own_backward(n)) {
        take(n, n.extra->backward(call), wanted);
      } else if (n.op->joint_grad) {
        take(n, n.op->joint_grad(call), wanted);
      } else if (n.op->has_body_gradient()) {
        take(n, gradient_through_body(call), wanted);
      } else {
        // Last input first: a layer's weights, which read its input, come before that input, whose
        // gradient then takes the memory that the input had.
        for (size_t k = n.inputs.size(); k-- > 0;) {
          if (!is_wanted(wanted, k) || !n.op->rule(k)) continue;
          call.input = static_cast<int>(k);
          take_one(n, k, n.op->rule(k)(call));
          if (!keeps_values(n)) release_all_but(n, wanted, k);
        }
      }
    } catch (const Error& e) {
      if (!n.extra || n.extra->trace.empty()) throw;
      fail(e.what(), "\nin the gradient of ", n.name(), ", which was called", n.extra->trace);
    }
  }

  static bool is_wanted(uint64_t wanted, size_t k) {
    return (wanted >> std::min<size_t>(k, 63)) & 1;
  }

  void take(Node& n, Tensors dxs, uint64_t wanted) {
    if (dxs.size() > n.inputs.size())
      fail("backward: the gradient of ", n.name(), " gave ", dxs.size(), " tensors for ",
           n.inputs.size(), " inputs");
    for (size_t k = 0; k < dxs.size(); ++k)
      if (is_wanted(wanted, k)) take_one(n, k, std::move(dxs[k]));
  }

  void take_one(Node& n, size_t k, Tensor dx) {
    const Edge& e = n.inputs[k];
    if (!e || !dx.defined()) return;
    add_to(e, fitted(std::move(dx), e.node()->outputs[e.index()]));
  }

  // Runs the op's formula again on aliases of its inputs - two for an input given twice - and walks
  // backward through that.
  Tensors gradient_through_body(const GradCall& call) {
    std::vector<Tensor> in;
    Walk inner{.create_graph = walk_.create_graph};
    Tensors outs;
    {
      const EnableGrad recording;
      for (int k = 0; k < call.input_count(); ++k) {
        Tensor x = call.input_value(k);
        // A symbolic input has no data that a copy of it could share: its history is its identity.
        const bool keeps_history = walk_.create_graph || (x.defined() && !x.has_data());
        if (x.defined() && is_wanted(call.wants.mask, static_cast<size_t>(k))) {
          x = keeps_history ? alias(x) : Tensor(x.detach()).requires_grad_();
          inner.xs.push_back(x.body().edge);
        } else {
          if (x.defined() && !keeps_history) x = x.detach();
          inner.xs.emplace_back();
        }
        in.push_back(std::move(x));
      }
      outs = call.node.op->body(in, call.attrs());
    }
    for (size_t o = 0; o < outs.size(); ++o) {
      if (!call.dy[o].defined() || !outs[o].body().edge) continue;
      inner.ys.push_back(outs[o].body().edge);
      inner.dys.push_back(call.dy[o]);
    }
    Tensors dxs;
    for (Tensor& dx : walk_backward(inner)) dxs.push_back(std::move(dx));
    return dxs;
  }

  bool keeps_values(const Node& n) const {
    return walk_.retain_graph || walk_.create_graph || n.is_symbolic;
  }

  // Frees the saved values that none of the rules for the first `left` inputs reads.
  static void release_all_but(Node& n, uint64_t wanted, size_t left) {
    if (left == 0 || n.op->is_variadic()) return;
    Saves read;
    for (size_t k = 0; k < std::min(left, n.op->saves.size()); ++k) {
      if (!is_wanted(wanted, k)) continue;
      read.x |= n.op->saves[k].x;
      read.y |= n.op->saves[k].y;
    }
    for (Saved& s : n.saved) {
      const bool is_output = s.slot >= Saved::kOutput;
      if (is_output ? has_bit(read.y, s.slot - Saved::kOutput) : has_bit(read.x, s.slot)) continue;
      s.storage = nullptr;
      n.is_released = true;
    }
  }

  static void release(Node& n) {
    if (n.saved.empty() && !has_own_backward(n)) return;
    n.saved.clear();
    if (n.extra) n.extra->backward = nullptr;
    n.is_released = true;
  }

  void accumulate_leaves() {
    static std::mutex mutex;  // leaves may be shared by threads that train together
    const std::scoped_lock lock(mutex);
    for (auto& [leaf, d] : leaves_) {
      if (t_observer) t_observer->grad_slot_changes(*leaf, true);
      Tensor& sum = leaf->extras().grad;
      if (!sum.defined()) {
        const bool may_keep = walk_.create_graph || (is_sole_owner(d) && d.is_contiguous());
        sum = may_keep ? std::move(d) : clone(d);
      } else if (walk_.create_graph) {
        sum = add(sum, d);
      } else {
        sum.add_(d);
      }
    }
  }

  const Walk& walk_;
  GradMode mode_;
  const bool is_origin_wanted_ = is_profiling() || t_observer;
  NodeIndex index_;
  std::vector<Visit> visits_;  // newest first
  std::vector<std::pair<Node*, Tensor>> leaves_;
  std::vector<Tensor> results_;
};

}  // namespace

std::vector<Tensor> walk_backward(const Walk& walk) {
  if (walk.ys.empty()) return std::vector<Tensor>(walk.xs.size());
  const ProfileSpan span("backward", ProfileKind::kRange);
  return Walker(walk).run();
}

namespace {
const Op& kAlias = Define("alias", "The same tensor, with a history of its own.")
                       .args({"x"})
                       .view([](const char*, const Layout& in, const void*, Layout* out) {
                         *out = in;
                         return true;
                       })
                       .grad([](Dy dy) -> Tensor { return dy; });
}  // namespace

Tensor alias(const Tensor& x) { return apply(kAlias, {x}); }

}  // namespace rush::detail
