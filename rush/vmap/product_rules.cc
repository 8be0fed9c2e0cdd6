// Matrix products, convolutions and pools. What the samples share stays one operand; samples become
// more rows, more images or, where the weights differ between samples, more groups.
#include "rush/core/vocabulary.h"
#include "rush/kernels/attrs/conv.h"
#include "rush/kernels/attrs/pool.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/vmap/batch.h"

namespace rush::vmaps {
namespace {

// ---- Matrices ----------------------------------------------------------------------------------

// Input i as matrices, [B, ..., M, K], with `rank` axes behind the batch's; one that all samples
// share has no batch axis.
Tensor as_matrices(const BatchCall& call, size_t i, int rank) {
  Shape shape = call.in_specs[i].shape;
  if (shape.size() == 1) shape.insert(i == 0 ? 0 : 1, 1);
  if (!call.is_batched(i)) return reshape(call.in[i].tensor, shape);
  Shape aligned = Shape::filled(rank - shape.size(), 1);
  for (int64_t s : shape) aligned.push_back(s);
  return reshaped(call.in[i].tensor, call.size, aligned);
}

Batched product(const BatchCall& call) {
  const int rank = std::max({call.rank(0), call.rank(1), 2});
  const Tensor a = as_matrices(call, 0, rank), b = as_matrices(call, 1, rank);
  // Outer products, as in the gradients of a layer by its weight: where rows are long, they are
  // made faster element by element.
  constexpr int64_t kLongRow = 256;
  const bool is_outer = a.shape().back() == 1 && b.shape().back() >= kLongRow;
  return shaped(call, {is_outer ? mul(a, b) : matmul(a, b)});
}

Batched affine(const BatchCall& call) {
  if (!call.is_batched(1) && !call.is_batched(2)) {
    std::vector<Tensor> in;
    for (const Value& v : call.in) in.push_back(v.tensor);
    return call.run(in, call.attrs);
  }
  const Shape& x = call.in_specs[0].shape;
  int64_t rows = 1;
  for (int i = 0; i + 1 < x.size(); ++i) rows *= x[i];
  const Tensor weight = transpose(call.whole(1), 1, 2);
  Tensor y = matmul(reshaped(call.whole(0), call.size, {rows, x[x.size() - 1]}), weight);
  if (call.is_present(2)) y = add(y, unsqueeze(call.whole(2), 1));
  return shaped(call, {y});
}

// ---- Convolutions ------------------------------------------------------------------------------

// x: [B, N, C, ...] -> [N, B * C, ...] and back.
Tensor as_channels(const Tensor& x) { return flatten(transpose(x, 0, 1), 1, 2); }
Tensor from_channels(const Tensor& x, int64_t size) {
  Shape shape = x.shape();
  shape[1] = size == 0 ? 0 : shape[1] / size;
  shape.insert(1, size);
  return transpose(reshape(x, shape), 0, 1);
}

ConvAttrs with_groups(const BatchCall& call) {
  auto a = call.attributes<ConvAttrs>();
  a.groups *= call.size;
  return a;
}

// conv(x, weight, bias?)
Batched convolution(const BatchCall& call) {
  if (call.size == 0) return {};
  const Tensor bias = call.is_present(2) ? call.in[2].tensor : Tensor();
  if (!call.is_batched(1) && !call.is_batched(2)) {
    const Tensor y = call.run({merged(call.whole(0)), call.in[1].tensor, bias}, call.attrs)[0];
    return Tensors{unmerged(y, call.size)};
  }
  const Tensor all_bias = bias.defined() ? merged(call.whole(2)) : Tensor();
  const Tensor y =
      call.run({as_channels(call.whole(0)), merged(call.whole(1)), all_bias}, with_groups(call))[0];
  return Tensors{from_channels(y, call.size)};
}

// conv_dx(dy, weight)
Batched convolution_dx(const BatchCall& call) {
  if (call.size == 0) return {};
  if (!call.is_batched(1)) {
    const Tensor dx = call.run({merged(call.whole(0)), call.in[1].tensor}, call.attrs)[0];
    return Tensors{unmerged(dx, call.size)};
  }
  const Tensor dx =
      call.run({as_channels(call.whole(0)), merged(call.whole(1))}, with_groups(call))[0];
  return Tensors{from_channels(dx, call.size)};
}

// conv_dw(dy, x)
Batched convolution_dw(const BatchCall& call) {
  if (call.size == 0) return {};
  const Tensor dw =
      call.run({as_channels(call.whole(0)), as_channels(call.whole(1))}, with_groups(call))[0];
  return Tensors{unmerged(dw, call.size)};
}

// ---- Pools -------------------------------------------------------------------------------------

Batched pool(const BatchCall& call) {
  if (call.size == 0) return {};
  std::vector<Tensor> in;
  for (size_t i = 0; i < call.in.size(); ++i) in.push_back(merged(call.whole(i)));
  return shaped(call, call.run(in, call.attrs));
}

}  // namespace

void add_product_rules(RuleTable& t) {
  t["matmul"] = product;
  t["linear"] = affine;
  t["conv"] = convolution;
  t["conv_dx"] = convolution_dx;
  t["conv_dw"] = convolution_dw;
  for (const char* op : {"max_pool", "max_pool_grad", "max_pool_pick", "avg_pool", "avg_pool_grad"})
    t[op] = pool;
}

}  // namespace rush::vmaps
