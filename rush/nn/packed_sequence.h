// Sequences of different lengths in one tensor, and the ways there and back.
//
// Packed, the rows of all sequences follow each other step by step, longest sequence first:
//   a0 b0 c0 | a1 b1 | a2        batch_sizes {3, 2, 1}
// so that no row is wasted and the rows of a step lie together.
#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "rush/tensor/tensor.h"

namespace rush::nn {

struct PackedSequence {
  Tensor data;  // [sum of the lengths, ...]
  std::vector<int64_t> batch_sizes;
  // The caller's order, where it is not that of the lengths: which sequence comes at each place,
  // and the place of each sequence. Both empty otherwise.
  std::vector<int64_t> sorted_indices{}, unsorted_indices{};
};

// How long each sequence is, in the caller's order: numbers or an integer tensor.
struct Lengths {
  Lengths(std::vector<int64_t> v) : values(std::move(v)) {}
  Lengths(std::initializer_list<int64_t> v) : values(v) {}
  Lengths(const Tensor& t);
  std::vector<int64_t> values;
};

struct PackOptions {
  bool batch_first = false;    // the input is [B, T, ...]
  bool enforce_sorted = true;  // lengths that grow are an error; else they are sorted here
};
// input: [T, B, ...], sequences padded to one length.
PackedSequence pack_padded_sequence(const Tensor& input, const Lengths& lengths,
                                    const PackOptions& options = {});
// sequences: [length, ...] each, with the same other sizes.
PackedSequence pack_sequence(std::span<const Tensor> sequences, bool enforce_sorted = true);
inline PackedSequence pack_sequence(std::initializer_list<Tensor> sequences,
                                    bool enforce_sorted = true) {
  return pack_sequence(std::span(sequences.begin(), sequences.size()), enforce_sorted);
}

struct PadPackedOptions {
  bool batch_first = false;
  double padding_value = 0;
  int64_t total_length = 0;  // pad to this length; 0: to that of the longest sequence
};
struct PaddedSequence {
  Tensor output;  // [T, B, ...] in the caller's order
  std::vector<int64_t> lengths;
};
PaddedSequence pad_packed_sequence(const PackedSequence& sequence,
                                   const PadPackedOptions& options = {});
// Each sequence by itself, [length, ...], in the caller's order.
std::vector<Tensor> unpack_sequence(const PackedSequence& sequence);

struct PadOptions {
  bool batch_first = false;
  double padding_value = 0;
  bool left = false;  // pad before the sequences instead of after them
};
// [T, B, ...] from sequences [length, ...], T the longest length.
Tensor pad_sequence(std::span<const Tensor> sequences, const PadOptions& options = {});
inline Tensor pad_sequence(std::initializer_list<Tensor> sequences,
                           const PadOptions& options = {}) {
  return pad_sequence(std::span(sequences.begin(), sequences.size()), options);
}
std::vector<Tensor> unpad_sequence(const Tensor& padded, const Lengths& lengths,
                                   bool batch_first = false);

}  // namespace rush::nn
