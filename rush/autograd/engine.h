// The walk backward, as the other files of autograd use it.
#pragma once

#include <vector>

#include "rush/autograd/autograd.h"
#include "rush/core/node.h"

namespace rush::detail {

// Called before each node of a walk, when set; may throw to stop it (a user pressed Ctrl-C).
using WalkStep = void (*)();
inline constinit thread_local WalkStep t_walk_step = nullptr;

struct Walk {
  std::vector<Edge> ys{};
  std::vector<Tensor> dys{};  // as many as ys, all defined
  std::vector<Edge> xs{};     // gradients wanted; empty with `accumulate`
  bool accumulate = false;    // into the leaves, all at once at the end
  bool retain_graph = false;  // create_graph implies it
  bool create_graph = false;
};

// The gradients of walk.xs, undefined where no y depends on x.
std::vector<Tensor> walk_backward(const Walk& walk);

// An identity that starts a history of its own: what a gradient stops at.
Tensor alias(const Tensor& x);

}  // namespace rush::detail
