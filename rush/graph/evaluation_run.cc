// Carrying an evaluation out.
#include <algorithm>
#include <map>

#include "rush/autograd/autograd.h"
#include "rush/base/rethrow.h"
#include "rush/core/vocabulary.h"
#include "rush/graph/evaluation.h"
#include "rush/graph/sizes.h"
#include "rush/ops/create.h"
#include "rush/tensor/observer.h"

namespace rush::graph {

// The sizes that were unknown, as the feeds tell them.
class Evaluation::Sizes {
 public:
  Sizes(const Evaluation& e, const std::vector<Tensor>& feeds) {
    for (size_t i = 0; i < feeds.size(); ++i) learn(e.fed_[i]->outputs[0].shape, feeds[i].shape());
  }
  void learn(const Shape& written, const Shape& real) {
    for (int axis = 0; axis < written.size(); ++axis) {
      const int64_t u = written[axis];
      if (!mentions_unknown(u)) continue;
      const auto [known, is_new] = real_.emplace(u, real[axis]);
      if (!is_new && known->second != real[axis]) known->second = kDisagree;
    }
  }
  int64_t operator()(int64_t unknown) const {
    const auto known = real_.find(unknown);
    if (known == real_.end())
      fail("size ", size_text(unknown), " is not told by what is fed; feed a placeholder with it");
    if (known->second == kDisagree)
      fail<ShapeError>("an unknown size is used as a number, but the feeds have several for it; ",
                       "give it a name in the placeholders, such as \"batch\"");
    return known->second;
  }
  template <typename T>
  T resolve(T value) const {
    if constexpr (std::is_integral_v<T>)
      if (const auto known = real_.find(value); known != real_.end() && known->second != kDisagree)
        return known->second;
    return resolve_size(value, [this](int64_t u) { return (*this)(u); });
  }

 private:
  static constexpr int64_t kDisagree = -1;
  std::map<int64_t, int64_t> real_;
};

namespace {

// A leaf of its own over the same memory.
Tensor fresh_leaf(const Tensor& t) {
  auto body = TensorBody::make();
  body->storage = t.storage();
  body->layout = t.layout();
  body->dtype = t.dtype();
  const Tensor leaf(std::move(body));
  return leaf.requires_grad_();
}

// A view was written down without knowing strides: where these do not allow it, it is taken of a
// copy.
Tensor viewable(const Op& op, const Tensor& x, const void* attrs) {
  Layout layout;
  return op.view(op.name.c_str(), x.layout(), attrs, &layout) ? x : x.contiguous();
}

// Nodes run here, whatever scope the caller is in.
class OutsideScopes {
 public:
  OutsideScopes() : before_(t_graph_scope) { t_graph_scope = nullptr; }
  ~OutsideScopes() { t_graph_scope = before_; }

 private:
  GraphBuilder* before_;
};

}  // namespace

class Evaluation::Pass {
 public:
  // Requires: `e` and `feeds` outlive the pass.
  Pass(const Evaluation& e, const std::vector<Tensor>& feeds, bool* has_written)
      : has_written_(has_written),
        e_(e),
        feeds_(feeds),
        sizes_(e, feeds),
        values_(e.steps_.size()) {}

  std::vector<Tensor> run() {
    const OutsideScopes outside;
    for (size_t i = 0; i < e_.steps_.size(); ++i)
      if (!e_.steps_[i].is_late) compute(i);
    std::vector<Tensor> results;
    for (const Source& s : e_.fetches_)
      results.push_back(e_.steps_[s.step].is_late ? Tensor() : owned(value(s).detach()));
    run_late_steps();
    for (size_t k = 0; k < results.size(); ++k)
      if (!results[k].defined()) results[k] = owned(value(e_.fetches_[k]).detach());
    return results;
  }

