// What the files of core share; nothing here is for users.
#pragma once

#include <algorithm>
#include <atomic>

#include "rush/core/node.h"
#include "rush/profile/span.h"

namespace rush::detail {

extern thread_local bool t_grad_enabled;
extern thread_local bool t_detect_anomaly;

const kernels::Entry* bind_entry(const Op& op);  // looks the kernel up; null when there is none
// The kernel, if it was looked up before. Threads may ask while another one binds it.
inline const kernels::Entry* bound_entry(const Op& op) {
  return std::atomic_ref(op.entry[0]).load(std::memory_order_acquire);
}
inline const kernels::Entry* entry_of(const Op& op) {
  const kernels::Entry* e = bound_entry(op);
  return e ? e : bind_entry(op);
}

// A tensor of an op's output without values.
Tensor fresh(const Shape& shape, const Strides& strides, DType dtype);

bool any_symbolic(std::span<const Arg> in);
// Whether applying `op` now must leave a node.
bool wants_node(const Op& op, std::span<const Arg> in);
// Whether these references are all there is to the tensor and its memory, which it fills.
bool is_held_only_by(uint32_t references, const Tensor& t);
// Of the masks of Saves: the last bit stands for all inputs from there on.
inline bool has_bit(uint32_t mask, size_t i) { return (mask >> std::min<size_t>(i, 31)) & 1; }
// Makes the node and wires the outputs to it.
void record(const Op& op, std::span<const Arg> in, AttrRef attrs, std::span<Tensor> outs);
// Whether the op is to be written down, on symbolic inputs or in the graph of this thread's scope.
bool is_deferred(const Op& op, std::span<const Arg> in, AttrRef attrs);
Tensors defer(const Op& op, std::span<const Arg> in, AttrRef attrs);

// Elementwise.cc: broadcasting and promotion.
struct ElementwisePlan {
  Shape shape;
  DType computing, result;
};
ElementwisePlan plan_elementwise(const Op& op, std::span<const Arg> in);
Tensor run_elementwise(const Op& op, std::span<const Arg> in, AttrRef attrs);
// Computes into `out`, which may be one of the inputs. Requires: out has the plan's shape and
// dtype.
void run_elementwise_into(const Op& op, std::span<const Arg> in, AttrRef attrs,
                          const ElementwisePlan& plan, const Tensor& out);

// Fills `out` by the shape rule, with errors typed.
void infer(const Op& op, std::span<const Arg> in, AttrRef attrs, InlineVec<OutSpec, 2>& out);

// Bytes that tensors use, if the profiler wants to know, else -1.
int64_t memory_in_use();
// Ends the event of an op that has run, and tells what it did.
void describe_op(ProfileSpan& span, const Op& op, std::span<const Arg> in, AttrRef attrs,
                 std::span<const Tensor> outs, int64_t memory_before);

void check_anomaly(const Op& op, std::span<const Arg> in, std::span<const Tensor> outs);
std::string call_site();  // where user code called, one frame a line; empty if not known

}  // namespace rush::detail
