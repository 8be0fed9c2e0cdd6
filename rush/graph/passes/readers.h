// What several passes ask about instructions and their readers.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "rush/graph/program.h"

namespace rush::graph {

// Kernels that move elements without looking at them: however their first input lies in memory, the
// result is the same to the bit.
inline bool only_moves(const Instruction& i) {
  constexpr std::string_view kNames[] = {
      "clone",      "contiguous", "cast",          "reshape",   "cat",  "flip",  "constant_pad",
      "slice_grad", "slice_put",  "diagonal_grad", "tril",      "triu", "index", "gather",
      "index_put",  "index_put_", "embedding",     "full_like", "full"};
  return i.form == Form::kKernel &&
         std::find(std::begin(kNames), std::end(kNames), i.op->name) != std::end(kNames);
}
// Whether its result does not depend, to the bit, on the strides of an input.
inline bool reads_any_layout(const Instruction& i) {
  return i.form == Form::kElementwise || only_moves(i);
}

// Whether the bits of its results do not depend on how they are laid out. Attention's gradients are
// summed in the same order wherever they lie.
inline bool writes_any_layout(const Instruction& i) {
  return i.form == Form::kKernel && i.op->name == "scaled_dot_product_attention_grad";
}

inline bool is_copy(const Instruction& i) {
  if (i.form != Form::kKernel || i.in.size() != 1 || i.out.size() != 1) return false;
  const std::string& name = i.op->name;
  return name == "clone" || name == "contiguous" || name == "reshape" ||
         (name == "cast" && i.in[0].dtype == i.out[0].dtype);
}

// A temporary that one instruction makes as a whole, so that the buffer stands for the value.
inline bool is_value(const Program& program, const std::vector<BufferUses>& uses,
                     const Operand& out) {
  if (out.buffer == kNoBuffer) return false;
  const Buffer& buffer = program.buffers[out.buffer];
  return buffer.kind == BufferKind::kTemporary && uses[out.buffer].writers.size() == 1 &&
         covers(out, buffer.bytes);
}

// Whether an operand shows a single element of memory.
inline bool is_one_element(const Operand& o) {
  const ByteRange range = range_of(o);
  return range.end - range.begin == static_cast<int64_t>(size_of(o.dtype));
}

// Adds to an ascending list what it lacks.
inline void merge_indices(std::vector<int>& into, const std::vector<int>& more) {
  constexpr size_t kFew = 4;
  if (more.size() <= kFew) {
    for (const int i : more)
      if (const auto at = std::lower_bound(into.begin(), into.end(), i);
          at == into.end() || *at != i)
        into.insert(at, i);
    return;
  }
  into.insert(into.end(), more.begin(), more.end());
  std::sort(into.begin(), into.end());
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

// Every operand in the memory of buffer `from` comes to lie in `to`, `shift` bytes further on.
inline void move_buffer(Program& program, std::vector<BufferUses>& uses, BufferId from, BufferId to,
                        int64_t shift) {
  std::vector<int> touched = uses[from].readers;
  merge_indices(touched, uses[from].writers);
  for (const int i : touched)
    for (auto* operands : {&program.instructions[i].in, &program.instructions[i].out})
      for (Operand& o : *operands) {
        if (o.buffer != from) continue;
        o.buffer = to;
        o.layout.offset += shift / static_cast<int64_t>(size_of(o.dtype));
      }
  merge_indices(uses[to].readers, uses[from].readers);
  merge_indices(uses[to].writers, uses[from].writers);
  uses[from] = {};
}

// Removes the instructions that are marked.
inline void erase_marked(Program& program, const std::vector<bool>& is_removed) {
  size_t kept = 0;
  for (size_t k = 0; k < program.instructions.size(); ++k) {
    if (is_removed[k]) continue;
    if (kept != k) program.instructions[kept] = std::move(program.instructions[k]);
    ++kept;
  }
  program.instructions.resize(kept);
}

}  // namespace rush::graph
