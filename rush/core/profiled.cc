// The event of an op that is run while a profiler is on.
#include "rush/core/cost.h"
#include "rush/core/internal.h"
#include "rush/tensor/allocator.h"

namespace rush::detail {
namespace {

void add_text(std::string& text, const Tensor& t) {
  if (!text.empty() && text.back() != ' ') text += ", ";
  text += t.defined() ? to_text(Spec{t.shape(), t.dtype()}) : "none";
}

std::string text_of(std::span<const Arg> in, std::span<const Tensor> outs) {
  std::string text;
  for (const Arg& a : in) add_text(text, *a.tensor);
  text += text.empty() ? "-> " : " -> ";
  for (const Tensor& t : outs) add_text(text, t);
  return text;
}

kernels::View view_or_nothing(const Tensor& t) {
  return t.defined() ? t.view_of() : kernels::View{};
}

}  // namespace

int64_t memory_in_use() { return profile_wants_memory() ? memory_stats().allocated : -1; }

void describe_op(ProfileSpan& span, const Op& op, std::span<const Arg> in, AttrRef attrs,
                 std::span<const Tensor> outs, int64_t memory_before) {
  span.stop_clock();
  const bool is_formula = op.body && !bound_entry(op);  // the ops within it have the costs
  const bool is_only_view =
      op.is_view && !outs.empty() && !in.empty() && outs[0].storage() == in[0].tensor->storage();
  if (!is_formula && !is_only_view) {
    InlineVec<kernels::View, 6> in_views, out_views;
    for (const Arg& a : in) in_views.push_back(view_or_nothing(*a.tensor));
    for (const Tensor& t : outs) out_views.push_back(view_or_nothing(t));
    const Cost cost = cost_of(op, in_views, out_views, attrs.data);
    span.set_cost(cost.bytes, cost.flops);
  }
  if (profile_wants_shapes()) span.set_operands(text_of(in, outs));
  if (memory_before >= 0) span.set_memory(memory_before, memory_in_use());
}

}  // namespace rush::detail
