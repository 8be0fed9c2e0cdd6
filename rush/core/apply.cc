#include "rush/core/apply.h"

#include <array>

#include "rush/core/internal.h"
#include "rush/core/vocabulary.h"
#include "rush/tensor/observer.h"

namespace rush {
namespace detail {

const kernels::Entry* bind_entry(const Op& op) {
  const kernels::Entry* e = kernels::table(Device::kCpu).find(op.name);
  // Every thread that gets here writes the same value.
  std::atomic_ref(op.entry[0]).store(e, std::memory_order_release);
  return e;
}

Tensor fresh(const Shape& shape, const Strides& strides, DType dtype) {
  const int64_t n = checked_numel(shape, size_of(dtype), "allocate");
  auto body = TensorBody::make();
  body->storage = Storage::make(static_cast<size_t>(n) * size_of(dtype));
  body->layout.shape = shape;
  body->layout.strides = strides;
  body->dtype = dtype;
  return Tensor(std::move(body));
}

bool any_symbolic(std::span<const Arg> in) {
  for (const Arg& a : in)
    if (a.tensor->defined() && !a.tensor->body().storage) return true;
  return false;
}

void infer(const Op& op, std::span<const Arg> in, AttrRef attrs, InlineVec<OutSpec, 2>& out) {
  InlineVec<Spec, 4> specs;
  InlineVec<bool, 8> present;
  size_t given = 0;
  for (const Arg& a : in) {
    present.push_back(a.tensor->defined());
    if (!a.tensor->defined()) {
      if (given < op.args.size() && op.args[given].back() != '?')
        fail(op.name, ": argument ", op.args[given], " is an undefined tensor");
      specs.emplace_back();
    } else {
      specs.push_back({a.tensor->shape(), a.tensor->dtype()});
    }
    ++given;
  }
  InferCall call{op.name.c_str(), specs, present, attrs.data, out};
  op.infer(call);
}

namespace {

Strides strides_for(const OutSpec& spec, std::span<const Arg> in) {
  switch (spec.format) {
    case Format::kChannelsLast:
      return channels_last_strides(spec.shape);
    case Format::kLikeFirst:
      if (!in.empty() && in[0].tensor->defined() && in[0].tensor->rank() == spec.shape.size())
        return dense_strides_like(spec.shape, in[0].tensor->strides());
      break;
    case Format::kContiguous:
      break;
  }
  return contiguous_strides(spec.shape);
}

void report_call(const Op& op, std::span<const Arg> in, AttrRef attrs,
                 std::span<const Tensor> outs) {
  if (!t_observer) return;
  InlineVec<const Tensor*, 8> from, to;
  for (const Arg& a : in) from.push_back(a.tensor);
  for (const Tensor& t : outs) to.push_back(&t);
  t_observer->called(op, DType::kFloat32, from, to, attrs);
}

// Where the layout of x has no such view: the kernel copies, if the op (reshape) has one.
Tensor copy_as_viewed(const Op& op, const Tensor& x, AttrRef attrs) {
  const kernels::Entry* entry = entry_of(op);
  Layout layout;
  if (!entry || !op.view(op.name.c_str(), Layout(x.shape()), attrs.data, &layout))
    fail<ShapeError>(op.name, ": a tensor of shape ", x.shape(), " and strides ", x.strides(),
                     " cannot be viewed like that without a copy; use reshape() or contiguous()");
  const Tensor out = fresh(layout.shape, layout.strides, x.dtype());
  const kernels::View from = x.view_of(), to = out.view_of();
  entry->kernel({{&from, 1}, {&to, 1}, attrs.data});
  report_call(op, std::array<Arg, 1>{x}, attrs, {&out, 1});
  return out;
}

Tensor run_view(const Op& op, const Tensor& x, AttrRef attrs) {
  auto body = TensorBody::make();
  if (!op.view(op.name.c_str(), x.layout(), attrs.data, &body->layout))
    return copy_as_viewed(op, x, attrs);
  const TensorBody& from = x.body();
  body->storage = from.storage;
  body->dtype = from.dtype;
  body->base = from.base ? from.base : x.body_ref();
  body->history = from.storage->history();
  return Tensor(std::move(body));
}

void run_kernel(const Op& op, std::span<const Arg> in, AttrRef attrs, Tensors& outs) {
  const kernels::Entry* entry = entry_of(op);
  if (!entry || !entry->kernel) fail(op.name, ": no ", Device::kCpu, " kernel");
  InlineVec<OutSpec, 2> specs;
  infer(op, in, attrs, specs);
  InlineVec<kernels::View, 6> in_views;
  InlineVec<kernels::View, 3> out_views;
  for (const Arg& a : in) {
    if (a.tensor->defined())
      in_views.push_back(a.tensor->view_of());
    else
      in_views.emplace_back();
  }
  for (const OutSpec& spec : specs) {
    outs.push_back(fresh(spec.shape, strides_for(spec, in), spec.dtype));
    out_views.push_back(outs.back().view_of());
  }
  entry->kernel({in_views, out_views, attrs.data});
  if (op.writes_in_place()) {
    for (size_t i = 0; i < in.size(); ++i)
      if (in[i].tensor->defined() && op.writes(i, in.size(), attrs.data))
        in[i].tensor->storage()->bump_version(op.name.c_str());
  }
  report_call(op, in, attrs, outs);
}

void check_mutated(const Op& op, std::span<const Arg> in, AttrRef attrs) {
  for (size_t i = 0; i < in.size(); ++i)
    if (in[i].tensor->defined() && op.writes(i, in.size(), attrs.data)) {
      const Tensor& target = *in[i].tensor;
      check_in_place(op.name.c_str(), target, t_grad_enabled);
      if (t_grad_enabled && target.body().base && is_recorded(target))
        fail(op.name, ": cannot write to a view of a tensor whose gradient is recorded; do it ",
             "under NoGrad, or on a clone()");
    }
}

void check_count(const Op& op, std::span<const Arg> in) {
  if (in.size() < op.required_args() || (!op.is_variadic() && in.size() > op.args.size()))
    fail(op.name, ": takes ", op.args.size(), " tensors; got ", in.size());
}

void refresh_views(std::span<const Arg> in) {
  for (const Arg& a : in)
    if (a.tensor->defined()) refresh_view(*a.tensor);
}

Tensors apply_several(const Op& op, std::span<const Arg> in, AttrRef attrs);

Tensor apply_one(const Op& op, std::span<const Arg> in, AttrRef attrs) {
  if (!op.is_elementwise && !op.is_view) {
    Tensors outs = apply_several(op, in, attrs);
    return outs.empty() ? Tensor() : std::move(outs[0]);
  }
  if (any_symbolic(in) || t_graph_scope) [[unlikely]] {
    if (is_deferred(op, in, attrs)) return std::move(defer(op, in, attrs)[0]);
  }
  if (op.is_elementwise && op.body && !entry_of(op)) return op.body(values_of(in), attrs.data)[0];
  if (t_grad_enabled) refresh_views(in);
  if (op.is_view && (in.size() != 1 || !in[0].tensor->defined())) check_count(op, {});
  Tensor out = op.is_view ? run_view(op, *in[0].tensor, attrs) : run_elementwise(op, in, attrs);
  if (t_detect_anomaly) check_anomaly(op, in, {&out, 1});
  if (t_grad_enabled && wants_node(op, in)) record(op, in, attrs, {&out, 1});
  return out;
}

Tensors apply_several(const Op& op, std::span<const Arg> in, AttrRef attrs) {
  if (op.is_elementwise || op.is_view) {
    Tensors outs;
    outs.push_back(apply_one(op, in, attrs));
    return outs;
  }
  check_count(op, in);
  if (any_symbolic(in) || t_graph_scope) [[unlikely]] {
    if (is_deferred(op, in, attrs)) return defer(op, in, attrs);
  }
  if (op.body && !entry_of(op)) return op.body(values_of(in), attrs.data);
  if (t_grad_enabled) refresh_views(in);
  if (op.writes_in_place()) check_mutated(op, in, attrs);
  Tensors outs;
  run_kernel(op, in, attrs, outs);
  if (t_detect_anomaly) check_anomaly(op, in, outs);
  if (t_grad_enabled && wants_node(op, in)) record(op, in, attrs, outs);
  return outs;
}

// What is only written down is no event.
[[gnu::noinline]] Tensor apply_profiled(const Op& op, std::span<const Arg> in, AttrRef attrs) {
  if (any_symbolic(in) || t_graph_scope) return apply_one(op, in, attrs);
  const int64_t memory = memory_in_use();
  ProfileSpan span(op.name.c_str(), ProfileKind::kOp);
  Tensor out = apply_one(op, in, attrs);
  if (span) describe_op(span, op, in, attrs, {&out, out.defined() ? size_t{1} : size_t{0}}, memory);
  return out;
}

[[gnu::noinline]] Tensors apply_several_profiled(const Op& op, std::span<const Arg> in,
                                                 AttrRef attrs) {
  if (any_symbolic(in) || t_graph_scope) return apply_several(op, in, attrs);
  const int64_t memory = memory_in_use();
  ProfileSpan span(op.name.c_str(), ProfileKind::kOp);
  Tensors outs = apply_several(op, in, attrs);
  if (span) describe_op(span, op, in, attrs, outs, memory);
  return outs;
}

}  // namespace
}  // namespace detail

Tensor apply(const Op& op, std::span<const Arg> in, AttrRef attrs) {
  if (detail::is_profiling()) [[unlikely]]
    return detail::apply_profiled(op, in, attrs);
  return detail::apply_one(op, in, attrs);
}

Tensors apply_multi(const Op& op, std::span<const Arg> in, AttrRef attrs) {
  if (detail::is_profiling()) [[unlikely]]
    return detail::apply_several_profiled(op, in, attrs);
  return detail::apply_several(op, in, attrs);
}

std::vector<Arg> args_of(std::span<const Tensor> tensors) {
  return {tensors.begin(), tensors.end()};
}

std::vector<Tensor> values_of(std::span<const Arg> in) {
  std::vector<Tensor> values;
  for (const Arg& a : in) values.push_back(*a.tensor);
  return values;
}

}  // namespace rush
