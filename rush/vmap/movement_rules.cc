// Views and copies: shapes get the batch in front, axes move by one.
#include "rush/core/vocabulary.h"
#include "rush/kernels/attrs/movement.h"
#include "rush/ops/movement.h"
#include "rush/vmap/batch.h"

namespace rush::vmaps {
namespace {

int axis_of(const BatchCall& call, int64_t axis) {
  return normalize_axis("vmap", axis, call.rank(0)) + 1;
}
Dims behind(int64_t first, const Dims& rest) {
  Dims all{first};
  for (int64_t v : rest) all.push_back(v);
  return all;
}

// Nothing in the attributes depends on the axes in front.
Batched unchanged(const BatchCall& call) { return call.run(call.whole_inputs(), call.attrs); }

Batched to_shape(const BatchCall& call) {
  return Tensors{reshaped(call.whole(0), call.size, call.out[0].shape)};
}

Batched expanded(const BatchCall& call) {
  Shape ones = Shape::filled(call.out[0].shape.size() - call.rank(0), 1);
  for (int64_t s : call.in_specs[0].shape) ones.push_back(s);
  return Tensors{
      expand(reshaped(call.whole(0), call.size, ones), with_batch(call.size, call.out[0].shape))};
}

Batched permuted(const BatchCall& call) {
  Dims axes{0};
  for (int64_t axis : call.attributes<PermuteAttrs>().axes) axes.push_back(axis_of(call, axis));
  return Tensors{permute(call.whole(0), axes)};
}

Batched transposed(const BatchCall& call) {
  const auto a = call.attributes<TransposeAttrs>();
  if (call.rank(0) == 0) return Tensors{call.whole(0)};
  return Tensors{transpose(call.whole(0), axis_of(call, a.axis0), axis_of(call, a.axis1))};
}

// Attributes with one axis.
template <typename A>
Batched along_axis(const BatchCall& call) {
  A a = call.attributes<A>();
  a.axis = axis_of(call, a.axis);
  return call.run(call.whole_inputs(), a);
}

Batched diagonal_of(const BatchCall& call) {
  const auto a = call.attributes<DiagonalAttrs>();
  return Tensors{diagonal(call.whole(0), a.offset, axis_of(call, a.axis1), axis_of(call, a.axis2))};
}

Batched diagonal_back(const BatchCall& call) {
  const auto a = call.attributes<DiagonalGradAttrs>();
  const int rank = a.shape.size();
  return Tensors{diagonal_grad(call.whole(0), with_batch(call.size, a.shape), a.offset,
                               normalize_axis("vmap", a.axis1, rank) + 1,
                               normalize_axis("vmap", a.axis2, rank) + 1)};
}

Batched unfold_back(const BatchCall& call) {
  auto a = call.attributes<UnfoldGradAttrs>();
  a.axis = normalize_axis("vmap", a.axis, a.shape.size()) + 1;
  a.shape = with_batch(call.size, a.shape);
  return call.run(call.whole_inputs(), a);
}

Batched slice_back(const BatchCall& call) {
  const auto a = call.attributes<SliceGradAttrs>();
  return Tensors{slice_grad(call.whole(0), with_batch(call.size, a.shape), behind(0, a.start),
                            behind(1, a.step))};
}

Batched slice_replaced(const BatchCall& call) {
  const auto a = call.attributes<SlicePutAttrs>();
  return Tensors{slice_put(call.whole(0), call.whole(1), behind(0, a.start), behind(1, a.step))};
}

Batched flipped(const BatchCall& call) {
  Dims axes;
  for (int64_t axis : call.attributes<FlipAttrs>().axes) axes.push_back(axis_of(call, axis));
  return call.run(call.whole_inputs(), FlipAttrs{axes});
}

Batched padded(const BatchCall& call) {
  auto a = call.attributes<ConstantPadAttrs>();
  a.before = behind(0, a.before);
  a.after = behind(0, a.after);
  return call.run(call.whole_inputs(), a);
}

// full and full_like: a number for each sample, everywhere.
template <int kValue>
Batched filled(const BatchCall& call) {
  const Shape ones = Shape::filled(call.out[0].shape.size(), 1);
  const Tensor number = cast(reshaped(call.whole(kValue), call.size, ones), call.out[0].dtype);
  return Tensors{expand(number, with_batch(call.size, call.out[0].shape))};
}

}  // namespace

void add_movement_rules(RuleTable& t) {
  for (const char* op : {"cast", "contiguous", "clone", "alias", "tril", "triu"}) t[op] = unchanged;
  t["detach"] = [](const BatchCall& call) -> Batched { return Tensors{call.whole(0).detach()}; };
  for (const char* op : {"reshape", "squeeze", "unsqueeze"}) t[op] = to_shape;
  t["expand"] = expanded;
  t["permute"] = permuted;
  t["transpose"] = transposed;
  t["slice"] = along_axis<SliceAttrs>;
  t["select"] = along_axis<SelectAttrs>;
  t["unfold"] = along_axis<UnfoldAttrs>;
  t["cat"] = along_axis<CatAttrs>;
  t["diagonal"] = diagonal_of;
  t["diagonal_grad"] = diagonal_back;
  t["unfold_grad"] = unfold_back;
  t["slice_grad"] = slice_back;
  t["slice_put"] = slice_replaced;
  t["flip"] = flipped;
  t["constant_pad"] = padded;
  t["full"] = filled<0>;
  t["full_like"] = filled<1>;
}

}  // namespace rush::vmaps
