// Max and average pools and their gradients. All work on lanes: up to kLanes elements that share
// their windows. Lanes are channels; where the channels are far apart in memory and neighbours
// along the last axis are adjacent, they are positions of the last axis instead. The loops over
// lanes are plain; the compiler vectorises them once per Highway target.
#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "rush/base/error.h"
#include "rush/base/threads.h"
#include "rush/kernels/cpu/pool_windows.h"
#include "rush/kernels/cpu/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/pool.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {

template <typename T>
using Computing = std::conditional_t<std::is_same_v<T, double>, double, float>;

constexpr int64_t kLanes = 128;

// One pool call: what all tasks share.
struct Pool {
  const View &in, &out;  // of the forward pool (for gradients: dx and dy)
  PoolTensor x, y;
  PoolWindows windows;
  Pool(const View& in_view, const View& out_view, const PoolAttrs& attrs)
      : in(in_view),
        out(out_view),
        x(in_view),
        y(out_view),
        windows(in_view.shape, out_view.shape, attrs) {}
  int64_t y_offset(int64_t n, int64_t d, int64_t h, int64_t w) const {
    return n * y.stride_n + d * y.stride[0] + h * y.stride[1] + w * y.stride[2];
  }
  // The first pixel of a window, -1 for a window with nothing inside.
  int32_t first_pixel(int64_t d, int64_t h, int64_t w) const {
    const AxisWindow &a = windows.axis[0][d], &b = windows.axis[1][h], &c = windows.axis[2][w];
    if (a.count == 0 || b.count == 0 || c.count == 0) return -1;
    return static_cast<int32_t>(pixel(a.start, b.start, c.start));
  }
  // Where a recorded maximum lies. IndexError when it lies outside.
  int64_t offset_of(int64_t index) const {
    const int64_t row = index / windows.in[2];
    if (index >= windows.in[0] * windows.in[1] * windows.in[2])
      fail<IndexError>("max_pool: index ", index, " lies outside the input");
    return x_offset(row / windows.in[1], row % windows.in[1], index % windows.in[2]);
  }
  int64_t pixel(int64_t d, int64_t h, int64_t w) const {
    return (d * windows.in[1] + h) * windows.in[2] + w;
  }
  int64_t x_offset(int64_t d, int64_t h, int64_t w) const {
    return d * x.stride[0] + h * x.stride[1] + w * x.stride[2];
  }
};

// Calls f(d, h, w) for the elements of a window.
template <typename F>
HWY_INLINE void ForWindow(const PoolWindows& p, int64_t od, int64_t oh, int64_t ow, F&& f) {
  const AxisWindow &wd = p.axis[0][od], &wh = p.axis[1][oh], &ww = p.axis[2][ow];
  for (int64_t i = 0; i < wd.count; ++i)
    for (int64_t j = 0; j < wh.count; ++j)
      for (int64_t k = 0; k < ww.count; ++k)
        f(wd.start + i * p.step[0], wh.start + j * p.step[1], ww.start + k * p.step[2]);
}

// Elements of x, `stride` apart, as far as they beat `best`: the first maximum stays, NaN wins.
template <typename T>
HWY_INLINE void TakeLarger(const T* HWY_RESTRICT x, int64_t stride, int64_t n, int32_t index,
                           int32_t index_step, Computing<T>* HWY_RESTRICT best,
                           int32_t* HWY_RESTRICT indices) {
  const auto step = [&](int64_t i, Computing<T> v) {
    const bool takes = (v > best[i]) | (v != v);
    best[i] = takes ? v : best[i];
    indices[i] = takes ? index + static_cast<int32_t>(i) * index_step : indices[i];
  };
  if (stride == 1)
    for (int64_t i = 0; i < n; ++i) step(i, static_cast<Computing<T>>(x[i]));
  else
    for (int64_t i = 0; i < n; ++i) step(i, static_cast<Computing<T>>(x[i * stride]));
}

