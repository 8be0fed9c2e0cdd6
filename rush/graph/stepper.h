// Stepper: runs a graph under one's eyes. Node by node forward to a loss, then node by node
// backward from it, with values and gradients at hand.
//
//   Stepper s(session, loss, {{x, images}, {y, labels}});
//   while (s.forward()) std::cout << s.node() << " = " << s.value() << "\n";
//   while (s.backward()) std::cout << "d loss / d " << s.node() << " = " << s.gradient() << "\n";
//
// Variables are not changed, and no updates are made. A stepper keeps what it needs of its session,
// which may be destroyed; runs of the session by other threads wait for a step, and steps for them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rush/graph/session.h"

namespace rush {

class Stepper {
 public:
  Stepper(Session& session, const NodeRef& loss, const std::vector<Feed>& feeds = {},
          const RunOptions& options = {});
  ~Stepper();

  // Computes the next node; false when the loss has been computed before.
  bool forward();
  // Takes the gradient of the next node back to its inputs, from the loss on, which starts with 1;
  // false at the end. Error before the forward half is done.
  bool backward();

  // The node that was computed, or gone through backward, last.
  std::string node() const;
  std::string op() const;  // its op, or "placeholder", "variable", "constant"
  std::vector<std::string> inputs() const;
  Tensor value() const;
  Tensor gradient() const;  // zeros where the loss does not depend on it

  // Of any node. Error when it has none yet.
  std::vector<Tensor> values(const NodeRef& node) const;
  Tensor value(const NodeRef& node) const;
  Tensor gradient(const NodeRef& node) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rush
