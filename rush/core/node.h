// Node: an op that was applied. The eager tape and the deferred graph are made of the same nodes.
//
// Invariants: a node is created after the nodes its inputs come from, so ids grow along every edge.
// A node holds no tensor handles of its outputs; what a gradient reads is kept as storage + layout.
// Destruction unlinks chains of any length without recursion.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rush/core/apply.h"
#include "rush/profile/origin.h"

namespace rush {

// A value kept for the gradient: input i is slot i, output i is slot kOutput + i.
struct Saved {
  static constexpr int kOutput = 1 << 16;
  StorageRef storage;  // null: only the spec is kept
  Layout layout;
  DType dtype = DType::kFloat32;
  bool is_weak = false;
  uint32_t version = 0;
  int slot = 0;
};

// A graph that nodes are written down in (rush/graph/graph.h). It owns its nodes; they know it by
// `GraphHome`, whose pointer is null once the graph is gone.
class GraphBuilder;
struct GraphHome : RefCounted<GraphHome> {
  GraphBuilder* graph = nullptr;
  static void destroy(GraphHome* h) { delete h; }
};
class GraphBuilder {
 public:
  virtual ~GraphBuilder() = default;
  virtual const Ref<GraphHome>& home() const = 0;
  virtual std::string describe() const = 0;  // for errors
  // Whether nodes written down in its scope join it even if their inputs are of another graph.
  virtual bool takes_all() const { return false; }
  virtual void added(Node& node) = 0;  // `node` was written down in this graph
  // What stands in the graph for a tensor with data: a variable or a constant.
  virtual Edge enter(const Tensor& t) = 0;
  // Ops that write inputs get copies of variables; when they have run, these are written back.
  virtual Tensor copy_of_written(const Tensor& t) = 0;
  virtual void write_back(const Node& node, const Tensor& t, const Tensor& copy) = 0;
};
// The graph of the scope this thread is in, if any: ops without inputs that draw random numbers or
// mention an unknown size are written down there.
inline constinit thread_local GraphBuilder* t_graph_scope = nullptr;

using GradHook = std::function<Tensor(const Tensor&)>;  // may return a replacement, or undefined
using NodeBackward = std::function<Tensors(const GradCall&)>;

struct Hook {
  uint32_t output;
  uint64_t id;
  GradHook run;
};

// What only few nodes have.
struct NodeExtra {
  Tensor grad;  // leaves: what backward accumulated
  // By output: hooks on its gradient, and intermediate gradients to keep.
  std::vector<Hook> hooks;
  std::vector<std::pair<uint32_t, Tensor>> retained;
  NodeBackward backward;  // ops defined by user code
  std::string name;       // graph mode
  std::string trace;      // anomaly mode: where the forward call came from
  Tensor constant;        // graph mode: a tensor with data that entered the graph
  Ref<GraphHome> home;    // graph mode: whose node it is
};

class Node : public RefCounted<Node> {
 public:
  static Ref<Node> make(const Op* op);
  static void destroy(Node* n);

  const Op* op = nullptr;  // null: a leaf, a placeholder or a constant
  uint64_t id = 0;
  bool is_symbolic = false;     // written down, not run: its outputs have no values
  bool is_released = false;     // its saved values were freed by a backward pass
  bool needs_grad = false;      // a gradient may be asked for (graph mode: false for pure data)
  OriginId origin = kNoOrigin;  // known if a profiler was on, or a trace was written
  AttrBox attrs;
  InlineVec<Edge, 3> inputs;  // null edges: inputs that nobody records
  InlineVec<Spec, 1> outputs;
  InlineVec<Saved, 2> saved;
  std::unique_ptr<NodeExtra> extra;

  NodeExtra& extras() {
    if (!extra) extra = std::make_unique<NodeExtra>();
    return *extra;
  }
  const Saved* find_saved(int slot) const {
    for (const Saved& s : saved)
      if (s.slot == slot) return &s;
    return nullptr;
  }
  bool is_leaf() const { return op == nullptr; }
  const char* name() const {
    if (extra && !extra->name.empty()) return extra->name.c_str();
    return op ? op->name.c_str() : "leaf";
  }

 private:
  Node() = default;
  Node* next_pending_ = nullptr;  // while waiting for destruction
};

// "fc1" of a parameter that is known as "fc1.weight" (see named_parameters), else "".
std::string_view module_of(const Node& leaf);

// A symbolic tensor without a maker: what graphs start from. `needs_grad`: gradients may be asked
// for with respect to it.
Tensor make_symbolic(const Spec& spec, bool needs_grad = true);

// The checks every in-place write begins with: raises Error when recording would go wrong.
void check_in_place(const char* op, const Tensor& target, bool recording);

// Writes through views (core/views.cc). A write through a view gives the tensor it was taken of a
// new history, which that tensor's other views take over when they are next used.
//
// Whether a gradient is recorded for `t` or for the tensor it is a view of.
bool is_recorded(const Tensor& t);
// Gives a view the history of what it shows now, if its tensor was written to since it was taken.
void refresh_view(const Tensor& t);
// After a recorded in-place write: what `target` shows now came from `written` (nothing: from a
// constant). Requires: check_in_place(op, target, true) passed before the write.
void rewire(const Tensor& target, const Edge& written);

}  // namespace rush
