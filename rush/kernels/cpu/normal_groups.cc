// Box and Muller's transformation of float32 numbers, to the bit as PyTorch's CPU build does it: in
// groups of 16, with the polynomials of the Cephes library (Moshier) and fused multiply-adds. The
// fused steps are written out, so every target gives the same bits.
#include <bit>
#include <cmath>

#include "rush/kernels/random.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/normal_groups.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
const hn::CappedTag<float, 8> kFloats;  // half a group at most
const hn::RebindToSigned<decltype(kFloats)> kInts;
using V = hn::Vec<decltype(kFloats)>;

HWY_INLINE V number(float v) { return hn::Set(kFloats, v); }

// a b + c in one rounding.
HWY_INLINE V fused(V a, V b, V c) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(a, b, c);
#else
  HWY_ALIGN float x[8], y[8], z[8];
  hn::Store(a, kFloats, x);
  hn::Store(b, kFloats, y);
  hn::Store(c, kFloats, z);
  for (size_t i = 0; i < hn::Lanes(kFloats); ++i) x[i] = std::fma(x[i], y[i], z[i]);
  return hn::Load(kFloats, x);
#endif
}
// A product that the compiler must not fuse with what follows it.
HWY_INLINE V product(V a, V b) { return fused(a, b, hn::Zero(kFloats)); }

// log(x) for normal x: x = 2^e m with m in [sqrt(1/2), sqrt(2)), and a polynomial in m - 1.
HWY_INLINE V cephes_log(V x) {
  constexpr float kC[] = {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f,
                          -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f};
  const V kLn2High = number(0.693359375f), kLn2Low = number(-2.12194440e-4f);
  const auto bits = hn::BitCast(kInts, x);
  const auto half = hn::Set(kInts, 0x3f000000), mantissa = hn::Set(kInts, 0x7fffff);
  const V m = hn::BitCast(kFloats, hn::Or(hn::And(bits, mantissa), half));  // in [1/2, 1)
  const auto is_low = hn::Lt(m, number(0.707106781186547524f));
  const V whole = hn::ConvertTo(kFloats, hn::Sub(hn::ShiftRight<23>(bits), hn::Set(kInts, 126)));
  const V e = hn::Sub(whole, hn::IfThenElseZero(is_low, number(1)));
  const V t = hn::Add(hn::Sub(m, number(1)), hn::IfThenElseZero(is_low, m));
  const V z = product(t, t);
  V y = number(7.0376836292e-2f);
  for (float c : kC) y = fused(y, t, number(c));
  y = fused(product(y, t), z, product(e, kLn2Low));
  y = fused(hn::Neg(z), number(0.5f), y);
  return fused(e, kLn2High, hn::Add(t, y));
}

struct SineCosine {
  V sine, cosine;
};
// For x in [0, 2 pi]: the nearest even multiple j of pi/4 goes off in three steps, and polynomials
// give both functions of the rest.
HWY_INLINE SineCosine cephes_sincos(V x) {
  const auto one = hn::Set(kInts, 1), two = hn::Set(kInts, 2), four = hn::Set(kInts, 4);
  const auto octant = hn::ConvertTo(kInts, product(x, number(1.27323954473516f)));
  const auto j = hn::AndNot(one, hn::Add(octant, one));
  const V q = hn::ConvertTo(kFloats, j);
  V t = fused(q, number(-0.78515625f), x);
  t = fused(q, number(-2.4187564849853515625e-4f), t);
  t = fused(q, number(-3.77489497744594108e-8f), t);
  const V z = product(t, t);
  V c = fused(number(2.443315711809948e-5f), z, number(-1.388731625493765e-3f));
  c = product(fused(c, z, number(4.166664568298827e-2f)), z);
  c = hn::Add(fused(c, z, hn::Neg(product(z, number(0.5f)))), number(1));
  V s = fused(number(-1.9515295891e-4f), z, number(8.3321608736e-3f));
  s = product(fused(s, z, number(-1.6666654611e-1f)), z);
  s = fused(s, t, t);
  const auto is_straight = hn::MaskFromVec(
      hn::BitCast(kFloats, hn::VecFromMask(kInts, hn::Eq(hn::And(j, two), hn::Zero(kInts)))));
  const auto sine_sign = hn::ShiftLeft<29>(hn::And(j, four));
  const auto cosine_sign = hn::ShiftLeft<29>(hn::AndNot(hn::Sub(j, two), four));
  return {hn::Xor(hn::IfThenElse(is_straight, s, c), hn::BitCast(kFloats, sine_sign)),
          hn::Xor(hn::IfThenElse(is_straight, c, s), hn::BitCast(kFloats, cosine_sign))};
}

void normal_groups(float* v, int64_t groups, float mean, float std) {
  const V kTwoPi = number(6.283185307179586f), one = number(1), minus_two = number(-2);
  for (; groups > 0; --groups, v += 16) {
    for (size_t i = 0; i < 8; i += hn::Lanes(kFloats)) {
      const V u1 = hn::Sub(one, hn::LoadU(kFloats, v + i)), u2 = hn::LoadU(kFloats, v + i + 8);
      const V radius = hn::Sqrt(product(minus_two, cephes_log(u1)));
      const SineCosine angle = cephes_sincos(product(kTwoPi, u2));
      hn::StoreU(fused(product(radius, angle.cosine), number(std), number(mean)), kFloats, v + i);
      hn::StoreU(fused(product(radius, angle.sine), number(std), number(mean)), kFloats, v + i + 8);
    }
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {
HWY_EXPORT(normal_groups);
void to_normal_groups(float* v, int64_t groups, float mean, float std) {
  HWY_DYNAMIC_DISPATCH(normal_groups)(v, groups, mean, std);
}
}  // namespace rush::kernels
#endif
