// The tape: which applications leave a node, what a node keeps, and how in-place writes rewire a
// tensor's history.
#include "rush/core/internal.h"
#include "rush/core/vocabulary.h"

namespace rush {
namespace detail {
namespace {

// The union of what the rules read that may be asked for: only inputs somebody records count.
Saves saves_for(const Op& op, std::span<const Arg> in) {
  if (op.has_body_gradient()) return {.x = ~0u};
  if (op.joint_grad) return op.saves[0];
  Saves all;
  if (op.saves.empty()) return all;  // in place: not differentiable, but its target has a history
  for (size_t i = 0; i < in.size(); ++i) {
    if (!in[i].tensor->defined() || !in[i].tensor->body().edge) continue;
    const size_t rule = std::min(i, op.saves.size() - 1);
    all.x |= op.saves[rule].x;
    all.y |= op.saves[rule].y;
    all.spec |= op.saves[rule].spec;
  }
  return all;
}

void save(Node& node, const Tensor& t, int slot, bool with_data) {
  const TensorBody& b = t.body();
  Saved& s = node.saved.emplace_back();
  if (with_data) s.storage = b.storage;
  s.layout.shape = b.layout.shape;
  s.layout.strides = b.layout.strides;
  s.layout.offset = b.layout.offset;
  s.dtype = b.dtype;
  s.is_weak = b.is_weak;
  s.version = b.storage->version();
  s.slot = slot;
}

Ref<Node> node_with_inputs(const Op& op, std::span<const Arg> in, AttrRef attrs,
                           const Saves& saves) {
  Ref<Node> node = Node::make(&op);
  node->needs_grad = true;
  node->origin = t_origin;
  if (attrs.data) node->attrs = AttrBox(attrs);
  node->inputs.reserve(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    const Tensor& t = *in[i].tensor;
    if (!t.defined()) {
      node->inputs.emplace_back();
      continue;
    }
    node->inputs.push_back(t.body().edge);
    if (has_bit(saves.x, i))
      save(*node, t, static_cast<int>(i), true);
    else if (has_bit(saves.spec, i) && !t.body().edge)
      save(*node, t, static_cast<int>(i), false);
  }
  if (t_detect_anomaly) node->extras().trace = call_site();
  return node;
}

void attach(Node& node, std::span<Tensor> outs, const Saves& saves) {
  for (size_t i = 0; i < outs.size(); ++i) {
    const TensorBody& b = outs[i].body();
    node.outputs.emplace_back(Spec{b.layout.shape, b.dtype});
    if (has_bit(saves.y, i)) save(node, outs[i], Saved::kOutput + static_cast<int>(i), true);
  }
  for (size_t i = 0; i < outs.size(); ++i) {
    TensorBody& b = outs[i].body();
    if (!is_floating(b.dtype)) continue;
    b.edge = Edge(&node, static_cast<uint32_t>(i));
  }
}

}  // namespace

bool is_held_only_by(uint32_t references, const Tensor& t) {
  const TensorBody& b = t.body();
  return b.ref_count() == references && b.storage && b.storage->ref_count() == 1 && !b.edge &&
         b.storage->bytes() == static_cast<size_t>(b.layout.numel()) * size_of(b.dtype);
}

bool wants_node(const Op& op, std::span<const Arg> in) {
  for (size_t i = 0; i < in.size(); ++i)
    if (in[i].tensor->defined() && in[i].tensor->body().edge && op.is_differentiable(i))
      return true;
  return false;
}

void record(const Op& op, std::span<const Arg> in, AttrRef attrs, std::span<Tensor> outs) {
  const Saves saves = saves_for(op, in);
  const Ref<Node> node = node_with_inputs(op, in, attrs, saves);
  attach(*node, outs, saves);
}

}  // namespace detail

// ---- In place ---------------------------------------------------------------------------------

namespace {

void check_view_write(const char* op, const TensorBody& view) {
  const Edge& whole = view.base->edge;
  if (whole && whole.node()->is_leaf())
    fail(op,
         ": this is a view of a leaf that requires a gradient, which cannot be changed in place "
         "while gradients are recorded; do it under NoGrad, or on a clone()");
  if (whole && !view.edge && view.history == view.storage->history())
    fail(op,
         ": this view was taken under NoGrad of a tensor whose gradient is recorded, so it cannot "
         "be changed in place while gradients are recorded; take the view again");
}

}  // namespace

void check_in_place(const char* op, const Tensor& target, bool recording) {
  const TensorBody& b = target.body();
  if (!b.storage)
    fail(op, ": a symbolic tensor cannot be changed in place; use the result instead");
  if (b.is_weak) fail(op, ": a plain number cannot be changed in place");
  for (int i = 0; i < b.layout.rank(); ++i)
    if (b.layout.strides[i] == 0 && b.layout.shape[i] > 1 && b.layout.numel() > 0)
      fail(op, ": an expanded tensor of shape ", b.layout.shape,
           " shows one element in several places; clone() it before changing it in place");
  if (!recording) return;
  if (b.edge && b.edge.node()->is_leaf())
    fail(op,
         ": a leaf that requires a gradient cannot be changed in place while gradients are "
         "recorded; do it under NoGrad, or on a clone()");
  if (b.base) check_view_write(op, b);
}

namespace {

// The target's value is about to be lost: where gradient rules read it, the node gets a copy.
class BeforeWrite {
 public:
  BeforeWrite(const Tensor& target, std::span<const Arg> in, const Saves& saves) {
    for (size_t i = 0; i < in.size(); ++i) {
      const bool is_lost = in[i].tensor->is_same(target) && detail::has_bit(saves.x, i);
      if (is_lost && !copy_.defined()) {
        copy_ = clone(target.detach());
        copy_.body().edge = target.body().edge;
      }
      in_.push_back(is_lost ? Arg(copy_) : in[i]);
    }
  }
  operator std::span<const Arg>() const { return in_; }

