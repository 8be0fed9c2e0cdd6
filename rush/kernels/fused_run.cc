// Running a fused plan: tasks of a fixed number of positions, each a walk over tiles.
#include <algorithm>

#include "rush/base/threads.h"
#include "rush/kernels/fused_state.h"
#include "rush/kernels/stride_runs.h"

namespace rush::kernels {
namespace {

using State = FusedPlan::State;

// Where position `at` stands in the loops of a strided operand.
struct Cursor {
  int64_t index[kMaxRank];
  int64_t offset = 0;

  Cursor(const Walk& w, int64_t at) {
    for (int d = w.rank - 1; d >= 0; --d) {
      index[d] = at % w.size[d];
      at /= w.size[d];
      offset += index[d] * w.stride[d];
    }
  }
  int64_t left(const Walk& w) const { return w.size[w.rank - 1] - index[w.rank - 1]; }
  // To the start of the next innermost run.
  void next_run(const Walk& w) {
    int d = w.rank - 1;
    offset += (w.size[d] - index[d]) * w.stride[d];
    index[d] = w.size[d];
    while (d > 0 && index[d] == w.size[d]) {
      offset += w.stride[d - 1] - w.size[d] * w.stride[d];
      index[d] = 0;
      ++index[--d];
    }
  }
};

// Moves n elements between a dense tile and the strided operand, run by run.
template <typename Word, bool is_gather>
void move_runs(const Walk& w, Cursor at, char* base, char* tile, int64_t n) {
  const int64_t stride = w.stride[w.rank - 1];
  while (n > 0) {
    const int64_t run = std::min(n, at.left(w));
    char* strided = base + at.offset * static_cast<int64_t>(sizeof(Word));
    if constexpr (is_gather)
      gather_run<Word>(strided, stride, tile, run);
    else
      scatter_run<Word>(tile, strided, stride, run);
    n -= run;
    tile += run * static_cast<int64_t>(sizeof(Word));
    if (n > 0) at.next_run(w);
  }
}

class Task {
 public:
  Task(State& s, void* const* in, void* const* out) : s_(s), in_(in), out_(out) {
    char* scratch = scratch_;
    for (int k = 0; k < s.slots; ++k) place_[s.first_slot() + k] = scratch + k * s.slot_bytes;
    place_[s.absent] = nullptr;
  }

  void run(int64_t begin, int64_t end) {
    start(begin, end);
    Row row;
    for (int64_t at = begin, n; at < end; at += n) {
      n = s_.tile_at(at, end);
      for (int i = 0; i < s_.inputs; ++i)
        if (s_.slot[i] >= 0) gather(i, at, n);
      row.n = n;
      const int64_t ahead = std::min(s_.tile, end - at - n);
      for (size_t k = 0; k < s_.steps.size(); ++k) {
        if (s_.is_streaming && ahead > 0) fetch_part(static_cast<int64_t>(k), n, ahead);
        run_step(s_.steps[k], row, at);
      }
      for (const TileSum& sum : s_.sums) add(sum, at, n);
      for (const TileCopy& copy : s_.copies) store(copy, at, n);
      for (int i = 0; i < s_.inputs + s_.outputs; ++i)
        if (s_.walks[i].kind == Walk::Kind::kDense)
          place_[i] += n * static_cast<int64_t>(s_.walks[i].item);
    }
    for (const TileSum& sum : s_.sums)
      if (sum.is_split_by_output) finish(sum, begin / sum.inner, end / sum.inner);
  }

 private:
  char* base(int operand) const {
    return static_cast<char*>(operand < s_.inputs ? in_[operand] : out_[operand - s_.inputs]);
  }

  void start(int64_t begin, int64_t end) {
    for (int i = 0; i < s_.inputs + s_.outputs; ++i) {
      const Walk& w = s_.walks[i];
      place_[i] = base(i);
      if (w.kind == Walk::Kind::kDense) place_[i] += begin * static_cast<int64_t>(w.item);
      if (i < s_.inputs && (w.is_filled_once || w.kind == Walk::Kind::kRepeated))
        fill(i, begin, std::min(s_.tile, end - begin));
    }
    for (const TileSum& sum : s_.sums) {
      task_totals_ = begin / s_.grain;
      if (sum.is_split_by_output)
        sum.reducer.start(totals(sum) + begin / sum.inner * sum.reducer.total_size,
                          (end - begin) / sum.inner);
      else
        sum.reducer.start(totals(sum), sum.kept);
    }
  }
  char* totals(const TileSum& sum) const {
    const int64_t task = sum.is_split_by_output ? 0 : task_totals_;
    return s_.partials.data() + sum.totals + task * sum.kept * sum.reducer.total_size;
  }

  char* slot_of(int input) const { return place_[s_.first_slot() + s_.slot[input]]; }

  void fill(int input, int64_t at, int64_t n) {
    const Walk& w = s_.walks[input];
    char* slot = slot_of(input);
    by_width(w.item, [&]<typename Word>() {
      if (w.kind == Walk::Kind::kRepeated)
        gather_run<Word>(base(input), 0, slot, n);
      else
        move_runs<Word, true>(w, Cursor(w, at), base(input), slot, n);
    });
    place_[input] = slot;
  }
  void gather(int input, int64_t at, int64_t n) {
    const Walk& w = s_.walks[input];
    if (w.kind == Walk::Kind::kRepeated || w.is_filled_once) return;
    const Cursor cursor(w, at);
    if (w.stride[w.rank - 1] == 1 && cursor.left(w) >= n)
      place_[input] = base(input) + cursor.offset * static_cast<int64_t>(w.item);
    else
      fill(input, at, n);
  }

