// Session: runs a graph. It holds the values of variables and what optimisers keep, so two sessions
// over one graph are independent of each other.
//
//   Session session(graph);
//   session.initialize();
//   for (auto [images, labels] : loader)
//     session.run({loss, train}, {{x, images}, {y, labels}});
//   const Tensor p = session.run(probabilities, {{x, test_images}});
//
// A run computes what is fetched and nothing else: only ancestors of fetched nodes. Updates
// (optimisers, running averages, assignments) are made when everything has been read, so a variable
// that is fetched has its value from before them. What a run returns never changes afterwards.
//
// The first run with given fetches and shapes interprets the nodes one by one; it is traced, and
// later runs follow a plan (compile.h).
//
// Threads: runs of one session take turns; sessions do not disturb each other.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rush/graph/graph.h"
#include "rush/tensor/state.h"

namespace rush {

// A node by its tensor or by its name. Parameters of layers stand for their variables.
class NodeRef {
 public:
  NodeRef(const Tensor& t) : tensor_(t) {}
  NodeRef(const char* name) : name_(name) {}
  NodeRef(std::string name) : name_(std::move(name)) {}
  const Tensor& tensor() const { return tensor_; }
  const std::string& name() const { return name_; }

 private:
  Tensor tensor_;
  std::string name_;
};
struct Feed {
  NodeRef placeholder;
  Tensor value;
};

struct SessionOptions {
  bool forbid_nan_feeds = false;
  bool use_plans = true;   // false: interpret in every run
  bool exact = false;      // plans give the same bits as interpreting
  size_t cache_size = 16;  // combinations of fetches and feeds remembered
};
struct RunOptions {
  // Not given: true when a fetched node trains, as an optimiser's does.
  std::optional<bool> training{};
};

struct RestoreOptions {
  bool strict = true;  // whatever does not fit is an error, and then nothing has been changed
};
struct RestoreReport {
  std::vector<std::string> missing, unexpected;
  std::vector<std::string> reshaped;  // there, but of another shape or kind
};

class Session {
 public:
  explicit Session(const Graph& graph = default_graph(), const SessionOptions& options = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // Gives every variable its initial value and forgets what optimisers kept; or only those
  // variables that have no value yet.
  void initialize();
  void initialize_missing();

  std::vector<Tensor> run(const std::vector<NodeRef>& fetches, const std::vector<Feed>& feeds = {},
                          const RunOptions& options = {});
  template <std::same_as<std::vector<Tensor>> List>
  std::vector<Tensor> run(const List& fetches, const std::vector<Feed>& feeds = {},
                          const RunOptions& options = {}) {
    return run(std::vector<NodeRef>(fetches.begin(), fetches.end()), feeds, options);
  }
  // For one node; a template, so that braces always mean lists.
  template <std::convertible_to<NodeRef> Ref>
  Tensor run(const Ref& fetch, const std::vector<Feed>& feeds = {},
             const RunOptions& options = {}) {
    return run(std::vector<NodeRef>{NodeRef(fetch)}, feeds, options)[0];
  }

  Tensor value(const NodeRef& variable) const;
  void assign(const NodeRef& variable, const Tensor& value);

  // Variables by name, then what optimisers keep: "train/3.exp_avg".
  State state() const;
  // Sets all of it, or raises ShapeError and changes nothing. Optimisers without any entry (the
  // state is of a model alone) start anew; a learning rate that is loaded becomes the optimiser's.
  RestoreReport load(const State& state, const RestoreOptions& options = {});

  const Graph& graph() const;
  size_t plan_count() const;
  std::string explain() const;  // the plan used last

 private:
  friend class Stepper;
  struct Impl;
  std::shared_ptr<Impl> impl_;  // steppers hold it too
};

}  // namespace rush
