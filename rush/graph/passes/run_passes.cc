// The order of the passes.
#include <cstdlib>

#include "rush/base/threads.h"
#include "rush/graph/passes/passes.h"

namespace rush::graph {
namespace {

bool verifies_always() {
#ifdef NDEBUG
  static const bool asked = std::getenv("RUSH_VERIFY") != nullptr;
  return asked;
#else
  return true;
#endif
}

}  // namespace

void run_passes(Program& program, const PassOptions& options) {
  const bool verifies = options.verify || verifies_always();
  if (verifies) verify(program, "tracing");
  const auto run = [&](const char* name, void (*pass)(Program&)) {
    pass(program);
    if (verifies) verify(program, name);
  };
  run("rename_overwrites", rename_overwrites);
  run("prune", prune);
  run("fold_constants", fold_constants);
  run("simplify", simplify);
  run("merge_common", merge_common);
  run("pool_before_relu", pool_before_relu);
  if (!options.exact) {
    run("assemble_parts", assemble_parts);
    run("simplify", simplify);
    run("join_products", join_products);
  }
  run("join_batch_norm", join_batch_norm);
  if (options.autocast) run("autocast_bfloat16", autocast_bfloat16);
  run("prune", prune);
  run("mask_before_unpool", mask_before_unpool);
  run("early_updates", early_updates);
  if (options.rematerialize) run("rematerialize", rematerialize);
  if (!options.exact) run("fuse_epilogues", fuse_epilogues);
  fuse_elementwise(program, !options.exact);
  if (verifies) verify(program, "fuse_elementwise");
  if (!options.exact && num_threads() > 1) run("group_branches", group_branches);
}

}  // namespace rush::graph
