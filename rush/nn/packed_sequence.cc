#include "rush/nn/packed_sequence.h"

#include <algorithm>
#include <numeric>

#include "rush/base/error.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"

namespace rush::nn {
namespace {

std::string list_text(const std::vector<int64_t>& values) {
  std::string text = "[";
  for (int64_t v : values) text += (text.size() > 1 ? ", " : "") + std::to_string(v);
  return text + "]";
}

std::vector<int64_t> inverse(const std::vector<int64_t>& order) {
  std::vector<int64_t> places(order.size());
  for (size_t i = 0; i < order.size(); ++i) places[order[i]] = static_cast<int64_t>(i);
  return places;
}

// The order of the sequences by length, longest first; those of one length stay as they are.
std::vector<int64_t> order_of(const std::vector<int64_t>& lengths) {
  std::vector<int64_t> order(lengths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return lengths[a] > lengths[b]; });
  return order;
}

void check_lengths(const char* op, const std::vector<int64_t>& lengths, int64_t most) {
  for (int64_t length : lengths)
    if (length < 1 || length > most)
      fail<ShapeError>(op, ": lengths are 1 to ", most, ", the steps there are; got ",
                       list_text(lengths));
}

// A packed sequence whose row of step t of sequence b is the row row_of(t, b) of `rows`.
template <class RowOf>
PackedSequence pack(const char* op, const Tensor& rows, const std::vector<int64_t>& lengths,
                    bool enforce_sorted, const RowOf& row_of) {
  const bool is_sorted = std::is_sorted(lengths.rbegin(), lengths.rend());
  if (enforce_sorted && !is_sorted)
    fail(op,
         ": lengths must not grow from one sequence to the next, unless enforce_sorted is "
         "false; got ",
         list_text(lengths));
  const std::vector<int64_t> order = order_of(lengths);
  PackedSequence packed;
  std::vector<int64_t> index;
  for (int64_t t = 0; t < lengths[order[0]]; ++t) {
    int64_t running = 0;
    for (int64_t b : order) {
      if (lengths[b] <= t) break;
      index.push_back(row_of(t, b));
      ++running;
    }
    packed.batch_sizes.push_back(running);
  }
  packed.data = index_select(rows, 0, Tensor::from(index));
  if (!enforce_sorted) {
    packed.sorted_indices = order;
    packed.unsorted_indices = inverse(order);
  }
  return packed;
}

// Each sequence's rows in the data, in the caller's order.
std::vector<std::vector<int64_t>> rows_of_sequences(const char* op, const PackedSequence& p) {
  if (p.batch_sizes.empty() || !p.data.defined()) fail(op, ": the packed sequence is empty");
  const auto batch = static_cast<size_t>(p.batch_sizes[0]);
  if (!p.sorted_indices.empty() && p.sorted_indices.size() != batch)
    fail<ShapeError>(op, ": sorted_indices name each of the ", batch, " sequences; got ",
                     list_text(p.sorted_indices));
  std::vector<std::vector<int64_t>> rows(batch);
  int64_t row = 0;
  for (int64_t running : p.batch_sizes)
    for (int64_t place = 0; place < running; ++place)
      rows[p.sorted_indices.empty() ? place : p.sorted_indices[place]].push_back(row++);
  if (p.data.rank() < 1 || p.data.size(0) != row)
    fail<ShapeError>(op, ": data has a row for each of the batch sizes, ", row, " in all; got ",
                     p.data.shape());
  return rows;
}

Tensor padding_rows(const Tensor& like, int64_t count, double value) {
  Shape shape = like.shape();
  shape[0] = count;
  return full(shape, value, like.dtype());
}

void check_list(const char* op, std::span<const Tensor> sequences) {
  if (sequences.empty()) fail(op, ": wants at least one sequence; got none");
  for (const Tensor& s : sequences)
    if (!s.defined() || s.rank() < 1)
      fail<ShapeError>(op, ": sequences have at least one dimension, their steps; got ",
                       s.defined() ? to_text(s.shape()) : "an undefined tensor");
}

}  // namespace

Lengths::Lengths(const Tensor& t) {
  if (t.rank() != 1 || is_floating(t.dtype()))
    fail<ShapeError>("lengths: a tensor of lengths is [B] integers; got ", t.dtype(), t.shape());
  values = t.to_vector<int64_t>();
}

