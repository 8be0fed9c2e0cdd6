// compile(fn): an ordinary function over tensors, modules and optimisers - a whole training step -
// traced once for each set of shapes and dtypes, and run as a plan from then on.
//
//   auto step = compile([&](const Tensor& x, const Tensor& y) {
//     const Tensor loss = nn::cross_entropy(net(x), y);
//     opt.step(loss);
//     return loss;
//   });
//   for (auto [x, y] : loader) total += step(x, y).item();
//
// What the function captures by reference - parameters, optimisers, buffers - is read and written
// in place, as in an eager run; learning rates and training modes are followed. The first calls are
// eager runs. Results carry no history: call backward() inside. Gradients that an optimiser inside
// the function has used are cleared at the end of the run.
//
// What cannot be carried over raises Error where it happens: looking at values (item(), printing),
// changing an argument in place, keeping a tensor beyond the call, host effects such as a
// scheduler's step. Plain C++ side effects happen in the first calls only and cannot be seen: keep
// them outside.
//
// Threads: may be called from several; runs of one plan take turns.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "rush/graph/tensor_function.h"

namespace rush {

struct CompileOptions {
  bool optimise = true;             // false: the trace as it is, for comparison
  bool exact = false;               // only what keeps results equal to eager's to the bit
  std::optional<DType> autocast{};  // kBFloat16: contractions in bfloat16
  size_t cache_size = 8;            // plans kept; the one unused for longest is dropped
  bool timing = false;              // time every instruction, for explain()
  bool keeps_gradients = false;     // that an optimiser inside has used, as an eager run does
};

struct CompileStats {
  int64_t traces = 0, planned_runs = 0;  // traces are eager runs
  double last_trace_seconds = 0, last_plan_seconds = 0;
  int64_t arena_bytes = 0;  // of the plan used last
};

namespace graph {

// The plans of one function, found by the shapes, dtypes and strides of arguments, the gradient
// mode and whether what the trace depended on still holds.
class PlanCache {
 public:
  explicit PlanCache(const CompileOptions& options);
  ~PlanCache();
  void call(const TensorFunction& fn, std::span<const Tensor> args, std::vector<Tensor>& results);
  std::string explain() const;
  CompileStats stats() const;
  size_t size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// To and from what functions return: nothing, a tensor, a vector, array or tuple of tensors.
template <typename R>
std::vector<Tensor> to_list(R&& result) {
  if constexpr (std::is_convertible_v<R, Tensor>) {
    return {Tensor(std::forward<R>(result))};
  } else if constexpr (requires { result.begin(); }) {
    return {result.begin(), result.end()};
  } else {
    return std::apply([](auto&&... t) { return std::vector<Tensor>{Tensor(t)...}; },
                      std::forward<R>(result));
  }
}
template <typename R>
R from_list(std::vector<Tensor>&& list) {
  if constexpr (std::is_convertible_v<Tensor, R>) {
    return std::move(list[0]);
  } else if constexpr (std::is_same_v<R, std::vector<Tensor>>) {
    return std::move(list);
  } else if constexpr (requires(R r) { r.push_back(list[0]); }) {
    R out;
    for (Tensor& t : list) out.push_back(std::move(t));
    return out;
  } else {
    return [&]<size_t... i>(std::index_sequence<i...>) { return R{std::move(list[i])...}; }
    (std::make_index_sequence<std::tuple_size_v<R>>());
  }
}

}  // namespace graph

template <typename F>
class Compiled {
 public:
  Compiled(F fn, const CompileOptions& options)
      : fn_(std::make_shared<F>(std::move(fn))),
        cache_(std::make_shared<graph::PlanCache>(options)) {}

  template <std::convertible_to<Tensor>... Args>
  auto operator()(const Args&... args) const {
    return call(Tensor(args)...);
  }

  // The plan used last, instruction by instruction.
  std::string explain() const { return cache_->explain(); }
  CompileStats stats() const { return cache_->stats(); }
  size_t plan_count() const { return cache_->size(); }

 private:
  template <std::same_as<Tensor>... Args>
  auto call(const Args&... args) const {
    using Result = std::decay_t<std::invoke_result_t<F&, const Args&...>>;
    const Tensor list[] = {args..., Tensor()};
    const auto run = [this]<size_t... i>(const std::vector<Tensor>& in, std::index_sequence<i...>)
                         ->std::vector<Tensor> {
      if constexpr (std::is_void_v<Result>) {
        (*fn_)(in[i]...);
        return {};
      } else {
        return graph::to_list((*fn_)(in[i]...));
      }
    };
    std::vector<Tensor> results;
    cache_->call(
        [&](const std::vector<Tensor>& in) {
          return run(in, std::make_index_sequence<sizeof...(Args)>());
        },
        std::span(list, sizeof...(Args)), results);
    if constexpr (!std::is_void_v<Result>) return graph::from_list<Result>(std::move(results));
  }

  std::shared_ptr<F> fn_;
  std::shared_ptr<graph::PlanCache> cache_;
};

template <typename F>
Compiled<F> compile(F fn, const CompileOptions& options = {}) {
  return Compiled<F>(std::move(fn), options);
}

}  // namespace rush
