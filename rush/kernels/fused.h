// Fused chains: several element-wise steps over one shape, run block by block so that what passes
// between them stays in the L1 cache, with reductions at their end.
//
// Values are numbered: first the external inputs, then one a step. A step's row function reads
// values and makes one; values that are wanted outside go to the outputs.
#pragma once

#include <string>
#include <vector>

#include "rush/kernels/kernel.h"

namespace rush::kernels {

struct FusedStep {
  RowFunction run = nullptr;
  const void* attrs = nullptr;  // owned by whoever made the chain
  DType result = DType::kFloat32;
  int cost = 1;
  std::vector<int> in;  // values; negative: an optional input that is absent
  const char* name = "";
};

enum class Reduce : uint8_t { kNone, kSum };

// An output: a value stored as it is, or summed over the trailing or leading dimensions.
struct FusedOutput {
  int value = 0;
  Reduce reduce = Reduce::kNone;
};

struct FusedChain {
  std::vector<DType> inputs;  // dtypes of external inputs
  std::vector<FusedStep> steps;
  std::vector<FusedOutput> outputs;
};

// Runs the chain over `shape`. Every input view has that shape (strides 0 where it repeats); so has
// every output that is not reduced; a reduced one has strides of 0 in the dimensions summed over.
// An output may be exactly one of the inputs.
void run_fused(const FusedChain& chain, std::span<const View> in, std::span<const View> out);

}  // namespace rush::kernels
