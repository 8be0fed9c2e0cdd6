// Convolution as matrix products over patches: each position of y is a row, the patch of x that it
// sees (taps, then channels) its columns. Patches are made for a few thousand positions at a time.
//
// Work is cut by images, never by threads, so the bits do not depend on their number.
#include <algorithm>
#include <cstring>

#include "rush/base/threads.h"
#include "rush/kernels/cpu/conv_geometry.h"
#include "rush/kernels/cpu/gemm.h"
#include "rush/kernels/cpu/scratch.h"

namespace rush::kernels::cpu {

ConvGeometry ConvGeometry::of(const View& x, const View& w, const View& y, const ConvAttrs& attrs) {
  ConvGeometry g{};
  g.rank = x.shape.size() - 2;
  g.n = x.shape[0];
  g.c = x.shape[1];
  g.o = y.shape[1];
  g.groups = attrs.groups;
  const int missing = 3 - static_cast<int>(g.rank);
  for (int d = 0; d < 3; ++d) {
    const int own = d - missing;
    const bool has = own >= 0;
    g.in[d] = has ? x.shape[2 + own] : 1;
    g.out[d] = has ? y.shape[2 + own] : 1;
    g.kernel[d] = has ? w.shape[2 + own] : 1;
    g.stride[d] = has ? attrs.stride[own] : 1;
    g.pad[d] = has ? attrs.padding[own] : 0;
    g.dilation[d] = has ? attrs.dilation[own] : 1;
  }
  return g;
}

namespace {

constexpr int64_t kPatchElements = int64_t{1} << 16;  // of one chunk of patches: stays in L2

// Calls f(position, pixel, count, tap) for runs of positions [begin, end) of y, neighbours along
// the last axis, whose tap lies inside x: the pixel that the first one sees; the next ones see
// pixels stride[2] apart.
template <typename F>
void for_each_run(const ConvGeometry& g, int64_t begin, int64_t end, F&& f) {
  for (int64_t p = begin; p < end;) {
    const int64_t ow = p % g.out[2], oh = p / g.out[2] % g.out[1];
    const int64_t od = p / (g.out[2] * g.out[1]), count = std::min(g.out[2] - ow, end - p);
    int64_t tap = 0;
    for (int64_t kd = 0; kd < g.kernel[0]; ++kd) {
      const int64_t d = od * g.stride[0] - g.pad[0] + kd * g.dilation[0];
      for (int64_t kh = 0; kh < g.kernel[1]; ++kh) {
        const int64_t h = oh * g.stride[1] - g.pad[1] + kh * g.dilation[1];
        const bool outside = d < 0 || d >= g.in[0] || h < 0 || h >= g.in[1];
        for (int64_t kw = 0; kw < g.kernel[2]; ++kw, ++tap) {
          // Inside: 0 <= w + i * stride < in
          const int64_t w = ow * g.stride[2] - g.pad[2] + kw * g.dilation[2];
          const int64_t first = w < 0 ? (-w + g.stride[2] - 1) / g.stride[2] : 0;
          const int64_t room = g.in[2] - 1 - w;
          const int64_t last = room < 0 ? 0 : std::min(count, room / g.stride[2] + 1);
          if (outside || first >= last) continue;
          f(p + first, (d * g.in[1] + h) * g.in[2] + w + first * g.stride[2], last - first, tap);
        }
      }
    }
    p += count;
  }
}

// patches[position, tap, channel of the group]
template <typename T>
void gather_patches(const ConvGeometry& g, int64_t group, const T* image, int64_t begin,
                    int64_t end, T* patches) {
  const int64_t c = g.c / g.groups, row = g.kernel_size() * c, step = g.stride[2] * g.c;
  std::fill_n(patches, (end - begin) * row, T(0));
  for_each_run(g, begin, end, [&](int64_t p, int64_t pixel, int64_t count, int64_t tap) {
    T* to = patches + (p - begin) * row + tap * c;
    const T* from = image + pixel * g.c + group * c;
    if (c == 1)
      for (int64_t i = 0; i < count; ++i) to[i * row] = from[i * step];
    else
      for (int64_t i = 0; i < count; ++i) std::memcpy(to + i * row, from + i * step, c * sizeof(T));
  });
}

template <typename T>
void scatter_patches(const ConvGeometry& g, int64_t group, const T* patches, int64_t begin,
                     int64_t end, T* image) {
  const int64_t c = g.c / g.groups, row = g.kernel_size() * c, step = g.stride[2] * g.c;
  for_each_run(g, begin, end, [&](int64_t p, int64_t pixel, int64_t count, int64_t tap) {
    T* to = image + pixel * g.c + group * c;
    const T* from = patches + (p - begin) * row + tap * c;
    if (c == 1)
      for (int64_t i = 0; i < count; ++i) to[i * step] += from[i * row];
    else
      for (int64_t i = 0; i < count; ++i)
        for (int64_t j = 0; j < c; ++j) to[i * step + j] += from[i * row + j];
  });
}

// [o, channel, tap] <-> [o, tap, channel]
template <typename T>
void swap_taps(int64_t o, int64_t rows, int64_t cols, const T* from, T* to) {
  for (int64_t i = 0; i < o; ++i, from += rows * cols, to += rows * cols)
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < cols; ++c) to[c * rows + r] = from[r * cols + c];
}

// Calls f(begin, end) for chunks of the positions of an image.
template <typename F>
void for_each_chunk(const ConvGeometry& g, F&& f) {
  const int64_t row = std::max<int64_t>(1, g.kernel_size() * (g.c / g.groups));
  const int64_t step = std::max<int64_t>(1, kPatchElements / row);
  for (int64_t p = 0; p < g.out_size(); p += step) f(p, std::min(p + step, g.out_size()));
}
int64_t patch_capacity(const ConvGeometry& g) {
  const int64_t row = std::max<int64_t>(1, g.kernel_size() * (g.c / g.groups));
  return row * std::min(g.out_size(), std::max<int64_t>(1, kPatchElements / row));
}

}  // namespace

