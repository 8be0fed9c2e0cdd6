#include "rush/vmap/batch.h"

#include <algorithm>

#include "rush/base/unknown.h"
#include "rush/core/apply.h"
#include "rush/core/vocabulary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"

namespace rush::vmaps {

Shape with_batch(int64_t size, const Shape& shape) {
  Shape all{size};
  for (int64_t s : shape) all.push_back(s);
  return all;
}

Tensor reshaped(const Tensor& x, int64_t size, const Shape& shape) {
  const Shape to = with_batch(size, shape);
  return x.shape() == to ? x : reshape(x, to);
}

Tensor merged(const Tensor& x) { return flatten(x, 0, 1); }

Tensor unmerged(const Tensor& x, int64_t size) {
  Shape rest = x.shape();
  rest[0] = size == 0 ? 0 : rest[0] / size;
  return reshaped(x, size, rest);
}

Tensor BatchCall::whole(size_t i) const {
  const Tensor& t = in[i].tensor;
  if (!t.defined() || in[i].is_batched) return t;
  return expand(unsqueeze(t, 0), with_batch(size, t.shape()));
}

std::vector<Tensor> BatchCall::whole_inputs() const {
  std::vector<Tensor> all;
  for (size_t i = 0; i < in.size(); ++i) all.push_back(whole(i));
  return all;
}

Tensors BatchCall::run(const std::vector<Tensor>& inputs, AttrRef with) const {
  if (!op.is_view || inputs[0].rank() == 0) return apply_multi(op, args_of(inputs), with);
  Layout layout;  // a view was written down without knowing strides
  const bool is_possible =
      !inputs[0].has_data() || op.view(op.name.c_str(), inputs[0].layout(), with.data, &layout);
  return apply_multi(op, {is_possible ? inputs[0] : inputs[0].contiguous()}, with);
}

Tensors shaped(const BatchCall& call, Tensors results) {
  for (size_t i = 0; i < results.size() && i < call.out.size(); ++i)
    if (results[i].defined()) results[i] = reshaped(results[i], call.size, call.out[i].shape);
  return results;
}

namespace {

// Broadcasting counts axes from the right, so shorter samples get axes of 1 behind the batch's. A
// 0-d sample decides less about the dtype than a tensor does, so it is converted first.
Batched elementwise(const BatchCall& call) {
  const int rank = call.out[0].shape.size();
  const size_t first = call.op.types == Types::kSelect ? 1 : 0;
  bool is_plain = true, are_alike = true;
  DType type = call.in_specs[first].dtype;
  for (size_t i = first; i < call.in.size(); ++i) {
    if (!call.is_present(i)) continue;
    is_plain &= !call.in[i].is_batched || call.rank(i) > 0;
    are_alike &= call.in_specs[i].dtype == type && !call.in[i].tensor.is_weak();
  }
  const bool converts = !is_plain && !are_alike;
  if (converts && call.op.types == Types::kCompare) return {};
  std::vector<Tensor> in;
  for (size_t i = 0; i < call.in.size(); ++i) {
    Tensor t = call.in[i].tensor;
    if (call.is_batched(i) && call.rank(i) < rank) {
      Shape shape = Shape::filled(rank - call.rank(i), 1);
      for (int64_t s : call.in_specs[i].shape) shape.push_back(s);
      t = reshaped(t, call.size, shape);
    }
    const bool is_other = t.defined() && !t.is_weak() && t.dtype() != call.out[0].dtype;
    in.push_back(converts && i >= first && is_other ? cast(t, call.out[0].dtype) : std::move(t));
  }
  return call.run(in, call.attrs);
}

// The formula of the op, mapped in turn.
Tensors by_body(const BatchCall& call) {
  std::vector<Tensor> in;
  VmapOptions options{.randomness = call.randomness};
  for (const Value& v : call.in) {
    in.push_back(v.tensor);
    options.in_dims.push_back(v.is_batched ? std::optional<int64_t>(0) : std::nullopt);
  }
  const auto body = [&](const std::vector<Tensor>& samples) {
    const Tensors outs = call.op.body(samples, call.attrs.data);
    return std::vector<Tensor>(outs.begin(), outs.end());
  };
  Tensors results;
  for (Tensor& t : vmap_call(body, in, options)) results.push_back(std::move(t));
  return results;
}

Tensors sample_by_sample(const BatchCall& call) {
  if (mentions_unknown(call.size))
    fail(call.op.name, ": runs sample by sample, for which the number of samples must be known");
  std::vector<std::vector<Tensor>> results(call.out.size());
  for (int64_t i = 0; i < call.size; ++i) {
    std::vector<Tensor> in;
    for (const Value& v : call.in) in.push_back(v.is_batched ? select(v.tensor, 0, i) : v.tensor);
    Tensors out = call.run(in, call.attrs);
    for (size_t k = 0; k < out.size(); ++k) results[k].push_back(std::move(out[k]));
  }
  Tensors stacked;
  for (size_t k = 0; k < results.size(); ++k)
    stacked.push_back(call.size == 0 ? zeros(with_batch(0, call.out[k].shape), call.out[k].dtype)
                                     : stack(results[k], 0));
  return stacked;
}

const RuleTable& rules() {
  static const RuleTable* const table = [] {
    auto* t = new RuleTable;
    add_line_rules(*t);
    add_movement_rules(*t);
    add_index_rules(*t);
    add_product_rules(*t);
    add_random_rules(*t);
    return t;
  }();
  return *table;
}

}  // namespace

Tensors carry_out(const BatchCall& call) {
  if (call.op.is_random && call.randomness == Randomness::kError)
    fail(call.op.name, ": draws random numbers; say whether they are the same for all samples or ",
         "different ones (VmapOptions::randomness)");
  const auto rule = rules().find(call.op.name);
  if (rule != rules().end()) {
    if (Batched results = rule->second(call)) return *std::move(results);
  } else if (call.op.is_elementwise) {
    if (Batched results = elementwise(call)) return *std::move(results);
  }
  if (call.op.body && !call.op.is_elementwise) return by_body(call);
  return sample_by_sample(call);
}

}  // namespace rush::vmaps
