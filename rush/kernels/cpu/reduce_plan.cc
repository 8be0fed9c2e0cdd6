#include "rush/kernels/cpu/reduce_plan.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "rush/base/threads.h"

namespace rush::kernels::cpu {
namespace {

struct PlanDim : LoopDim {
  bool is_reduced;
};

// Repeated dimensions (stride 0) go outermost, then by falling distance in memory.
bool is_outer(const PlanDim& a, const PlanDim& b) {
  if ((a.x_stride == 0) != (b.x_stride == 0)) return a.x_stride == 0;
  return std::abs(a.x_stride) > std::abs(b.x_stride);
}

bool can_merge(const PlanDim& outer, const PlanDim& inner) {
  return outer.is_reduced == inner.is_reduced && outer.x_stride == inner.x_stride * inner.size &&
         outer.out_stride == inner.out_stride * inner.size;
}

// A few chunks a thread even on wide machines, none below a few grains of work.
void plan_split(ReducePlan& plan) {
  if (plan.reduced.count == 0 || plan.outputs == 0) return;
  for (int i = 1; i < plan.reduced.count; ++i)
    if (plan.reduced.dim[i].size > plan.reduced.dim[plan.split].size) plan.split = i;
  const int64_t size = plan.reduced.dim[plan.split].size;
  plan.chunk_size = size;
  const int64_t columns = plan.by_rows || plan.kept.count == 0
                              ? 1
                              : std::min(plan.kept.dim[plan.kept.count - 1].size, kTileColumns);
  const int64_t tasks = std::max<int64_t>(1, plan.outputs / columns);
  const int64_t work = plan.outputs * plan.length;
  constexpr int64_t kEnoughTasks = 32;
  if (tasks >= kEnoughTasks || work < 4 * kReduceGrain) return;
  const int64_t wanted = std::min(kEnoughTasks / tasks + 1, work / (2 * kReduceGrain));
  int64_t chunk = (size + wanted - 1) / wanted;
  if (plan.by_rows && plan.split == plan.reduced.count - 1)
    chunk = (chunk + kRunLength - 1) / kRunLength * kRunLength;
  plan.chunk_size = std::max<int64_t>(chunk, 1);
  plan.chunks = (size + plan.chunk_size - 1) / plan.chunk_size;
}

// The reduced loops of one chunk.
Loops chunk_loops(const ReducePlan& plan, int64_t chunk, int64_t* x_offset) {
  Loops loops = plan.reduced;
  *x_offset = 0;
  if (plan.chunks > 1) {
    LoopDim& cut = loops.dim[plan.split];
    const int64_t begin = chunk * plan.chunk_size;
    *x_offset = begin * cut.x_stride;
    cut.size = std::min(plan.chunk_size, cut.size - begin);
  }
  return loops;
}

// Takes the innermost loop off `loops`; a loop of one where there is none.
LoopDim take_inner(Loops& loops) {
  if (loops.count == 0) return {1, 1, 0};
  return loops.dim[--loops.count];
}

// Runs tasks over outputs and chunks: a task is a row's output, or a tile of neighbouring outputs.
class Reduction {
 public:
  Reduction(const Reducer& reducer, const ReducePlan& plan, const void* x, void* out,
            const void* params, double number)
      : reducer_(reducer),
        plan_(plan),
        kept_(plan.kept),
        x_(static_cast<const char*>(x)),
        out_(static_cast<char*>(out)),
        params_(static_cast<const char*>(params)),
        number_(number) {
    if (!plan.by_rows) columns_ = take_inner(kept_);
    tile_ = std::min(columns_.size, kTileColumns);
    tiles_ = (columns_.size + tile_ - 1) / tile_;
    groups_ = kept_.total() * tiles_;
  }

  void run() {
    if (plan_.chunks > 1) partial_.resize(plan_.chunks * plan_.outputs * reducer_.total_size);
    const int64_t work = std::max<int64_t>(1, tile_ * plan_.length / plan_.chunks);
    parallel_for(groups_ * plan_.chunks, std::max<int64_t>(1, kReduceGrain / work),
                 [&](int64_t begin, int64_t end) {
                   if (plan_.by_rows && plan_.chunks == 1 && plan_.reduced.count <= 1)
                     return run_rows(begin, end);
                   while (begin < end) {
                     const int64_t chunk = begin / groups_;
                     const int64_t last = std::min(end, (chunk + 1) * groups_);
                     run_chunk(chunk, begin - chunk * groups_, last - chunk * groups_);
                     begin = last;
                   }
                 });
    if (plan_.chunks > 1) merge();
  }

 private:
  void run_chunk(int64_t chunk, int64_t begin, int64_t end) {
    int64_t chunk_offset = 0;
    Loops outer = chunk_loops(plan_, chunk, &chunk_offset);
    const LoopDim inner = take_inner(outer);
    const int64_t blocks = outer.total();
    Odometer at(kept_, begin / tiles_);
    alignas(64) char tile_totals[kTileColumns * sizeof(double)];
    for (int64_t group = begin; group < end; ++group) {
      const int64_t part = group % tiles_, first = part * tile_;
      const int64_t cols = std::min(tile_, columns_.size - first);
      const int64_t linear = group / tiles_ * columns_.size + first;
      const int64_t x_offset = chunk_offset + at.x() + first * columns_.x_stride;
      const char* params = params_ == nullptr ? nullptr : params_ + linear * reducer_.param_size;
      char* totals = plan_.chunks == 1
                         ? tile_totals
                         : &partial_[(chunk * plan_.outputs + linear) * reducer_.total_size];
      reducer_.start(totals, cols);
      Odometer block(outer, 0);
      for (int64_t b = 0; b < blocks; ++b) {
        const char* x = x_ + (x_offset + block.x()) * static_cast<int64_t>(reducer_.element_size);
        if (plan_.by_rows) {
          reducer_.row(x, inner.size, inner.x_stride, params, totals);
        } else {
          reducer_.columns(x, inner.size, inner.x_stride, cols, columns_.x_stride, params, totals);
        }
        if (b + 1 < blocks) block.next();
      }
      if (plan_.chunks == 1) finish(totals, cols, at.out() + first * columns_.out_stride);
      if (part == tiles_ - 1 && group + 1 < end) at.next();
    }
  }

