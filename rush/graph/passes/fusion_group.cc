#include "rush/graph/passes/fusion_group.h"

#include <algorithm>
#include <cstdlib>

#include "rush/kernels/attrs/create.h"
#include "rush/kernels/attrs/reduce.h"
#include "rush/tensor/layout.h"

namespace rush::graph {
namespace {

bool is_copy(const Instruction& i) {
  return i.op->name == "cast" || i.op->name == "clone" || i.op->name == "contiguous";
}
bool is_dropout(const Instruction& i) { return i.op->name == "dropout"; }
bool is_row_major(const Operand& o) { return is_contiguous(o.layout.shape, o.layout.strides); }

// The dimensions of an operand by falling strides.
Dims dimension_order(const Shape& shape, const Strides& strides) {
  Dims order;
  for (int d = 0; d < shape.size(); ++d)
    if (shape[d] != 1) order.push_back(d);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return std::abs(strides[static_cast<int>(a)]) > std::abs(strides[static_cast<int>(b)]);
  });
  return order;
}

// The output of a sum seen in the shape of its input: strides of 0 where it is summed over.
Strides summed_strides(const Instruction& i) {
  const Shape& x = i.in[0].layout.shape;
  const Layout& out = i.out[0].layout;
  Strides strides = Dims::filled(x.size(), 0);
  if (i.op->name == "sum_to") {
    const int lead = x.size() - out.rank();
    for (int d = 0; d < out.rank(); ++d)
      if (out.shape[d] == x[d + lead]) strides[d + lead] = out.strides[d];
    return strides;
  }
  const auto& attrs = *static_cast<const ReduceAttrs*>(i.attrs.data());
  const Dims reduced = normalize_axes("sum", attrs.axes, x.size());
  for (int d = 0, to = 0; d < x.size(); ++d) {
    const bool is_reduced = std::count(reduced.begin(), reduced.end(), d) > 0;
    if (!is_reduced) strides[d] = out.strides[to];
    if (!is_reduced || attrs.keepdim) ++to;
  }
  return strides;
}

double scale_of(const Instruction& i) {
  if (i.op->name != "mean") return 1;
  return static_cast<double>(i.out[0].layout.numel()) / static_cast<double>(i.in[0].layout.numel());
}

kernels::FusedStep step_of(const Instruction& i, const void* attrs) {
  kernels::FusedStep step;
  step.name = i.op->name.c_str();
  step.result = i.out[0].dtype;
  step.attrs = attrs;
  const DType t = i.in[0].dtype;
  if (is_dropout(i)) {
    step.run_at = kernels::dropout_row(t);
    step.cost = 4;
  } else if (i.form == Form::kElementwise) {
    const kernels::Entry& entry = *kernels::table(Device::kCpu).find(i.op->name);
    step.run = entry.rows[static_cast<int>(i.computing)];
    step.cost = entry.cost;
  } else {
    step.run = kernels::cast_row(t);
  }
  return step;
}

}  // namespace

FusionRole fusion_role(const Instruction& i) {
  if (i.form == Form::kFused || i.refresh_attrs || i.group >= 0 || i.is_random() ||
      i.out.size() != 1 || i.out[0].layout.numel() == 0)
    return FusionRole::kNone;
  const Operand& out = i.out[0];
  if (i.form == Form::kElementwise)
    return i.in.empty() || i.in.size() >= kernels::kMaxOperands ? FusionRole::kNone
                                                                : FusionRole::kStep;
  if (is_dropout(i) || is_copy(i)) {
    bool is_step = i.in[0].layout.shape == out.layout.shape;
    if (is_dropout(i))
      is_step &= is_row_major(i.in[0]) && is_row_major(out) && is_row_major(i.in[1]);
    return is_step ? FusionRole::kStep : FusionRole::kNone;
  }
  const bool is_sum = i.op->name == "sum" || i.op->name == "sum_to" || i.op->name == "mean";
  return is_sum && i.in[0].layout.numel() > 0 ? FusionRole::kSum : FusionRole::kNone;
}

bool FusionGroup::is_read_outside(BufferId b) const {
  const BufferUses& uses = (*uses_)[b];
  if (program_->buffers[b].kind != BufferKind::kTemporary || uses.is_result) return true;
  return std::any_of(uses.readers.begin(), uses.readers.end(), [&](int r) {
    return std::find(members_.begin(), members_.end(), r) == members_.end();
  });
}

// The operand in the shape of the group, which may be a reshaped view of it.
std::optional<Operand> FusionGroup::in_shape(const Operand& o) const {
  if (o.layout.shape == shape_) return o;
  if (o.layout.numel() != numel(shape_)) return std::nullopt;
  const auto strides = reshape_strides(o.layout, shape_);
  if (!strides) return std::nullopt;
  return Operand{o.buffer, o.dtype, Layout(shape_, *strides, o.layout.offset)};
}

std::optional<int> FusionGroup::resolve(const Operand& o) {
  for (int v = static_cast<int>(values_.size()) - 1; v >= 0; --v) {
    if (values_[v].is_overwritten || !overlap(values_[v].at, o)) continue;
    if (values_[v].at == o) return ~v;
    return std::nullopt;
  }
  for (const Sum& sum : sums_)
    if (overlap(sum.to, o)) return std::nullopt;
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (inputs_[i] == o) return static_cast<int>(i);
  inputs_.push_back(o);
  return static_cast<int>(inputs_.size()) - 1;
}

// What is written may be exactly what was read or written before, or new.
bool FusionGroup::may_write(const Operand& o) const {
  const auto fits = [&](const Operand& other) { return !overlap(other, o) || other == o; };
  for (const Operand& in : inputs_)
    if (!fits(in)) return false;
  for (const Value& v : values_)
    if (!fits(v.at)) return false;
  for (const Sum& sum : sums_)
    if (overlap(sum.to, o)) return false;
  return true;
}

