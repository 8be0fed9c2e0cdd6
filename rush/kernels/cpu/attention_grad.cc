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

// What is known of one matrix of queries: scaled, with dy, each row's shift and dot product.
template <typename T, typename A = ComputeOf<T>>
struct PackedQueries {
  int64_t rows, line, v_line;
  Scratch<A> q, dy, lse, dot;

  explicit PackedQueries(const GradCall& call)
      : rows(rounded_up(call.queries, kTileRows)),
        line(rounded_up(call.size, kLanes<A>)),
        v_line(rounded_up(call.v_size, kLanes<A>)),
        q(rows * line),
        dy(rows * v_line),
        lse(rows),
        dot(rows) {}

  void fill(const GradCall& c, int64_t matrix) {
    PackRows(c.q.at<const T>(matrix), c.q.row, c.q.col, c.queries, c.size, rows, line,
             static_cast<A>(c.scale), q.data());
    PackRows(c.dy.at<const T>(matrix), c.dy.row, c.dy.col, c.queries, c.v_size, rows, v_line, A(1),
             dy.data());
    const RowBuffers<A> buffer(c.v_size, 1, true);
    const T* y = c.y.at<const T>(matrix);
    const A* log_sums = c.lse.at<const A>(matrix);
    for (int64_t i = 0; i < c.queries; ++i) {
      const A* row = ReadRow(y + i * c.y.row, c.v_size, c.y.col, buffer[0]);
      const A* from = dy.data() + i * v_line;
      dot[i] = static_cast<A>(SumRow<A>(c.v_size, [&](auto d, int64_t j) HWY_ATTR {
        return hn::Mul(hn::LoadU(d, row + j), hn::LoadU(d, from + j));
      }));
      // A query that saw nothing has no weights: e^(s - infinity).
      const A shift = log_sums[i * c.lse.row];
      lse[i] = shift == kMinusInfinity<A> ? -shift : shift;
    }
  }
};

// The keys [first, first + count) of one matrix, packed, and the sums of their gradients.
template <typename T, typename A = ComputeOf<T>>
struct PackedKeys {
  int64_t first, count, line, v_line, rows;
  Scratch<A> k, k_columns, v_columns, dk, dv;

  PackedKeys(const GradCall& c, int64_t matrix, int64_t begin, int64_t end)
      : first(begin),
        count(end - begin),
        line(rounded_up(c.size, kLanes<A>)),
        v_line(rounded_up(c.v_size, kLanes<A>)),
        rows(rounded_up(count, kKeyStep<A>)),
        k(rows * line),
        k_columns(rows * line),
        v_columns(rows * v_line),
        dk(rows * line),
        dv(rows * v_line) {
    const T* from = c.k.at<const T>(matrix) + begin * c.k.row;
    PackRows(from, c.k.row, c.k.col, count, c.size, rows, line, A(1), k.data());
    PackColumns(static_cast<const A*>(k.data()), line, 1, count, line, k_columns.data());
    PackPadded(c.v.at<const T>(matrix) + begin * c.v.row, c);
    std::fill(dk.data(), dk.data() + rows * line, A(0));
    std::fill(dv.data(), dv.data() + rows * v_line, A(0));
  }

  void write(const GradCall& c, int64_t matrix) const {
    T* to = c.dk.at<T>(matrix) + first * c.dk.row;
    for (int64_t j = 0; j < count; ++j)
      WriteRow(dk.data() + j * line, to + j * c.dk.row, c.size, c.dk.col);
    to = c.dv.at<T>(matrix) + first * c.dv.row;
    for (int64_t j = 0; j < count; ++j)
      WriteRow(dv.data() + j * v_line, to + j * c.dv.row, c.v_size, c.dv.col);
  }

 private:
  void PackPadded(const T* from, const GradCall& c) {
    const Scratch<A> values(rows * v_line);
    PackRows(from, c.v.row, c.v.col, count, c.v_size, rows, v_line, A(1), values.data());
    PackColumns(static_cast<const A*>(values.data()), v_line, 1, count, v_line, v_columns.data());
  }
};

// Blocks of one matrix of queries against a part of the keys.
template <typename T, typename A = ComputeOf<T>>
class Backward {
 public:
  Backward(const GradCall& call, PackedKeys<T>& keys, const PackedQueries<T>& queries)
      : call_(call),
        keys_(keys),
        queries_(queries),
        p_(kQueryBlock * kKeyBlock),
        ds_(kQueryBlock * kKeyBlock),
        dropped_(call.attrs.dropout_p > 0 ? kQueryBlock * kKeyBlock : 0) {}

  // Adds to the gradients of the keys, and to dq: [rows x line].
  void run(int64_t matrix, A* dq) {
    for (int64_t j = 0; j < keys_.count; j += kKeyBlock) {
      const int64_t cols = std::min(kKeyBlock, keys_.count - j), key = keys_.first + j;
      const int64_t begin = call_.attrs.is_causal ? key / kQueryBlock * kQueryBlock : 0;
      for (int64_t i = begin; i < call_.queries; i += kQueryBlock)
        add({matrix, i, std::min(kQueryBlock, call_.queries - i), key, cols}, dq);
    }
  }

