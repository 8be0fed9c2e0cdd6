// Program: what a trace wrote down - kernel calls over regions of memory, in order. Views have
// vanished into layouts, broadcasting into strides of 0, in-place writes into operands that are
// read and written. Passes change programs, plan.h makes them runnable.
//
// Invariants (verify() checks them):
//  - every operand lies within its buffer; a temporary is written before it is read;
//  - arguments and constants are never written; results name regions that have values at the end;
//  - operands of an element-wise instruction have one shape; its output is exactly one of the
//    inputs or overlaps none, a kernel's output overlaps none;
//  - a group's members stand one after another, and none touches what another one writes.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rush/core/node.h"
#include "rush/kernels/fused.h"

namespace rush::graph {

using BufferId = int32_t;
inline constexpr BufferId kNoBuffer = -1;

enum class BufferKind : uint8_t {
  kTemporary,  // lives within a run
  kArgument,   // memory of an argument of the call; read only
  kState,      // memory that outlives runs: parameters, running averages, an optimiser's values
  kConstant,   // the same values in every run
};

// The leaf whose gradient slot is meant: one that was captured, or that of an argument of the call.
struct LeafRef {
  Ref<Node> captured;
  int argument = -1;

  explicit operator bool() const { return captured || argument >= 0; }
  Node& in(std::span<const Tensor> args) const {
    return argument < 0 ? *captured : *args[static_cast<size_t>(argument)].body().edge.node();
  }
};

struct Buffer {
  BufferKind kind = BufferKind::kTemporary;
  size_t bytes = 0;
  StorageRef storage;  // of states and constants
  LeafRef grad_of{};   // a state that is whatever the gradient slot of this leaf holds
  int argument = -1;   // which argument
};

// A region of a buffer, as one operand of one instruction sees it. No buffer: an optional input
// that was left out.
struct Operand {
  BufferId buffer = kNoBuffer;
  DType dtype = DType::kFloat32;
  Layout layout;
};
bool operator==(const Operand& a, const Operand& b);
// The region is all of a buffer of `bytes`, each element once.
bool covers(const Operand& operand, size_t bytes);
// First byte and the one after the last that an operand may touch.
struct ByteRange {
  int64_t begin = 0, end = 0;
};
ByteRange range_of(const Operand& operand);
// Whether two operands may share an element; told exactly for ranges and for columns of one matrix.
bool overlap(const Operand& a, const Operand& b);
// Strides that mean the same: those of dimensions of size 1 do not count.
bool same_strides(const Shape& shape, const Strides& a, const Strides& b);

// How an instruction is run.
enum class Form : uint8_t {
  kKernel,       // the op's whole-call kernel
  kElementwise,  // the op's row function in type `computing`; inputs have the output's shape
  kFused,        // `chain`
};

struct Instruction {
  Form form = Form::kKernel;
  const Op* op = nullptr;  // null for kFused
  AttrBox attrs;
  DType computing = DType::kFloat32;
  std::vector<Operand> in, out;
  // Bit i: in[i] is written as well as read (lists of an optimiser, running averages). Element-wise
  // results that replace an input show as out[0] == in[i] instead.
  std::vector<bool> writes_input;
  // Fills the attributes before every run, when they may change (learning rate, step count).
  std::function<void(void*)> refresh_attrs;
  std::shared_ptr<const kernels::FusedChain> chain;
  // Made by checkpoint(): computing it twice was asked for, so it must not be merged.
  bool is_recomputed = false;
  // Instructions of one group (>= 0) do not depend on each other and run side by side.
  int group = -1;
  OriginId origin = kNoOrigin;  // whom it works for, as far as the trace could tell
  std::string note;             // what passes have to say, for explain()

  bool writes(size_t input) const { return input < writes_input.size() && writes_input[input]; }
  bool is_random() const { return op && op->is_random; }
  // Whether it must stay even when nobody reads what it computes.
  bool has_effects(const std::vector<Buffer>& buffers) const;
  std::string name() const;  // "matmul", "fused(add, tanh)"
};

// Calls f(operand) for every region the instruction writes: its outputs, and inputs it changes.
template <typename F>
void for_each_write(const Instruction& instruction, F&& f) {
  for (const Operand& o : instruction.out)
    if (o.buffer != kNoBuffer) f(o);
  for (size_t i = 0; i < instruction.writes_input.size(); ++i)
    if (instruction.writes(i) && instruction.in[i].buffer != kNoBuffer) f(instruction.in[i]);
}

// Whether one of the two writes what the other one reads or writes, so that their order matters.
bool depend(const Instruction& a, const Instruction& b);

// What a run does besides kernels, in the order of the trace and before them, and how it is taken
// back when a kernel fails.
struct HostAction {
  std::function<void()> run, undo;
};

struct Program {
  std::vector<Buffer> buffers;
  std::vector<Instruction> instructions;
  std::vector<Operand> results;
  std::vector<HostAction> host_actions;
  int arguments = 0;

  BufferId add_buffer(BufferKind kind, size_t bytes);
};

// Who reads and writes each buffer: indices of instructions, ascending.
struct BufferUses {
  std::vector<int> writers, readers;  // an instruction that does both is in both
  bool is_result = false;
};
std::vector<BufferUses> uses_of(const Program& program);

// Raises Error naming the instruction when an invariant does not hold. `after` names the pass.
void verify(const Program& program, const char* after);

std::string to_text(const Program& program);  // an instruction a line
std::string to_dot(const Program& program);   // for Graphviz

}  // namespace rush::graph
