// How one op is carried out on a batch of samples. A value that differs between samples has them
// along axis 0, which the op does not know of; a rule says what the op must be told instead. Rules
// are written in public ops, so what they do can be differentiated, deferred and mapped again.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "rush/core/op.h"
#include "rush/vmap/vmap.h"

namespace rush::vmaps {

struct Value {
  Tensor tensor;  // undefined: left out
  bool is_batched = false;
};

struct BatchCall {
  const Op& op;
  AttrRef attrs;
  std::span<const Value> in;
  std::span<const Spec> in_specs;  // of one sample
  std::span<const Spec> out;       // of one sample
  int64_t size;                    // of the batch
  Randomness randomness;

  template <typename A>
  A attributes() const {
    return *static_cast<const A*>(attrs.data);
  }
  bool is_present(size_t i) const { return i < in.size() && in[i].tensor.defined(); }
  bool is_batched(size_t i) const { return is_present(i) && in[i].is_batched; }
  int rank(size_t i) const { return in_specs[i].shape.size(); }
  // Input i with the samples along axis 0, repeated if they are all the same.
  Tensor whole(size_t i) const;
  std::vector<Tensor> whole_inputs() const;
  // The op on other inputs; all its results.
  Tensors run(const std::vector<Tensor>& inputs, AttrRef with) const;
};

// All results with the samples along axis 0; nothing: the rule does not cover this call.
using Batched = std::optional<Tensors>;
using BatchRule = Batched (*)(const BatchCall&);
using RuleTable = std::unordered_map<std::string, BatchRule>;

void add_line_rules(RuleTable&);      // reductions, scans, sorting, softmax, norms
void add_movement_rules(RuleTable&);  // views, cat, pad, ...
void add_index_rules(RuleTable&);
void add_product_rules(RuleTable&);  // matmul, convolutions, pools
void add_random_rules(RuleTable&);

// Carries the call out: by its rule, as an element-wise op, by its body, or sample by sample.
Tensors carry_out(const BatchCall& call);

// Each result brought to its shape, with the batch in front.
Tensors shaped(const BatchCall& call, Tensors results);

// Shapes with the batch in front, or merged into the first axis.
Shape with_batch(int64_t size, const Shape& shape);
Tensor merged(const Tensor& x);                                      // [B, N, ...] -> [B * N, ...]
Tensor unmerged(const Tensor& x, int64_t size);                      // and back
Tensor reshaped(const Tensor& x, int64_t size, const Shape& shape);  // to [B, shape...]

}  // namespace rush::vmaps
