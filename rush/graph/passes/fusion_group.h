// A group of element-wise instructions that run as one chain, with the sums of their values.
#pragma once

#include <optional>
#include <vector>

#include "rush/graph/program.h"

namespace rush::graph {

// What an instruction is to a group.
enum class FusionRole : uint8_t { kNone, kStep, kSum };
FusionRole fusion_role(const Instruction& i);

// Built member by member, in the order in which they run.
class FusionGroup {
 public:
  FusionGroup(const Program& program, const std::vector<BufferUses>& uses)
      : program_(&program), uses_(&uses) {}

  // False, and the group must not be used any more, when the instruction cannot be part of it.
  bool add(int instruction);
  // Whether the chain keeps within the bounds of FusedPlan and does something.
  bool is_runnable() const;
  Instruction fused() const;

  // Bytes of values that nobody outside reads: what the group saves writing.
  int64_t bytes_kept_inside() const;

 private:
  struct Value {
    Operand at;  // where it is written, in the group's shape
    int member = 0;
    bool is_overwritten = false;
  };
  struct Step {
    int instruction = 0;
    std::vector<int> in;  // inputs as they are, values as ~index, absent ones as kAbsent
  };
  struct Sum {
    int value = 0;  // like Step::in
    Operand to;
    double scale = 1;
  };
  static constexpr int kAbsent = 1 << 20;

  bool add_step(int index);
  bool add_sum(int index);
  bool fits_order(const Instruction& i, const Operand& out) const;
  std::optional<Operand> in_shape(const Operand& o) const;
  // The value or input an operand stands for; nothing when it overlaps what the group writes.
  std::optional<int> resolve(const Operand& o);
  bool may_write(const Operand& o) const;
  bool is_read_outside(BufferId b) const;
  bool is_output(const Value& v) const { return !v.is_overwritten && is_read_outside(v.at.buffer); }
  int value_number(int reference) const;

  const Program* program_;
  const std::vector<BufferUses>* uses_;
  std::vector<int> members_;
  Shape shape_;
  Strides order_;
  std::vector<Operand> inputs_;
  std::vector<Value> values_;
  std::vector<Step> steps_;
  std::vector<Sum> sums_;
};

}  // namespace rush::graph
