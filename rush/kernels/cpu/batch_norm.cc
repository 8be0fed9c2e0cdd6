// Batch normalisation over [N, C, ...] in one pass for the statistics and one for the result, both
// for channels in planes (contiguous) and channels innermost (channels-last). Sums are taken about
// each channel's first element, so that a large mean costs no digits; runs are added in double.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/batch_norm.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/base/threads.h"
#include "rush/kernels/attrs/norm.h"
#include "rush/kernels/cpu/norm_kernels.h"
#include "rush/kernels/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

constexpr int64_t kBlockElements = 32768;

// Two sums a channel, term(d, x, y) giving their terms as a pair; x and y lie alike.
template <typename T, class Terms>
void PlaneSums(const PlaneLayout& l, const T* x, const T* y, double* sums, const Terms& terms) {
  using A = ComputeOf<T>;
  parallel_for(l.channels, std::max<int64_t>(1, kBlockElements / (l.images * l.plane + 1)),
               [&](int64_t begin, int64_t end) {
                 const RowBuffers<A> buffers(l.plane, 2, !std::is_same_v<T, A>);
                 for (int64_t c = begin; c < end; ++c) {
                   double first = 0, second = 0;
                   for (int64_t i = 0; i < l.images; ++i) {
                     const int64_t at = (i * l.channels + c) * l.plane;
                     const A* a = ReadRow(x + at, l.plane, 1, buffers[0]);
                     const A* b = y == nullptr ? a : ReadRow(y + at, l.plane, 1, buffers[1]);
                     first += SumRow<A>(l.plane, [&](auto d, int64_t k) HWY_ATTR {
                       return terms.first(d, c, hn::LoadU(d, a + k), hn::LoadU(d, b + k), false);
                     });
                     second += SumRow<A>(l.plane, [&](auto d, int64_t k) HWY_ATTR {
                       return terms.second(d, c, hn::LoadU(d, a + k), hn::LoadU(d, b + k), false);
                     });
                   }
                   sums[2 * c] = first;
                   sums[2 * c + 1] = second;
                 }
               });
}

// Blocks of rows have their own sums, which are added in order.
template <typename T, class Terms>
void ChannelRowSums(const PlaneLayout& l, const T* x, const T* y, double* sums,
                    const Terms& terms) {
  using A = ComputeOf<T>;
  const int64_t rows = l.images * l.plane, channels = l.channels;
  const int64_t block = std::clamp<int64_t>(kBlockElements / channels, 1, 512);
  const int64_t blocks = (rows + block - 1) / block;
  const Scratch<A> partial(blocks * 2 * channels);
  parallel_for(rows, block, [&](int64_t begin, int64_t end) {
    A* first = &partial[begin / block * 2 * channels];
    A* second = first + channels;
    std::fill_n(first, 2 * channels, A(0));
    const RowBuffers<A> buffers(channels, 2, !std::is_same_v<T, A>);
    for (int64_t r = begin; r < end; ++r) {
      const A* a = ReadRow(x + r * channels, channels, 1, buffers[0]);
      const A* b = y == nullptr ? a : ReadRow(y + r * channels, channels, 1, buffers[1]);
      ForVectors<A>(channels, [&](auto d, int64_t c) HWY_ATTR {
        const auto va = hn::LoadU(d, a + c), vb = hn::LoadU(d, b + c);
        hn::StoreU(hn::Add(hn::LoadU(d, first + c), terms.first(d, c, va, vb, true)), d, first + c);
        hn::StoreU(hn::Add(hn::LoadU(d, second + c), terms.second(d, c, va, vb, true)), d,
                   second + c);
      });
    }
  });
  for (int64_t c = 0; c < channels; ++c) {
    double first = 0, second = 0;
    for (int64_t b = 0; b < blocks; ++b) {
      first += static_cast<double>(partial[b * 2 * channels + c]);
      second += static_cast<double>(partial[b * 2 * channels + channels + c]);
    }
    sums[2 * c] = first;
    sums[2 * c + 1] = second;
  }
}

template <typename T, class Terms>
void ChannelSums(const PlaneLayout& l, const T* x, const T* y, double* sums, const Terms& terms) {
  if (l.channels_last) {
    ChannelRowSums(l, x, y, sums, terms);
  } else {
    PlaneSums(l, x, y, sums, terms);
  }
}

// A value of each channel, for vectors of channels or of one plane.
template <class D, typename A>
HWY_INLINE hn::Vec<D> OfChannel(D d, const A* values, int64_t c, bool along_channels) {
  return along_channels ? hn::LoadU(d, values + c) : hn::Set(d, values[c]);
}

