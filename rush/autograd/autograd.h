// Gradients. `grad` is the core, `backward` a few lines on top of it.
#pragma once

#include <concepts>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rush/core/apply.h"

namespace rush {

struct GradOptions {
  bool retain_graph = false;  // keep saved values, so that the same graph can be walked again
  bool create_graph = false;  // record the gradients themselves (implies retain_graph)
  bool allow_unused = false;  // an x that no y depends on gives an undefined tensor, not an error
};

// d(sum of ys[i] * dys[i]) / d(xs). A missing or undefined dy is 1, which wants a one-element y.
// Leaves are not touched. Errors: a y without history, an x that is not used, sizes that clash.
std::vector<Tensor> grad(const std::vector<Tensor>& ys, const std::vector<Tensor>& xs,
                         const std::vector<Tensor>& dys = {}, const GradOptions& options = {});
// For one y and one x; a template, so that braces always mean lists.
template <std::derived_from<Tensor> Y, std::derived_from<Tensor> X>
Tensor grad(const Y& y, const X& x, const Tensor& dy = {}, const GradOptions& options = {}) {
  return grad(std::vector<Tensor>{y}, std::vector<Tensor>{x}, std::vector<Tensor>{dy}, options)[0];
}

// Adds the gradient of every leaf that requires one to its grad(). Either all leaves get theirs or,
// when a rule fails, none does.
void backward(const std::vector<Tensor>& ys, const std::vector<Tensor>& dys = {},
              const GradOptions& options = {});

// Hooks: `hook` sees the gradient of `t` when it has been summed up, and may return a replacement
// (an undefined result keeps it). They run in the order in which they were registered.
class HookHandle {
 public:
  HookHandle(Edge edge, uint64_t id) : edge_(std::move(edge)), id_(id) {}
  void remove();

 private:
  Edge edge_;
  uint64_t id_;
};
HookHandle register_hook(const Tensor& t, std::function<Tensor(const Tensor&)> hook);
// Keeps the gradient of an intermediate result in its grad() during backward.
void retain_grad(const Tensor& t);

// ---- Ops from user code -----------------------------------------------------------------------

// Carries what a custom op's forward wants its backward to see.
class CustomContext {
 public:
  // Keeps inputs or outputs; a later in-place change of them is noticed.
  void save(const std::vector<Tensor>& tensors);
  std::vector<Tensor> saved() const;
  bool needs_grad(size_t input) const { return input < needs_.size() && needs_[input]; }
  // In backward: whether a gradient arrived at an output; where none did, dys has zeros.
  bool arrived(size_t output) const;

 private:
  friend struct CustomAccess;
  std::vector<Tensor> pending_;  // as saved, until the node is made
  std::vector<int> slots_;       // of the node's values; negative: ~index of others_
  std::vector<Tensor> others_;   // neither inputs nor outputs
  std::vector<uint32_t> other_versions_;
  std::vector<bool> needs_;
  const GradCall* call_ = nullptr;  // while backward runs
};
using CustomForward = std::function<Tensors(CustomContext&, const std::vector<Tensor>& inputs)>;
// One gradient per input (undefined: none). Written in ops, it can be differentiated again.
using CustomBackward = std::function<Tensors(CustomContext&, const Tensors& dys)>;
Tensors custom_op(const std::string& name, const std::vector<Tensor>& inputs,
                  const CustomForward& forward, const CustomBackward& backward);

// Runs `fn` without keeping what its gradient needs, and runs it again when the gradient is asked
// for: memory for time. Tensors that `fn` captures get their gradients too, and random numbers are
// drawn alike in both runs.
Tensors checkpoint(const std::function<Tensors(const std::vector<Tensor>&)>& fn,
                   const std::vector<Tensor>& inputs);

}  // namespace rush
