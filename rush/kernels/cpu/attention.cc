// Attention going forward: softmax(scale q k^T + mask) v, a block of queries and keys at a time.
// Of each query only the largest score so far, the sum of exponentials and the weighted sum of
// values are kept, and rescaled when a larger score comes: nothing of the size L x S is stored.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/attention.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/base/threads.h"
#include "rush/kernels/cpu/attention-inl.h"
#include "rush/kernels/cpu/attention_call.h"
#include "rush/kernels/cpu/attention_kernels.h"
#include "rush/kernels/cpu/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

// What is known of a block's queries so far, and the last step from block to block of keys.
template <typename A>
struct Running {
  alignas(64) A high[kQueryBlock];    // the largest score, scaled
  alignas(64) A sum[kQueryBlock];     // of e^(score - high)
  alignas(64) A before[kQueryBlock];  // the largest score before this block of keys
  alignas(64) A total[kQueryBlock];   // the sum over this block of keys
  alignas(64) A factor[kQueryBlock];  // of what was summed before

  // To begin with: no keys.
  void clear() {
    std::fill(high, high + kQueryBlock, kMinusInfinity<A>);
    std::fill(sum, sum + kQueryBlock, A(0));
    std::fill(total, total + kQueryBlock, A(0));
  }
};

// Where nothing was seen yet, the largest score is minus infinity: exponentials are of s - 0.
template <class D, class V>
HWY_INLINE V ShiftOf(D d, V high) {
  return hn::IfThenZeroElse(hn::Eq(high, hn::Set(d, kMinusInfinity<hn::TFromD<D>>)), high);
}

// kRows rows of scores become e^(scale s - high), from row `first` of a block of queries on. Rows
// side by side: by itself each would wait for its largest score, then for its sum.
template <int kRows, typename A>
HWY_ATTR void ExponentialRows(A* s, int64_t line, int64_t cols, A scale, int64_t first,
                              Running<A>& queries) {
  const hn::ScalableTag<A> d;
  hn::Vec<hn::ScalableTag<A>> high[kRows], total[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) high[r] = hn::Set(d, kMinusInfinity<A>);
  for (int64_t j = 0; j < cols; j += kLanes<A>)
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) high[r] = hn::Max(high[r], hn::Load(d, s + r * line + j));
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    A& largest = queries.high[first + r];
    largest = std::max(largest, scale * hn::GetLane(hn::MaxOfLanes(d, high[r])));
    high[r] = ShiftOf(d, hn::Set(d, largest));
    total[r] = hn::Zero(d);
  }
  const auto factor = hn::Set(d, scale);
  for (int64_t j = 0; j < cols; j += kLanes<A>)
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      A* at = s + r * line + j;
      const auto e = ExpOfNegative(d, hn::MulSub(hn::Load(d, at), factor, high[r]));
      hn::Store(e, d, at);
      total[r] = hn::Add(total[r], e);
    }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r)
    queries.total[first + r] = hn::GetLane(hn::SumOfLanes(d, total[r]));
}

// Takes this block's totals into the sums.
template <typename A>
HWY_ATTR void AddTotals(Running<A>& q) {
  const hn::ScalableTag<A> d;
  for (int64_t r = 0; r < kQueryBlock; r += kLanes<A>) {
    const auto before = hn::Load(d, q.before + r), high = hn::Load(d, q.high + r);
    const auto factor = ExpOfNegative(d, hn::Sub(before, ShiftOf(d, high)));
    hn::Store(factor, d, q.factor + r);
    hn::Store(hn::MulAdd(hn::Load(d, q.sum + r), factor, hn::Load(d, q.total + r)), d, q.sum + r);
  }
}

template <typename A>
HWY_ATTR void ScaleRow(const A* x, int64_t n, A factor, A* y) {
  const hn::ScalableTag<A> d;
  for (int64_t c = 0; c < n; c += kLanes<A>)
    hn::StoreU(hn::Mul(hn::Load(d, x + c), hn::Set(d, factor)), d, y + c);
}