// sum (x - shift), sum (x - shift)^2
template <typename A>
struct Moments {
  const A* shift;
  template <class D, class V>
  HWY_INLINE V first(D d, int64_t c, V x, V, bool along) const {
    return hn::Sub(x, OfChannel(d, shift, c, along));
  }
  template <class D, class V>
  HWY_INLINE V second(D d, int64_t c, V x, V, bool along) const {
    const V v = hn::Sub(x, OfChannel(d, shift, c, along));
    return hn::Mul(v, v);
  }
};

// sum dy, sum dy (x - mean); x comes second
template <typename A>
struct GradSums {
  const A* mean;
  template <class D, class V>
  HWY_INLINE V first(D, int64_t, V dy, V, bool) const {
    return dy;
  }
  template <class D, class V>
  HWY_INLINE V second(D d, int64_t c, V dy, V x, bool along) const {
    return hn::Mul(dy, hn::Sub(x, OfChannel(d, mean, c, along)));
  }
};

// out = a[c] x + b[c] y + k[c], where y may be missing.
template <typename T>
void Affine(const PlaneLayout& l, const T* x, const T* y, T* out, const ComputeOf<T>* a,
            const ComputeOf<T>* b, const ComputeOf<T>* k) {
  using A = ComputeOf<T>;
  const int64_t rows = l.channels_last ? l.images * l.plane : l.images * l.channels;
  const int64_t n = l.channels_last ? l.channels : l.plane;
  parallel_for(
      rows, std::max<int64_t>(1, kBlockElements / (n + 1)), [&](int64_t begin, int64_t end) {
        const RowBuffers<A> buffers(n, 3, !std::is_same_v<T, A>);
        for (int64_t r = begin; r < end; ++r) {
          const A* xr = ReadRow(x + r * n, n, 1, buffers[0]);
          const A* yr = y == nullptr ? nullptr : ReadRow(y + r * n, n, 1, buffers[1]);
          A* to = RowToWrite(out + r * n, 1, buffers[2]);
          const bool along = l.channels_last;
          const int64_t channel = along ? 0 : r % l.channels;
          ForVectors<A>(n, [&](auto d, int64_t i) HWY_ATTR {
            const int64_t c = along ? i : channel;
            auto v = OfChannel(d, k, c, along);
            if (yr != nullptr) v = hn::MulAdd(OfChannel(d, b, c, along), hn::LoadU(d, yr + i), v);
            hn::StoreU(hn::MulAdd(OfChannel(d, a, c, along), hn::LoadU(d, xr + i), v), d, to + i);
          });
          WriteRow(to, out + r * n, n, 1);
        }
      });
}

template <typename T>
ComputeOf<T> ChannelValue(const View& v, int64_t c, double missing) {
  return v.data == nullptr ? static_cast<ComputeOf<T>>(missing)
                           : LoadOne(v.as<const T>() + c * v.strides[0]);
}

template <typename T>
void MoveTowards(const View& running, int64_t c, double value, double momentum) {
  if (running.data == nullptr) return;
  T* p = running.as<T>() + c * running.strides[0];
  using A = ComputeOf<T>;
  StoreOne(static_cast<A>((1 - momentum) * static_cast<double>(LoadOne(p)) + momentum * value), p);
}

}  // namespace

// in: x, running mean, running var, weight, bias; out: y, mean, 1 / sqrt(var + eps).
void BatchNorm(const Call& call, const PlaneLayout& l, const void* x_dense, void* y_dense) {
  const auto& attrs = call.attributes<BatchNormAttrs>();
  ForFloating(call.in[0].dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const T* x = static_cast<const T*>(x_dense);
    A *mean = call.out[1].as<A>(), *inverse = call.out[2].as<A>();
    const Scratch<A> shift(l.channels), scale(l.channels), offset(l.channels);
    const Scratch<double> sums(2 * l.channels);
    const int64_t step = l.channels_last ? 1 : l.plane;
    for (int64_t c = 0; c < l.channels; ++c)
      shift[c] = l.images * l.plane > 0 ? LoadOne(x + c * step) : A(0);
    ChannelSums<T>(l, x, nullptr, sums.data(), Moments<A>{shift.data()});
    const double n = static_cast<double>(l.images * l.plane);
    const hn::CappedTag<A, 1> one;  // rounded once where addcmul is, which may stand in for this
    for (int64_t c = 0; c < l.channels; ++c) {
      const double about = sums[2 * c] / n;
      const double variance = std::max(0.0, sums[2 * c + 1] / n - about * about);
      const double m = static_cast<double>(shift[c]) + about;
      mean[c] = static_cast<A>(m);
      inverse[c] = static_cast<A>(1 / std::sqrt(variance + attrs.eps));
      MoveTowards<T>(call.in[1], c, m, attrs.momentum);
      MoveTowards<T>(call.in[2], c, variance * (n / (n - 1)), attrs.momentum);
      scale[c] = inverse[c] * ChannelValue<T>(call.in[3], c, 1);
      offset[c] = hn::GetLane(hn::NegMulAdd(hn::Set(one, mean[c]), hn::Set(one, scale[c]),
                                            hn::Set(one, ChannelValue<T>(call.in[4], c, 0))));
    }
    Affine<T>(l, x, nullptr, static_cast<T*>(y_dense), scale.data(), nullptr, offset.data());
  });
}

