// Plan: a program made ready to run again and again: every temporary has its place in one arena,
// every kernel call its operands filled in. A run allocates nothing but results that are still in
// use from an earlier run.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "rush/graph/program.h"

namespace rush::graph {

// Where temporaries lie: an offset for each buffer (-1: not in the arena).
struct MemoryPlan {
  std::vector<int64_t> offsets;
  std::vector<BufferId> shares;  // the buffer whose memory it takes over in place, or kNoBuffer
  int64_t arena_bytes = 0;       // what is allocated
  int64_t sum_bytes = 0;         // what all temporaries would need without sharing
};
// `placed_outside[b]`: the buffer has memory of its own.
MemoryPlan plan_memory(const Program& program, const std::vector<bool>& placed_outside);

// Threads: runs of one plan take turns.
class Plan {
 public:
  explicit Plan(Program program);
  ~Plan();

  // Requires: args have the shapes, dtypes and strides that the program was traced with.
  void run(std::span<const Tensor> args, std::vector<Tensor>& results);

  const Program& program() const;
  int64_t arena_bytes() const;
  // Time each instruction in the runs to come, for explain().
  void set_timing(bool on);
  // What is run, instruction by instruction: what was fused, where results lie, bytes, time.
  std::string explain() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rush::graph
