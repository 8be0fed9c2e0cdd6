// Layer and RMS normalisation of rows, and their gradients. Rows are the last axes of x: [M, N].
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/norm.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/base/threads.h"
#include "rush/kernels/attrs/norm.h"
#include "rush/kernels/cpu/norm_kernels.h"
#include "rush/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

constexpr int64_t kBlockElements = 16384;

// Rows a task takes: fixed by the row's length, since sums over rows are kept a task.
int64_t RowsPerTask(int64_t n) { return std::clamp<int64_t>(kBlockElements / (n + 1), 1, 256); }

// Rows that are worked on side by side: by itself each would wait for its sums.
constexpr int kRowsAtOnce = 4;

// total[r] = the sum of term(d, r, i) over row r: runs in the computing type, their totals in
// double, in the same order for any number of rows.
template <int kRows, typename A, class F>
HWY_INLINE void SumRows(int64_t n, const F& term, double* total) {
  constexpr int64_t kRun = 2048;
  const hn::ScalableTag<A> d;
  const hn::CappedTag<A, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  std::fill_n(total, kRows, 0.0);
  for (int64_t i = 0; i < n;) {
    const int64_t end = std::min(n, i + kRun);
    hn::Vec<hn::ScalableTag<A>> sum[kRows];
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) sum[r] = hn::Zero(d);
    for (; i + lanes <= end; i += lanes)
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) sum[r] = hn::Add(sum[r], term(d, r, i));
    A rest[kRows] = {};
    for (; i < end; ++i)
      for (int r = 0; r < kRows; ++r) rest[r] += hn::GetLane(term(one, r, i));
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r)
      total[r] += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum[r]))) +
                  static_cast<double>(rest[r]);
  }
}

// Rows next to one another, dense in the computing type: x[r n + i].
template <typename A>
struct Block {
  const A* x;
  A* y;
  int64_t n;
  const A *w, *b;  // or null
};

// y = (x - mean) inverse w + b; w and b may be missing. mean: null in RMS.
template <int kRows, typename A>
HWY_ATTR void NormaliseRows(const Block<A>& p, double eps, A* means, A* inverses) {
  double total[kRows];
  A mean[kRows] = {};
  const auto count = static_cast<double>(p.n);
  if (means != nullptr) {
    SumRows<kRows, A>(
        p.n, [&](auto d, int r, int64_t i) HWY_ATTR { return hn::LoadU(d, p.x + r * p.n + i); },
        total);
    for (int r = 0; r < kRows; ++r) means[r] = mean[r] = static_cast<A>(total[r] / count);
  }
  SumRows<kRows, A>(
      p.n,
      [&](auto d, int r, int64_t i) HWY_ATTR {
        const auto v = hn::Sub(hn::LoadU(d, p.x + r * p.n + i), hn::Set(d, mean[r]));
        return hn::Mul(v, v);
      },
      total);
  for (int r = 0; r < kRows; ++r)
    inverses[r] = static_cast<A>(1 / std::sqrt(total[r] / count + eps));
  ForVectors<A>(p.n, [&](auto d, int64_t i) HWY_ATTR {
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const auto centred = hn::Sub(hn::LoadU(d, p.x + r * p.n + i), hn::Set(d, mean[r]));
      auto v = hn::Mul(centred, hn::Set(d, inverses[r]));
      if (p.w != nullptr) v = hn::Mul(v, hn::LoadU(d, p.w + i));
      if (p.b != nullptr) v = hn::Add(v, hn::LoadU(d, p.b + i));
      hn::StoreU(v, d, p.y + r * p.n + i);
    }
  });
}

// What the gradients of a block's rows take besides: dy, and the sums over all rows so far.
template <typename A>
struct GradBlock : Block<A> {
  const A* dy;
  A *dw, *db;    // db: null in RMS; both without a weight
  bool centred;  // not in RMS
};