// in: x, dy, weight, mean, inverse deviation; out: dx, dweight, dbias.
void BatchNormGrad(const Call& call, const PlaneLayout& l, const void* x_dense,
                   const void* dy_dense, void* dx_dense) {
  ForFloating(call.in[0].dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const T *x = static_cast<const T*>(x_dense), *dy = static_cast<const T*>(dy_dense);
    const Scratch<A> mean(l.channels), of_dy(l.channels), of_x(l.channels), constant(l.channels);
    const Scratch<double> sums(2 * l.channels);
    for (int64_t c = 0; c < l.channels; ++c) mean[c] = ChannelValue<A>(call.in[3], c, 0);
    ChannelSums<T>(l, dy, x, sums.data(), GradSums<A>{mean.data()});
    const double n = static_cast<double>(l.images * l.plane);
    for (int64_t c = 0; c < l.channels; ++c) {
      const double inverse = ChannelValue<A>(call.in[4], c, 1);
      const double dweight = sums[2 * c + 1] * inverse, dbias = sums[2 * c];
      StoreOne(static_cast<A>(dweight), call.out[1].as<T>() + c);
      StoreOne(static_cast<A>(dbias), call.out[2].as<T>() + c);
      // dx = w inverse (dy - mean(dy) - xhat mean(dy xhat))
      const double a = static_cast<double>(ChannelValue<T>(call.in[2], c, 1)) * inverse;
      const double b = -a * inverse * dweight / n;
      of_dy[c] = static_cast<A>(a);
      of_x[c] = static_cast<A>(b);
      constant[c] = static_cast<A>(-a * dbias / n - b * static_cast<double>(mean[c]));
    }
    Affine<T>(l, dy, x, static_cast<T*>(dx_dense), of_dy.data(), of_x.data(), constant.data());
  });
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {
namespace {

HWY_EXPORT(BatchNorm);
HWY_EXPORT(BatchNormGrad);

PlaneLayout plane_layout(const View& out) {
  PlaneLayout l;
  l.images = out.shape[0];
  l.channels = out.shape[1];
  l.plane = 1;
  for (int i = 2; i < out.shape.size(); ++i) l.plane *= out.shape[i];
  l.channels_last =
      l.plane == 1 || (!out.is_contiguous() && is_channels_last(out.shape, out.strides));
  return l;
}

// The output lies like x where x is dense, so one of the two layouts fits unless x is something
// else (transposed, strided); then both go through contiguous copies.
void batch_norm_kernel(const Call& call) {
  if (call.out[1].numel() == 0) return;  // no channels
  const DenseOutput y(call.out[0]);
  const PlaneLayout layout = plane_layout(y.view());
  const DenseInput x(call.in[0], y.view());
  HWY_DYNAMIC_DISPATCH(BatchNorm)(call, layout, x.data(), y.data());
  y.finish();
}

void batch_norm_grad_kernel(const Call& call) {
  if (call.out[1].numel() == 0) return;
  const DenseOutput dx(call.out[0]);
  const PlaneLayout layout = plane_layout(dx.view());
  const DenseInput x(call.in[0], dx.view()), dy(call.in[1], dx.view());
  HWY_DYNAMIC_DISPATCH(BatchNormGrad)(call, layout, x.data(), dy.data(), dx.data());
  dx.finish();
}

}  // namespace

void register_batch_norm(Table& table) {
  table.add("batch_norm").kernel = batch_norm_kernel;
  table.add("batch_norm_grad").kernel = batch_norm_grad_kernel;
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
