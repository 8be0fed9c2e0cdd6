// Tracing: running a function once, eagerly, while an observer writes down every kernel that runs.
// The result of that run is right whatever happens to the trace.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rush/core/node.h"
#include "rush/graph/program.h"
#include "rush/graph/tensor_function.h"
#include "rush/tensor/observer.h"

namespace rush::graph {

// Where a gradient lies, if its slot is full.
struct GradPlace {
  bool is_full = false;
  DType dtype = DType::kFloat32;
  Layout layout;
  size_t bytes = 0;  // of the storage
};

// What must hold for a trace to be right for another run: flags the function looked at, and
// gradient slots that it read or added to.
struct Guards {
  struct Flag {
    Ref<Switch> flag;
    bool is_on;
  };
  struct GradSlot {
    Ref<Node> leaf;
    GradPlace before;
  };
  std::vector<Flag> flags;
  std::vector<GradSlot> slots;

  bool hold() const;
};

// What a run leaves in the gradient slot of a leaf: result number `result`, or nothing (negative).
struct GradResult {
  Ref<Node> leaf;
  int result = -1;
};

struct Trace {
  Program program;
  Guards guards;
  // Of program.results, the first `returned` are what the function returned; gradients follow.
  size_t returned = 0;
  std::vector<GradResult> grads;
  // Why later runs will differ, when they will: the run made tensors that outlive it, as the first
  // step of an optimiser does. Tracing the next run usually settles it.
  std::string unsettled;
};

// Arguments as functions under trace get them and plans read them: dense, no plain numbers.
Tensor as_argument(const Tensor& arg);

// Runs `fn` on `args` (of as_argument), fills `results` (without history) and returns the trace.
// Raises Error when fn does what a trace cannot carry: looks at values, writes to an argument.
// Gradients that an optimiser inside fn has used are cleared, others stay in their leaves.
Trace trace(const TensorFunction& fn, const std::vector<Tensor>& args,
            std::vector<Tensor>& results);

}  // namespace rush::graph
