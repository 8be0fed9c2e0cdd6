// Attention going backward. A block's weights are computed again from the saved logarithms:
//   p = e^(s - lse),  ds = p (dy v^T - d)   with d = the sum of dy y in a row,
//   dv += p^T dy,  dk += ds^T q scale,  dq += ds k scale
// With dropout, dv takes the dropped weights, and dy v^T is dropped alike.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/attention_grad.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/base/threads.h"
#include "rush/kernels/cpu/attention-inl.h"
#include "rush/kernels/cpu/attention_call.h"
#include "rush/kernels/cpu/attention_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

// The results as matrices, and what only the backward pass reads.
struct GradCall : AttentionCall {
  View lse_view;  // [..., L] as [..., L, 1]
  Matrices y, lse, dy, dq, dk, dv;

  GradCall(const Call& call, const Shape& batch)
      : AttentionCall(call, batch),
        lse_view(as_column(call.in[6])),
        y(call.in[5], q_batch),
        lse(lse_view, q_batch),
        dy(call.in[7], q_batch),
        dq(call.out[0], q_batch),
        dk(call.out[1], kv_batch),
        dv(call.out[2], kv_batch) {}
};

template <typename A>
HWY_ATTR A DotRow(const A* a, const A* b, int64_t n) {
  const hn::ScalableTag<A> d;
  auto sum = hn::Zero(d);
  int64_t j = 0;
  for (; j + kLanes<A> <= n; j += kLanes<A>)
    sum = hn::MulAdd(hn::LoadU(d, a + j), hn::LoadU(d, b + j), sum);
  A rest = 0;
  for (; j < n; ++j) rest += a[j] * b[j];
  return hn::GetLane(hn::SumOfLanes(d, sum)) + rest;
}

// What is known of one matrix of queries: with dy, each row's shift and dot product.
template <typename T, typename A = ComputeOf<T>>
struct PackedQueries {
  Rows<T> q, dy;
  Scratch<A> lse, dot;
  RowBuffers<A> buffer;

  explicit PackedQueries(const GradCall& c)
      : q(c.q, c.queries, c.size, c.queries),
        dy(c.dy, c.queries, c.v_size, c.queries),
        lse(c.queries),
        dot(c.queries),
        buffer(c.v_size, 1, true) {}

  void fill(const GradCall& c, int64_t matrix) {
    q.read(c.q.at<const T>(matrix), c.queries);
    dy.read(c.dy.at<const T>(matrix), c.queries);
    const T* y = c.y.at<const T>(matrix);
    const A* log_sums = c.lse.at<const A>(matrix);
    for (int64_t i = 0; i < c.queries; ++i) {
      dot[i] = DotRow(ReadRow(y + i * c.y.row, c.v_size, c.y.col, buffer[0]), dy.at(i), c.v_size);
      // A query that saw nothing has no weights: e^(s - infinity).
      const A shift = log_sums[i * c.lse.row];
      lse[i] = shift == kMinusInfinity<A> ? -shift : shift;
    }
  }
};

// Rows that products are added to, zeros at first: where they are wanted if that is well, else in
// memory of their own, to be written there in the end.
template <typename T, typename A = ComputeOf<T>>
class RowSums {
 public:
  // The rows [first, first + rows) of `cols` columns, of which there are `all`.
  RowSums(const Matrices& to, int64_t matrix, int64_t first, int64_t rows, int64_t all,
          int64_t cols)
      : to_(to.at<T>(matrix) + first * to.row),
        row_(to.row),
        col_(to.col),
        rows_(rows),
        cols_(cols),
        is_direct_(LieWell<T>(to.col, all, cols)),
        line_(is_direct_ ? to.row : rounded_up(cols, kLanes<A>)),
        memory_(is_direct_ ? 0 : rounded_up(rows, kTileRows) * line_),
        data_(memory_.data()) {
    if constexpr (std::is_same_v<T, A>)
      if (is_direct_) data_ = to_;
    clear();
  }

