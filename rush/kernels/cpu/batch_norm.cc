// Batch normalisation over [N, C, ...] in one pass for the statistics and one for the result, both
// for channels in planes (contiguous) and channels innermost (channels-last). Sums are taken about
// each channel's first element, so that a large mean costs no digits; runs are added in double.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/batch_norm.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/kernels/attrs/norm.h"
#include "rush/kernels/cpu/channel_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

// sum (x - shift), sum (x - shift)^2
template <typename T>
struct Moments {
  const T* x;
  const ComputeOf<T>* shift;
  template <class D, class Along, class V>
  HWY_INLINE void add(D d, Along along, int64_t i, int64_t at, V& first, V& second) const {
    const V v = hn::Sub(LoadAs(d, x + at), OfChannels(d, along, shift, i));
    first = hn::Add(first, v);
    second = hn::MulAdd(v, v, second);
  }
};

// What the gradient of y = scale x + offset is to be: dy, or with a relu after y, dy where y > 0.
template <typename T, bool has_relu>
struct OutputGradient {
  using A = ComputeOf<T>;
  const T* dy;
  const A *scale, *offset;
  template <class D, class Along, class V>
  HWY_INLINE V at(D d, Along along, int64_t i, int64_t at, V x) const {
    const V g = LoadAs(d, dy + at);
    if constexpr (!has_relu) return g;
    const V y = hn::MulAdd(OfChannels(d, along, scale, i), x, OfChannels(d, along, offset, i));
    return hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), g);
  }
};

// sum dy, sum dy (x - mean)
template <typename T, bool has_relu>
struct GradSums {
  OutputGradient<T, has_relu> gradient;
  const T* x;
  const ComputeOf<T>* mean;
  template <class D, class Along, class V>
  HWY_INLINE void add(D d, Along along, int64_t i, int64_t at, V& first, V& second) const {
    const V v = LoadAs(d, x + at), g = gradient.at(d, along, i, at, v);
    first = hn::Add(first, g);
    second = hn::MulAdd(g, hn::Sub(v, OfChannels(d, along, mean, i)), second);
  }
};

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

// y = scale x + offset
template <typename A>
struct Normalisation {
  Scratch<A> scale, offset;
  explicit Normalisation(int64_t n) : scale(n), offset(n) {}
  void set(int64_t c, A mean, A inverse, A weight, A bias) const {
    const hn::CappedTag<A, 1> one;  // rounded once where addcmul is, which may stand in for this
    scale[c] = inverse * weight;
    offset[c] =
        hn::GetLane(hn::NegMulAdd(hn::Set(one, mean), hn::Set(one, scale[c]), hn::Set(one, bias)));
  }
};

// The batch's statistics, and the running ones moved towards them.
template <typename T>
void FindStatistics(const Call& call, const PlaneLayout& l, const T* x) {
  using A = ComputeOf<T>;
  const auto& attrs = call.attributes<BatchNormAttrs>();
  A *mean = call.out[1].as<A>(), *inverse = call.out[2].as<A>();
  const Scratch<A> shift(ChannelValues(l));
  const Scratch<TwoSums> sums(l.channels);
  const int64_t step = l.channels_last ? 1 : l.plane;
  for (int64_t c = 0; c < l.channels; ++c)
    shift[c] = l.images * l.plane > 0 ? LoadOne(x + c * step) : A(0);
  RepeatChannels(l, shift);
  ChannelSums<A>(l, Moments<T>{x, shift.data()}, sums.data());
  const double n = static_cast<double>(l.images * l.plane);
  for (int64_t c = 0; c < l.channels; ++c) {
    const double about = sums[c].first / n;
    const double variance = std::max(0.0, sums[c].second / n - about * about);
    const double m = static_cast<double>(shift[c]) + about;
    mean[c] = static_cast<A>(m);
    inverse[c] = static_cast<A>(1 / std::sqrt(variance + attrs.eps));
    MoveTowards<T>(call.in[1], c, m, attrs.momentum);
    MoveTowards<T>(call.in[2], c, variance * (n / (n - 1)), attrs.momentum);
  }
}

// dx = of_dy dy + of_x x + constant; the first two results besides are dweight and dbias.
template <typename T, bool has_relu>
void InputGradient(const Call& call, const PlaneLayout& l, const T* x,
                   const OutputGradient<T, has_relu>& gradient, T* dx) {
  using A = ComputeOf<T>;
  const int64_t values = ChannelValues(l);
  const Scratch<A> mean(values), of_dy(values), of_x(values), constant(values);
  const Scratch<TwoSums> sums(l.channels);
  for (int64_t c = 0; c < l.channels; ++c) mean[c] = ChannelValue<A>(call.in[3], c, 0);
  RepeatChannels(l, mean);
  ChannelSums<A>(l, GradSums<T, has_relu>{gradient, x, mean.data()}, sums.data());
  const double n = static_cast<double>(l.images * l.plane);
  for (int64_t c = 0; c < l.channels; ++c) {
    const double inverse = ChannelValue<A>(call.in[4], c, 1);
    const double dweight = sums[c].second * inverse, dbias = sums[c].first;
    StoreOne(static_cast<A>(dweight), call.out[1].as<T>() + c);
    StoreOne(static_cast<A>(dbias), call.out[2].as<T>() + c);
    // dx = w inverse (dy - mean(dy) - xhat mean(dy xhat))
    const double a = static_cast<double>(ChannelValue<T>(call.in[2], c, 1)) * inverse;
    const double b = -a * inverse * dweight / n;
    of_dy[c] = static_cast<A>(a);
    of_x[c] = static_cast<A>(b);
    constant[c] = static_cast<A>(-a * dbias / n - b * static_cast<double>(mean[c]));
  }
  for (const auto* v : {&of_dy, &of_x, &constant}) RepeatChannels(l, *v);
  ForChannelVectors<A>(l, [&](auto d, auto along, int64_t i, int64_t at) HWY_ATTR {
    const auto v = LoadAs(d, x + at);
    const auto rest = hn::MulAdd(OfChannels(d, along, of_x.data(), i), v,
                                 OfChannels(d, along, constant.data(), i));
    const auto g = gradient.at(d, along, i, at, v);
    StoreAs(d, hn::MulAdd(OfChannels(d, along, of_dy.data(), i), g, rest), dx + at);
  });
}

}  // namespace

