// Optimisers in graphs: minimize(), and the two halves of it. What is written down is a node whose
// inputs are gradients; each session runs it with a replica of the optimiser over its own
// variables.
#include <algorithm>

#include "rush/core/apply.h"
#include "rush/graph/state.h"
#include "rush/optim/optimizer.h"

namespace rush::optim {
namespace {

using graph::GraphState;
using graph::NodeInfo;
using graph::NodeKind;
using graph::UpdateRun;

// One session's optimiser, and the number of steps it has taken.
class Replica final : public UpdateRun {
 public:
  Replica(std::unique_ptr<Optimizer> optimizer, std::shared_ptr<OptimizerLink> original)
      : optimizer_(std::move(optimizer)),
        original_(std::move(original)),
        steps_(Tensor::from(std::vector<int64_t>{0}, {})) {}

  Tensor run(std::span<const Tensor> grads) override {
    optimizer_->step(grads);
    steps_.add_(1);
    return steps_.clone();
  }
  State state() const override {
    State all = optimizer_->state();
    all.emplace_back("steps", steps_);
    return all;
  }
  void load(const State& state) override {
    State rest;
    const Tensor* steps = nullptr;
    for (const auto& [name, t] : state) {
      if (name == "steps")
        steps = &t;
      else
        rest.emplace_back(name, t);
    }
    if (!steps || steps->numel() != 1)
      fail<ShapeError>("the state of the optimiser lacks its number of steps");
    optimizer_->load(rest);
    steps_.fill_(steps->item());
  }
  // The options are the original's at every step, so that is where a learning rate must go.
  void loaded() override {
    Optimizer& original = original_->get();
    for (size_t i = 0; i < optimizer_->group_count(); ++i) original.set_lr(i, optimizer_->lr(i));
  }

 private:
  std::unique_ptr<Optimizer> optimizer_;
  std::shared_ptr<OptimizerLink> original_;
  Tensor steps_;
};

class OptimizerUpdate final : public graph::Update {
 public:
  // `variables`: of all parameters, group after group.
  OptimizerUpdate(std::shared_ptr<OptimizerLink> link, std::vector<int> variables)
      : link_(std::move(link)), variables_(std::move(variables)) {}

  std::vector<int> variables() const override { return variables_; }
  const void* key() const override { return link_.get(); }
  std::shared_ptr<UpdateRun> start(std::vector<Tensor> values) const override {
    const Optimizer& original = link_->get();
    size_t params = 0;
    for (size_t i = 0; i < original.group_count(); ++i) params += original.params(i).size();
    if (params != values.size())
      fail("minimize: the optimiser had ", values.size(), " parameters when it was used in the ",
           "graph and has ", params, " now; add groups before minimize()");
    std::vector<std::vector<Tensor>> groups;
    auto next = values.begin();
    for (size_t i = 0; i < original.group_count(); ++i) {
      const auto count = static_cast<ptrdiff_t>(original.params(i).size());
      groups.emplace_back(next, next + count);
      next += count;
    }
    return std::make_shared<Replica>(original.replica(std::move(groups)), link_);
  }

 private:
  std::shared_ptr<OptimizerLink> link_;
  std::vector<int> variables_;
};

GraphState& graph_of_loss(const char* op, const Tensor& loss) {
  GraphState* state = graph::state_of(loss);
  if (!state)
    fail(op, ": the loss is no node of a graph; with tensors that have data, use step(loss)");
  return *state;
}

}  // namespace

std::vector<GradientAndVariable> Optimizer::compute_gradients(
    const Tensor& loss, const std::vector<Tensor>& variables) const {
  GraphState& state = graph_of_loss("compute_gradients", loss);
  std::vector<Tensor> all = variables;
  if (all.empty())
    for (const Group& g : groups_) all.insert(all.end(), g.params.begin(), g.params.end());
  std::vector<GradientAndVariable> result;
  std::vector<Tensor> reached;
  for (const Tensor& v : all)
    if (graph::depends_on(state, loss, v)) reached.push_back(v);
  if (reached.empty()) fail(name_, ": the loss depends on none of the variables");
  std::vector<Tensor> grads = gradients({loss}, reached);
  for (size_t i = 0, k = 0; i < all.size(); ++i) {
    const bool is_reached = k < reached.size() && reached[k].is_same(all[i]);
    result.push_back({is_reached ? grads[k] : Tensor(), all[i]});
    k += is_reached;
  }
  return result;
}

Tensor Optimizer::apply_gradients(const std::vector<GradientAndVariable>& list) const {
  const auto first =
      std::find_if(list.begin(), list.end(), [](const auto& g) { return g.gradient.defined(); });
  if (first == list.end()) fail(name_, ": apply_gradients: the list has no gradient");
  GraphState& state = graph_of_loss("apply_gradients", first->gradient);
  std::vector<int> variables;
  std::vector<Edge> inputs;
  size_t used = 0;
  for (const Group& g : groups_) {
    for (const Tensor& p : g.params) {
      if (p.has_data()) state.adopt(p, true);
      const int v = state.find_variable(p);
      if (v < 0) state.locate(name_, p);  // says whose it is
      if (v < 0) fail(name_, ": a parameter of shape ", p.shape(), " is no variable");
      variables.push_back(v);
      inputs.emplace_back();
      for (const auto& [gradient, variable] : list) {
        if (!gradient.defined() || state.find_variable(variable) != v) continue;
        if (!(gradient.shape() == p.shape()))
          fail<ShapeError>(name_, ": variable ", state.variables()[v].name, " is ", p.shape(),
                           ", its gradient ", gradient.shape());
        inputs.back() =
            gradient.has_data() ? state.enter(gradient) : state.locate("apply_gradients", gradient);
        ++used;
      }
    }
  }
  const auto given =
      std::count_if(list.begin(), list.end(), [](const auto& g) { return g.gradient.defined(); });
  if (used != static_cast<size_t>(given))
    fail(name_, ": apply_gradients: ", given - static_cast<ptrdiff_t>(used),
         " of the variables are not among this optimiser's parameters, or come twice");
  NodeInfo info;
  info.kind = NodeKind::kUpdate;
  info.update = std::make_shared<OptimizerUpdate>(link_, std::move(variables));
  return state.add_node(graph::kUpdateOp, std::move(inputs), {{{}, DType::kInt64}}, "train",
                        std::move(info))[0];
}

Tensor Optimizer::minimize(const Tensor& loss) const {
  return apply_gradients(compute_gradients(loss));
}

}  // namespace rush::optim
