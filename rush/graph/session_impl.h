// The inside of a session.
#pragma once

#include <mutex>

#include "rush/graph/compile.h"
#include "rush/graph/evaluation.h"
#include "rush/graph/session.h"

namespace rush {

namespace graph {
// A node as somebody asked for it, to be found again without looking anything up: by the same
// tensor, node or name.
struct Asked {
  Edge edge;
  Ref<TensorBody> body;
  std::string name;

  bool fits(const NodeRef& ref) const;
};
}  // namespace graph

struct Session::Impl {
  // One combination of fetches, feeds and mode that has been asked for.
  struct Request {
    std::vector<graph::Asked> fetches, feeds;
    std::vector<Spec> specs;  // of the values fed
    std::optional<bool> training;
    uint64_t names_version = 0;  // of the graph, when names were looked up
    std::unique_ptr<graph::Evaluation> evaluation;
    std::unique_ptr<graph::PlanCache> plans;
    bool is_untraceable = false;

    bool fits(const std::vector<NodeRef>& wanted, const std::vector<Feed>& given,
              const RunOptions& o) const;
  };

  Impl(const Graph& g, const SessionOptions& o);
  Edge locate(const NodeRef& ref) const;
  int variable(const char* op, const NodeRef& ref) const;
  graph::Asked asked(const NodeRef& ref) const;
  // Brings the values into the dtype of their placeholders where they are plain numbers.
  std::vector<Feed> with_dtypes(const std::vector<Feed>& given) const;
  // The placeholders that are fed, in order, once each, with values that fit them.
  std::vector<const Node*> placeholders_of(const std::vector<Feed>& given) const;
  std::unique_ptr<Request> prepare(const std::vector<NodeRef>& wanted,
                                   const std::vector<Feed>& given, const RunOptions& o);
  Request& find(const std::vector<NodeRef>& wanted, const std::vector<Feed>& given,
                const RunOptions& o);
  std::vector<Tensor> carry_out(Request& r, const std::vector<Tensor>& args);
  void check_values(const std::vector<Feed>& given) const;
  std::vector<Tensor> run(const std::vector<NodeRef>& fetches, const std::vector<Feed>& feeds,
                          const RunOptions& o);
  void set(int v, const Tensor& value);
  void initialize(bool only_missing);
  void forget_updates();

  Graph graph;
  SessionOptions options;
  graph::SessionValues values;
  std::vector<std::unique_ptr<Request>> requests;  // the one used last first
  Request* last = nullptr;
  std::vector<Tensor> args;  // of the run going on
  mutable std::mutex mutex;
};

}  // namespace rush