  // Asks for a step's share of the next tile's inputs, so that they come while this one is
  // computed.
  void fetch_part(int64_t step, int64_t n, int64_t ahead) const {
    constexpr int64_t kLine = 64;
    const auto steps = static_cast<int64_t>(s_.steps.size());
    for (int i = 0; i < s_.inputs; ++i) {
      const Walk& w = s_.walks[i];
      if (w.kind != Walk::Kind::kDense) continue;
      const auto item = static_cast<int64_t>(w.item);
      const char* next = place_[i] + n * item;
      const int64_t lines = ahead * item / kLine;
      for (int64_t l = lines * step / steps; l < lines * (step + 1) / steps; ++l)
        __builtin_prefetch(next + l * kLine, 0, 3);
    }
  }

  void run_step(const TileStep& step, Row& row, int64_t at) const {
    for (int k = 0; k < step.operands; ++k) {
      row.ptr[k] = place_[step.place[k]];
      row.stride[k] = row.ptr[k] != nullptr;
    }
    row.attrs = step.attrs;
    if (step.run != nullptr)
      step.run(row);
    else
      step.run_at(row, at);
  }

  void store(const TileCopy& copy, int64_t at, int64_t n) const {
    const Walk& w = s_.walks[s_.inputs + copy.output];
    char* from = place_[copy.place];
    by_width(w.item, [&]<typename Word>() {
      if (w.kind == Walk::Kind::kDense)
        scatter_run<Word>(from, place_[s_.inputs + copy.output], 1, n);
      else
        move_runs<Word, false>(w, Cursor(w, at), base(s_.inputs + copy.output), from, n);
    });
  }

  void add(const TileSum& sum, int64_t at, int64_t n) const {
    const char* x = place_[sum.place];
    while (n > 0) {
      const int64_t done = sum.inner == 1 ? add_columns(sum, x, at, n) : add_rows(sum, x, at, n);
      at += done;
      n -= done;
      x += done * static_cast<int64_t>(sum.item);
    }
  }
  // Whole rows of kept elements together, else the part of one.
  int64_t add_columns(const TileSum& sum, const char* x, int64_t at, int64_t n) const {
    const int64_t first = at % sum.kept;
    const bool is_whole = first == 0 && n >= sum.kept;
    const int64_t rows = is_whole ? n / sum.kept : 1;
    const int64_t cols = is_whole ? sum.kept : std::min(n, sum.kept - first);
    for (int64_t c = 0; c < cols; c += cpu::kTileColumns)
      sum.reducer.columns(x + c * static_cast<int64_t>(sum.item), rows, sum.kept,
                          std::min(cpu::kTileColumns, cols - c), 1, nullptr,
                          totals(sum) + (first + c) * sum.reducer.total_size);
    return rows * cols;
  }
  int64_t add_rows(const TileSum& sum, const char* x, int64_t at, int64_t n) const {
    const int64_t done = at % sum.inner, to = at / sum.inner % sum.kept;
    char* total = totals(sum) + to * sum.reducer.total_size;
    if (done != 0 || n < sum.inner) {
      const int64_t part = std::min(n, sum.inner - done);
      sum.reducer.rows(x, 1, 0, part, 1, nullptr, total);
      return part;
    }
    const int64_t rows = std::min(n / sum.inner, sum.kept - to);
    sum.reducer.rows(x, rows, sum.inner, sum.inner, 1, nullptr, total);
    return rows * sum.inner;
  }

 public:
  void finish(const TileSum& sum, int64_t from, int64_t to) const {
    const size_t size = sum.reducer.out_size;
    sum.reducer.finish(
        s_.partials.data() + sum.totals + from * sum.reducer.total_size, to - from,
        static_cast<char*>(out_[sum.output]) + from * sum.out_stride * static_cast<int64_t>(size),
        sum.out_stride, sum.scale);
  }

 private:
  State& s_;
  void* const* in_;
  void* const* out_;
  int64_t task_totals_ = 0;
  char* place_[kMaxFusedInputs + kMaxFusedOutputs + kMaxSlots + 1];
  alignas(64) char scratch_[kScratchBytes];
};

// The totals of all tasks, joined in their order.
void join_totals(State& s, const TileSum& sum) {
  char* totals = s.partials.data() + sum.totals;
  for (int64_t task = 1; task < s.tasks(); ++task)
    sum.reducer.join(totals, totals + task * sum.kept * sum.reducer.total_size, sum.kept);
}

}  // namespace

void FusedPlan::run(void* const* in, void* const* out) {
  State& s = *state_;
  parallel_for(s.total, s.grain,
               [&](int64_t begin, int64_t end) { Task(s, in, out).run(begin, end); });
  for (const TileSum& sum : s.sums) {
    if (sum.is_split_by_output && s.total > 0) continue;
    if (s.total == 0)
      sum.reducer.start(s.partials.data() + sum.totals, sum.kept);
    else
      join_totals(s, sum);
    Task(s, in, out).finish(sum, 0, sum.kept);
  }
}

}  // namespace rush::kernels