  A* at(int64_t row) const { return data_ + row * line_; }
  int64_t line() const { return line_; }
  void write() const {
    if (is_direct_) return;
    for (int64_t i = 0; i < rows_; ++i) WriteRow(at(i), to_ + i * row_, cols_, col_);
  }

 private:
  HWY_ATTR void clear() const {
    const hn::ScalableTag<A> d;
    for (int64_t i = 0; i < rounded_up(rows_, kTileRows); ++i)
      for (int64_t c = 0; c < cols_; c += kLanes<A>) hn::StoreU(hn::Zero(d), d, at(i) + c);
  }

  T* to_;
  int64_t row_, col_, rows_, cols_;
  bool is_direct_;
  int64_t line_;
  Scratch<A> memory_;
  A* data_;
};

// The keys [first, first + count) of one matrix, packed, and the sums of their gradients.
template <typename T, typename A = ComputeOf<T>>
struct PackedKeys {
  int64_t first, count, rows;
  Rows<T> k;
  Scratch<A> k_columns, v_columns;
  RowSums<T> dk, dv;

  PackedKeys(const GradCall& c, int64_t matrix, int64_t begin, int64_t end)
      : first(begin),
        count(end - begin),
        rows(rounded_up(count, kPanel<A>)),
        k(c.k, c.keys, c.size, count),
        k_columns(rows * c.size),
        v_columns(rows * c.v_size),
        dk(c.dk, matrix, begin, count, c.keys, c.size),
        dv(c.dv, matrix, begin, count, c.keys, c.v_size) {
    const T* from = c.k.at<const T>(matrix) + begin * c.k.row;
    k.read(from, count);
    PackColumns(from, c.k.row, c.k.col, count, c.size, k_columns.data());
    PackColumns(c.v.at<const T>(matrix) + begin * c.v.row, c.v.row, c.v.col, count, c.v_size,
                v_columns.data());
  }
};

// Blocks of one matrix of queries against a part of the keys.
template <typename T, typename A = ComputeOf<T>>
class Backward {
 public:
  Backward(const GradCall& call, const PackedKeys<T>& keys, const PackedQueries<T>& queries)
      : call_(call),
        keys_(keys),
        queries_(queries),
        line_(ScoreLine<A>(call)),
        p_(kQueryBlock * line_),
        ds_(kQueryBlock * line_),
        dropped_(call.attrs.dropout_p > 0 ? kQueryBlock * line_ : 0) {}

  // Adds to the gradients of the keys, and to dq, whose rows are dq_line apart.
  void run(int64_t matrix, A* dq, int64_t dq_line) {
    for (int64_t j = 0; j < keys_.count; j += kKeyBlock) {
      const int64_t cols = std::min(kKeyBlock, keys_.count - j), key = keys_.first + j;
      const int64_t begin = call_.attrs.is_causal ? key / kQueryBlock * kQueryBlock : 0;
      for (int64_t i = begin; i < call_.queries; i += kQueryBlock)
        add({matrix, i, std::min(kQueryBlock, call_.queries - i), key, cols}, dq + i * dq_line,
            dq_line);
    }
  }

 private:
  void add(const BlockAt& at, A* dq, int64_t dq_line) {
    const int64_t j = at.j - keys_.first, size = call_.size, v_size = call_.v_size;
    const Rows<T>&q = queries_.q, &dy = queries_.dy;
    Scores(call_, at, q.at(at.i), q.line(), &keys_.k_columns[j * size], size, p_.data());
    Scores(call_, at, dy.at(at.i), dy.line(), &keys_.v_columns[j * v_size], v_size, ds_.data());
    const A* weights = call_.attrs.dropout_p > 0 ? dropped_.data() : p_.data();
    for (int64_t r = 0; r < rounded_up(at.rows, kTileRows); ++r) weigh(at, r);
    add_to_keys(at, weights, dy, rounded_up(v_size, kLanes<A>), keys_.dv, j);
    add_to_keys(at, ds_.data(), q, rounded_up(size, kLanes<A>), keys_.dk, j);
    const Product<A> product{ds_.data(), line_, 1,       keys_.k.at(j), keys_.k.line(),
                             kPanel<A>,  dq,    dq_line, true};
    Multiply(product, rounded_up(at.rows, kTileRows), rounded_up(size, kLanes<A>),
             [&](int64_t i, int64_t) {
               return Range{0, ColumnsSeen(call_, at, i)};
             });
  }