  Tensors outputs_of(const Step& step, std::vector<Tensor> in) {
    switch (step.kind) {
      case NodeKind::kPlaceholder:
        return {feeds_[step.source]};
      case NodeKind::kVariable:
        return {variable(step)};
      case NodeKind::kConstant:
        return {constant(*step.node)};
      case NodeKind::kTraining:
        return {e_.training_value_};
      case NodeKind::kByMode:
        return {in[0]};
      case NodeKind::kGradients:
        return gradients_of(step, in);
      default:
        return apply_op(step, std::move(in));
    }
  }

 private:
  // Nodes that are computed after updates read the value from before them.
  Tensor variable(const Step& step) const {
    const Tensor& kept = e_.values_.variables[step.source];
    if (!e_.has_late_reads_) return kept;
    const NoGrad off;
    return clone(kept);
  }

  const Tensor& value(const Source& s) const {
    static const Tensor left_out;
    return s.step < 0 ? left_out : values_[s.step][s.output];
  }

  // Updates read everything before the first one writes.
  void run_late_steps() {
    const NoGrad off;
    std::vector<std::vector<Tensor>> inputs(e_.steps_.size());
    for (size_t i = 0; i < e_.steps_.size(); ++i) {
      if (e_.steps_[i].kind != NodeKind::kUpdate) continue;
      for (const Source& s : e_.steps_[i].inputs) {
        const bool is_known = s.step >= 0 && !e_.steps_[s.step].is_late;
        inputs[i].push_back(is_known ? owned(value(s).detach()) : Tensor());
      }
    }
    for (size_t i = 0; i < e_.steps_.size(); ++i) {
      const Step& step = e_.steps_[i];
      if (!step.is_late) continue;
      if (step.kind != NodeKind::kUpdate) {
        compute(i);
        continue;
      }
      for (size_t k = 0; k < inputs[i].size(); ++k)
        if (!inputs[i][k].defined() && step.inputs[k].step >= 0)
          inputs[i][k] = value(step.inputs[k]);
      if (has_written_) *has_written_ = true;
      try {
        values_[i] = Tensors{step.update->run(inputs[i])};
      } catch (const Error&) {
        rethrow_from("node " + e_.state_.label(*step.node));
      }
    }
  }

  void compute(size_t i) {
    const Step& step = e_.steps_[i];
    try {
      const GradMode mode(step.is_recorded);
      std::vector<Tensor> in;
      for (const Source& s : step.inputs) in.push_back(value(s));
      values_[i] = outputs_of(step, std::move(in));
      if (step.starts_history)
        for (Tensor& t : values_[i])
          if (is_floating(t.dtype()) && !t.body().edge) t = fresh_leaf(t);
    } catch (const Error&) {
      rethrow_from("node " + e_.state_.label(*step.node));
    }
    for (int dead : step.last_used) values_[dead].clear();
  }

  Tensor constant(const Node& node) const {
    const Tensor& t = node.extra->constant;
    if (!t.is_weak()) return t;
    const Unobserved hidden;
    if (is_floating(t.dtype())) return Tensor(sizes_.resolve(t.item<double>()));
    if (t.dtype() == DType::kInt64) return Tensor(sizes_.resolve(t.item<int64_t>()));
    return t;
  }

  Tensors apply_op(const Step& step, std::vector<Tensor> in) {
    const Node& node = *step.node;
    AttrBox resolved;
    AttrRef attrs = node.attrs.ref();
    if (step.resolves_sizes) {
      resolved = AttrBox(attrs);
      attrs.type->map_numbers(resolved.mutable_data(),
                              {[&](int64_t v) { return sizes_.resolve(v); },
                               [&](double v) { return sizes_.resolve(v); }});
      attrs = resolved.ref();
    }
    if (node.op->is_view) in[0] = viewable(*node.op, in[0], attrs.data);
    Tensors out = apply_multi(*node.op, args_of(in), attrs);
    for (size_t k = 0; k < out.size(); ++k) sizes_.learn(node.outputs[k].shape, out[k].shape());
    return out;
  }