template <typename T>
void conv_portable(const ConvGeometry& g, const T* x, const T* w, const T* bias, T* y) {
  const int64_t c = g.c / g.groups, o = g.o / g.groups, row = g.kernel_size() * c;
  const Scratch<T> weights(g.weight_count());
  swap_taps(g.o, c, g.kernel_size(), w, weights.data());
  parallel_for(g.n, 1, [&](int64_t begin, int64_t end) {
    const Scratch<T> patches(patch_capacity(g));
    for (int64_t n = begin; n < end; ++n)
      for (int64_t group = 0; group < g.groups; ++group)
        for_each_chunk(g, [&](int64_t p0, int64_t p1) {
          gather_patches(g, group, x + n * g.in_size() * g.c, p0, p1, patches.data());
          gemm_portable({p1 - p0, o, row, patches.data(), row, 1, weights.data() + group * o * row,
                         1, row, y + (n * g.out_size() + p0) * g.o + group * o, g.o,
                         bias ? bias + group * o : nullptr});
        });
  });
}

template <typename T>
void conv_dx_portable(const ConvGeometry& g, const T* dy, const T* w, T* dx) {
  const int64_t c = g.c / g.groups, o = g.o / g.groups, row = g.kernel_size() * c;
  const Scratch<T> weights(g.weight_count());
  swap_taps(g.o, c, g.kernel_size(), w, weights.data());
  parallel_for(g.n, 1, [&](int64_t begin, int64_t end) {
    const Scratch<T> patches(patch_capacity(g));
    std::fill(dx + begin * g.in_size() * g.c, dx + end * g.in_size() * g.c, T(0));
    for (int64_t n = begin; n < end; ++n)
      for (int64_t group = 0; group < g.groups; ++group)
        for_each_chunk(g, [&](int64_t p0, int64_t p1) {
          gemm_portable({p1 - p0, row, o, dy + (n * g.out_size() + p0) * g.o + group * o, g.o, 1,
                         weights.data() + group * o * row, row, 1, patches.data(), row});
          scatter_patches(g, group, patches.data(), p0, p1, dx + n * g.in_size() * g.c);
        });
  });
}

template <typename T>
void conv_dw_portable(const ConvGeometry& g, const T* dy, const T* x, T* dw) {
  constexpr int64_t kParts = 8;  // sums over fixed groups of images, added in order
  const int64_t c = g.c / g.groups, o = g.o / g.groups, row = g.kernel_size() * c;
  const int64_t images = std::max<int64_t>(1, (g.n + kParts - 1) / kParts);
  const int64_t parts = (g.n + images - 1) / images, count = g.weight_count();
  const Scratch<T> sums(std::max<int64_t>(parts, 1) * count);
  std::fill_n(sums.data(), std::max<int64_t>(parts, 1) * count, T(0));
  parallel_for(g.n, images, [&](int64_t begin, int64_t end) {
    const Scratch<T> patches(patch_capacity(g));
    T* sum = sums.data() + begin / images * count;
    for (int64_t n = begin; n < end; ++n)
      for (int64_t group = 0; group < g.groups; ++group)
        for_each_chunk(g, [&](int64_t p0, int64_t p1) {
          gather_patches(g, group, x + n * g.in_size() * g.c, p0, p1, patches.data());
          gemm_portable({o, row, p1 - p0, dy + (n * g.out_size() + p0) * g.o + group * o, 1, g.o,
                         patches.data(), row, 1, sum + group * o * row, row, nullptr, true});
        });
  });
  for (int64_t part = 1; part < parts; ++part)
    for (int64_t i = 0; i < count; ++i) sums[i] += sums[part * count + i];
  swap_taps(g.o, g.kernel_size(), c, sums.data(), dw);
}

#define RUSH_CONV(T)                                                                  \
  template void conv_portable(const ConvGeometry&, const T*, const T*, const T*, T*); \
  template void conv_dx_portable(const ConvGeometry&, const T*, const T*, T*);        \
  template void conv_dw_portable(const ConvGeometry&, const T*, const T*, T*)
RUSH_CONV(float);
RUSH_CONV(double);
#undef RUSH_CONV

}  // namespace rush::kernels::cpu