// to[i * stride] = from[i]
template <typename From, typename To>
HWY_INLINE void Store(const From* HWY_RESTRICT from, int64_t n, To* HWY_RESTRICT to,
                      int64_t stride) {
  if (stride == 1)
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<To>(from[i]);
  else
    for (int64_t i = 0; i < n; ++i) to[i * stride] = static_cast<To>(from[i]);
}

// Runs f(n, d, h) for all rows of y, in parallel.
template <typename F>
void ForRows(const Pool& p, int64_t row_work, F&& f) {
  const int64_t per_image = p.windows.out[0] * p.windows.out[1];
  const int64_t grain = std::max<int64_t>(1, (int64_t{1} << 15) / std::max<int64_t>(1, row_work));
  parallel_for(p.y.n * per_image, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r)
      f(r / per_image, r % per_image / p.windows.out[1], r % p.windows.out[1]);
  });
}

int64_t RowWork(const Pool& p) {
  int64_t window = 1;
  for (const auto& axis : p.windows.axis) window *= axis.empty() ? 1 : axis[0].count + 1;
  return p.y.c * p.windows.out[2] * window;
}

template <typename T>
void MaxOverChannels(const Pool& p, const T* x, T* y, int32_t* indices, const PoolTensor& at) {
  using C = Computing<T>;
  ForRows(p, RowWork(p), [&](int64_t n, int64_t d, int64_t h) {
    C best[kLanes];
    int32_t best_at[kLanes];
    for (int64_t w = 0; w < p.windows.out[2]; ++w) {
      const int32_t first = p.first_pixel(d, h, w);
      const int64_t to = p.y_offset(n, d, h, w);
      const int64_t index_to =
          n * at.stride_n + d * at.stride[0] + h * at.stride[1] + w * at.stride[2];
      for (int64_t c0 = 0; c0 < p.y.c; c0 += kLanes) {
        const int64_t lanes = std::min(kLanes, p.y.c - c0);
        std::fill_n(best, lanes, -std::numeric_limits<C>::infinity());
        std::fill_n(best_at, lanes, first);
        const T* from = x + n * p.x.stride_n + c0 * p.x.stride_c;
        ForWindow(p.windows, d, h, w, [&](int64_t i, int64_t j, int64_t k) {
          TakeLarger(from + p.x_offset(i, j, k), p.x.stride_c, lanes,
                     static_cast<int32_t>(p.pixel(i, j, k)), 0, best, best_at);
        });
        Store(best, lanes, y + to + c0 * p.y.stride_c, p.y.stride_c);
        Store(best_at, lanes, indices + index_to + c0 * at.stride_c, at.stride_c);
      }
    }
  });
}

// Lanes along the last axis. Requires: an ordinary pool with the same stride between all windows.
template <typename T>
void MaxOverWidth(const Pool& p, const PoolAttrs& attrs, const T* x, T* y, int32_t* indices,
                  const PoolTensor& at) {
  using C = Computing<T>;
  const PoolWindows& q = p.windows;
  const int64_t stride = attrs.stride.back(), pad = attrs.padding.back();
  ForRows(p, RowWork(p), [&](int64_t n, int64_t d, int64_t h) {
    C best[kLanes];
    int32_t best_at[kLanes];
    const AxisWindow &wd = q.axis[0][d], &wh = q.axis[1][h];
    for (int64_t c = 0; c < p.y.c; ++c) {
      const T* from = x + n * p.x.stride_n + c * p.x.stride_c;
      for (int64_t w0 = 0; w0 < q.out[2]; w0 += kLanes) {
        const int64_t lanes = std::min(kLanes, q.out[2] - w0);
        std::fill_n(best, lanes, -std::numeric_limits<C>::infinity());
        for (int64_t i = 0; i < lanes; ++i) best_at[i] = p.first_pixel(d, h, w0 + i);
        for (int64_t i = 0; i < wd.count; ++i)
          for (int64_t j = 0; j < wh.count; ++j)
            for (int64_t k = 0; k < attrs.kernel.back(); ++k) {
              // Lanes whose k-th element lies inside: 0 <= (w0 + lane) * stride + offset < in.
              const int64_t offset = k * q.step[2] - pad + w0 * stride;
              const int64_t a = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
              const int64_t room = q.in[2] - 1 - offset;
              const int64_t b = room < 0 ? 0 : std::min(lanes, room / stride + 1);
              if (a >= b) continue;
              const int64_t column = offset + a * stride;
              const int64_t dd = wd.start + i * q.step[0], hh = wh.start + j * q.step[1];
              TakeLarger(from + p.x_offset(dd, hh, column), stride * p.x.stride[2], b - a,
                         static_cast<int32_t>(p.pixel(dd, hh, column)),
                         static_cast<int32_t>(stride), best + a, best_at + a);
            }
        Store(best, lanes, y + p.y_offset(n, d, h, w0) + c * p.y.stride_c, p.y.stride[2]);
        Store(best_at, lanes,
              indices + n * at.stride_n + d * at.stride[0] + h * at.stride[1] + w0 * at.stride[2] +
                  c * at.stride_c,
              at.stride[2]);
      }
    }
  });
}