// The logarithms of the sums, and their inverses, which go to `factor`. A query that sees nothing
// has the sum 0: its outputs become zeros.
template <typename A>
HWY_ATTR void FinishSums(Running<A>& q) {
  const hn::ScalableTag<A> d;
  for (int64_t r = 0; r < kQueryBlock; r += kLanes<A>) {
    const auto sum = hn::Load(d, q.sum + r);
    const auto is_empty = hn::Eq(sum, hn::Zero(d));
    const auto log = kernels::HWY_NAMESPACE::log(d, sum);
    hn::Store(hn::Add(hn::Load(d, q.high + r), log), d, q.sum + r);
    hn::Store(hn::IfThenZeroElse(is_empty, hn::Div(hn::Set(d, A(1)), sum)), d, q.factor + r);
  }
}

// Whether there are so few queries that keys and values are better read where they lie.
template <typename T>
bool IsDirect(const AttentionCall& call) {
  return std::is_same_v<T, ComputeOf<T>> && call.queries < kTileRows && call.k.col == 1 &&
         call.v.col == 1;
}

// The keys and values of one matrix: packed, or where they lie.
template <typename T, typename A = ComputeOf<T>>
struct PackedKeys {
  bool is_direct;
  const T *k, *v;
  Scratch<A> keys;
  Rows<T> values;

  PackedKeys(const AttentionCall& call, int64_t matrix)
      : is_direct(IsDirect<T>(call)),
        k(call.k.at<const T>(matrix)),
        v(call.v.at<const T>(matrix)),
        keys(is_direct ? 0 : rounded_up(call.keys, kPanel<A>) * call.size),
        values(call.v, call.keys, call.v_size, is_direct ? 0 : call.keys) {
    if (is_direct) return;
    PackColumns(k, call.k.row, call.k.col, call.keys, call.size, keys.data());
    values.read(v, call.keys);
  }
};

// One block of queries against all keys.
template <typename T, typename A = ComputeOf<T>>
class QueryBlock {
 public:
  QueryBlock(const AttentionCall& call, const PackedKeys<T>& packed)
      : call_(call),
        packed_(packed),
        line_(ScoreLine<A>(call)),
        v_line_(rounded_up(call.v_size, kLanes<A>)),
        q_(call.q, call.queries, call.size, std::min(kQueryBlock, call.queries)),
        scores_(kQueryBlock * line_),
        sums_(kQueryBlock * v_line_) {}

  // Queries [i, i + rows) of a matrix.
  void run(int64_t matrix, int64_t i, int64_t rows, const Matrices& y, const Matrices& lse) {
    q_.read(call_.q.template at<const T>(matrix) + i * call_.q.row, rows);
    queries_.clear();
    const int64_t end = call_.attrs.is_causal ? std::min(call_.keys, i + rows) : call_.keys;
    for (int64_t j = 0; j < end; j += kKeyBlock)
      add({matrix, i, rows, j, std::min(kKeyBlock, end - j)});
    FinishSums(queries_);
    T* to = y.template at<T>(matrix) + i * y.row;
    A* log_sums = lse.template at<A>(matrix) + i * lse.row;
    for (int64_t r = 0; r < rows; ++r) {
      log_sums[r * lse.row] = queries_.sum[r];
      write(r, to + r * y.row, y.col);
    }
  }

 private:
  void add(const BlockAt& at) {
    if (packed_.is_direct)
      score_directly(at);
    else
      Scores(call_, at, q_.at(0), q_.line(), packed_.keys.data() + at.j * call_.size, call_.size,
             scores_.data());
    weigh(at);
    if (packed_.is_direct)
      sum_directly(at);
    else
      sum_values(at);
  }

  // Scores become weights, and what was summed before is rescaled.
  void weigh(const BlockAt& at) {
    std::copy(queries_.high, queries_.high + kQueryBlock, queries_.before);
    std::fill(queries_.total, queries_.total + kQueryBlock, A(0));
    int64_t r = 0;
    for (; r + 4 <= at.rows; r += 4) weigh_rows<4>(at, r);
    for (; r < at.rows; ++r) weigh_rows<1>(at, r);
    AddTotals(queries_);
    for (r = 0; at.j > 0 && r < at.rows; ++r)
      if (A* sums = sums_.data() + r * v_line_; queries_.factor[r] != 1)
        ScaleRow(sums, v_line_, queries_.factor[r], sums);
  }