 private:
  void add(const BlockAt& at, A* dq) {
    const int64_t j = at.j - keys_.first, line = keys_.line, v_line = keys_.v_line;
    Scores(call_, at, &queries_.q[at.i * line], &keys_.k_columns[j * line], line, p_.data());
    Scores(call_, at, &queries_.dy[at.i * v_line], &keys_.v_columns[j * v_line], v_line,
           ds_.data());
    const A* weights = call_.attrs.dropout_p > 0 ? dropped_.data() : p_.data();
    for (int64_t r = 0; r < rounded_up(at.rows, kTileRows); ++r) weigh(at, r);
    add_to_keys(at, weights, &queries_.dy[at.i * v_line], v_line, &keys_.dv[j * v_line]);
    add_to_keys(at, ds_.data(), &queries_.q[at.i * line], line, &keys_.dk[j * line]);
    const Product<A> product{ds_.data(),       kKeyBlock, 1,   &keys_.k[j * line], line, kPanel<A>,
                             dq + at.i * line, line,      true};
    Multiply(product, rounded_up(at.rows, kTileRows), line, [&](int64_t i, int64_t) {
      return Range{0, ColumnsSeen(call_, at, i)};
    });
  }

  // grad[keys x line] += x^T rows, x: [queries x keys]. Queries that see none of a tile's keys are
  // left out.
  void add_to_keys(const BlockAt& at, const A* x, const A* rows, int64_t line, A* grad) {
    const Product<A> product{x, 1, kKeyBlock, rows, line, kPanel<A>, grad, line, true};
    const int64_t all = rounded_up(at.rows, kTileRows);
    Multiply(product, rounded_up(at.cols, kTileRows), line, [&](int64_t key, int64_t) {
      const int64_t first = call_.attrs.is_causal ? std::max<int64_t>(0, at.j + key - at.i) : 0;
      return Range{first, all};
    });
  }

  // Row r of the scores becomes weights, that of dy v^T the gradient of the scores.
  HWY_ATTR void weigh(const BlockAt& at, int64_t r) {
    const hn::ScalableTag<A> d;
    A *p = p_.data() + r * kKeyBlock, *ds = ds_.data() + r * kKeyBlock;
    const bool is_dropped = call_.attrs.dropout_p > 0;
    if (r >= at.rows) {  // beyond the matrix
      for (A* row : {p, ds, is_dropped ? dropped_.data() + r * kKeyBlock : p})
        std::fill(row, row + kKeyBlock, A(0));
      return;
    }
    const int64_t cols = HideUnseen<T>(call_, at, r, p);
    const auto lse = hn::Set(d, queries_.lse[at.i + r]), dot = hn::Set(d, queries_.dot[at.i + r]);
    for (int64_t j = 0; j < cols; j += kLanes<A>)
      hn::Store(ExpOfNegative(d, hn::Sub(hn::Load(d, p + j), lse)), d, p + j);
    if (is_dropped) {
      A* dropped = dropped_.data() + r * kKeyBlock;
      std::copy(p, p + cols, dropped);
      DropRow(call_, at, r, dropped);
      DropRow(call_, at, r, ds);
    }
    for (int64_t j = 0; j < cols; j += kLanes<A>) {
      const auto centred = hn::Sub(hn::Load(d, ds + j), dot);
      hn::Store(hn::Mul(hn::Load(d, p + j), centred), d, ds + j);
    }
  }

  const GradCall& call_;
  PackedKeys<T>& keys_;
  const PackedQueries<T>& queries_;
  Scratch<A> p_, ds_, dropped_;
};

// dq of one matrix is the sum of what the parts of the keys gave.
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
      hn::Store(hn::Mul(v, hn::Set(d, static_cast<A>(c.scale))), d, sum + x);
    }
    WriteRow(sum, to + i * c.dq.row, c.size, c.dq.col);
  }
}

// A task is a part of one matrix of keys and all queries that share it. There are several parts
// only where there are few matrices: then each has a dq of its own, added up in order.
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
  const int64_t step = rounded_up(c.queries, kTileRows) * line;  // of one dq
  const Scratch<A> shared(parts > 1 ? c.q_matrices() * parts * step : 0);
  parallel_for(c.kv_matrices() * parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t matrix = task / parts, part = task % parts;
      const Scratch<A> own(parts > 1 ? 0 : step);
      PackedKeys<T> keys(c, matrix, blocks * part / parts * kKeyBlock,
                         std::min(c.keys, blocks * (part + 1) / parts * kKeyBlock));
      PackedQueries<T> queries(c);
      for (int64_t g = matrix * c.group; g < (matrix + 1) * c.group; ++g) {
        queries.fill(c, g);
        A* dq = parts > 1 ? shared.data() + (g * parts + part) * step : own.data();
        std::fill(dq, dq + step, A(0));
        Backward<T>(c, keys, queries).run(g, dq);
        if (parts == 1) WriteQueries<T>(c, g, dq, 1, step, line);
      }
      keys.write(c, matrix);
    }
  });
  if (parts == 1) return;
  parallel_for(c.q_matrices(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; ++g)
      WriteQueries<T>(c, g, shared.data() + g * parts * step, parts, step, line);
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
