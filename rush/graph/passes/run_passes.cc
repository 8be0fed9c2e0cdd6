#include "rush/graph/passes/passes.h"

namespace rush::graph {

void run_passes(Program& program, const PassOptions&) {
  rename_overwrites(program);
  prune(program);
}

}  // namespace rush::graph
