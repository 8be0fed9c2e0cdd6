// Ops that take indices: the sample's number is one index more.
#include "rush/core/vocabulary.h"
#include "rush/kernels/attrs/index.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/vmap/batch.h"

namespace rush::vmaps {
namespace {

template <typename A>
Batched along_axis(const BatchCall& call) {
  for (size_t i = 0; i < call.in.size(); ++i)
    if (call.rank(i) == 0) return {};
  A a = call.attributes<A>();
  a.axis = normalize_axis("vmap", a.axis, call.rank(0)) + 1;
  return call.run(call.whole_inputs(), a);
}

// 0, 1, ... along axis 0, with `rank` axes of 1 behind.
Tensor sample_numbers(int64_t size, int rank) {
  return reshaped(arange(size), size, Shape::filled(rank, 1));
}

// [B, k, I...] -> [1 + k, B, I...], the first row being the numbers of the samples.
Tensor with_sample_index(const BatchCall& call) {
  const Tensor at = movedim(call.whole(1), 0, 1);
  Shape row = at.shape();
  row[0] = 1;
  const Tensor numbers = sample_numbers(call.size, at.rank() - 2);
  return cat({expand(unsqueeze(numbers, 0), row), at});
}

// The axes of the indices in the batch, and where index() puts what they choose.
struct Places {
  Dims axes{0};
  int of_sample;  // where a sample's result has the axes of the indices
  int of_batch;
};
Places places_of(const Dims& axes) {
  Places p;
  for (int64_t axis : axes) p.axes.push_back(axis + 1);
  p.of_sample = index_position(axes);
  p.of_batch = index_position(p.axes);
  return p;
}

// Moves the axes of the indices, `count` of them, from one place to another behind axis 0.
Tensor with_indices_at(const Tensor& x, int from, int to, int count) {
  if (from == to) return x;
  Dims source, destination;
  for (int i = 0; i < count; ++i) {
    source.push_back(1 + from + i);
    destination.push_back(1 + to + i);
  }
  return movedim(x, source, destination);
}

// Where the index of the sample and the others are no neighbours, what they choose comes in front:
// [B, I..., rest]. Otherwise axes are 0, 1, ..., which gives the same.
Batched chosen(const BatchCall& call) {
  const Places p = places_of(call.attributes<IndexAttrs>().axes);
  const Tensor y = index(call.whole(0), with_sample_index(call), p.axes);
  return Tensors{with_indices_at(y, p.of_batch, p.of_sample, call.rank(1) - 1)};
}

template <bool kAccumulate>
Batched put(const BatchCall& call) {
  const Places p = places_of(call.attributes<IndexAttrs>().axes);
  const Tensor values = with_indices_at(call.whole(2), p.of_sample, p.of_batch, call.rank(1) - 1);
  return Tensors{index_put(call.whole(0), with_sample_index(call), values, p.axes, kAccumulate)};
}

// Of every sample's table, rows by its ids. Negative ids, which an index would count from the end,
// are as wrong as those that are too large.
Tensor table_index(const BatchCall& call, int64_t rows) {
  const Tensor ids = cast(call.whole(1), DType::kInt64);
  const Tensor numbers = expand(sample_numbers(call.size, call.rank(1)), ids.shape());
  return stack({numbers, where(lt(ids, 0), Tensor(rows), ids)});
}

Batched rows_of(const BatchCall& call) {
  if (!call.is_batched(0)) return call.run({call.in[0].tensor, call.in[1].tensor}, call.attrs);
  if (call.attributes<EmbeddingAttrs>().padding_idx) return {};
  const Tensor at = table_index(call, call.in_specs[0].shape[0]);
  return Tensors{index(call.whole(0), at, {0, 1})};
}

Batched rows_back(const BatchCall& call) {
  const auto a = call.attributes<EmbeddingGradAttrs>();
  if (a.padding_idx) return {};
  const Tensor none = zeros(with_batch(call.size, call.out[0].shape), call.out[0].dtype);
  return Tensors{index_put(none, table_index(call, a.rows), call.whole(0), {0, 1}, true)};
}

Batched unchanged(const BatchCall& call) { return call.run(call.whole_inputs(), call.attrs); }

Batched searched(const BatchCall& call) {
  if (call.rank(0) != 1 || call.rank(1) == 0) {
    if (call.rank(0) != call.rank(1)) return {};
    return unchanged(call);
  }
  const Shape& values = call.in_specs[1].shape;
  int64_t count = 1;
  for (int64_t s : values) count *= s;
  return shaped(call,
                call.run({call.whole(0), reshaped(call.whole(1), call.size, {count})}, call.attrs));
}

}  // namespace

void add_index_rules(RuleTable& t) {
  for (const char* op : {"gather", "scatter", "scatter_add"}) t[op] = along_axis<GatherAttrs>;
  t["scatter_reduce"] = along_axis<ScatterReduceAttrs>;
  t["index"] = chosen;
  t["index_put"] = put<false>;
  t["index_put_add"] = put<true>;
  t["embedding"] = rows_of;
  t["embedding_grad"] = rows_back;
  t["one_hot"] = unchanged;
  t["searchsorted"] = searched;
}

}  // namespace rush::vmaps