 private:
  Tensor copy_;
  InlineVec<Arg, 4> in_;
};

}  // namespace

const Tensor& apply_in_place(const Op& op, const Tensor& target, std::span<const Arg> others,
                             AttrRef attrs) {
  using namespace detail;
  InlineVec<Arg, 4> in;
  in.push_back(target);
  for (const Arg& a : others) in.push_back(a);
  const int64_t memory = is_profiling() ? memory_in_use() : -1;
  ProfileSpan span(op.name.c_str(), ProfileKind::kOp);
  if (any_symbolic(in)) check_in_place(op.name.c_str(), Tensor(make_symbolic({})), false);
  const bool recording = t_grad_enabled && (is_recorded(target) || wants_node(op, in));
  check_in_place(op.name.c_str(), target, recording);
  if (t_grad_enabled)
    for (const Arg& a : in) refresh_view(*a.tensor);
  const ElementwisePlan plan = plan_elementwise(op, in);
  if (!(plan.shape == target.shape()))
    fail<ShapeError>(op.name, "_: the result has shape ", plan.shape,
                     ", which does not fit in place into ", target.shape());
  if (promote(plan.result, target.dtype()) != target.dtype() &&
      !(is_floating(plan.result) && is_floating(target.dtype())) &&
      !(is_integral(plan.result) && is_integral(target.dtype())))
    fail<TypeError>(op.name, "_: a result of dtype ", plan.result,
                    " cannot be written in place to ", target.dtype());

  Ref<Node> node;
  Saves saves;
  if (recording) {  // before the write: values saved now must be noticed as changed later
    saves = saves_for(op, in);
    node = node_with_inputs(op, BeforeWrite(target, in, saves), attrs, saves);
  }
  InlineVec<Tensor, 4> copies;
  copies.reserve(in.size());
  for (size_t i = 1; i < in.size(); ++i) {
    const Tensor& t = *in[i].tensor;
    const bool overlaps = t.defined() && t.storage() == target.storage() &&
                          !(t.shape() == target.shape() && t.strides() == target.strides() &&
                            t.layout().offset == target.layout().offset);
    if (overlaps) {
      const NoGrad no_grad;
      in[i] = copies.emplace_back(clone(t));
    }
  }
  if (plan.computing == target.dtype() && plan.result == target.dtype()) {
    run_elementwise_into(op, in, attrs, plan, target);
  } else {
    const NoGrad no_grad;
    const Tensor result = fresh(plan.shape, contiguous_strides(plan.shape), plan.result);
    run_elementwise_into(op, in, attrs, plan, result);
    target.copy_(result);
  }
  target.storage()->bump_version(op.name.c_str());
  if (recording) {
    node->outputs.emplace_back(Spec{target.shape(), target.dtype()});
    if (saves.y & 1) save(*node, target, Saved::kOutput, true);
    rewire(target, Edge(node.get(), 0));
  }
  if (span) [[unlikely]]
    describe_op(span, op, in, attrs, {&target, 1}, memory);
  return target;
}

Tensor apply_over_gradient(const Op& op, const Dy& dy, std::initializer_list<Arg> others,
                           AttrRef attrs) {
  constexpr int64_t kLarge = 16384;     // below, a fresh result stays in the cache as well
  constexpr uint32_t kWalkAndRule = 2;  // who holds dy
  bool is_over = !grad_enabled() && !DetectAnomaly::is_on() && dy.numel() >= kLarge &&
                 detail::is_held_only_by(kWalkAndRule, dy);
  for (const Arg& a : others)
    is_over = is_over && a.tensor->has_data() && a.tensor->shape() == dy.shape() &&
              a.tensor->dtype() == dy.dtype();
  if (is_over) return apply_in_place(op, dy, std::span(others.begin(), others.size()), attrs);
  InlineVec<Arg, 4> in;
  in.push_back(dy);
  for (const Arg& a : others) in.push_back(a);
  return apply(op, in, attrs);
}

void write_in_place(const char* op, const Tensor& target, const Tensor& value) {
  const bool recording = detail::t_grad_enabled && (is_recorded(target) || value.requires_grad());
  check_in_place(op, target, recording);
  if (!(value.shape() == target.shape()))
    fail<ShapeError>(op, ": a value of shape ", value.shape(), " does not fit into ",
                     target.shape());
  const Tensor fitting = value.dtype() == target.dtype() ? value : cast(value, target.dtype());
  {
    const NoGrad no_grad;
    target.copy_(fitting.detach());
  }
  target.storage()->bump_version(op);  // errors name this op, not the copy
  if (recording) rewire(target, fitting.body().edge);
}

}  // namespace rush
