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

// What is known of a query so far.
template <typename A>
struct Running {
  A high = kMinusInfinity<A>;  // the largest score
  A sum = 0;                   // of e^(score - high)
};

// s becomes e^(s - high), with the old sums rescaled. Gives the factor of what was summed before.
template <typename A>
HWY_ATTR A ExponentialRow(A* s, int64_t cols, Running<A>& query) {
  const hn::ScalableTag<A> d;
  const A before = query.high;
  query.high = std::max(before, MaxRow(s, cols));
  if (query.high == kMinusInfinity<A>) {  // nothing seen yet, or no numbers
    if (std::all_of(s, s + cols, [](A x) { return x == x; })) {
      std::fill(s, s + cols, A(0));
      return 1;
    }
    query.high = std::numeric_limits<A>::quiet_NaN();
  }
  const auto high = hn::Set(d, query.high);
  auto total = hn::Zero(d);
  for (int64_t j = 0; j < cols; j += kLanes<A>) {
    const auto e = ExpOfNegative(d, hn::Sub(hn::Load(d, s + j), high));
    hn::Store(e, d, s + j);
    total = hn::Add(total, e);
  }
  const A factor = hn::GetLane(ExpOfNegative(d, hn::Set(d, before - query.high)));
  query.sum = query.sum * factor + hn::GetLane(hn::SumOfLanes(d, total));
  return factor;
}

template <typename A>
HWY_ATTR void ScaleRow(A* x, int64_t n, A factor) {
  const hn::ScalableTag<A> d;
  for (int64_t c = 0; c < n; c += kLanes<A>)
    hn::Store(hn::Mul(hn::Load(d, x + c), hn::Set(d, factor)), d, x + c);
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
  Scratch<A> keys, values;
  int64_t v_line;
  const T *k, *v;

  PackedKeys(const AttentionCall& call, int64_t matrix)
      : is_direct(IsDirect<T>(call)),
        keys(is_direct ? 0 : rounded_up(call.keys, kPanel<A>) * call.size),
        values(is_direct ? 0 : call.keys * rounded_up(call.v_size, kLanes<A>)),
        v_line(rounded_up(call.v_size, kLanes<A>)),
        k(call.k.at<const T>(matrix)),
        v(call.v.at<const T>(matrix)) {
    if (is_direct) return;
    PackColumns(k, call.k.row, call.k.col, call.keys, call.size, keys.data());
    PackRows(v, call.v.row, call.v.col, call.keys, call.v_size, call.keys, v_line, A(1),
             values.data());
  }
};

// One block of queries against all keys.
template <typename T, typename A = ComputeOf<T>>
class QueryBlock {
 public:
  QueryBlock(const AttentionCall& call, const PackedKeys<T>& packed)
      : call_(call),
        packed_(packed),
        q_(kQueryBlock * call.size),
        scores_(kQueryBlock * kKeyBlock),
        sums_(kQueryBlock * packed.v_line) {}

  // Queries [i, i + rows) of a matrix.
  void run(int64_t matrix, int64_t i, int64_t rows, const Matrices& y, const Matrices& lse) {
    const T* q = call_.q.template at<const T>(matrix) + i * call_.q.row;
    PackRows(q, call_.q.row, call_.q.col, rows, call_.size, rounded_up(rows, kTileRows), call_.size,
             static_cast<A>(call_.scale), q_.data());
    std::fill(queries_, queries_ + rows, Running<A>());
    const int64_t end = call_.attrs.is_causal ? std::min(call_.keys, i + rows) : call_.keys;
    for (int64_t j = 0; j < end; j += kKeyBlock)
      add({matrix, i, rows, j, std::min(kKeyBlock, end - j)});
    T* to = y.template at<T>(matrix) + i * y.row;
    A* log_sums = lse.template at<A>(matrix) + i * lse.row;
    for (int64_t r = 0; r < rows; ++r)
      log_sums[r * lse.row] = finish(r, end > 0, to + r * y.row, y.col);
  }

 private:
  void add(const BlockAt& at) {
    if (packed_.is_direct)
      score_directly(at);
    else
      Scores(call_, at, q_.data(), packed_.keys.data() + at.j * call_.size, call_.size,
             scores_.data());
    for (int64_t r = 0; r < at.rows; ++r) {
      A* s = scores_.data() + r * kKeyBlock;
      const int64_t cols = HideUnseen<T>(call_, at, r, s);
      if (cols == 0) continue;
      const A factor = ExponentialRow(s, cols, queries_[r]);
      if (at.j > 0 && factor != 1)
        ScaleRow(sums_.data() + r * packed_.v_line, packed_.v_line, factor);
      if (call_.attrs.dropout_p > 0) DropRow(call_, at, r, s);
    }
    if (packed_.is_direct)
      sum_directly(at);
    else
      sum_values(at);
  }

  void sum_values(const BlockAt& at) {
    const int64_t line = packed_.v_line;
    const Product<A> product{
        scores_.data(), kKeyBlock, 1,       packed_.values.data() + at.j * line, line, kPanel<A>,
        sums_.data(),   line,      at.j > 0};
    Multiply(product, rounded_up(at.rows, kTileRows), line, [&](int64_t i, int64_t) {
      return Range{0, ColumnsSeen(call_, at, i)};
    });
  }

  // With fewer queries than a tile has rows, a block sees all its keys: see QueryBlock::run.
  void score_directly(const BlockAt& at) {
    if constexpr (std::is_same_v<T, A>)
      gemm_portable(Gemm<A>{at.rows, at.cols, call_.size, q_.data(), call_.size, 1,
                            packed_.k + at.j * call_.k.row, 1, call_.k.row, scores_.data(),
                            kKeyBlock});
  }
  void sum_directly(const BlockAt& at) {
    if constexpr (std::is_same_v<T, A>)
      gemm_portable(Gemm<A>{at.rows, call_.v_size, at.cols, scores_.data(), kKeyBlock, 1,
                            packed_.v + at.j * call_.v.row, call_.v.row, 1, sums_.data(),
                            packed_.v_line, nullptr, at.j > 0});
  }

  // Writes the output of query r and gives the logarithm of its sum. A query that sees nothing
  // gives zeros.
  A finish(int64_t r, bool has_keys, T* to, int64_t step) {
    A* sums = sums_.data() + r * packed_.v_line;
    const Running<A>& query = queries_[r];
    if (!has_keys || query.high == kMinusInfinity<A>) {
      std::fill(sums, sums + packed_.v_line, A(0));
      WriteRow(sums, to, call_.v_size, step);
      return kMinusInfinity<A>;
    }
    ScaleRow(sums, packed_.v_line, 1 / query.sum);
    WriteRow(sums, to, call_.v_size, step);
    return query.high + std::log(query.sum);
  }

  const AttentionCall& call_;
  const PackedKeys<T>& packed_;
  Scratch<A> q_, scores_, sums_;
  Running<A> queries_[kQueryBlock];
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