PackedSequence pack_padded_sequence(const Tensor& input, const Lengths& lengths,
                                    const PackOptions& options) {
  const char* op = "pack_padded_sequence";
  if (input.rank() < 2)
    fail<ShapeError>(op,
                     ": input is [steps, batch, ...] or with batch_first [batch, steps, ...]; "
                     "got ",
                     input.shape());
  const int64_t steps = input.size(options.batch_first ? 1 : 0);
  const int64_t batch = input.size(options.batch_first ? 0 : 1);
  if (batch == 0 || steps == 0)
    fail<ShapeError>(op, ": empty tensors cannot be packed; input is ", input.shape());
  if (static_cast<int64_t>(lengths.values.size()) != batch)
    fail<ShapeError>(op, ": wants a length for each of the ", batch, " sequences; got ",
                     list_text(lengths.values));
  check_lengths(op, lengths.values, steps);
  return pack(
      op, flatten(input, 0, 1), lengths.values, options.enforce_sorted,
      [&](int64_t t, int64_t b) { return options.batch_first ? b * steps + t : t * batch + b; });
}

PackedSequence pack_sequence(std::span<const Tensor> sequences, bool enforce_sorted) {
  const char* op = "pack_sequence";
  check_list(op, sequences);
  std::vector<int64_t> lengths, starts;
  int64_t rows = 0;
  for (const Tensor& s : sequences) {
    lengths.push_back(s.size(0));
    starts.push_back(rows);
    rows += s.size(0);
  }
  check_lengths(op, lengths, rows);
  return pack(op, cat(sequences), lengths, enforce_sorted,
              [&](int64_t t, int64_t b) { return starts[b] + t; });
}

PaddedSequence pad_packed_sequence(const PackedSequence& sequence,
                                   const PadPackedOptions& options) {
  const char* op = "pad_packed_sequence";
  const auto rows = rows_of_sequences(op, sequence);
  const auto batch = static_cast<int64_t>(rows.size());
  const auto longest = static_cast<int64_t>(sequence.batch_sizes.size());
  if (options.total_length != 0 && options.total_length < longest)
    fail<ShapeError>(op, ": total_length is at least the longest length, ", longest, "; got ",
                     options.total_length);
  const int64_t steps = std::max(longest, options.total_length);
  PaddedSequence padded;
  const int64_t missing = sequence.data.size(0);  // the row after the last is padding
  std::vector<int64_t> index(batch * steps, missing);
  for (int64_t b = 0; b < batch; ++b) {
    padded.lengths.push_back(static_cast<int64_t>(rows[b].size()));
    for (int64_t t = 0; t < padded.lengths[b]; ++t)
      index[options.batch_first ? b * steps + t : t * batch + b] = rows[b][t];
  }
  const Tensor all = cat({sequence.data, padding_rows(sequence.data, 1, options.padding_value)});
  padded.output = unflatten(index_select(all, 0, Tensor::from(index)), 0,
                            options.batch_first ? Shape{batch, steps} : Shape{steps, batch});
  return padded;
}

std::vector<Tensor> unpack_sequence(const PackedSequence& sequence) {
  std::vector<Tensor> all;
  for (const auto& rows : rows_of_sequences("unpack_sequence", sequence))
    all.push_back(index_select(sequence.data, 0, Tensor::from(rows)));
  return all;
}

Tensor pad_sequence(std::span<const Tensor> sequences, const PadOptions& options) {
  check_list("pad_sequence", sequences);
  int64_t steps = 0;
  for (const Tensor& s : sequences) steps = std::max(steps, s.size(0));
  std::vector<Tensor> padded;
  for (const Tensor& s : sequences) {
    const int64_t missing = steps - s.size(0);
    if (missing == 0) {
      padded.push_back(s);
      continue;
    }
    const Tensor rows = padding_rows(s, missing, options.padding_value);
    padded.push_back(options.left ? cat({rows, s}) : cat({s, rows}));
  }
  return stack(padded, options.batch_first ? 0 : 1);
}

std::vector<Tensor> unpad_sequence(const Tensor& padded, const Lengths& lengths, bool batch_first) {
  const char* op = "unpad_sequence";
  if (padded.rank() < 2)
    fail<ShapeError>(op,
                     ": padded is [steps, batch, ...] or with batch_first [batch, steps, ...]; "
                     "got ",
                     padded.shape());
  const int axis = batch_first ? 0 : 1;
  if (static_cast<int64_t>(lengths.values.size()) != padded.size(axis))
    fail<ShapeError>(op, ": wants a length for each of the ", padded.size(axis), " sequences; got ",
                     list_text(lengths.values));
  check_lengths(op, lengths.values, padded.size(1 - axis));
  std::vector<Tensor> all;
  for (int64_t b = 0; b < padded.size(axis); ++b)
    all.push_back(narrow(select(padded, axis, b), 0, 0, lengths.values[b]));
  return all;
}

}  // namespace rush::nn
