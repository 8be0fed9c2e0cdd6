// apply(): the one door every op goes through. It runs the op now, or writes it down.
//
//   all inputs have data, no gradient wanted   -> kernel
//   all inputs have data, gradient wanted      -> kernel, and a node keeping what the rules read
//   any input is symbolic                      -> node only, after the same shape rule
#pragma once

#include <initializer_list>
#include <span>

#include "rush/core/op.h"

namespace rush {

// A borrowed argument: no reference counts are touched on the way in.
struct Arg {
  const Tensor* tensor;
  Arg(const Tensor& t) : tensor(&t) {}
};

Tensor apply(const Op& op, std::span<const Arg> inputs, AttrRef attrs = {});
inline Tensor apply(const Op& op, std::initializer_list<Arg> inputs, AttrRef attrs = {}) {
  return apply(op, std::span(inputs.begin(), inputs.size()), attrs);
}
// For ops with several outputs, and for ops over a list of tensors.
Tensors apply_multi(const Op& op, std::span<const Arg> inputs, AttrRef attrs = {});
inline Tensors apply_multi(const Op& op, std::initializer_list<Arg> inputs, AttrRef attrs = {}) {
  return apply_multi(op, std::span(inputs.begin(), inputs.size()), attrs);
}
std::vector<Arg> args_of(std::span<const Tensor> tensors);
std::vector<Tensor> values_of(std::span<const Arg> args);

// Computes an element-wise op and writes the result over `target`, which is its first input: the
// same kernel, the same gradient rules. Errors: a result that does not fit target's shape or dtype,
// a leaf that requires a gradient, a view of a tensor whose gradient is recorded.
const Tensor& apply_in_place(const Op& op, const Tensor& target, std::span<const Arg> others,
                             AttrRef attrs = {});
inline const Tensor& apply_in_place(const Op& op, const Tensor& target,
                                    std::initializer_list<Arg> others, AttrRef attrs = {}) {
  return apply_in_place(op, target, std::span(others.begin(), others.size()), attrs);
}
// For gradient rules: an element-wise op whose first input is the arriving gradient. A large one is
// written over dy where only the walk holds it, so the rule must not read dy again.
Tensor apply_over_gradient(const Op& op, const Dy& dy, std::initializer_list<Arg> others,
                           AttrRef attrs = {});
// Makes `target` show `value` (same shape and dtype) by an in-place write of the op `op`, carrying
// value's history: how x[i] = v and copy_ are recorded.
void write_in_place(const char* op, const Tensor& target, const Tensor& value);

// Whether ops record nodes for inputs that require gradients (thread-local, on by default).
bool grad_enabled();
class GradMode {  // RAII: sets the mode, restores the old one
 public:
  explicit GradMode(bool enabled);
  ~GradMode();
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool before_;
};
struct NoGrad : GradMode {
  NoGrad() : GradMode(false) {}
};
struct EnableGrad : GradMode {
  EnableGrad() : GradMode(true) {}
};

// Anomaly mode: every op checks its outputs, and the first one to make a NaN or an infinity out of
// finite inputs raises Error naming the op, its inputs and where it was called (thread-local).
class DetectAnomaly {
 public:
  explicit DetectAnomaly(bool on = true);
  ~DetectAnomaly();
  DetectAnomaly(const DetectAnomaly&) = delete;
  DetectAnomaly& operator=(const DetectAnomaly&) = delete;
  static bool is_on();

 private:
  bool before_;
};

}  // namespace rush
