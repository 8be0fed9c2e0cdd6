// Evaluation: what one run of a session does for given fetches, fed placeholders and mode. It finds
// the nodes that are needed once; carrying it out runs them one by one through apply(), with the
// tape on where gradients are asked for, and makes updates when everything has been read.
//
// Carrying it out touches nothing but the fed tensors and what the session keeps, so it can be
// traced into a plan.
#pragma once

#include <map>

#include "rush/graph/state.h"

namespace rush::graph {

// What a session keeps. Tensors stay the same once they are there; updates write to them in place.
struct SessionValues {
  std::vector<Tensor> variables;  // undefined: not initialised
  std::map<const Node*, std::shared_ptr<UpdateRun>> updates;
  std::map<const void*, std::shared_ptr<UpdateRun>> by_key;

  // The run of an update, started if need be. Error when a variable is not initialised.
  UpdateRun& run_of(const GraphState& state, const Node& update);
};

class Evaluation {
 public:
  // `fed`: the placeholders that get values. Errors: one that is needed gets none; a variable that
  // is needed is not initialised.
  Evaluation(const GraphState& state, std::vector<Edge> fetches, std::vector<const Node*> fed,
             bool training, SessionValues& values);

  // `feeds` in the order of `fed`; they have passed check_feeds(). `has_written` becomes true when
  // the first update begins.
  std::vector<Tensor> run(const std::vector<Tensor>& feeds, bool* has_written = nullptr) const;

  // Where an input comes from: an output of an earlier node.
  struct Source {
    int step = -1;  // -1: left out
    uint32_t output = 0;
  };
  // The nodes that are run, in order.
  size_t node_count() const { return steps_.size(); }
  const Node& node(size_t i) const { return *steps_[i].node; }
  NodeKind kind(size_t i) const { return steps_[i].kind; }
  const std::vector<Source>& sources(size_t i) const { return steps_[i].inputs; }

 private:
  class Pass;

 public:
  // Nodes by themselves, in order; no updates.
  class Walk {
   public:
    // Requires: `e` outlives the walk.
    Walk(const Evaluation& e, std::vector<Tensor> feeds);
    ~Walk();
    Tensors compute(size_t i, std::vector<Tensor> inputs);

   private:
    const Evaluation& evaluation_;
    const std::vector<Tensor> feeds_;
    std::unique_ptr<Pass> pass_;
  };

 private:
  struct Step {
    Ref<Node> node;
    NodeKind kind = NodeKind::kOp;
    int source = -1;  // number of the feed or variable
    std::vector<Source> inputs;
    std::vector<int> last_used;   // steps whose values nobody needs after this one
    bool is_recorded = false;     // on the tape, for a gradient
    bool starts_history = false;  // gradients by its value are asked for
    bool leads_to_gradients = false;
    bool is_late = false;  // an update, or computed from one
    bool resolves_sizes = false;
    size_t ys = 0, xs = 0;
    UpdateRun* update = nullptr;
  };
  class Sizes;

  void collect(const std::vector<Edge>& fetches, bool training, SessionValues& values);
  void add_step(Node* node, SessionValues& values);
  void find_sources(bool training);
  void plan_gradients();
  void plan_releases();

  const GraphState& state_;
  Tensor training_value_;
  std::vector<const Node*> fed_;
  std::vector<Step> steps_;
  std::vector<Source> fetches_;
  bool has_late_reads_ = false;  // nodes that are no updates are computed after updates
  SessionValues& values_;
};

// Checks feeds against their placeholders: shape and dtype, and that sizes of one name agree.
void check_feeds(const GraphState& state, const std::vector<const Node*>& placeholders,
                 const std::vector<Tensor>& feeds);
// Whether computing `fetches` makes an update that trains.
bool wants_training(const GraphState& state, const std::vector<Edge>& fetches);

}  // namespace rush::graph
