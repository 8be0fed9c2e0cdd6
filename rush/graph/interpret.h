// Running instructions one at a time without a plan: for constant folding, and for tests.
#pragma once

#include <span>

#include "rush/graph/program.h"

namespace rush::graph {

// `memory[b]`: where buffer b lies. Attributes are taken as they are. Requires: not fused.
void run_instruction(const Instruction& instruction, std::span<void* const> memory);

}  // namespace rush::graph
