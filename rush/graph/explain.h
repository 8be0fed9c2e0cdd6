// What a plan runs, for people.
#pragma once

#include <string>
#include <vector>

#include "rush/core/cost.h"
#include "rush/graph/plan.h"

namespace rush::graph {

// What a profile shows of an instruction.
struct InstructionNote {
  const char* name;  // "conv", "fused(add, relu)"
  OriginId origin;
  Cost cost;
};
std::vector<InstructionNote> notes_for_profile(const Program& program);

// A line an instruction: where its result lies, bytes read and written, the mean of `times`
// (seconds over `runs` runs; empty: not timed), and what passes did to it; then totals.
std::string explain_plan(const Program& program, const MemoryPlan& memory,
                         const std::vector<double>& times, int runs);

}  // namespace rush::graph
