// Telling a transformer where its tokens stand.
#pragma once

#include "rush/nn/visitor.h"

namespace rush::nn {

// [length, dim], row p for position offset + p:
//   sin(p / 10000^(2 i / dim)) in column 2 i, the cosine in column 2 i + 1
Tensor sinusoidal_encoding(int64_t length, int64_t dim, int64_t offset = 0);

// Adds a learned vector a position. x: [..., L, dim], of positions offset ...; weight: [max, dim].
class LearnedPositions {
 public:
  LearnedPositions(int64_t max_length, int64_t dim);
  Tensor operator()(const Tensor& x, int64_t offset = 0) const;
  void fields(Visitor& v);
  std::string describe() const;

  Tensor weight;
};

// Rotary embedding (RoPE) of queries and keys: pairs of elements are turned by an angle that grows
// with the position, so that products of the two depend on distances only.
//   angle p / base^(2 i / dim) for pair i: elements (i, i + dim / 2), or (2 i, 2 i + 1) interleaved
struct RotaryEmbedding {
  int64_t dim = 0;  // even, the size of a head
  double base = 10000;
  bool interleaved = false;
  // x: [..., L, dim], of positions offset ...
  Tensor operator()(const Tensor& x, int64_t offset = 0) const;
  std::string describe() const;
};

// ALiBi: scores are lowered in proportion to the distance of query and key; one slope a head.
Tensor alibi_slopes(int64_t heads);  // [heads]
// [heads, L, S] to be added to scores, where the last query stands beside the last key.
Tensor alibi_bias(int64_t heads, int64_t queries, int64_t keys);

}  // namespace rush::nn
