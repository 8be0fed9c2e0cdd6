// Reductions along one axis that say where: max, min (value and index), argmax, argmin. The first
// of equal elements is meant; a NaN wins.
#include <algorithm>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/reduce.h"
#include "rush/kernels/cpu/reduce_kernels.h"

namespace rush::kernels::cpu {
namespace {

template <bool kLargest, typename T>
bool is_better(T candidate, T best) {
  if constexpr (is_floating(dtype_of<T>)) {
    // A comparison that is false for NaN on either side, then the rare case.
    const bool not_worse = kLargest ? candidate <= best : candidate >= best;
    return !not_worse && !(best != best);
  }
  return kLargest ? candidate > best : candidate < best;
}

// The index of the best of n elements. Requires: n >= 1.
template <bool kLargest, typename T>
int64_t best_in_row(const T* x, int64_t n, int64_t step) {
  int64_t best = 0;
  T value = x[0];
  for (int64_t i = 1; i < n; ++i) {
    if (is_better<kLargest>(x[i * step], value)) {
      value = x[i * step];
      best = i;
    }
  }
  return best;
}

// The same for `cols` neighbouring columns at once.
template <bool kLargest, typename T>
void best_in_columns(const T* x, int64_t n, int64_t step, int64_t cols, int64_t col_step, T* value,
                     int64_t* best) {
  for (int64_t j = 0; j < cols; ++j) {
    value[j] = x[j * col_step];
    best[j] = 0;
  }
  for (int64_t i = 1; i < n; ++i) {
    const T* row = x + i * step;
    for (int64_t j = 0; j < cols; ++j) {
      const bool better = is_better<kLargest>(row[j * col_step], value[j]);
      value[j] = better ? row[j * col_step] : value[j];
      best[j] = better ? i : best[j];
    }
  }
}

// Writes values and indices; either may be missing. Both have the strides of plan.kept.
template <bool kLargest, typename T>
void run_typed(const ReducePlan& plan, const T* x, T* values, int64_t* indices) {
  Loops kept = plan.kept;
  const LoopDim axis = plan.reduced.count > 0 ? plan.reduced.dim[0] : LoopDim{1, 1, 0};
  LoopDim columns{1, 1, 0};
  if (!plan.by_rows) columns = kept.dim[--kept.count];
  const int64_t tile = std::min(columns.size, kTileColumns);
  const int64_t tiles = (columns.size + tile - 1) / tile;
  const int64_t work = std::max<int64_t>(1, tile * axis.size);
  parallel_for(kept.total() * tiles, std::max<int64_t>(1, kReduceGrain / work),
               [&](int64_t begin, int64_t end) {
                 T value[kTileColumns];
                 int64_t best[kTileColumns];
                 for (int64_t g = begin; g < end; ++g) {
                   const Odometer at(kept, g / tiles);
                   const int64_t first = g % tiles * tile;
                   const int64_t cols = std::min(tile, columns.size - first);
                   const T* from = x + at.x() + first * columns.x_stride;
                   if (cols == 1) {
                     best[0] = best_in_row<kLargest>(from, axis.size, axis.x_stride);
                     value[0] = from[best[0] * axis.x_stride];
                   } else {
                     best_in_columns<kLargest>(from, axis.size, axis.x_stride, cols,
                                               columns.x_stride, value, best);
                   }
                   for (int64_t j = 0; j < cols; ++j) {
                     const int64_t to = at.out() + (first + j) * columns.out_stride;
                     if (values != nullptr) values[to] = value[j];
                     indices[to] = best[j];
                   }
                 }
               });
}

template <bool kLargest, bool kValues>
void run(const Call& call) {
  const View& x = call.in[0];
  const auto& a = call.attributes<ArgReduceAttrs>();
  const View& indices = call.out[kValues ? 1 : 0];
  const Dims axes = x.shape.empty() ? Dims{} : Dims{a.axis};
  const ReducePlan plan = plan_reduction("argmax", x, indices, axes, a.keepdim);
  if (plan.outputs == 0) return;
  dispatch(x.dtype, [&]<typename T>() {
    run_typed<kLargest>(plan, x.as<const T>(), kValues ? call.out[0].as<T>() : nullptr,
                        indices.as<int64_t>());
  });
}

}  // namespace

void register_arg_reductions(Table& table) {
  table.add("max").kernel = run<true, true>;
  table.add("min").kernel = run<false, true>;
  table.add("argmax").kernel = run<true, false>;
  table.add("argmin").kernel = run<false, false>;
}

}  // namespace rush::kernels::cpu
