// Fused chains: several element-wise steps over one shape, run block by block so that what passes
// between them stays in the L1 cache, with sums at their end.
//
// Values are numbered: first the external inputs, then one a step. A step's row function reads
// values and makes one; values that are wanted outside go to the outputs.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "rush/kernels/kernel.h"

namespace rush::kernels {

// A row function whose result depends on where an element stands: `first` is the row-major index of
// the row's first element. The last input is passed as it is, not cut into rows.
using IndexedRowFunction = void (*)(const Row&, int64_t first);

struct FusedStep {
  RowFunction run = nullptr;  // or
  IndexedRowFunction run_at = nullptr;
  const void* attrs = nullptr;  // owned by whoever made the chain
  DType result = DType::kFloat32;
  int cost = 1;         // as in Entry
  std::vector<int> in;  // values; negative: an optional input that is absent
  const char* name = "";
};

enum class Reduce : uint8_t { kNone, kSum };

// An output: a step's value stored as it is, or the sums of any value times `scale`.
struct FusedOutput {
  int value = 0;
  Reduce reduce = Reduce::kNone;
  double scale = 1;
};

struct FusedChain {
  std::vector<DType> inputs;  // dtypes of external inputs
  std::vector<FusedStep> steps;
  std::vector<FusedOutput> outputs;
  // Strides whose order of dimensions the chain walks; none: those of its first output that is not
  // reduced, or of the first input that fills the shape.
  Strides order;
};
inline constexpr int kMaxFusedInputs = 24, kMaxFusedSteps = 32, kMaxFusedOutputs = 12;

// Whether a chain that walks `shape` in the order of the strides `order` can sum a value into an
// output of the strides `out` (0 where it is summed over): kept dimensions have to be neighbours.
bool can_reduce(const Shape& shape, const Strides& order, const Strides& out);

// A chain prepared for shapes and strides; it keeps nothing of the chain but attributes. One run at
// a time. A run allocates nothing; its bits depend on shapes and strides alone, and outputs that
// are not reduced are those of the row functions run one by one.
class FusedPlan {
 public:
  // Every view has the shape of the chain, with strides 0 where an input repeats; a reduced output
  // has size 1 where it is summed over (or strides of 0). An output may be exactly one of the
  // inputs (data, strides and size of elements); else it overlaps none. Steps with run_at require
  // row-major order.
  FusedPlan(const FusedChain& chain, std::span<const View> in, std::span<const View> out);
  FusedPlan(FusedPlan&&) noexcept;
  FusedPlan& operator=(FusedPlan&&) noexcept;
  ~FusedPlan();

  // Pointers as in the views: they may differ from those of the preparation, but not in which
  // output is which input.
  void run(void* const* in, void* const* out);

  struct State;  // fused_state.h

 private:
  std::unique_ptr<State> state_;
};

// Prepares and runs.
void run_fused(const FusedChain& chain, std::span<const View> in, std::span<const View> out);

// Row functions of kernels that can be steps although the table has them as whole calls.
RowFunction cast_row(DType from);            // attributes: CastAttrs; to the same type: a copy
IndexedRowFunction dropout_row(DType type);  // attributes: DropoutAttrs; inputs: x, the key [2]

}  // namespace rush::kernels