  // grad[keys x cols] += x^T rows, x: [queries x keys]. Queries that see none of a tile's keys are
  // left out.
  void add_to_keys(const BlockAt& at, const A* x, const Rows<T>& rows, int64_t cols,
                   const RowSums<T>& grad, int64_t j) {
    const Product<A> product{x,         1,          line_,       rows.at(at.i), rows.line(),
                             kPanel<A>, grad.at(j), grad.line(), true};
    const int64_t all = rounded_up(at.rows, kTileRows);
    Multiply(product, rounded_up(at.cols, kTileRows), cols, [&](int64_t key, int64_t) {
      const int64_t first = call_.attrs.is_causal ? std::max<int64_t>(0, at.j + key - at.i) : 0;
      return Range{first, all};
    });
  }

  // Row r of the scores becomes weights, that of dy v^T the gradient of the products q k^T.
  HWY_ATTR void weigh(const BlockAt& at, int64_t r) {
    const hn::ScalableTag<A> d;
    A *p = p_.data() + r * line_, *ds = ds_.data() + r * line_;
    const bool is_dropped = call_.attrs.dropout_p > 0;
    A* dropped = is_dropped ? dropped_.data() + r * line_ : p;
    if (r >= at.rows) {  // beyond the matrix
      for (A* row : {p, ds, dropped}) std::fill(row, row + line_, A(0));
      return;
    }
    const Columns cols = ColumnsOf<A>(call_, at, r);
    HideUnseen<T>(call_, at, r, cols, p);
    FillColumns(ds, cols.seen, cols.all, A(0));
    if (is_dropped) DropRow(call_, at, r, ds);
    const auto lse = hn::Set(d, queries_.lse[at.i + r]), dot = hn::Set(d, queries_.dot[at.i + r]);
    const auto scale = hn::Set(d, ScaleOfScores<A>(call_));
    const auto slope = hn::Set(d, static_cast<A>(call_.scale));
    for (int64_t j = 0; j < cols.all; j += kLanes<A>) {
      const auto w = ExpOfNegative(d, hn::MulSub(hn::Load(d, p + j), scale, lse));
      const auto centred = hn::Sub(hn::Load(d, ds + j), dot);
      hn::Store(w, d, p + j);
      hn::Store(hn::Mul(hn::Mul(w, slope), centred), d, ds + j);
    }
    if (!is_dropped) return;
    std::copy(p, p + cols.all, dropped);
    DropRow(call_, at, r, dropped);
  }

  const GradCall& call_;
  const PackedKeys<T>& keys_;
  const PackedQueries<T>& queries_;
  int64_t line_;
  Scratch<A> p_, ds_, dropped_;
};

// A part of one matrix of keys and all queries that share it. dqs: rows of dq for each of these
// queries' matrices, or null, and then they are written.
template <typename T, typename A = ComputeOf<T>>
void RunPart(const GradCall& c, int64_t matrix, int64_t begin, int64_t end, A* dqs) {
  const int64_t line = rounded_up(c.size, kLanes<A>);
  const PackedKeys<T> keys(c, matrix, begin, end);
  PackedQueries<T> queries(c);
  Backward<T> backward(c, keys, queries);
  for (int64_t g = matrix * c.group; g < (matrix + 1) * c.group; ++g) {
    queries.fill(c, g);
    if (dqs != nullptr) {
      A* dq = dqs + g * rounded_up(c.queries, kTileRows) * line;
      backward.run(g, dq, line);
    } else {
      const RowSums<T> dq(c.dq, g, 0, c.queries, c.queries, c.size);
      backward.run(g, dq.at(0), dq.line());
      dq.write();
    }
  }
  keys.dk.write();
  keys.dv.write();
}