// With xhat = (x - mean) inverse and g = dy w:
// y = inverse (g - mean(g) - xhat mean(g xhat)), where RMS leaves out mean(g);
// dw += dy xhat, db += dy, where there is a dw.
template <int kRows, typename A>
HWY_ATTR void GradRows(const GradBlock<A>& p, const A* means, const A* inverses) {
  A mean[kRows] = {}, g_mean[kRows] = {}, slope[kRows];
  if (p.centred) std::copy_n(means, kRows, mean);
  const auto g = [&](auto d, int r, int64_t i) HWY_ATTR {
    const auto v = hn::LoadU(d, p.dy + r * p.n + i);
    return p.w == nullptr ? v : hn::Mul(v, hn::LoadU(d, p.w + i));
  };
  const auto xhat = [&](auto d, int r, int64_t i) HWY_ATTR {
    const auto v = hn::Sub(hn::LoadU(d, p.x + r * p.n + i), hn::Set(d, mean[r]));
    return hn::Mul(v, hn::Set(d, inverses[r]));
  };
  double total[kRows];
  const auto count = static_cast<double>(p.n);
  if (p.centred) {
    SumRows<kRows, A>(p.n, g, total);
    for (int r = 0; r < kRows; ++r) g_mean[r] = static_cast<A>(total[r] / count);
  }
  SumRows<kRows, A>(
      p.n, [&](auto d, int r, int64_t i) HWY_ATTR { return hn::Mul(g(d, r, i), xhat(d, r, i)); },
      total);
  for (int r = 0; r < kRows; ++r) slope[r] = static_cast<A>(total[r] / count);
  ForVectors<A>(p.n, [&](auto d, int64_t i) HWY_ATTR {
    auto dw = p.dw == nullptr ? hn::Zero(d) : hn::LoadU(d, p.dw + i);
    auto db = p.db == nullptr ? hn::Zero(d) : hn::LoadU(d, p.db + i);
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const auto h = xhat(d, r, i), dy = hn::LoadU(d, p.dy + r * p.n + i);
      const auto v =
          hn::NegMulAdd(h, hn::Set(d, slope[r]), hn::Sub(g(d, r, i), hn::Set(d, g_mean[r])));
      dw = hn::MulAdd(dy, h, dw);
      db = hn::Add(dy, db);
      hn::StoreU(hn::Mul(v, hn::Set(d, inverses[r])), d, p.y + r * p.n + i);
    }
    if (p.dw != nullptr) hn::StoreU(dw, d, p.dw + i);
    if (p.db != nullptr) hn::StoreU(db, d, p.db + i);
  });
}

// Calls f<kRows>(first row) for the rows [begin, end), as many at once as there are.
template <class F>
HWY_INLINE void ForRows(int64_t begin, int64_t end, const F& f) {
  int64_t r = begin;
  for (; r + kRowsAtOnce <= end; r += kRowsAtOnce) f.template operator()<kRowsAtOnce>(r);
  for (; r < end; ++r) f.template operator()<1>(r);
}

template <typename T>
const ComputeOf<T>* Parameter(const View& v, const RowBuffers<ComputeOf<T>>& buffers, int slot,
                              int64_t n) {
  return v.data == nullptr ? nullptr : ReadRow(v.as<const T>(), n, 1, buffers[slot]);
}

template <typename T, typename A>
void StoreSums(const A* partial, int64_t tasks, int64_t stride, int64_t n, const View& out) {
  for (int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (int64_t t = 0; t < tasks; ++t) sum += static_cast<double>(partial[t * stride + i]);
    StoreOne(static_cast<A>(sum), out.as<T>() + i);
  }
}

}  // namespace

// in: x, weight, bias (absent in RMS); out: y, mean (absent in RMS), inverse deviation, one a row.
void LayerNorm(const Call& call, const View& x, const View& weight, const View& bias, int64_t rows,
               double eps, bool centred) {
  const int64_t n = rows == 0 ? 0 : x.numel() / rows;
  const View& inverses = call.out[centred ? 2 : 1];
  ForFloating(x.dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const bool is_half = !std::is_same_v<T, A>;
    const RowBuffers<A> parameters(n, 2, is_half);
    const A* w = Parameter<T>(weight, parameters, 0, n);
    const A* b = Parameter<T>(bias, parameters, 1, n);
    parallel_for(rows, RowsPerTask(n), [&](int64_t begin, int64_t end) {
      const RowBuffers<A> buffers(kRowsAtOnce * n, 2, is_half);
      ForRows(begin, end, [&]<int kRows>(int64_t r) HWY_ATTR {
        T* to = call.out[0].as<T>() + r * n;
        A* out = RowToWrite(to, 1, buffers[1]);
        const A* in = ReadRow(x.as<const T>() + r * n, kRows * n, 1, buffers[0]);
        NormaliseRows<kRows>(Block<A>{in, out, n, w, b}, eps,
                             centred ? call.out[1].as<A>() + r : nullptr, inverses.as<A>() + r);
        WriteRow(out, to, kRows * n, 1);
      });
    });
  });
}