  // Rows that make up an output alone, batches of neighbouring outputs at a time.
  void run_rows(int64_t begin, int64_t end) {
    const LoopDim inner = plan_.reduced.count == 0 ? LoopDim{1, 1, 0} : plan_.reduced.dim[0];
    const LoopDim last = kept_.count == 0 ? LoopDim{1, 0, 0} : kept_.dim[kept_.count - 1];
    alignas(64) char totals[kTileColumns * sizeof(double)];
    while (begin < end) {
      const Odometer at(kept_, begin);
      const int64_t left = last.size - begin % last.size;
      const int64_t count = std::min({left, end - begin, kTileColumns});
      reducer_.start(totals, count);
      reducer_.rows(x_ + at.x() * static_cast<int64_t>(reducer_.element_size), count, last.x_stride,
                    inner.size, inner.x_stride,
                    params_ == nullptr ? nullptr : params_ + begin * reducer_.param_size, totals);
      reducer_.finish(totals, count, out_ + at.out() * static_cast<int64_t>(reducer_.out_size),
                      last.out_stride, number_);
      begin += count;
    }
  }

  void merge() {
    char* totals = partial_.data();
    const size_t chunk_bytes = plan_.outputs * reducer_.total_size;
    for (int64_t c = 1; c < plan_.chunks; ++c)
      reducer_.join(totals, totals + c * chunk_bytes, plan_.outputs);
    const int64_t runs = kept_.total();
    Odometer at(kept_, 0);
    for (int64_t i = 0; i < runs; ++i, at.next())
      finish(totals + i * columns_.size * reducer_.total_size, columns_.size, at.out());
  }

  void finish(const char* totals, int64_t n, int64_t out_offset) {
    reducer_.finish(totals, n, out_ + out_offset * static_cast<int64_t>(reducer_.out_size),
                    columns_.out_stride, number_);
  }

  const Reducer& reducer_;
  const ReducePlan& plan_;
  Loops kept_;                // without the columns
  LoopDim columns_{1, 1, 0};  // the innermost kept loop, where rows are added up
  int64_t tile_, tiles_, groups_;
  const char* x_;
  char* out_;
  const char* params_;
  double number_;
  std::vector<char> partial_;  // [chunks, outputs] totals
};

}  // namespace

Odometer::Odometer(const Loops& loops, int64_t start) : loops_(loops) {
  for (int i = loops.count - 1; i >= 0; --i) {
    const LoopDim& d = loops.dim[i];
    index_[i] = d.size > 0 ? start % d.size : 0;
    if (d.size > 0) start /= d.size;
    x_ += index_[i] * d.x_stride;
    out_ += index_[i] * d.out_stride;
  }
}

void Odometer::next() {
  for (int i = loops_.count - 1; i >= 0; --i) {
    const LoopDim& d = loops_.dim[i];
    x_ += d.x_stride;
    out_ += d.out_stride;
    if (++index_[i] < d.size) return;
    x_ -= d.size * d.x_stride;
    out_ -= d.size * d.out_stride;
    index_[i] = 0;
  }
}

ReducePlan plan_reduction(const char* op, const View& x, const View& out, const Dims& axes,
                          bool keepdim) {
  const int rank = x.shape.size();
  bool is_reduced[kMaxRank] = {};
  if (axes.empty()) {
    std::fill_n(is_reduced, rank, true);
  } else {
    for (int64_t axis : axes) is_reduced[normalize_axis(op, axis, rank)] = true;
  }
  ReducePlan plan;
  PlanDim dims[kMaxRank];
  int count = 0, out_axis = 0;
  for (int i = 0; i < rank; ++i) {
    const int64_t size = x.shape[i];
    const int64_t out_stride = is_reduced[i] ? 0 : out.strides[out_axis];
    (is_reduced[i] ? plan.length : plan.outputs) *= size;
    if (!is_reduced[i] || keepdim) ++out_axis;
    if (size != 1) dims[count++] = {{size, x.strides[i], out_stride}, is_reduced[i]};
  }
  std::stable_sort(dims, dims + count, is_outer);
  int merged = 0;
  for (int i = 0; i < count; ++i) {
    if (merged > 0 && can_merge(dims[merged - 1], dims[i])) {
      dims[merged - 1] = {
          {dims[merged - 1].size * dims[i].size, dims[i].x_stride, dims[i].out_stride},
          dims[i].is_reduced};
    } else {
      dims[merged++] = dims[i];
    }
  }
  for (int i = 0; i < merged; ++i) (dims[i].is_reduced ? plan.reduced : plan.kept).push(dims[i]);
  plan.by_rows = merged == 0 || dims[merged - 1].is_reduced;
  plan_split(plan);
  return plan;
}

void run_reduction(const Reducer& reducer, const ReducePlan& plan, const void* x, void* out,
                   const void* params, double number) {
  if (plan.outputs > 0) Reduction(reducer, plan, x, out, params, number).run();
}

}  // namespace rush::kernels::cpu
