// Define-then-run: a graph is written down first and run later, by a session (session.h).
//
//   Graph graph;
//   GraphScope scope(graph);                            // this thread's default graph from here on
//   Tensor x = placeholder(float32, {"batch", 784}, "x");
//   Tensor w = variable({784, 10}, nn::init::zeros_, "w");
//   Tensor y = softmax(matmul(x, w), 1);                // an ordinary op: only its shape is known
//
// Every op, layer and loss takes symbolic tensors as it takes others. What it makes joins the graph
// of its inputs. Tensors with data that meet symbolic ones become part of the graph: parameters of
// layers become variables, which start with the parameter's value; other tensors become constants.
//
// Threads: one thread builds a graph at a time; sessions may run it in several threads once it is
// built. A graph lives as long as a handle or a session holds it; its tensors do not keep it alive.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rush/core/apply.h"

namespace rush {

namespace graph {
class GraphState;
}

inline constexpr int64_t kUnknown = -1;

// One size of a placeholder: a number, kUnknown, or a name. Sizes of one name are equal in a run.
class SizeSpec {
 public:
  template <typename T>
  requires std::is_integral_v<T> SizeSpec(T size) : size_(static_cast<int64_t>(size)) {}
  SizeSpec(const char* name) : name_(name) {}
  SizeSpec(std::string name) : name_(std::move(name)) {}
  // The size, or what stands for it on the given axis.
  int64_t resolve(int axis) const;

 private:
  int64_t size_ = kUnknown;
  std::string name_;
};

class Graph {
 public:
  Graph();  // empty
  explicit Graph(std::string name);
  explicit Graph(std::shared_ptr<graph::GraphState> state) : state_(std::move(state)) {}

  const std::string& name() const;
  // The node called `name`, an undefined tensor if there is none.
  Tensor find(std::string_view name) const;
  std::string name_of(const Tensor& t) const;
  std::vector<std::string> node_names() const;  // in order of definition
  // Variables in order of definition: what optimisers take.
  std::vector<Tensor> variables(bool only_trainable = true) const;
  std::vector<std::string> variable_names(bool only_trainable = false) const;
  // Gives a variable another name, under which it is saved; a parameter becomes a variable by it.
  void rename(const Tensor& variable, const std::string& name) const;
  // Whether a run trains or evaluates: a bool in the graph, told by RunOptions::training.
  Tensor training() const;

  std::string to_text() const;  // a node a line
  std::string to_dot() const;   // for Graphviz
  const std::shared_ptr<graph::GraphState>& state() const { return state_; }
  friend bool operator==(const Graph& a, const Graph& b) { return a.state_ == b.state_; }

 private:
  std::shared_ptr<graph::GraphState> state_;
};

// The graph of the innermost scope of this thread; without one, a graph that is made on first use.
Graph default_graph();
// The graph that a symbolic tensor belongs to. Error for other tensors.
Graph graph_of(const Tensor& t);

class GraphScope {
 public:
  explicit GraphScope(const Graph& graph);
  ~GraphScope();
  GraphScope(const GraphScope&) = delete;
  GraphScope& operator=(const GraphScope&) = delete;

 private:
  Graph graph_;
  class GraphBuilder* before_;
};
// Puts "name/" before the names of nodes made inside, in this thread.
class NameScope {
 public:
  explicit NameScope(std::string_view name);
  ~NameScope();
  NameScope(const NameScope&) = delete;
  NameScope& operator=(const NameScope&) = delete;

 private:
  size_t length_before_;
};

// These belong to the default graph. A name that is taken gets a number: "x_1".
Tensor placeholder(DType dtype, std::initializer_list<SizeSpec> shape, std::string_view name = {});
Tensor placeholder(DType dtype, const std::vector<SizeSpec>& shape, std::string_view name = {});

struct VariableOptions {
  std::string name = {};
  bool trainable = true;
};
// Starts with a copy of `initial`, which may be symbolic: then it is computed when a session
// initialises.
Tensor variable(const Tensor& initial, const VariableOptions& options = {});
Tensor variable(const Tensor& initial, const char* name);
// Starts with what `fill` writes into a tensor of the default dtype; every session has it run anew.
using Fill = std::function<void(const Tensor&)>;
Tensor variable(const Shape& shape, Fill fill, const VariableOptions& options = {});
Tensor variable(const Shape& shape, Fill fill, const char* name);
Tensor constant(const Tensor& value, std::string_view name = {});

// d(sum of ys[i] * dys[i]) / d(xs), written down as one node. Any node may be an x, and gradients
// may be differentiated again. A missing or undefined dy is 1 everywhere.
struct GradientOptions {
  bool allow_unused = false;  // an x that no y depends on gives zeros, not an error
  std::string name = {};
};
std::vector<Tensor> gradients(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs,
                              const std::vector<Tensor>& dys = {},
                              const GradientOptions& options = {});
template <std::derived_from<Tensor> Y, std::derived_from<Tensor> X>
Tensor gradients(const Y& y, const X& x, const Tensor& dy = {},
                 const GradientOptions& options = {}) {
  return gradients(std::vector<Tensor>{y}, std::vector<Tensor>{x}, std::vector<Tensor>{dy},
                   options)[0];
}
// The same value, through which no gradient goes.
inline Tensor stop_gradient(const Tensor& x) { return x.detach(); }

// One value in runs that train, another in those that evaluate: only the one in use is computed.
Tensor by_mode(const Tensor& training, const Tensor& evaluation);

}  // namespace rush