// x and dy dense; out: dx, dweight, dbias (absent in RMS; both are empty without a weight).
void LayerNormGrad(const Call& call, const View& x, const View& dy, const View& weight,
                   const View& mean, const View& inverse, int64_t rows) {
  const int64_t n = rows == 0 ? call.out[1].numel() : x.numel() / rows;
  const bool centred = call.out.size() == 3, has_weight = weight.data != nullptr;
  ForFloating(x.dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const bool is_half = !std::is_same_v<T, A>;
    const RowBuffers<A> parameters(n, 1, is_half);
    const A* w = Parameter<T>(weight, parameters, 0, n);
    const int64_t block = RowsPerTask(n), tasks = (rows + block - 1) / block;
    const Scratch<A> partial(has_weight ? tasks * 2 * n : 0);
    parallel_for(rows, block, [&](int64_t begin, int64_t end) {
      const RowBuffers<A> buffers(kRowsAtOnce * n, 3, is_half);
      A* dw = has_weight ? &partial[begin / block * 2 * n] : nullptr;
      A* db = has_weight && centred ? dw + n : nullptr;
      if (has_weight) std::fill_n(dw, 2 * n, A(0));
      ForRows(begin, end, [&]<int kRows>(int64_t r) HWY_ATTR {
        T* to = call.out[0].as<T>() + r * n;
        A* out = RowToWrite(to, 1, buffers[2]);
        const A* x_rows = ReadRow(x.as<const T>() + r * n, kRows * n, 1, buffers[0]);
        const A* dy_rows = ReadRow(dy.as<const T>() + r * n, kRows * n, 1, buffers[1]);
        GradRows<kRows>(GradBlock<A>{{x_rows, out, n, w, nullptr}, dy_rows, dw, db, centred},
                        centred ? mean.as<const A>() + r : nullptr, inverse.as<const A>() + r);
        WriteRow(out, to, kRows * n, 1);
      });
    });
    if (!has_weight) return;
    StoreSums<T>(partial.data(), tasks, 2 * n, n, call.out[1]);
    if (centred) StoreSums<T>(partial.data() + n, tasks, 2 * n, n, call.out[2]);
  });
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {
namespace {

HWY_EXPORT(LayerNorm);
HWY_EXPORT(LayerNormGrad);

// A contiguous form of an input that may be absent.
class Contiguous {
 public:
  explicit Contiguous(const View& v)
      : like_(row_major(v)), input_(v.data == nullptr ? like_ : v, like_) {
    like_.data = const_cast<void*>(input_.data());
  }
  const View& view() const { return like_; }

 private:
  static View row_major(View v) {
    v.strides = contiguous_strides(v.shape);
    return v;
  }
  View like_;
  DenseInput input_;
};

int64_t row_count(const View& x, int64_t axes) {
  int64_t rows = 1;
  for (int i = 0; i < x.shape.size() - axes; ++i) rows *= x.shape[i];
  return rows;
}

void layer_norm_kernel(const Call& call) {
  const auto& a = call.attributes<LayerNormAttrs>();
  const Contiguous x(call.in[0]), weight(call.in[1]), bias(call.in[2]);
  HWY_DYNAMIC_DISPATCH(LayerNorm)
  (call, x.view(), weight.view(), bias.view(), row_count(x.view(), a.axes), a.eps, true);
}
void rms_norm_kernel(const Call& call) {
  const auto& a = call.attributes<LayerNormAttrs>();
  const Contiguous x(call.in[0]), weight(call.in[1]);
  HWY_DYNAMIC_DISPATCH(LayerNorm)
  (call, x.view(), weight.view(), View{}, row_count(x.view(), a.axes), a.eps, false);
}
void layer_norm_grad_kernel(const Call& call) {
  const Contiguous x(call.in[0]), dy(call.in[1]), weight(call.in[2]), mean(call.in[3]),
      inverse(call.in[4]);
  HWY_DYNAMIC_DISPATCH(LayerNormGrad)
  (call, x.view(), dy.view(), weight.view(), mean.view(), inverse.view(),
   row_count(x.view(), call.attributes<LayerNormAttrs>().axes));
}
void rms_norm_grad_kernel(const Call& call) {
  const Contiguous x(call.in[0]), dy(call.in[1]), weight(call.in[2]), inverse(call.in[3]);
  HWY_DYNAMIC_DISPATCH(LayerNormGrad)
  (call, x.view(), dy.view(), weight.view(), View{}, inverse.view(),
   row_count(x.view(), call.attributes<LayerNormAttrs>().axes));
}

}  // namespace

void register_norm(Table& table) {
  register_batch_norm(table);
  table.add("layer_norm").kernel = layer_norm_kernel;
  table.add("rms_norm").kernel = rms_norm_kernel;
  table.add("layer_norm_grad").kernel = layer_norm_grad_kernel;
  table.add("rms_norm_grad").kernel = rms_norm_grad_kernel;
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