// dq of one matrix is the sum of what the parts of the keys gave, `step` apart.
template <typename T, typename A = ComputeOf<T>>
HWY_ATTR void WriteQueries(const GradCall& c, int64_t matrix, A* parts, int64_t count, int64_t step,
                           int64_t line) {
  const hn::ScalableTag<A> d;
  T* to = c.dq.at<T>(matrix);
  for (int64_t i = 0; i < c.queries; ++i) {
    A* sum = parts + i * line;
    for (int64_t x = 0; x < line; x += kLanes<A>) {
      auto v = hn::Load(d, sum + x);
      for (int64_t part = 1; part < count; ++part)
        v = hn::Add(v, hn::Load(d, sum + part * step + x));
      hn::Store(v, d, sum + x);
    }
    WriteRow(sum, to + i * c.dq.row, c.size, c.dq.col);
  }
}

// A task is a part of one matrix of keys. There are several parts only where there are few
// matrices: then each has a dq of its own, added up in order.
template <typename T, typename A = ComputeOf<T>>
void Run(const Call& call) {
  Shape batch = call.out[0].shape;
  batch.pop_back();
  batch.pop_back();
  const GradCall c(call, batch);
  constexpr int64_t kTasks = 4, kLeastKeys = 2 * kKeyBlock;
  const int64_t wanted = (kTasks + c.kv_matrices() - 1) / std::max<int64_t>(1, c.kv_matrices());
  const int64_t parts = std::clamp<int64_t>(c.keys / kLeastKeys, 1, wanted);
  const int64_t blocks = (c.keys + kKeyBlock - 1) / kKeyBlock;
  const int64_t line = rounded_up(c.size, kLanes<A>);
  const int64_t one = rounded_up(c.queries, kTileRows) * line, step = c.q_matrices() * one;
  const Scratch<A> dqs(parts > 1 ? parts * step : 0);
  parallel_for(c.kv_matrices() * parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t matrix = task / parts, part = task % parts;
      A* own = parts > 1 ? dqs.data() + part * step : nullptr;
      if (own != nullptr)
        std::fill(own + matrix * c.group * one, own + (matrix + 1) * c.group * one, A(0));
      RunPart<T>(c, matrix, blocks * part / parts * kKeyBlock,
                 std::min(c.keys, blocks * (part + 1) / parts * kKeyBlock), own);
    }
  });
  if (parts == 1) return;
  parallel_for(c.q_matrices(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g)
      WriteQueries<T>(c, g, dqs.data() + g * one, parts, step, line);
  });
}

}  // namespace

void AttentionGrad(const Call& call) {
  ForFloating(call.in[0].dtype, [&]<typename T>() { Run<T>(call); });
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {

HWY_EXPORT(AttentionGrad);

void attention_grad(const Call& call) { HWY_DYNAMIC_DISPATCH(AttentionGrad)(call); }

void attention_key(const Call& call) {
  const View &q = call.in[0], &k = call.in[1];
  const auto rows = [](const View& v) {
    return v.shape.back() == 0 ? 0 : v.numel() / v.shape.back();
  };
  const int64_t keys = k.shape[k.shape.size() - 2], queries = q.shape[q.shape.size() - 2];
  const int64_t weights = std::max(rows(q) * keys, rows(k) * queries);
  const RandomKey key = default_generator().reserve(static_cast<uint64_t>(weights));
  auto* out = call.out[0].as<int64_t>();
  out[0] = static_cast<int64_t>(key.seed);
  out[1] = static_cast<int64_t>(key.offset);
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
