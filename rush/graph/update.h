// Updates: nodes that change variables. A session makes them after everything else in a run has
// been read.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rush/tensor/state.h"

namespace rush::graph {

// What one session keeps for an update: values such as momentum, and a way to run it.
class UpdateRun {
 public:
  virtual ~UpdateRun() = default;
  // Reads `inputs` (undefined where one is left out), writes the variables; gives the node's value.
  virtual Tensor run(std::span<const Tensor> inputs) = 0;
  virtual State state() const { return {}; }
  // Raises ShapeError where the state is not exactly one that state() gives.
  virtual void load(const State&) {}
  // What was loaded is now what the session goes on with.
  virtual void loaded() {}
};

class Update {
 public:
  virtual ~Update() = default;
  virtual std::vector<int> variables() const = 0;  // those it may write
  // `values`: the session's tensors for variables(), in that order.
  virtual std::shared_ptr<UpdateRun> start(std::vector<Tensor> values) const = 0;
  // Updates with the same key (an optimiser's) share what a session keeps; null: none do.
  virtual const void* key() const { return nullptr; }
  // Whether to train is decided by this, where a run does not say.
  virtual bool is_training() const { return true; }
};

}  // namespace rush::graph
