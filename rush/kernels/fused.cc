// Preparing a fused plan: the order of the iteration, where values lie, how long tiles and tasks
// are. All of it follows from shapes and strides.
#include "rush/kernels/fused.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "rush/kernels/cpu/reduce_kernels.h"
#include "rush/kernels/elementwise.h"
#include "rush/kernels/fused_state.h"
#include "rush/tensor/layout.h"

namespace rush::kernels {
namespace {

constexpr int64_t kTileBytes = 24 << 10;  // of all operands and slots of a tile: most of L1
constexpr int64_t kCacheBytes = 1 << 20;  // beyond, inputs are fetched a tile ahead
constexpr int64_t kLongestTile = 2048, kShortestTile = 64, kVector = 16;
constexpr int64_t kTaskBlocks = 4;  // work within L1 is done faster than the grain supposes
constexpr int64_t kMostTasks = 64;
constexpr int64_t kMostSumTasks = 16;  // each has totals that are joined by one thread
constexpr int64_t kMostTotals = 16384;
constexpr size_t kSlotGap = 128;  // keeps slots from falling on the same lines of L1

bool is_full(const View& v) {
  for (int d = 0; d < v.shape.size(); ++d)
    if (v.shape[d] != 1 && v.strides[d] == 0) return false;
  return true;
}

Walk walk_of(const View& v, const WalkOrder& order) {
  Walk w;
  w.item = size_of(v.dtype);
  for (int i = 0; i < order.rank; ++i) {
    const int64_t size = v.shape[order.dim[i]], stride = v.strides[order.dim[i]];
    if (w.rank > 0 && w.stride[w.rank - 1] == stride * size) {
      w.size[w.rank - 1] *= size;
      w.stride[w.rank - 1] = stride;
    } else {
      w.size[w.rank] = size;
      w.stride[w.rank++] = stride;
    }
  }
  if (w.rank == 0 || (w.rank == 1 && w.stride[0] == 1))
    w.kind = Walk::Kind::kDense;
  else
    w.kind = w.rank == 1 && w.stride[0] == 0 ? Walk::Kind::kRepeated : Walk::Kind::kStrided;
  return w;
}

// The largest multiple of `unit` that is not above n, or `unit`.
int64_t rounded_down(int64_t n, int64_t unit) { return std::max(n / unit, int64_t{1}) * unit; }
int64_t rounded_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

class Preparation {
 public:
  Preparation(const FusedChain& chain, std::span<const View> in, std::span<const View> out,
              FusedPlan::State& state)
      : chain_(chain), in_(in), out_(out), s_(state) {
    check_counts();
    s_.inputs = static_cast<int>(in.size());
    s_.outputs = static_cast<int>(out.size());
    choose_order();
    find_walks();
    find_last_uses();
    place_outputs();
    place_inputs();
    place_steps();
    for (size_t o = 0; o < out_.size(); ++o) finish_output(static_cast<int>(o));
    choose_tile();
    choose_tasks();
  }

 private:
  void check_counts() const {
    if (in_.size() != chain_.inputs.size() || out_.size() != chain_.outputs.size())
      fail("fused: a chain of ", chain_.inputs.size(), " inputs and ", chain_.outputs.size(),
           " outputs; got ", in_.size(), " and ", out_.size());
    if (in_.size() > kMaxFusedInputs || out_.size() > kMaxFusedOutputs ||
        chain_.steps.size() > kMaxFusedSteps)
      fail("fused: at most ", kMaxFusedInputs, " inputs, ", kMaxFusedSteps, " steps and ",
           kMaxFusedOutputs, " outputs; got ", in_.size(), ", ", chain_.steps.size(), " and ",
           out_.size());
  }

  bool is_reduced(size_t output) const { return chain_.outputs[output].reduce != Reduce::kNone; }

