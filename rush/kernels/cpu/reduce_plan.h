// How a reduction walks memory: dimensions of size 1 dropped, the rest ordered by the input's
// strides and merged where they continue each other, so that any dense input (permuted,
// channels-last) reads memory forwards.
#pragma once

#include <cstdint>

#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

// Elements of work worth a task, and the longest run summed in one accumulator's precision.
inline constexpr int64_t kReduceGrain = 32768;
inline constexpr int64_t kRunLength = 1024;
inline constexpr int64_t kTileColumns = 512;

struct LoopDim {
  int64_t size, x_stride, out_stride;
};

// A list of loops, outermost first.
struct Loops {
  LoopDim dim[kMaxRank];
  int count = 0;
  int64_t total() const {
    int64_t n = 1;
    for (int i = 0; i < count; ++i) n *= dim[i].size;
    return n;
  }
  void push(const LoopDim& d) { dim[count++] = d; }
};

// Steps through `loops` in row-major order from the linear position `start`, tracking two offsets.
class Odometer {
 public:
  Odometer(const Loops& loops, int64_t start);
  int64_t x() const { return x_; }
  int64_t out() const { return out_; }
  void next();

 private:
  const Loops& loops_;
  int64_t index_[kMaxRank];
  int64_t x_ = 0, out_ = 0;
};

struct ReducePlan {
  Loops kept, reduced;
  bool by_rows = true;  // the innermost dimension is reduced; else whole rows are added up
  int64_t outputs = 1;  // product of the kept sizes
  int64_t length = 1;   // elements that go into one output

  // Where one output takes many elements, the largest reduced loop is cut into `chunks` of
  // `chunk_size`, computed separately and merged in order. Fixed by the sizes alone.
  int split = 0;  // index into reduced
  int64_t chunks = 1, chunk_size = 0;
};

// `axes` as in ReduceAttrs: any order, negative allowed, none means all.
ReducePlan plan_reduction(const char* op, const View& x, const View& out, const Dims& axes,
                          bool keepdim);

// What one kind of reduction does with elements of one type. Runs of elements are collected in the
// computing type and added to totals, which may be wider. `params` is one number of the computing
// type an output, or null.
struct Reducer {
  size_t element_size, param_size, total_size, out_size;
  void (*start)(void* totals, int64_t n);
  // *total takes in n elements.
  void (*row)(const void* x, int64_t n, int64_t stride, const void* param, void* total);
  // The same for `count` outputs whose elements start `x_step` apart.
  void (*rows)(const void* x, int64_t count, int64_t x_step, int64_t n, int64_t stride,
               const void* params, void* totals);
  // totals[j] takes in x[i, j] for all rows i. Requires: cols <= kTileColumns.
  void (*columns)(const void* x, int64_t rows, int64_t row_stride, int64_t cols, int64_t col_stride,
                  const void* params, void* totals);
  void (*join)(void* totals, const void* others, int64_t n);
  // Writes n results; `number` is what the reduction needs to know, such as 1 / count.
  void (*finish)(const void* totals, int64_t n, void* out, int64_t out_stride, double number);
};

// The whole reduction. `params` are in the order of plan.kept.
void run_reduction(const Reducer& reducer, const ReducePlan& plan, const void* x, void* out,
                   const void* params, double number);

}  // namespace rush::kernels::cpu