  // Zeros where no y depends on an x in this run. `in`: ys, xs, dys.
  Tensors gradients_of(const Step& step, const std::vector<Tensor>& in) {
    const auto xs_at = in.begin() + static_cast<ptrdiff_t>(step.ys);
    const std::vector<Tensor> xs(xs_at, xs_at + static_cast<ptrdiff_t>(step.xs));
    std::vector<Tensor> ys, dys, dxs(step.xs);
    for (size_t i = 0; i < step.ys; ++i) {
      if (!in[i].body().edge) continue;
      const size_t at = step.ys + step.xs + i;
      ys.push_back(in[i]);
      dys.push_back(at < in.size() && in[at].defined() ? in[at] : ones_like(in[i]));
    }
    if (!ys.empty())
      dxs = grad(
          ys, xs, dys,
          {.retain_graph = true, .create_graph = step.leads_to_gradients, .allow_unused = true});
    Tensors out;
    for (size_t k = 0; k < dxs.size(); ++k)
      out.push_back(dxs[k].defined() ? dxs[k] : zeros_like(xs[k]));
    return out;
  }

  // What a run gives away must not change with the variables, nor share memory with constants.
  Tensor owned(const Tensor& t) const {
    const NoGrad off;
    const auto shares = [&](const Tensor& kept) {
      return kept.defined() && kept.storage() == t.storage();
    };
    bool is_shared = std::any_of(e_.values_.variables.begin(), e_.values_.variables.end(), shares);
    for (const Step& step : e_.steps_)
      is_shared |= step.kind == NodeKind::kConstant && shares(step.node->extra->constant);
    return is_shared ? clone(t) : t;
  }

  bool* has_written_;
  const Evaluation& e_;
  const std::vector<Tensor>& feeds_;
  Sizes sizes_;
  std::vector<Tensors> values_;
};

std::vector<Tensor> Evaluation::run(const std::vector<Tensor>& feeds, bool* has_written) const {
  return Pass(*this, feeds, has_written).run();
}

Evaluation::Walk::Walk(const Evaluation& e, std::vector<Tensor> feeds)
    : evaluation_(e),
      feeds_(std::move(feeds)),
      pass_(std::make_unique<Pass>(evaluation_, feeds_, nullptr)) {}
Evaluation::Walk::~Walk() = default;

Tensors Evaluation::Walk::compute(size_t i, std::vector<Tensor> inputs) {
  const OutsideScopes outside;
  return pass_->outputs_of(evaluation_.steps_[i], std::move(inputs));
}

void check_feeds(const GraphState& state, const std::vector<const Node*>& placeholders,
                 const std::vector<Tensor>& feeds) {
  std::map<int64_t, std::pair<int64_t, const Node*>> named;
  for (size_t i = 0; i < feeds.size(); ++i) {
    const Node& node = *placeholders[i];
    const Spec& want = node.outputs[0];
    const Spec got{feeds[i].shape(), feeds[i].dtype()};
    bool fits = want.shape.size() == got.shape.size();
    for (int axis = 0; fits && axis < want.shape.size(); ++axis)
      fits = mentions_unknown(want.shape[axis]) || want.shape[axis] == got.shape[axis];
    if (!fits)
      fail<ShapeError>("session: placeholder ", state.label(node), " is ", want,
                       "; what was fed: ", got);
    if (want.dtype != got.dtype)
      fail<TypeError>("session: placeholder ", state.label(node), " is ", want,
                      "; what was fed: ", got);
    for (int axis = 0; axis < want.shape.size(); ++axis) {
      const int64_t size = want.shape[axis];
      if (!mentions_unknown(size) || is_anonymous_size(size)) continue;
      const auto [first, is_new] = named.emplace(size, std::pair(got.shape[axis], &node));
      if (!is_new && first->second.first != got.shape[axis])
        fail<ShapeError>("session: size ", size_text(size), " is ", first->second.first, " in ",
                         state.label(*first->second.second), ", but ", got.shape[axis], " in ",
                         state.label(node));
    }
  }
}

}  // namespace rush::graph
