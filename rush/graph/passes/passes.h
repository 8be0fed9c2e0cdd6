// The passes: Program -> Program, one file each. Every pass keeps results the same to the bit,
// unless its comment says otherwise; every one may be left out.
#pragma once

#include "rush/graph/program.h"

namespace rush::graph {

// Gives every whole overwrite of a temporary a buffer of its own, so that most temporaries are
// written by one instruction; the other passes look at those.
void rename_overwrites(Program& program);
// Drops what neither a result nor a state depends on, and buffers nobody uses.
void prune(Program& program);
// Computes now what depends on constants alone (up to a size) and is not random.
void fold_constants(Program& program);
// Merges instructions that compute the same of the same.
void merge_common(Program& program);
// Leaves out copies nobody needs, and arithmetic that changes no bit (x * 1, casts to the same
// type).
void simplify(Program& program);
// Gradients that parts are added to become tensors that parts are copied to (the sign of a zero may
// differ).
void assemble_parts(Program& program);
// Sums of products of thin matrices into one product (may differ in the last bits).
void join_products(Program& program);
// relu after max_pool instead of before it.
void pool_before_relu(Program& program);
// relu after batch_norm, and what is added in between, by the call that normalises; backward, too.
void join_batch_norm(Program& program);
// bfloat16 for contractions (results differ): inputs are cast, outputs cast back.
void autocast_bfloat16(Program& program);
// Products that are added up are added by the call that computes them (may differ in the last
// bits).
void fuse_epilogues(Program& program);
// Chains of element-wise instructions into one that runs block by block; with the sums at their
// end, if these may differ in the last bits.
void fuse_elementwise(Program& program, bool with_sums = true);
// Masks gradients by relu before max_pool_grad spreads them, where relu was followed by max_pool.
void mask_before_unpool(Program& program);
// Gives large parameters a step of their own, as early as they may have it.
void early_updates(Program& program);
// Computes cheap values again where they are needed instead of keeping them from the forward to the
// backward half.
void rematerialize(Program& program);
// Puts contractions of middling size that do not depend on each other side by side (may differ in
// the last bits: their kernels cut by the number of threads).
void group_branches(Program& program);

struct PassOptions {
  bool exact = false;  // leave out passes that may change last bits
  bool autocast = false;
  bool rematerialize = true;
  bool verify = false;
};
// All of the above in the order that works best; verify() in between in debug builds, and where
// options or the environment (RUSH_VERIFY) ask for it.
void run_passes(Program& program, const PassOptions& options = {});

}  // namespace rush::graph