  // Rows [r, r + kRows) of one tile.
  template <int kRows>
  void weigh_rows(const BlockAt& at, int64_t r) {
    A* s = scores_.data() + r * line_;
    const int64_t all = ColumnsOf<A>(call_, at, r).all;
    if (all == 0) return;
    for (int64_t i = 0; i < kRows; ++i)
      HideUnseen<T>(call_, at, r + i, ColumnsOf<A>(call_, at, r + i), s + i * line_);
    ExponentialRows<kRows>(s, line_, all, ScaleOfScores<A>(call_), r, queries_);
    if (call_.attrs.dropout_p > 0)
      for (int64_t i = 0; i < kRows; ++i) DropRow(call_, at, r + i, s + i * line_);
  }

  void sum_values(const BlockAt& at) {
    const Product<A> product{
        scores_.data(), line_,   1,       packed_.values.at(at.j), packed_.values.line(), kPanel<A>,
        sums_.data(),   v_line_, at.j > 0};
    Multiply(product, rounded_up(at.rows, kTileRows), v_line_, [&](int64_t i, int64_t) {
      return Range{0, ColumnsSeen(call_, at, i)};
    });
  }

  // With fewer queries than a tile has rows, a block sees all its keys: see QueryBlock::run.
  void score_directly(const BlockAt& at) {
    if constexpr (std::is_same_v<T, A>)
      gemm_portable(Gemm<A>{at.rows, at.cols, call_.size, q_.at(0), q_.line(), 1,
                            packed_.k + at.j * call_.k.row, 1, call_.k.row, scores_.data(), line_});
  }
  void sum_directly(const BlockAt& at) {
    if constexpr (std::is_same_v<T, A>)
      gemm_portable(Gemm<A>{at.rows, call_.v_size, at.cols, scores_.data(), line_, 1,
                            packed_.v + at.j * call_.v.row, call_.v.row, 1, sums_.data(), v_line_,
                            nullptr, at.j > 0});
  }

  // The output of query r.
  void write(int64_t r, T* to, int64_t step) {
    A* sums = sums_.data() + r * v_line_;
    const A factor = queries_.factor[r];
    if (factor == 0) {  // of no numbers, perhaps
      std::fill(sums, sums + v_line_, A(0));
    } else if (std::is_same_v<T, A> && step == 1 && v_line_ == call_.v_size) {
      if constexpr (std::is_same_v<T, A>) ScaleRow(sums, v_line_, factor, to);
      return;
    } else {
      ScaleRow(sums, v_line_, factor, sums);
    }
    WriteRow(sums, to, call_.v_size, step);
  }

  const AttentionCall& call_;
  const PackedKeys<T>& packed_;
  int64_t line_, v_line_;
  Rows<T> q_;
  Scratch<A> scores_, sums_;
  Running<A> queries_;
};

// A task is a part of the queries that share a matrix of keys, in whole blocks.
template <typename T>
void Run(const Call& call) {
  Shape batch = call.out[0].shape;
  batch.pop_back();
  batch.pop_back();
  const AttentionCall c(call, batch);
  const View lse_view = as_column(call.out[1]);
  const Matrices y(call.out[0], c.q_batch), lse(lse_view, c.q_batch);
  constexpr int64_t kTasks = 16, kLeastBlocks = 4;
  const int64_t blocks = (c.queries + kQueryBlock - 1) / kQueryBlock, all = blocks * c.group;
  const int64_t wanted = (kTasks + c.kv_matrices() - 1) / std::max<int64_t>(1, c.kv_matrices());
  const int64_t parts = std::clamp<int64_t>(all / kLeastBlocks, 1, wanted);
  parallel_for(c.kv_matrices() * parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t keys = task / parts, part = task % parts;
      const PackedKeys<T> packed(c, keys);
      QueryBlock<T> block(c, packed);
      for (int64_t b = all * part / parts; b < all * (part + 1) / parts; ++b) {
        const int64_t i = b % blocks * kQueryBlock;
        block.run(keys * c.group + b / blocks, i, std::min(kQueryBlock, c.queries - i), y, lse);
      }
    }
  });
}

}  // namespace

// in: q, k, v, mask, random key; out: y, logarithms of sums.
void Attention(const Call& call) {
  if (call.out[1].numel() == 0) return;
  ForFloating(call.in[0].dtype, [&]<typename T>() { Run<T>(call); });
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {

HWY_EXPORT(Attention);

void register_attention(Table& table) {
  table.add("scaled_dot_product_attention").kernel = [](const Call& c) {
    HWY_DYNAMIC_DISPATCH(Attention)(c);
  };
  table.add("scaled_dot_product_attention_grad").kernel = attention_grad;
  table.add("attention_key").kernel = attention_key;
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
