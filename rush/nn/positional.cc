#include "rush/nn/positional.h"

#include <cmath>

#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush::nn {
namespace {

// [length, dim / 2]: position / base^(2 i / dim)
Tensor angles(int64_t length, int64_t dim, int64_t offset, double base) {
  const Tensor position =
      arange(Tensor(offset), Tensor(offset + length), Tensor(int64_t{1}), DType::kFloat64);
  const Tensor pair = arange(Tensor(int64_t{0}), Tensor(dim), Tensor(int64_t{2}), DType::kFloat64);
  const Tensor frequency = exp(pair * (-std::log(base) / static_cast<double>(dim)));
  return unsqueeze(position, 1) * frequency;
}

}  // namespace

Tensor sinusoidal_encoding(int64_t length, int64_t dim, int64_t offset) {
  if (length < 0 || dim < 1 || offset < 0)
    fail(
        "sinusoidal_encoding: length and offset must not be negative and dim must be positive; "
        "got ",
        length, ", ", offset, " and ", dim);
  const Tensor a = angles(length, dim, offset, 10000);
  const Tensor both = flatten(stack({sin(a), cos(a)}, -1), 1);  // one column too many for odd dim
  return cast(narrow(both, 1, 0, dim), default_dtype());
}

LearnedPositions::LearnedPositions(int64_t max_length, int64_t dim)
    : weight(make_parameter({max_length, dim})) {
  init::normal_(weight);
  train_from_here(weight);
}

Tensor LearnedPositions::operator()(const Tensor& x, int64_t offset) const {
  return in_layer(*this, weight, [&] {
    if (x.rank() < 2 || x.size(-1) != weight.size(1))
      fail<ShapeError>("positions: wants [..., L, ", weight.size(1), "]; got ", x.shape());
    if (offset < 0 || offset + x.size(-2) > weight.size(0))
      fail<IndexError>("positions: there are ", weight.size(0), "; positions ", offset, " to ",
                       offset + x.size(-2) - 1, " were asked for");
    return x + narrow(weight, 0, offset, x.size(-2));
  });
}

void LearnedPositions::fields(Visitor& v) { v("weight", weight); }

std::string LearnedPositions::describe() const {
  return Describe("LearnedPositions").arg(weight.size(0)).arg(weight.size(1));
}

Tensor RotaryEmbedding::operator()(const Tensor& x, int64_t offset) const {
  return in_layer(*this, {}, [&] {
    if (dim < 2 || dim % 2 != 0) fail("rotary: dim must be even and positive; got ", dim);
    if (offset < 0) fail("rotary: offset must not be negative; got ", offset);
    if (x.rank() < 2 || x.size(-1) != dim)
      fail<ShapeError>("rotary: wants [..., L, ", dim, "]; got ", x.shape());
    const Tensor a = angles(x.size(-2), dim, offset, base);
    const Tensor c = cast(cos(a), x.dtype()), s = cast(sin(a), x.dtype());
    if (!interleaved) {
      const Tensors half = split(x, dim / 2, -1);
      return cat({half[0] * c - half[1] * s, half[1] * c + half[0] * s}, -1);
    }
    const Tensor pairs = unflatten(x, -1, {dim / 2, 2});
    const Tensor even = select(pairs, -1, 0), odd = select(pairs, -1, 1);
    return flatten(stack({even * c - odd * s, odd * c + even * s}, -1), -2);
  });
}

std::string RotaryEmbedding::describe() const {
  return Describe("RotaryEmbedding")
      .arg(dim)
      .option("base", base, 10000.0)
      .option("interleaved", interleaved, false);
}

// 2^(-8 h / n) for heads h = 1 .. n of a power of two; other numbers take those of the next smaller
// one, then every other of the next larger one.
Tensor alibi_slopes(int64_t heads) {
  if (heads < 1) fail("alibi_slopes: heads must be positive; got ", heads);
  int64_t whole = 1;
  while (2 * whole <= heads) whole *= 2;
  const Tensor slopes = Tensor::empty({heads}, DType::kFloat64);
  const auto slope = [](int64_t h, int64_t n) {
    return std::exp2(-8.0 * static_cast<double>(h) / static_cast<double>(n));
  };
  for (int64_t h = 0; h < heads; ++h)
    slopes.data<double>()[h] =
        h < whole ? slope(h + 1, whole) : slope(2 * (h - whole) + 1, 2 * whole);
  return cast(slopes, default_dtype());
}

Tensor alibi_bias(int64_t heads, int64_t queries, int64_t keys) {
  if (queries < 0 || keys < queries)
    fail("alibi_bias: there must be at least as many keys as queries; got ", keys, " and ",
         queries);
  const Tensor i = arange(Tensor(keys - queries), Tensor(keys), Tensor(int64_t{1}));
  const Tensor j = arange(Tensor(keys));
  const Tensor distance = cast(abs(unsqueeze(i, 1) - j), default_dtype());
  return neg(reshape(alibi_slopes(heads), {heads, 1, 1}) * distance);
}

}  // namespace rush::nn
