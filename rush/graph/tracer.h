// Tracing: running a function once, eagerly, while an observer writes down every kernel that runs.
// The result of that run is right whatever happens to the trace.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "rush/core/node.h"
#include "rush/graph/program.h"
#include "rush/graph/tensor_function.h"
#include "rush/graph/watch.h"
#include "rush/tensor/observer.h"

namespace rush::graph {

// Where a gradient lies, if its slot is full.
struct GradPlace {
  bool is_full = false;
  DType dtype = DType::kFloat32;
  Layout layout;
  size_t bytes = 0;  // of the storage
};

// What must hold for a trace to be right for another run: flags the function looked at, gradient
// slots that it read or added to, and captured tensors that are what they were.
struct Guards {
  struct Flag {
    Ref<Switch> flag;
    bool is_on;
  };
  struct GradSlot {
    LeafRef leaf;
    GradPlace before;
  };
  // Changed by requires_grad_(), to() and hooks.
  struct Captured {
    explicit Captured(const Tensor& t);
    bool is_as_traced() const;
    std::shared_ptr<const Watch> watch;
    const TensorBody* body;
    const Storage* storage;
    const Node* node;
    uint64_t hooks;
  };
  std::vector<Flag> flags;
  std::vector<GradSlot> slots;
  std::vector<Captured> captured;

  bool hold(std::span<const Tensor> args) const;
  // A captured tensor belongs to nobody any more: they can never hold again.
  bool are_void() const;
};

// What a run leaves in the gradient slot of a leaf: result number `result`, or nothing (negative).
struct GradResult {
  LeafRef leaf;
  int result = -1;
};
// Raises Error for slots of arguments that cannot be given a gradient.
void check_slots(std::span<const LeafRef> slots, std::span<const Tensor> args);
// Puts gradients where they belong.
void deliver(std::span<const GradResult> grads, std::span<const Tensor> args,
             std::span<Tensor> results);

struct Trace {
  Program program;
  Guards guards;
  // Of program.results, the first `returned` are what the function returned; gradients follow.
  size_t returned = 0;
  std::vector<GradResult> grads;
  std::vector<LeafRef> slots;  // that were read, added to or replaced
  // Why later runs will differ, when they will: the run made tensors that outlive it, as the first
  // step of an optimiser does. Tracing the next run usually settles it.
  std::string unsettled;
};

// Arguments as functions under trace get them and plans read them: dense. A copy has the history,
// and so the gradient slot, of the original.
Tensor as_argument(const Tensor& arg);

// Runs `fn` on `args` (of as_argument), fills `results` (without history) and returns the trace.
// Raises Error when fn does what a trace cannot carry: looks at values, writes to an argument.
// Gradients that an optimiser inside fn has used are cleared unless `keeps_gradients`, others stay
// in their leaves.
Trace trace(const TensorFunction& fn, const std::vector<Tensor>& args, std::vector<Tensor>& results,
            bool keeps_gradients = false);

}  // namespace rush::graph
