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

// y = (x - mean) inverse w + b; w and b may be missing.
template <typename A>
HWY_ATTR void NormaliseRow(const A* x, A* y, int64_t n, A mean, A inverse, const A* w, const A* b) {
  ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
    auto v = hn::Mul(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean)), hn::Set(d, inverse));
    if (w != nullptr) v = hn::Mul(v, hn::LoadU(d, w + i));
    if (b != nullptr) v = hn::Add(v, hn::LoadU(d, b + i));
    hn::StoreU(v, d, y + i);
  });
}

// With xhat = (x - mean) inverse and g = dy w:
// dx = inverse (g - mean(g) - xhat mean(g xhat)), where RMS leaves out mean(g);
// dw += dy xhat, db += dy, where there is a dw.
template <typename A>
HWY_ATTR void GradRow(const A* x, const A* dy, A* dx, int64_t n, A mean, A inverse, const A* w,
                      bool centred, A* dw, A* db) {
  const auto g = [&](auto d, int64_t i) HWY_ATTR {
    const auto v = hn::LoadU(d, dy + i);
    return w == nullptr ? v : hn::Mul(v, hn::LoadU(d, w + i));
  };
  const auto xhat = [&](auto d, int64_t i) HWY_ATTR {
    return hn::Mul(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean)), hn::Set(d, inverse));
  };
  const A g_mean = centred ? static_cast<A>(SumRow<A>(n, g) / static_cast<double>(n)) : A(0);
  const A slope = static_cast<A>(
      SumRow<A>(n, [&](auto d, int64_t i) HWY_ATTR { return hn::Mul(g(d, i), xhat(d, i)); }) /
      static_cast<double>(n));
  ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto h = xhat(d, i), dy_i = hn::LoadU(d, dy + i);
    const auto v = hn::NegMulAdd(h, hn::Set(d, slope), hn::Sub(g(d, i), hn::Set(d, g_mean)));
    if (dw != nullptr) hn::StoreU(hn::MulAdd(dy_i, h, hn::LoadU(d, dw + i)), d, dw + i);
    if (db != nullptr) hn::StoreU(hn::Add(dy_i, hn::LoadU(d, db + i)), d, db + i);
    hn::StoreU(hn::Mul(v, hn::Set(d, inverse)), d, dx + i);
  });
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
      const RowBuffers<A> buffers(n, 2, is_half);
      for (int64_t r = begin; r < end; ++r) {
        const A* row = ReadRow(x.as<const T>() + r * n, n, 1, buffers[0]);
        T* to = call.out[0].as<T>() + r * n;
        A* out = RowToWrite(to, 1, buffers[1]);
        const double count = static_cast<double>(n);
        A mean = 0;
        if (centred) {
          mean = static_cast<A>(
              SumRow<A>(n, [&](auto d, int64_t i) HWY_ATTR { return hn::LoadU(d, row + i); }) /
              count);
          call.out[1].as<A>()[r] = mean;
        }
        const double square = SumRow<A>(n, [&](auto d, int64_t i) HWY_ATTR {
          const auto v = hn::Sub(hn::LoadU(d, row + i), hn::Set(d, mean));
          return hn::Mul(v, v);
        });
        const A inverse = static_cast<A>(1 / std::sqrt(square / count + eps));
        inverses.as<A>()[r] = inverse;
        NormaliseRow(row, out, n, mean, inverse, w, b);
        WriteRow(out, to, n, 1);
      }
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
      const RowBuffers<A> buffers(n, 3, is_half);
      A* dw = has_weight ? &partial[begin / block * 2 * n] : nullptr;
      A* db = has_weight && centred ? dw + n : nullptr;
      if (has_weight) std::fill_n(dw, 2 * n, A(0));
      for (int64_t r = begin; r < end; ++r) {
        const A* x_row = ReadRow(x.as<const T>() + r * n, n, 1, buffers[0]);
        const A* dy_row = ReadRow(dy.as<const T>() + r * n, n, 1, buffers[1]);
        T* to = call.out[0].as<T>() + r * n;
        A* out = RowToWrite(to, 1, buffers[2]);
        GradRow(x_row, dy_row, out, n, centred ? mean.as<const A>()[r] : A(0),
                inverse.as<const A>()[r], w, centred, dw, db);
        WriteRow(out, to, n, 1);
      }
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