bool FusionGroup::fits_order(const Instruction& i, const Operand& out) const {
  const Dims order = dimension_order(shape_, order_);
  if (!(dimension_order(shape_, out.layout.strides) == order)) return false;
  if (is_dropout(i)) return is_contiguous(shape_, order_);
  if (i.form == Form::kElementwise || order.empty()) return true;
  // Transposing copies have a kernel that knows better.
  const auto in = in_shape(i.in[0]);
  return in && in->layout.strides[static_cast<int>(order.back())] <= 1;
}

bool FusionGroup::add(int index) {
  const FusionRole role = fusion_role(program_->instructions[index]);
  members_.push_back(index);
  if (role == FusionRole::kStep) return add_step(index);
  return role == FusionRole::kSum && add_sum(index);
}

bool FusionGroup::add_step(int index) {
  const Instruction& i = program_->instructions[index];
  if (steps_.empty()) {
    shape_ = i.out[0].layout.shape;
    order_ = i.out[0].layout.strides;
  }
  const auto out = in_shape(i.out[0]);
  if (!out || !fits_order(i, *out)) return false;
  Step step{index, {}};
  for (size_t k = 0; k < i.in.size(); ++k) {
    if (i.in[k].buffer == kNoBuffer) {
      step.in.push_back(kAbsent);
      continue;
    }
    const bool is_key = is_dropout(i) && k == 1;
    const auto in = is_key ? std::optional(i.in[k]) : in_shape(i.in[k]);
    const auto reference = in ? resolve(*in) : std::nullopt;
    if (!reference || (is_key && *reference < 0)) return false;
    step.in.push_back(*reference);
  }
  if (!may_write(*out)) return false;
  for (Value& v : values_) v.is_overwritten |= v.at == *out;
  values_.push_back({*out, static_cast<int>(steps_.size())});
  steps_.push_back(std::move(step));
  return true;
}

bool FusionGroup::add_sum(int index) {
  const Instruction& i = program_->instructions[index];
  if (steps_.empty()) {
    shape_ = i.in[0].layout.shape;
    order_ = i.in[0].layout.strides;
  }
  const auto in = in_shape(i.in[0]);
  const auto to = in ? reshape_strides(Layout(i.in[0].layout.shape, summed_strides(i), 0), shape_)
                     : std::nullopt;
  if (!to || !kernels::can_reduce(shape_, order_, *to)) return false;
  const auto reference = resolve(*in);
  if (!reference) return false;
  Operand out{i.out[0].buffer, i.out[0].dtype, Layout(shape_, *to, i.out[0].layout.offset)};
  for (int d = 0; d < shape_.size(); ++d)
    if ((*to)[d] == 0) out.layout.shape[d] = 1;
  for (const Operand& read : inputs_)
    if (overlap(read, out)) return false;
  if (!may_write(out)) return false;
  sums_.push_back({*reference, out, scale_of(i)});
  return true;
}

int64_t FusionGroup::bytes_kept_inside() const {
  int64_t bytes = 0;
  for (const Value& v : values_)
    if (!is_output(v)) bytes += v.at.layout.numel() * static_cast<int64_t>(size_of(v.at.dtype));
  return bytes;
}

bool FusionGroup::is_runnable() const {
  const auto outputs =
      std::count_if(values_.begin(), values_.end(), [&](const Value& v) { return is_output(v); });
  const size_t all = static_cast<size_t>(outputs) + sums_.size();
  return inputs_.size() <= kernels::kMaxFusedInputs && steps_.size() <= kernels::kMaxFusedSteps &&
         all > 0 && all <= kernels::kMaxFusedOutputs;
}

int FusionGroup::value_number(int reference) const {
  if (reference == kAbsent) return -1;
  return reference >= 0 ? reference : static_cast<int>(inputs_.size()) + ~reference;
}

Instruction FusionGroup::fused() const {
  struct Owner {
    kernels::FusedChain chain;
    std::vector<AttrBox> attrs;
  };
  const auto owner = std::make_shared<Owner>();
  kernels::FusedChain& chain = owner->chain;
  Instruction fused;
  fused.form = Form::kFused;
  fused.in = inputs_;
  for (const Operand& o : inputs_) chain.inputs.push_back(o.dtype);
  for (const Step& s : steps_) {
    const Instruction& i = program_->instructions[s.instruction];
    const bool is_plain_copy = i.form == Form::kKernel && !i.attrs.data();
    const AttrBox& attrs =
        owner->attrs.emplace_back(is_plain_copy ? AttrBox(CastAttrs{i.out[0].dtype}) : i.attrs);
    kernels::FusedStep& step = chain.steps.emplace_back(step_of(i, attrs.data()));
    for (int reference : s.in) step.in.push_back(value_number(reference));
    fused.is_recomputed |= i.is_recomputed;
    if (i.origin != kNoOrigin)
      fused.origin = fused.origin == kNoOrigin ? i.origin : common_origin(fused.origin, i.origin);
  }
  for (size_t v = 0; v < values_.size(); ++v) {
    if (!is_output(values_[v])) continue;
    chain.outputs.push_back({value_number(~static_cast<int>(v))});
    fused.out.push_back(values_[v].at);
  }
  for (const Sum& sum : sums_) {
    chain.outputs.push_back({value_number(sum.value), kernels::Reduce::kSum, sum.scale});
    fused.out.push_back(sum.to);
  }
  if (!sums_.empty()) fused.note = "sums " + std::to_string(sums_.size());
  chain.order = order_;
  fused.chain = std::shared_ptr<const kernels::FusedChain>(owner, &chain);
  return fused;
}

}  // namespace rush::graph