// in: x, running mean, running var, weight, bias; out: y, mean, 1 / sqrt(var + eps). With relu,
// y = relu(batch_norm(x) + skip), where skip may be missing.
void BatchNorm(const Call& call, const PlaneLayout& l, const void* x_dense, const void* skip_dense,
               void* y_dense, bool has_relu) {
  ForFloating(call.in[0].dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const T *x = static_cast<const T*>(x_dense), *skip = static_cast<const T*>(skip_dense);
    T* y = static_cast<T*>(y_dense);
    FindStatistics(call, l, x);
    const A *mean = call.out[1].as<A>(), *inverse = call.out[2].as<A>();
    const Normalisation<A> normal(ChannelValues(l));
    for (int64_t c = 0; c < l.channels; ++c)
      normal.set(c, mean[c], inverse[c], ChannelValue<T>(call.in[3], c, 1),
                 ChannelValue<T>(call.in[4], c, 0));
    RepeatChannels(l, normal.scale);
    RepeatChannels(l, normal.offset);
    const A *scale = normal.scale.data(), *offset = normal.offset.data();
    ForChannelVectors<A>(l, [=](auto d, auto along, int64_t i, int64_t at) HWY_ATTR {
      auto v = hn::MulAdd(OfChannels(d, along, scale, i), LoadAs(d, x + at),
                          OfChannels(d, along, offset, i));
      if (skip != nullptr) v = hn::Add(v, LoadAs(d, skip + at));
      if (has_relu) v = hn::IfThenElse(hn::Lt(v, hn::Zero(d)), hn::Zero(d), v);  // NaN stays
      StoreAs(d, v, y + at);
    });
  });
}

// in: x, dy, weight, mean, inverse deviation, and with relu bias; out: dx, dweight, dbias.
void BatchNormGrad(const Call& call, const PlaneLayout& l, const void* x_dense,
                   const void* dy_dense, void* dx_dense, bool has_relu) {
  ForFloating(call.in[0].dtype, [&]<typename T>() {
    using A = ComputeOf<T>;
    const T *x = static_cast<const T*>(x_dense), *dy = static_cast<const T*>(dy_dense);
    T* dx = static_cast<T*>(dx_dense);
    if (!has_relu) return InputGradient<T, false>(call, l, x, {dy, nullptr, nullptr}, dx);
    const Normalisation<A> normal(ChannelValues(l));
    for (int64_t c = 0; c < l.channels; ++c)
      normal.set(c, ChannelValue<A>(call.in[3], c, 0), ChannelValue<A>(call.in[4], c, 1),
                 ChannelValue<T>(call.in[2], c, 1), ChannelValue<T>(call.in[5], c, 0));
    RepeatChannels(l, normal.scale);
    RepeatChannels(l, normal.offset);
    InputGradient<T, true>(call, l, x, {dy, normal.scale.data(), normal.offset.data()}, dx);
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
template <bool has_relu>
void batch_norm_kernel(const Call& call) {
  if (call.out[1].numel() == 0) return;  // no channels
  const DenseOutput y(call.out[0]);
  const PlaneLayout layout = plane_layout(y.view());
  const DenseInput x(call.in[0], y.view());
  const DenseInput skip(has_relu ? call.in[5] : View{}, y.view());
  HWY_DYNAMIC_DISPATCH(BatchNorm)(call, layout, x.data(), skip.data(), y.data(), has_relu);
  y.finish();
}

template <bool has_relu>
void batch_norm_grad_kernel(const Call& call) {
  if (call.out[1].numel() == 0) return;
  const DenseOutput dx(call.out[0]);
  const PlaneLayout layout = plane_layout(dx.view());
  const DenseInput x(call.in[0], dx.view()), dy(call.in[1], dx.view());
  HWY_DYNAMIC_DISPATCH(BatchNormGrad)(call, layout, x.data(), dy.data(), dx.data(), has_relu);
  dx.finish();
}

}  // namespace

void register_batch_norm(Table& table) {
  table.add("batch_norm").kernel = batch_norm_kernel<false>;
  table.add("batch_norm_grad").kernel = batch_norm_grad_kernel<false>;
  table.add("batch_norm_relu").kernel = batch_norm_kernel<true>;
  table.add("batch_norm_relu_grad").kernel = batch_norm_grad_kernel<true>;
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