  void choose_order() {
    is_whole_.assign(in_.size(), false);
    for (const FusedStep& step : chain_.steps)
      if (step.run_at != nullptr) is_whole_[step.in.back()] = true;
    const View* whole = nullptr;  // has the shape of the chain
    const View* first = nullptr;  // and its order
    for (size_t o = 0; o < out_.size() && first == nullptr; ++o)
      if (!is_reduced(o)) whole = first = &out_[o];
    for (size_t i = 0; i < in_.size() && first == nullptr; ++i) {
      if (is_whole_[i] || in_[i].data == nullptr) continue;
      whole = &in_[i];
      if (is_full(in_[i])) first = whole;
    }
    if (whole == nullptr) fail("fused: no operand has the shape of the chain");
    shape_ = whole->shape;
    const Strides& order = !chain_.order.empty() ? chain_.order
                           : first != nullptr    ? first->strides
                                                 : contiguous_strides(shape_);
    order_ = walk_order(shape_, order);
    s_.total = numel(shape_);
    for (const FusedStep& step : chain_.steps)
      if (step.run_at != nullptr && !std::is_sorted(order_.dim, order_.dim + order_.rank))
        fail("fused: ", step.name, " wants row-major order; got strides ", order);
  }

  void find_walks() {
    for (size_t i = 0; i < in_.size(); ++i) {
      s_.walks.push_back(is_whole_[i] ? Walk() : walk_of(in_[i], order_));
      if (is_whole_[i]) s_.walks.back().kind = Walk::Kind::kWhole;
    }
    for (size_t o = 0; o < out_.size(); ++o) {
      s_.walks.push_back(is_reduced(o) ? Walk() : walk_of(out_[o], order_));
      if (is_reduced(o)) s_.walks.back().kind = Walk::Kind::kWhole;
    }
  }

  // The step that reads a value last; sums read at the end.
  void find_last_uses() {
    last_use_.assign(in_.size() + chain_.steps.size(), -1);
    for (size_t k = 0; k < chain_.steps.size(); ++k)
      for (int v : chain_.steps[k].in)
        if (v >= 0) last_use_[v] = static_cast<int>(k);
    for (size_t o = 0; o < out_.size(); ++o)
      if (is_reduced(o)) last_use_[chain_.outputs[o].value] = static_cast<int>(chain_.steps.size());
  }

  const Walk& output_walk(size_t o) const { return s_.walks[in_.size() + o]; }

  // Whether a step may write output o although an input that lies there is read by later steps.
  bool is_free_at(size_t o, int step) const {
    for (size_t i = 0; i < in_.size(); ++i)
      if (!is_whole_[i] && in_[i].data != nullptr && in_[i].data == out_[o].data &&
          last_use_[i] > step)
        return false;
    return true;
  }

  // Values that steps write where they belong.
  void place_outputs() {
    place_.assign(last_use_.size(), -1);
    is_direct_.assign(out_.size(), false);
    const int end = static_cast<int>(chain_.steps.size());
    for (size_t o = 0; o < out_.size(); ++o) {
      const int value = chain_.outputs[o].value, step = value - s_.inputs;
      if (step < 0 && !is_reduced(o)) fail("fused: output ", o, " is an input");
      is_direct_[o] = !is_reduced(o) && place_[value] < 0 &&
                      output_walk(o).kind == Walk::Kind::kDense && is_free_at(o, step);
      if (is_direct_[o]) place_[value] = s_.inputs + static_cast<int>(o);
    }
    for (size_t o = 0; o < out_.size(); ++o)
      if (!is_direct_[o]) last_use_[chain_.outputs[o].value] = end;
  }

  int new_slot(size_t item) {
    widest_ = std::max(widest_, item);
    for (size_t k = 0; k < slot_is_free_.size(); ++k)
      if (slot_is_free_[k]) {
        slot_is_free_[k] = false;
        return static_cast<int>(k);
      }
    slot_is_free_.push_back(false);
    return static_cast<int>(slot_is_free_.size()) - 1;
  }

  void place_inputs() {
    s_.slot.assign(in_.size(), -1);
    for (int i = 0; i < s_.inputs; ++i) {
      place_[i] = i;
      const Walk::Kind kind = s_.walks[i].kind;
      if (kind == Walk::Kind::kStrided || kind == Walk::Kind::kRepeated)
        s_.slot[i] = new_slot(s_.walks[i].item);
    }
  }

