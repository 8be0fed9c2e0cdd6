// The transformations of Winograd's F(4, 3) along one axis and on squares, for as many channels at
// once as a vector holds. Included once a target, by winograd.cc.
//
// The method evaluates polynomials in the points 0, a, -a, b, -b and infinity. With a and b near 1
// / b and b rounding errors are smaller than with the 1 and 2 of the textbooks.
#if defined(RUSH_WINOGRAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_WINOGRAD_INL_H
#undef RUSH_WINOGRAD_INL_H
#else
#define RUSH_WINOGRAD_INL_H
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using FloatVec = hn::Vec<Floats>;

constexpr float kA = 0.625f, kB = 1.5f;
constexpr float kA2 = kA * kA, kB2 = kB * kB;

HWY_INLINE FloatVec Number(float value) { return hn::Set(Floats(), value); }

// B' d: six neighbours in, six places out.
struct InputLine {
  HWY_INLINE void operator()(const FloatVec (&d)[6], FloatVec (&v)[6]) const {
    const auto a2 = Number(kA2), b2 = Number(kB2), a = Number(kA), b = Number(kB);
    const auto sum = Number(kA2 + kB2), product = Number(kA2 * kB2);
    const auto even_a = hn::NegMulAdd(b2, d[2], d[4]), odd_a = hn::NegMulAdd(b2, d[1], d[3]);
    const auto even_b = hn::NegMulAdd(a2, d[2], d[4]), odd_b = hn::NegMulAdd(a2, d[1], d[3]);
    v[0] = hn::MulAdd(product, d[0], hn::NegMulAdd(sum, d[2], d[4]));
    v[1] = hn::MulAdd(a, odd_a, even_a);
    v[2] = hn::NegMulAdd(a, odd_a, even_a);
    v[3] = hn::MulAdd(b, odd_b, even_b);
    v[4] = hn::NegMulAdd(b, odd_b, even_b);
    v[5] = hn::MulAdd(product, d[1], hn::NegMulAdd(sum, d[3], d[5]));
  }
};

// A' m: six places in, four outputs out.
struct OutputLine {
  HWY_INLINE void operator()(const FloatVec (&m)[6], FloatVec (&y)[4]) const {
    const auto sum_a = hn::Add(m[1], m[2]), difference_a = hn::Sub(m[1], m[2]);
    const auto sum_b = hn::Add(m[3], m[4]), difference_b = hn::Sub(m[3], m[4]);
    const auto a = Number(kA), b = Number(kB);
    y[0] = hn::Add(m[0], hn::Add(sum_a, sum_b));
    y[1] = hn::MulAdd(a, difference_a, hn::Mul(b, difference_b));
    y[2] = hn::MulAdd(Number(kA2), sum_a, hn::Mul(Number(kB2), sum_b));
    y[3] = hn::MulAdd(Number(kA2 * kA), difference_a,
                      hn::MulAdd(Number(kB2 * kB), difference_b, m[5]));
  }
};

// A dy: OutputLine turned around.
struct OutputGradientLine {
  HWY_INLINE void operator()(const FloatVec (&y)[4], FloatVec (&m)[6]) const {
    const auto a2 = Number(kA2), b2 = Number(kB2), a = Number(kA), b = Number(kB);
    const auto even_a = hn::MulAdd(a2, y[2], y[0]), odd_a = hn::MulAdd(a2, y[3], y[1]);
    const auto even_b = hn::MulAdd(b2, y[2], y[0]), odd_b = hn::MulAdd(b2, y[3], y[1]);
    m[0] = y[0];
    m[1] = hn::MulAdd(a, odd_a, even_a);
    m[2] = hn::NegMulAdd(a, odd_a, even_a);
    m[3] = hn::MulAdd(b, odd_b, even_b);
    m[4] = hn::NegMulAdd(b, odd_b, even_b);
    m[5] = y[3];
  }
};

// What G divides by: the value of the product of (p - q) over the other points q.
constexpr float kScale0 = 1 / (kA2 * kB2);
constexpr float kScaleA = 1 / (2 * kA2 * (kA2 - kB2)), kScaleB = 1 / (2 * kB2 * (kB2 - kA2));

// G g: three taps in, six places out.
struct KernelLine {
  HWY_INLINE void operator()(const FloatVec (&g)[3], FloatVec (&u)[6]) const {
    const auto even_a = hn::Mul(Number(kScaleA), hn::MulAdd(Number(kA2), g[2], g[0]));
    const auto even_b = hn::Mul(Number(kScaleB), hn::MulAdd(Number(kB2), g[2], g[0]));
    const auto odd_a = Number(kScaleA * kA), odd_b = Number(kScaleB * kB);
    u[0] = hn::Mul(Number(kScale0), g[0]);
    u[1] = hn::MulAdd(odd_a, g[1], even_a);
    u[2] = hn::NegMulAdd(odd_a, g[1], even_a);
    u[3] = hn::MulAdd(odd_b, g[1], even_b);
    u[4] = hn::NegMulAdd(odd_b, g[1], even_b);
    u[5] = g[2];
  }
};

// G' du: KernelLine turned around.
struct KernelGradientLine {
  HWY_INLINE void operator()(const FloatVec (&u)[6], FloatVec (&g)[3]) const {
    const auto sum_a = hn::Mul(Number(kScaleA), hn::Add(u[1], u[2]));
    const auto sum_b = hn::Mul(Number(kScaleB), hn::Add(u[3], u[4]));
    const auto odd_b = hn::Mul(Number(kScaleB * kB), hn::Sub(u[3], u[4]));
    g[0] = hn::MulAdd(Number(kScale0), u[0], hn::Add(sum_a, sum_b));
    g[1] = hn::MulAdd(Number(kScaleA * kA), hn::Sub(u[1], u[2]), odd_b);
    g[2] = hn::MulAdd(Number(kA2), sum_a, hn::MulAdd(Number(kB2), sum_b, u[5]));
  }
};

// kIn x kIn values given by load(i, j), transformed by `line` along both axes to kOut x kOut values
// for store(i, j, value).
template <int kIn, int kOut, class Line, class Load, class Store>
HWY_INLINE void TransformSquare(const Line& line, const Load& load, const Store& store) {
  FloatVec half[kIn][kOut];
#pragma GCC unroll 6
  for (int j = 0; j < kIn; ++j) {
    FloatVec column[kIn];
#pragma GCC unroll 6
    for (int i = 0; i < kIn; ++i) column[i] = load(i, j);
    line(column, half[j]);
  }
#pragma GCC unroll 6
  for (int i = 0; i < kOut; ++i) {
    FloatVec row[kIn], out[kOut];
#pragma GCC unroll 6
    for (int j = 0; j < kIn; ++j) row[j] = half[j][i];
    line(row, out);
#pragma GCC unroll 6
    for (int j = 0; j < kOut; ++j) store(i, j, out[j]);
  }
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