template <typename T>
void MaxPoolOf(const Call& call) {
  const auto& attrs = call.attributes<PoolAttrs>();
  const Pool p(call.in[0], call.out[0], attrs);
  const PoolTensor at(call.out[1]);
  const T* x = p.in.as<const T>();
  T* y = p.out.as<T>();
  auto* indices = call.out[1].as<int32_t>();
  if (!attrs.is_adaptive() && p.x.stride_c != 1 && p.x.c > 0 && p.x.stride[2] == 1)
    MaxOverWidth(p, attrs, x, y, indices, at);
  else
    MaxOverChannels(p, x, y, indices, at);
}

template <typename T>
void AvgPoolOf(const Call& call) {
  using C = Computing<T>;
  const Pool p(call.in[0], call.out[0], call.attributes<PoolAttrs>());
  const T* x = p.in.as<const T>();
  T* y = p.out.as<T>();
  ForRows(p, RowWork(p), [&](int64_t n, int64_t d, int64_t h) {
    C sum[kLanes];
    for (int64_t w = 0; w < p.windows.out[2]; ++w) {
      const C scale = C(1) / static_cast<C>(p.windows.divisor(d, h, w));
      for (int64_t c0 = 0; c0 < p.y.c; c0 += kLanes) {
        const int64_t lanes = std::min(kLanes, p.y.c - c0);
        std::fill_n(sum, lanes, C(0));
        const T* from = x + n * p.x.stride_n + c0 * p.x.stride_c;
        ForWindow(p.windows, d, h, w, [&](int64_t i, int64_t j, int64_t k) {
          const T* HWY_RESTRICT v = from + p.x_offset(i, j, k);
          if (p.x.stride_c == 1)
            for (int64_t l = 0; l < lanes; ++l) sum[l] += static_cast<C>(v[l]);
          else
            for (int64_t l = 0; l < lanes; ++l) sum[l] += static_cast<C>(v[l * p.x.stride_c]);
        });
        for (int64_t l = 0; l < lanes; ++l) sum[l] *= scale;
        Store(sum, lanes, y + p.y_offset(n, d, h, w) + c0 * p.y.stride_c, p.y.stride_c);
      }
    }
  });
}

// Zeroes an output, which is dense in some order.
void FillZero(const View& v) {
  std::memset(v.data, 0, static_cast<size_t>(v.numel()) * size_of(v.dtype));
}