  bool is_in_slot(int value) const {
    return value >= s_.inputs && place_[value] >= s_.first_slot();
  }
  DType dtype_of_value(int v) const {
    return v < s_.inputs ? chain_.inputs[v] : chain_.steps[v - s_.inputs].result;
  }

  // A value goes where it belongs, or over an operand that is read for the last time, or to a slot.
  void place_steps() {
    for (int k = 0; k < static_cast<int>(chain_.steps.size()); ++k) {
      const FusedStep& step = chain_.steps[k];
      const int value = s_.inputs + k;
      int replaced = -1;
      for (int v : step.in)
        if (v >= 0 && is_in_slot(v) && last_use_[v] == k && dtype_of_value(v) == step.result)
          replaced = v;
      if (place_[value] < 0)
        place_[value] =
            replaced >= 0 ? place_[replaced] : s_.first_slot() + new_slot(size_of(step.result));
      add_step(step, value);
      for (int v : step.in)
        if (v >= 0 && is_in_slot(v) && last_use_[v] == k && place_[v] != place_[value])
          slot_is_free_[place_[v] - s_.first_slot()] = true;
      if (is_in_slot(value) && last_use_[value] < 0)
        slot_is_free_[place_[value] - s_.first_slot()] = true;
    }
    s_.slots = static_cast<int>(slot_is_free_.size());
    s_.absent = s_.first_slot() + s_.slots;
    for (TileStep& step : s_.steps)
      for (int j = 0; j < step.operands; ++j)
        if (step.place[j] < 0) step.place[j] = static_cast<int16_t>(s_.absent);
  }

  void add_step(const FusedStep& step, int value) {
    if (step.in.size() + 1 > kMaxOperands)
      fail("fused: ", step.name, ": at most 7 inputs; got ", step.in.size());
    TileStep& to = s_.steps.emplace_back();
    to.run = step.run;
    to.run_at = step.run_at;
    to.attrs = step.attrs;
    to.operands = static_cast<int>(step.in.size()) + 1;
    to.place[0] = static_cast<int16_t>(place_[value]);
    for (size_t j = 0; j < step.in.size(); ++j)
      to.place[j + 1] = static_cast<int16_t>(step.in[j] < 0 ? -1 : place_[step.in[j]]);
  }

  void finish_output(int o) {
    const FusedOutput& output = chain_.outputs[o];
    if (!is_reduced(o)) {
      if (!is_direct_[o]) s_.copies.push_back({place_[output.value], o});
      return;
    }
    TileSum sum;
    const DType type = dtype_of_value(output.value);
    sum.reducer = cpu::sum_reducer(type);
    sum.place = place_[output.value];
    sum.output = o;
    sum.item = size_of(type);
    sum.scale = output.scale;
    Strides strides = out_[o].strides;
    for (int d = 0; d < shape_.size(); ++d)
      if (out_[o].shape[d] == 1) strides[d] = 0;
    if (!plan_sum(shape_, order_, strides, sum))
      fail("fused: sums over dimensions that are not neighbours: ", shape_, " to strides ",
           strides);
    s_.sums.push_back(sum);
  }

  // The longest run that repeats, which tiles should hold whole times or be cut from evenly.
  int64_t longest_row() const {
    int64_t row = 1;
    for (const Walk& w : s_.walks)
      if (w.kind == Walk::Kind::kStrided && w.size[w.rank - 1] < s_.total)
        row = std::max(row, w.size[w.rank - 1]);
    return row;
  }

  void choose_tile() {
    int64_t bytes = s_.slots * static_cast<int64_t>(widest_);
    for (const Walk& w : s_.walks)
      if (w.kind == Walk::Kind::kDense) bytes += static_cast<int64_t>(w.item);
    int64_t tile = kTileBytes / std::max<int64_t>(bytes, 1);
    tile = rounded_down(std::clamp(tile, kShortestTile, kLongestTile), kVector);
    s_.is_streaming = s_.total * bytes > kCacheBytes;
    s_.row = longest_row();
    if (s_.row <= tile)
      tile = tile / s_.row * s_.row;
    else
      tile = std::min(tile, rounded_up(s_.row / ((s_.row + tile - 1) / tile), kVector));
    s_.tile = tile;
    s_.slot_bytes =
        static_cast<size_t>(rounded_up(tile * static_cast<int64_t>(widest_), 64)) + kSlotGap;
    for (int i = 0; i < s_.inputs; ++i) {
      Walk& w = s_.walks[i];
      w.is_filled_once = w.kind == Walk::Kind::kStrided && w.rank == 2 && w.stride[0] == 0 &&
                         s_.row <= tile && tile % w.size[1] == 0;
    }
  }

