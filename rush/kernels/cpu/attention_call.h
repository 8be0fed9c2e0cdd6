// What the kernels of attention know of a call: its operands as matrices, one for each head of
// queries of the batch, and its sizes.
#pragma once

#include <algorithm>
#include <cmath>

#include "rush/base/random.h"
#include "rush/kernels/attrs/attention.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

// Blocks of queries and keys. A block of weights stays in the L2 cache; with shorter rows, what is
// done once a row and block costs small heads 10 %.
inline constexpr int64_t kQueryBlock = 64, kKeyBlock = 256;

inline int64_t rounded_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// [..., rows, cols], where leading dimensions may be missing or repeated.
struct Matrices {
  const View* view = nullptr;
  Dims strides;  // of the leading dimensions of the batch
  Shape batch;
  int64_t row = 0, col = 0;

  Matrices(const View& v, const Shape& batch_shape) : view(&v), batch(batch_shape) {
    const int rank = v.shape.size(), missing = batch.size() - (rank - 2);
    strides = Dims::filled(batch.size(), 0);
    for (int d = 0; d < rank - 2; ++d)
      if (v.shape[d] != 1 && d + missing >= 0) strides[d + missing] = v.strides[d];
    // A mask may have one row or one column for all.
    if (rank >= 2 && v.shape[rank - 2] != 1) row = v.strides[rank - 2];
    if (rank >= 1 && v.shape[rank - 1] != 1) col = v.strides[rank - 1];
  }
  bool is_there() const { return view->data != nullptr; }
  // Element [0, 0] of matrix `index`, counted over the batch in row-major order.
  template <typename T>
  T* at(int64_t index) const {
    int64_t offset = 0;
    auto left = static_cast<uint64_t>(index);
    for (int d = batch.size() - 1; d >= 0 && left > 0; --d) {
      const auto size = static_cast<uint64_t>(batch[d]);
      // Division of 32 bits takes half the time; small heads feel it.
      const bool is_small = ((left | size) >> 32) == 0;
      const uint64_t rest =
          is_small ? static_cast<uint32_t>(left) / static_cast<uint32_t>(size) : left / size;
      offset += static_cast<int64_t>(left - rest * size) * strides[d];
      left = rest;
    }
    return static_cast<T*>(view->data) + offset;
  }
};

// [...] as [..., 1]
inline View as_column(View v) {
  v.shape.push_back(1);
  v.strides.push_back(1);
  return v;
}

// q: [..., H, L, E], k: [..., G, S, E], v: [..., G, S, Ev]; a matrix of keys serves `group` of
// queries.
struct AttentionCall {
  AttentionAttrs attrs;
  Shape q_batch, kv_batch;
  int64_t queries, keys, size, v_size, group = 1;
  Matrices q, k, v, mask;
  double scale;
  RandomKey key;

  AttentionCall(const Call& call, const Shape& batch)
      : attrs(call.attributes<AttentionAttrs>()),
        q_batch(batch),
        kv_batch(batch_of_keys(batch, call.in[1].shape, attrs.enable_gqa)),
        queries(from_end(call.in[0], 2)),
        keys(from_end(call.in[1], 2)),
        size(from_end(call.in[0], 1)),
        v_size(from_end(call.in[2], 1)),
        q(call.in[0], q_batch),
        k(call.in[1], kv_batch),
        v(call.in[2], kv_batch),
        mask(call.in[3], q_batch),
        scale(attrs.scale.value_or(1 / std::sqrt(static_cast<double>(size)))) {
    if (kv_matrices() > 0) group = q_matrices() / kv_matrices();
    if (const View& random = call.in[4]; random.data != nullptr) {
      const auto* bits = random.as<const int64_t>();
      key = {static_cast<uint64_t>(bits[0]), static_cast<uint64_t>(bits[random.strides[0]])};
    }
  }

  int64_t q_matrices() const { return numel(q_batch); }
  int64_t kv_matrices() const { return numel(kv_batch); }
  // How many of the keys from `first_key` on query `i` sees, at most `n`; not counting the mask.
  int64_t seen(int64_t i, int64_t first_key, int64_t n) const {
    if (!attrs.is_causal) return n;
    return std::max<int64_t>(0, std::min(n, i - first_key + 1));
  }

 private:
  static int64_t from_end(const View& v, int i) { return v.shape[v.shape.size() - i]; }
  static Shape batch_of_keys(Shape batch, const Shape& k, bool grouped) {
    if (grouped && !batch.empty()) batch[batch.size() - 1] = k[k.size() - 3];
    return batch;
  }
};

}  // namespace rush::kernels::cpu
