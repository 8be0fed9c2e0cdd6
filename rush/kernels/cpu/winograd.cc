// Winograd's convolution: see winograd.h. A block of tiles is brought to its 36 places, multiplied
// there and brought back while it stays in the second-level cache; kernels are transformed once a
// call.
#include "rush/kernels/cpu/winograd.h"

#include <algorithm>
#include <cstring>

#include "rush/base/threads.h"
#include "rush/kernels/cpu/scratch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/winograd.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "rush/kernels/cpu/gemm_panel-inl.h"
#include "rush/kernels/cpu/winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

constexpr int64_t kTile = 4, kWindow = 6, kPlaces = kWindow * kWindow, kTaps = 9;
constexpr int64_t kLanes = static_cast<int64_t>(hn::MaxLanes(Floats()));
constexpr int64_t kPanelWidth = 2 * kLanes;

int64_t RoundUp(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// A correlation of x with 3 x 3 kernels, stride 1: the convolution or the gradient of its input.
struct Plane {
  int64_t n, c, o;
  int64_t in_h, in_w, out_h, out_w, pad_h, pad_w;
  int64_t tiles_h, tiles_w;
  int64_t c_row, o_row;  // channels in whole vectors

  Plane(int64_t images, int64_t inputs, int64_t outputs, const int64_t* in, const int64_t* out,
        int64_t vertical, int64_t horizontal)
      : n(images),
        c(inputs),
        o(outputs),
        in_h(in[1]),
        in_w(in[2]),
        out_h(out[1]),
        out_w(out[2]),
        pad_h(vertical),
        pad_w(horizontal),
        tiles_h((out_h + kTile - 1) / kTile),
        tiles_w((out_w + kTile - 1) / kTile),
        c_row(RoundUp(c, kLanes)),
        o_row(RoundUp(o, kLanes)) {}
  int64_t tiles() const { return n * tiles_h * tiles_w; }
};

Plane ForwardPlane(const ConvGeometry& g) {
  return {g.n, g.c, g.o, g.in, g.out, g.pad[1], g.pad[2]};
}
Plane BackwardPlane(const ConvGeometry& g) {
  return {g.n, g.o, g.c, g.out, g.in, 2 - g.pad[1], 2 - g.pad[2]};
}

// Where a tile lies: its image and its first output.
struct TileAt {
  int64_t image, top, left;
  TileAt(const Plane& p, int64_t tile)
      : image(tile / (p.tiles_h * p.tiles_w)),
        top(tile / p.tiles_w % p.tiles_h * kTile),
        left(tile % p.tiles_w * kTile) {}
};

// A vector's worth of channels: all of it, or at the end of a row the first `count`.
struct WholeVector {
  HWY_INLINE FloatVec load(const float* p) const { return hn::LoadU(Floats(), p); }
  HWY_INLINE void store(FloatVec v, float* p) const { hn::StoreU(v, Floats(), p); }
};
struct PartOfVector {
  size_t count;
  HWY_INLINE FloatVec load(const float* p) const {
    return hn::MaskedLoad(hn::FirstN(Floats(), count), Floats(), p);
  }
  HWY_INLINE void store(FloatVec v, float* p) const {
    hn::BlendedStore(v, hn::FirstN(Floats(), count), Floats(), p);
  }
};
template <class F>
HWY_INLINE void ForChannels(int64_t channels, const F& f) {
  int64_t c = 0;
  for (; c + kLanes <= channels; c += kLanes) f(c, WholeVector());
  if (c < channels) f(c, PartOfVector{static_cast<size_t>(channels - c)});
}

// What a window sees outside its image.
alignas(64) constexpr float kZeros[kMostWinogradChannels] = {};

// A kSize x kSize part of an image [height, width, channels], zero where it reaches beyond.
template <int64_t kSize>
struct Window {
  const float* image;
  int64_t height, width, channels, top, left;

  // Transformed: to[place * step + channel].
  template <class Line>
  void transform(const Line& line, float* to, int64_t step) const {
    if (top >= 0 && left >= 0 && top + kSize <= height && left + kSize <= width) {
      const float* const first = image + (top * width + left) * channels;
      const int64_t row = width * channels, column = channels;
      run(
          line, [&](int i, int j) HWY_ATTR { return first + i * row + j * column; }, to, step);
    } else {
      const float* at[kSize][kSize];
      for (int64_t i = 0; i < kSize; ++i)
        for (int64_t j = 0; j < kSize; ++j) {
          const int64_t h = top + i, w = left + j;
          const bool is_inside = h >= 0 && h < height && w >= 0 && w < width;
          at[i][j] = is_inside ? image + (h * width + w) * channels : kZeros;
        }
      run(
          line, [&](int i, int j) HWY_ATTR { return at[i][j]; }, to, step);
    }
  }

 private:
  template <class Line, class At>
  HWY_INLINE void run(const Line& line, const At& at, float* to, int64_t step) const {
    ForChannels(channels, [&](int64_t c, auto vector) HWY_ATTR {
      TransformSquare<kSize, kWindow>(
          line, [&](int i, int j) HWY_ATTR { return vector.load(at(i, j) + c); },
          [&](int i, int j, FloatVec v)
              HWY_ATTR { hn::StoreU(v, Floats(), to + (i * kWindow + j) * step + c); });
    });
  }
};

void TransformInput(const Plane& p, const float* x, int64_t tile, float* to, int64_t step) {
  const TileAt at(p, tile);
  const Window<kWindow> window{x + at.image * p.in_h * p.in_w * p.c,
                               p.in_h,
                               p.in_w,
                               p.c,
                               at.top - p.pad_h,
                               at.left - p.pad_w};
  window.transform(InputLine(), to, step);
}

void TransformOutputGradient(const Plane& p, const float* dy, int64_t tile, float* to,
                             int64_t step) {
  const TileAt at(p, tile);
  const Window<kTile> window{
      dy + at.image * p.out_h * p.out_w * p.o, p.out_h, p.out_w, p.o, at.top, at.left};
  window.transform(OutputGradientLine(), to, step);
}

// One tile of y from its places. bias may be null.
void TransformOutput(const Plane& p, const float* from, int64_t step, const float* bias,
                     int64_t tile, float* y) {
  const TileAt at(p, tile);
  float* const first = y + ((at.image * p.out_h + at.top) * p.out_w + at.left) * p.o;
  const int64_t rows = p.out_h - at.top, columns = p.out_w - at.left;
  ForChannels(p.o, [&](int64_t o, auto vector) HWY_ATTR {
    const auto more = bias ? vector.load(bias + o) : hn::Zero(Floats());
    TransformSquare<kWindow, kTile>(
        OutputLine(),
        [&](int i, int j)
            HWY_ATTR { return hn::LoadU(Floats(), from + (i * kWindow + j) * step + o); },
        [&](int i, int j, FloatVec v) HWY_ATTR {
          if (i < rows && j < columns)
            vector.store(hn::Add(v, more), first + (i * p.out_w + j) * p.o + o);
        });
  });
}

// Tap t of the kernel from channel c to channel o: w[c * c_step + o * o_step + t], or 8 - t.
struct Kernels {
  const float* w;
  int64_t c_step, o_step;
  bool turned;
};

// All kernels at their places, in panels as Tile() reads them: u[place][panel of o][c][in the
// panel].
void TransformKernels(const Plane& p, const Kernels& from, float* u) {
  const int64_t grain = std::max<int64_t>(1, 4096 / p.o_row);
  parallel_for(p.c, grain, [&](int64_t begin, int64_t end) {
    const Scratch<float> taps(kTaps * p.o_row);
    std::memset(taps.data(), 0, static_cast<size_t>(kTaps * p.o_row) * sizeof(float));
    for (int64_t c = begin; c < end; ++c) {
      for (int64_t o = 0; o < p.o; ++o) {
        const float* w = from.w + c * from.c_step + o * from.o_step;
        for (int64_t t = 0; t < kTaps; ++t)
          taps[t * p.o_row + o] = w[from.turned ? kTaps - 1 - t : t];
      }
      for (int64_t o = 0; o < p.o_row; o += kLanes) {
        const int64_t panel = o / kPanelWidth * kPanelWidth;
        const int64_t width = std::min(kPanelWidth, p.o_row - panel);
        float* const to = u + panel * p.c + c * width + o - panel;
        TransformSquare<3, 6>(
            KernelLine(),
            [&](int i, int j)
                HWY_ATTR { return hn::LoadU(Floats(), taps.data() + (i * 3 + j) * p.o_row + o); },
            [&](int i, int j, FloatVec v)
                HWY_ATTR { hn::StoreU(v, Floats(), to + (i * kWindow + j) * p.c * p.o_row); });
      }
    }
  });
}

// Tiles of a block: what they take at their places fills half of a second-level cache, unless
// kernels do not fit there either: then as many as make reading these worth it.
int64_t BlockTiles(const Plane& p) {
  constexpr int64_t kFloats = int64_t{1} << 17, kLeast = 11;
  const int64_t fitting = kFloats / (kPlaces * (p.c_row + p.o_row));
  const int64_t least = p.c * p.o_row * kPlaces > kFloats ? 4 * kLeast : kLeast;
  return std::max(least, fitting / kLeast * kLeast);
}

void Correlate(const Plane& p, const Kernels& kernels, const float* x, const float* bias,
               float* y) {
  const Scratch<float> u(kPlaces * p.c * p.o_row);
  TransformKernels(p, kernels, u.data());
  const int64_t block = BlockTiles(p);
  // Places lie some lines more apart than their values take, so that they fall into different sets
  // of the cache.
  const int64_t v_step = block * p.c_row + kLanes, m_step = block * p.o_row + kLanes;
  parallel_for(p.tiles(), block, [&](int64_t begin, int64_t end) {
    const Scratch<float> v(kPlaces * v_step), m(kPlaces * m_step);
    for (int64_t t = begin; t < end; ++t)
      TransformInput(p, x, t, v.data() + (t - begin) * p.c_row, v_step);
    for (int64_t place = 0; place < kPlaces; ++place)
      for (int64_t panel = 0; panel < p.o_row; panel += kPanelWidth) {
        const int64_t width = std::min(kPanelWidth, p.o_row - panel);
        TileArgs<float> product{};
        product.k = p.c;
        product.a = v.data() + place * v_step;
        product.a_row = p.c_row;
        product.a_col = 1;
        product.b = u.data() + place * p.c * p.o_row + panel * p.c;
        product.b_row = width;
        product.c = m.data() + place * m_step + panel;
        product.c_row = p.o_row;
        Panel(end - begin, width, product);
      }
    for (int64_t t = begin; t < end; ++t)
      TransformOutput(p, m.data() + (t - begin) * p.o_row, m_step, bias, t, y);
  });
}

void Forward(const ConvGeometry& g, const float* x, const float* w, const float* bias, float* y) {
  Correlate(ForwardPlane(g), {w, kTaps, g.c * kTaps, false}, x, bias, y);
}

void DataGradient(const ConvGeometry& g, const float* dy, const float* w, float* dx) {
  Correlate(BackwardPlane(g), {w, g.c * kTaps, kTaps, true}, dy, nullptr, dx);
}

// dw from the sums of products du[place][c][o].
void TransformKernelGradient(const Plane& p, const float* du, float* dw) {
  const int64_t grain = std::max<int64_t>(1, 4096 / p.o_row);
  parallel_for(p.c, grain, [&](int64_t begin, int64_t end) {
    const Scratch<float> taps(kTaps * p.o_row);
    for (int64_t c = begin; c < end; ++c) {
      for (int64_t o = 0; o < p.o_row; o += kLanes)
        TransformSquare<6, 3>(
            KernelGradientLine(),
            [&](int i, int j) HWY_ATTR {
              return hn::LoadU(Floats(), du + ((i * kWindow + j) * p.c + c) * p.o_row + o);
            },
            [&](int i, int j, FloatVec v)
                HWY_ATTR { hn::StoreU(v, Floats(), taps.data() + (i * 3 + j) * p.o_row + o); });
      for (int64_t o = 0; o < p.o; ++o)
        for (int64_t t = 0; t < kTaps; ++t) dw[(o * p.c + c) * kTaps + t] = taps[t * p.o_row + o];
    }
  });
}

// Groups of tiles: transformed by all threads, then summed up, each place by one thread, so that
// sums are always made in one order.
void WeightGradient(const ConvGeometry& g, const float* dy, const float* x, float* dw) {
  constexpr int64_t kGroupFloats = int64_t{1} << 17, kGrain = 16;
  const Plane p = ForwardPlane(g);
  const int64_t fitting = kGroupFloats / (kPlaces * (p.c_row + p.o_row));
  const int64_t group = std::min(p.tiles(), std::max(4 * kGrain, fitting / kGrain * kGrain));
  const int64_t v_step = group * p.c_row + kLanes, m_step = group * p.o_row + kLanes;
  const Scratch<float> v(kPlaces * v_step), m(kPlaces * m_step), du(kPlaces * p.c * p.o_row);
  for (int64_t first = 0; first < p.tiles(); first += group) {
    const int64_t count = std::min(group, p.tiles() - first);
    parallel_for(count, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        TransformInput(p, x, first + t, v.data() + t * p.c_row, v_step);
        TransformOutputGradient(p, dy, first + t, m.data() + t * p.o_row, m_step);
      }
    });
    parallel_for(kPlaces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t place = begin; place < end; ++place)
        for (int64_t panel = 0; panel < p.o_row; panel += kPanelWidth) {
          TileArgs<float> product{};
          product.k = count;
          product.a = v.data() + place * v_step;
          product.a_row = 1;
          product.a_col = p.c_row;
          product.b = m.data() + place * m_step + panel;
          product.b_row = p.o_row;
          product.c = du.data() + place * p.c * p.o_row + panel;
          product.c_row = p.o_row;
          product.add = first > 0 ? product.c : nullptr;
          product.add_row = p.o_row;
          Panel(p.c, std::min(kPanelWidth, p.o_row - panel), product);
        }
    });
  }
  TransformKernelGradient(p, du.data(), dw);
}

}  // namespace
}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {
HWY_EXPORT(Forward);
HWY_EXPORT(DataGradient);
HWY_EXPORT(WeightGradient);

bool winograd_pays(const ConvGeometry& g, bool is_weight_gradient) {
  const bool is_plane = g.in[0] == 1 && g.kernel[0] == 1 && g.pad[0] == 0;
  const bool is_square = g.kernel[1] == 3 && g.kernel[2] == 3 && g.groups == 1;
  const bool is_dense = g.stride[0] == 1 && g.stride[1] == 1 && g.stride[2] == 1 &&
                        g.dilation[1] == 1 && g.dilation[2] == 1;
  if (!is_plane || !is_square || !is_dense) return false;
  constexpr int64_t kFewestTiles = 32;  // fewer are not worth the transformed kernels
  // With 16 channels the weights' gradient was measured as fast as oneDNN's, the others 1.1 times.
  const int64_t fewest_channels = is_weight_gradient ? 32 : 16;
  const int64_t tiles_h = (g.out[1] + 3) / 4, tiles_w = (g.out[2] + 3) / 4;
  const bool fills_tiles = 2 * g.out[1] * g.out[2] >= 16 * tiles_h * tiles_w;
  return std::min(g.c, g.o) >= fewest_channels && std::max(g.c, g.o) <= kMostWinogradChannels &&
         g.n * tiles_h * tiles_w >= kFewestTiles && fills_tiles;
}

void conv_winograd(const ConvGeometry& g, const float* x, const float* w, const float* bias,
                   float* y) {
  HWY_DYNAMIC_DISPATCH(Forward)(g, x, w, bias, y);
}
void conv_dx_winograd(const ConvGeometry& g, const float* dy, const float* w, float* dx) {
  HWY_DYNAMIC_DISPATCH(DataGradient)(g, dy, w, dx);
}
void conv_dw_winograd(const ConvGeometry& g, const float* dy, const float* x, float* dw) {
  HWY_DYNAMIC_DISPATCH(WeightGradient)(g, dy, x, dw);
}

}  // namespace rush::kernels::cpu
#endif