  void choose_tasks() {
    int cost = 0;
    for (const FusedStep& step : chain_.steps) cost += step.cost;
    int64_t unit = s_.row <= s_.tile ? s_.row : 1, grain = kTaskBlocks * grain_for(cost);
    const int64_t most = s_.sums.empty() ? kMostTasks : kMostSumTasks;
    grain = std::max(grain, (s_.total + most - 1) / most);
    for (TileSum& sum : s_.sums) {
      const int64_t both = std::lcm(unit, sum.inner);
      sum.is_split_by_output = sum.outer == 1 && sum.kept > 1 && both <= 2 * grain;
      if (sum.is_split_by_output) unit = both;
    }
    s_.grain = rounded_up(grain, unit % kVector == 0 ? unit : std::lcm(unit, kVector));
    size_t bytes = 0;
    for (TileSum& sum : s_.sums) {
      sum.totals = bytes;
      const int64_t copies = sum.is_split_by_output ? 1 : s_.tasks();
      bytes += static_cast<size_t>(copies * sum.kept) * sum.reducer.total_size;
    }
    s_.partials.resize(bytes);
  }

  const FusedChain& chain_;
  std::span<const View> in_, out_;
  FusedPlan::State& s_;
  Shape shape_;
  WalkOrder order_;
  std::vector<bool> is_whole_, is_direct_, slot_is_free_;
  std::vector<int> last_use_, place_;  // of values
  size_t widest_ = 1;
};

}  // namespace

WalkOrder walk_order(const Shape& shape, const Strides& strides) {
  WalkOrder order;
  for (int d = 0; d < shape.size(); ++d)
    if (shape[d] != 1) order.dim[order.rank++] = d;
  std::stable_sort(order.dim, order.dim + order.rank,
                   [&](int a, int b) { return std::abs(strides[a]) > std::abs(strides[b]); });
  return order;
}

bool plan_sum(const Shape& shape, const WalkOrder& order, const Strides& out, TileSum& sum) {
  sum.outer = sum.kept = sum.inner = 1;
  int64_t next = 0;  // the stride that continues the kept dimensions
  for (int i = order.rank - 1; i >= 0; --i) {
    const int64_t size = shape[order.dim[i]], stride = out[order.dim[i]];
    const bool is_kept = stride != 0;
    if (is_kept && (sum.outer > 1 || (sum.kept > 1 && stride != next))) return false;
    if (is_kept && sum.kept == 1) sum.out_stride = stride;
    if (is_kept) next = stride * size;
    (is_kept ? sum.kept : sum.kept > 1 ? sum.outer : sum.inner) *= size;
  }
  return true;
}

bool can_reduce(const Shape& shape, const Strides& order, const Strides& out) {
  TileSum sum;
  if (!plan_sum(shape, walk_order(shape, order), out, sum)) return false;
  return sum.outer == 1 || sum.kept <= kMostTotals;
}

FusedPlan::FusedPlan(const FusedChain& chain, std::span<const View> in, std::span<const View> out)
    : state_(std::make_unique<State>()) {
  Preparation(chain, in, out, *state_);
}
FusedPlan::FusedPlan(FusedPlan&&) noexcept = default;
FusedPlan& FusedPlan::operator=(FusedPlan&&) noexcept = default;
FusedPlan::~FusedPlan() = default;

void run_fused(const FusedChain& chain, std::span<const View> in, std::span<const View> out) {
  FusedPlan plan(chain, in, out);
  void *from[kMaxFusedInputs], *to[kMaxFusedOutputs];
  for (size_t i = 0; i < in.size(); ++i) from[i] = in[i].data;
  for (size_t o = 0; o < out.size(); ++o) to[o] = out[o].data;
  plan.run(from, to);
}

}  // namespace rush::kernels