// Runs f(n, first channel, channels) over images and groups of channels: what gradients scatter to
// belongs to one task.
template <typename F>
void ForChannelGroups(const Pool& p, F&& f) {
  // Small images in a batch make one task each; big ones are cut by channels too.
  const int64_t image = p.windows.out[0] * p.windows.out[1] * p.windows.out[2];
  const int64_t group = p.y.c * image <= (int64_t{1} << 16) ? std::max<int64_t>(1, p.y.c) : kLanes;
  const int64_t groups = (p.y.c + group - 1) / group;
  const int64_t work = std::max<int64_t>(1, image * group * 4);
  const int64_t grain = std::max<int64_t>(1, (int64_t{1} << 15) / work);
  parallel_for(p.y.n * groups, grain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      const int64_t c0 = t % groups * group;
      f(t / groups, c0, std::min(group, p.y.c - c0));
    }
  });
}

template <typename F>
void ForOutputs(const Pool& p, F&& f) {
  for (int64_t d = 0; d < p.windows.out[0]; ++d)
    for (int64_t h = 0; h < p.windows.out[1]; ++h)
      for (int64_t w = 0; w < p.windows.out[2]; ++w) f(d, h, w);
}

// dx[window] += dy / divisor
template <typename T>
void AvgPoolGradOf(const Call& call) {
  using C = Computing<T>;
  const Pool p(call.out[0], call.in[0], call.attributes<PoolAttrs>());
  T* dx = p.in.as<T>();
  const T* dy = p.out.as<const T>();
  FillZero(p.in);
  ForChannelGroups(p, [&](int64_t n, int64_t c0, int64_t channels) {
    ForOutputs(p, [&](int64_t d, int64_t h, int64_t w) {
      const C scale = C(1) / static_cast<C>(p.windows.divisor(d, h, w));
      const T* HWY_RESTRICT from = dy + p.y_offset(n, d, h, w) + c0 * p.y.stride_c;
      ForWindow(p.windows, d, h, w, [&](int64_t i, int64_t j, int64_t k) {
        T* HWY_RESTRICT to = dx + n * p.x.stride_n + p.x_offset(i, j, k) + c0 * p.x.stride_c;
        if (p.x.stride_c == 1 && p.y.stride_c == 1)
          for (int64_t l = 0; l < channels; ++l)
            to[l] = static_cast<T>(static_cast<C>(to[l]) + static_cast<C>(from[l]) * scale);
        else
          for (int64_t l = 0; l < channels; ++l)
            to[l * p.x.stride_c] = static_cast<T>(static_cast<C>(to[l * p.x.stride_c]) +
                                                  static_cast<C>(from[l * p.y.stride_c]) * scale);
      });
    });
  });
}

// dx[indices] += dy: an element of the window gets dy where it was the maximum.
template <typename T>
void MaxPoolGradOf(const Call& call) {
  using C = Computing<T>;
  const Pool p(call.out[0], call.in[0], call.attributes<PoolAttrs>());
  const PoolTensor at(call.in[1]);
  T* dx = p.in.as<T>();
  const T* dy = p.out.as<const T>();
  const auto* indices = call.in[1].as<const int32_t>();
  FillZero(p.in);
  const bool is_dense = p.x.stride_c == 1 && at.stride_c == 1;
  ForChannelGroups(p, [&](int64_t n, int64_t c0, int64_t channels) {
    // dy often comes in another order than the image (from a flattened one): channels side by side.
    const Scratch<T> line(is_dense && p.y.stride_c != 1 ? channels : 0);
    ForOutputs(p, [&](int64_t d, int64_t h, int64_t w) {
      const T* from = dy + p.y_offset(n, d, h, w) + c0 * p.y.stride_c;
      const int32_t* HWY_RESTRICT index = indices + n * at.stride_n + d * at.stride[0] +
                                          h * at.stride[1] + w * at.stride[2] + c0 * at.stride_c;
      T* HWY_RESTRICT image = dx + n * p.x.stride_n + c0 * p.x.stride_c;
      if (is_dense) {
        if (line.data()) {
          for (int64_t l = 0; l < channels; ++l) line[l] = from[l * p.y.stride_c];
          from = line.data();
        }
        ForWindow(p.windows, d, h, w, [&](int64_t i, int64_t j, int64_t k) {
          const auto pixel = static_cast<int32_t>(p.pixel(i, j, k));
          T* HWY_RESTRICT to = image + p.x_offset(i, j, k);
          for (int64_t l = 0; l < channels; ++l)
            to[l] = static_cast<T>(static_cast<C>(to[l]) +
                                   (index[l] == pixel ? static_cast<C>(from[l]) : C(0)));
        });
        return;
      }
      for (int64_t l = 0; l < channels; ++l) {
        const int64_t pixel = index[l * at.stride_c];
        if (pixel < 0) continue;
        T& to = image[p.offset_of(pixel) + l * p.x.stride_c];
        to = static_cast<T>(static_cast<C>(to) + static_cast<C>(from[l * p.y.stride_c]));
      }
    });
  });
}

