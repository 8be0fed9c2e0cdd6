// What a FusedPlan keeps. Positions count elements in the order of the iteration, which is that of
// the first full operand's strides; a tile is a stretch of positions whose values stay in L1.
#pragma once

#include <vector>

#include "rush/kernels/cpu/reduce_plan.h"
#include "rush/kernels/fused.h"

namespace rush::kernels {

// The dimensions a chain walks, outermost first: which ones of the shape, without those of size 1.
struct WalkOrder {
  int rank = 0;
  int dim[kMaxRank];
};
WalkOrder walk_order(const Shape& shape, const Strides& strides);

// How one operand is reached from positions.
struct Walk {
  enum class Kind : uint8_t {
    kDense,     // element p stands at p
    kRepeated,  // one element for all
    kStrided,   // loops over `size`, outermost first
    kWhole,     // not cut into tiles
  } kind = Kind::kDense;
  bool is_filled_once = false;  // a tile holds whole repetitions: the same for all tiles
  size_t item = 0;
  int rank = 0;
  int64_t size[kMaxRank], stride[kMaxRank];
};

// Places: where a value of the current tile lies. First the inputs, then the outputs, the slots of
// the scratch memory, and one that stands for an absent operand.
struct TileStep {
  RowFunction run = nullptr;
  IndexedRowFunction run_at = nullptr;
  const void* attrs = nullptr;
  int operands = 0;
  int16_t place[kMaxOperands];  // the output first
};

// A value that is brought to its output when the tile is done.
struct TileCopy {
  int place = 0, output = 0;
};

// A value [outer, kept, inner] summed to [kept].
struct TileSum {
  cpu::Reducer reducer;
  int place = 0, output = 0;
  size_t item = 0;
  int64_t outer = 1, kept = 1, inner = 1, out_stride = 0;
  double scale = 1;
  // Tasks hold whole inner stretches, so each has its own outputs; else each has totals of all.
  bool is_split_by_output = false;
  size_t totals = 0;  // where they begin in `partials`
};
bool plan_sum(const Shape& shape, const WalkOrder& order, const Strides& out, TileSum& sum);

struct FusedPlan::State {
  int64_t total = 0, tile = 0, row = 0, grain = 0;
  bool is_streaming = false;  // more than caches hold
  int inputs = 0, outputs = 0, slots = 0, absent = 0;
  size_t slot_bytes = 0;
  std::vector<Walk> walks;  // inputs, then outputs
  std::vector<int> slot;    // of inputs that are gathered; else -1
  std::vector<TileStep> steps;
  std::vector<TileCopy> copies;
  std::vector<TileSum> sums;
  std::vector<char> partials;

  // The tile that begins at a position does not cross rows that are longer than tiles.
  int64_t tile_at(int64_t at, int64_t end) const {
    int64_t n = tile;
    if (row > tile) n = std::min(n, row - at % row);
    return std::min(n, end - at);
  }
  int64_t tasks() const { return total == 0 ? 1 : (total + grain - 1) / grain; }
  int first_slot() const { return inputs + outputs; }
};

inline constexpr int kMaxSlots = kMaxFusedInputs + kMaxFusedSteps;
inline constexpr size_t kScratchBytes = 48 << 10;

}  // namespace rush::kernels