// y = g[indices]: what the gradient of the gradient needs.
template <typename T>
void MaxPoolPickOf(const Call& call) {
  const Pool p(call.in[0], call.out[0], call.attributes<PoolAttrs>());
  const PoolTensor at(call.in[1]);
  const T* g = p.in.as<const T>();
  T* y = p.out.as<T>();
  const auto* indices = call.in[1].as<const int32_t>();
  ForRows(p, p.y.c * p.windows.out[2] * 4, [&](int64_t n, int64_t d, int64_t h) {
    for (int64_t w = 0; w < p.windows.out[2]; ++w)
      for (int64_t c = 0; c < p.y.c; ++c) {
        const int64_t pixel = indices[n * at.stride_n + d * at.stride[0] + h * at.stride[1] +
                                      w * at.stride[2] + c * at.stride_c];
        y[p.y_offset(n, d, h, w) + c * p.y.stride_c] =
            pixel < 0 ? T(0) : g[n * p.x.stride_n + c * p.x.stride_c + p.offset_of(pixel)];
      }
  });
}

#define RUSH_POOL_KERNEL(name)           \
  void name(const Call& call) {          \
    switch (call.in[0].dtype) {          \
      case DType::kFloat64:              \
        return name##Of<double>(call);   \
      case DType::kFloat16:              \
        return name##Of<Float16>(call);  \
      case DType::kBFloat16:             \
        return name##Of<BFloat16>(call); \
      default:                           \
        return name##Of<float>(call);    \
    }                                    \
  }
RUSH_POOL_KERNEL(MaxPool)
RUSH_POOL_KERNEL(MaxPoolGrad)
RUSH_POOL_KERNEL(MaxPoolPick)
RUSH_POOL_KERNEL(AvgPool)
RUSH_POOL_KERNEL(AvgPoolGrad)
#undef RUSH_POOL_KERNEL

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {
HWY_EXPORT(MaxPool);
HWY_EXPORT(MaxPoolGrad);
HWY_EXPORT(MaxPoolPick);
HWY_EXPORT(AvgPool);
HWY_EXPORT(AvgPoolGrad);

namespace {
void max_pool(const Call& c) { HWY_DYNAMIC_DISPATCH(MaxPool)(c); }
void max_pool_grad(const Call& c) { HWY_DYNAMIC_DISPATCH(MaxPoolGrad)(c); }
void max_pool_pick(const Call& c) { HWY_DYNAMIC_DISPATCH(MaxPoolPick)(c); }
void avg_pool(const Call& c) { HWY_DYNAMIC_DISPATCH(AvgPool)(c); }
void avg_pool_grad(const Call& c) { HWY_DYNAMIC_DISPATCH(AvgPoolGrad)(c); }
}  // namespace

void register_pool(Table& table) {
  table.add("max_pool").kernel = max_pool;
  table.add("max_pool_grad").kernel = max_pool_grad;
  table.add("max_pool_pick").kernel = max_pool_pick;
  table.add("avg_pool").kernel = avg_pool;
  table.add("avg_pool_grad").kernel = avg_pool_grad;
}

}  // namespace rush::kernels::cpu
#endif
