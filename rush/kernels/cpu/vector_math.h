// Mathematical functions on vectors, for every Highway target: NaN in gives NaN out, infinities and
// overflow behave as in <cmath>, and errors stay within a few units in the last place. Include
// after foreach_target.h; functions are in rush::kernels::HWY_NAMESPACE.
#if defined(RUSH_KERNELS_CPU_VECTOR_MATH_H) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_KERNELS_CPU_VECTOR_MATH_H
#undef RUSH_KERNELS_CPU_VECTOR_MATH_H
#else
#define RUSH_KERNELS_CPU_VECTOR_MATH_H
#endif

#include <cmath>
#include <limits>

#include "hwy/contrib/math/math-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
using ScalarOf = hn::TFromD<D>;
template <class D>
inline constexpr bool is_float32 = sizeof(ScalarOf<D>) == 4;

template <class D>
HWY_INLINE hn::Vec<D> number(D d, double v) {
  return hn::Set(d, static_cast<ScalarOf<D>>(v));
}
template <class D>
HWY_INLINE hn::Vec<D> infinity(D d) {
  return hn::Set(d, std::numeric_limits<ScalarOf<D>>::infinity());
}
template <class D>
HWY_INLINE hn::Vec<D> not_a_number(D d) {
  return hn::Set(d, std::numeric_limits<ScalarOf<D>>::quiet_NaN());
}
// `y` where x is a number, else x.
template <class V>
HWY_INLINE V keep_nan(V x, V y) {
  return hn::IfThenElse(hn::Eq(x, x), y, x);
}

// c[0] + c[1] x + c[2] x^2 + ...
template <class D, class V, size_t n>
HWY_INLINE V polynomial(D d, V x, const double (&c)[n]) {
  V y = number(d, c[n - 1]);
  for (size_t i = n - 1; i-- > 0;) y = hn::MulAdd(y, x, number(d, c[i]));
  return y;
}

// x P(x^2) / Q(x^2) for functions that are +-1 from +-bound on.
template <class D, class V, size_t m, size_t n>
HWY_INLINE V odd_fraction(D d, V x, double bound, const double (&p)[m], const double (&q)[n]) {
  const V one = number(d, 1);
  const V c = hn::Min(hn::Max(x, number(d, -bound)), number(d, bound));
  const V u = hn::Mul(c, c);
  const V y = hn::Div(hn::Mul(c, polynomial(d, u, p)), polynomial(d, u, q));
  return keep_nan(x, hn::Min(hn::Max(y, hn::Neg(one)), one));
}

// Highway's exp overflows to infinity by itself only a little beyond the largest finite result.
template <class D>
inline constexpr double kExpBound = is_float32<D> ? 100 : 720;

template <class D, class V>
HWY_INLINE V exp(D d, V x) {
  return keep_nan(x, hn::Exp(d, hn::Min(x, number(d, kExpBound<D>))));
}
template <class D, class V>
HWY_INLINE V expm1(D d, V x) {
  const V y = hn::Expm1(d, hn::Min(x, number(d, kExpBound<D>)));
  return keep_nan(x, hn::CopySign(y, x));  // of -0 it is -0
}
template <class D, class V>
HWY_INLINE V log(D d, V x) {
  V y = hn::IfThenElse(hn::Lt(x, infinity(d)), hn::Log(d, x), x);
  y = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), not_a_number(d), y);
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity(d)), y);
}
template <class D, class V>
HWY_INLINE V log1p(D d, V x) {
  const V minus_one = number(d, -1);
  V y = hn::Log1p(d, x);
  y = hn::IfThenElse(hn::Eq(x, minus_one), hn::Neg(infinity(d)), y);
  y = hn::IfThenElse(hn::Lt(x, minus_one), not_a_number(d), y);
  return hn::IfThenElse(hn::Lt(x, infinity(d)), y, x);
}

// float32: x P(x^2) / Q(x^2), fitted for the least relative error up to 9, from where on tanh is 1.
// float64: (e^2|x| - 1) / (e^2|x| + 1), which is 1 long before 2|x| = 40.
template <class D, class V>
HWY_INLINE V tanh(D d, V x) {
  if constexpr (is_float32<D>) {
    constexpr double kP[] = {0.999999979, 0.133810257, 0.00349558818, 2.06090822e-05, 1.335466e-08},
                     kQ[] = {1, 0.467143413, 0.0258769825, 0.000328563486, 7.77655793e-07};
    return odd_fraction(d, x, 9, kP, kQ);
  } else {
    const V ax = hn::Abs(x);
    const V y = hn::Expm1(d, hn::Min(hn::Add(ax, ax), number(d, 40)));
    return keep_nan(x, hn::CopySign(hn::Div(y, hn::Add(y, number(d, 2))), x));
  }
}
template <class D, class V>
HWY_INLINE V sigmoid(D d, V x) {
  const V one = number(d, 1);
  return hn::Div(one, hn::Add(one, exp(d, hn::Neg(x))));
}

// erf in float64: x P(x^2) on [0, 1]. Beyond, (1 + 2x) e^(x^2) erfc(x) is smooth in
// t = (x - 2) / (x + 2), and from 6.5 on erf is 1. The coefficients are Chebyshev fits.
template <class D, class V>
HWY_INLINE V erf_near_zero(D d, V x) {
  const V u = hn::Mul(x, x);
  constexpr double kC[] = {
      1.12837916709551257,     -0.376126389031835404,     0.112837916709450063,
      -0.0268661706432377704,  0.00522397760711642273,    -0.000854832597538969208,
      0.000120552949048397079, -0.0000149247369074196603, 1.64474247033173624e-6,
      -1.62084838018717059e-7, 1.37200645467776856e-8,    -7.79589882700214224e-10};
  return hn::Mul(x, polynomial(d, u, kC));
}
// Requires: 1 <= x.
template <class D, class V>
HWY_INLINE V erfc_far(D d, V x) {
  const V two = number(d, 2);
  const V t = hn::Div(hn::Sub(x, two), hn::Add(x, two));
  constexpr double kC[] = {
      1.27697838155252888,      -0.0927638265857424305,    -0.166030397615410712,
      0.164051280032670151,     -0.0542200009768746724,    -0.00803401504164515597,
      0.00872265314401439443,   0.00127133838068296577,    -0.00145679684918964139,
      -0.000454348028873388431, 0.000206163034191732872,   0.000151311225909940694,
      -3.68153345663421686e-7,  -0.0000389723345503757141, -0.0000151536410530722291,
      0.0000118474675703688622};
  const V decay = hn::Exp(d, hn::Neg(hn::Mul(x, x)));
  return hn::Mul(decay, hn::Div(polynomial(d, t, kC), hn::MulAdd(two, x, number(d, 1))));
}
// In float32 one fraction serves up to 4, from where on erf is 1.
template <class D, class V>
HWY_INLINE V erf(D d, V x) {
  if constexpr (is_float32<D>) {
    constexpr double kP[] = {1.12837914,    0.193542576,    0.053101415,
                             0.00388323807, 0.000284563654, 1.98680247e-06},
                     kQ[] = {
                         1, 0.504855199, 0.115348971, 0.0152070373, 0.00118554581, 3.74202675e-05};
    return odd_fraction(d, x, 4, kP, kQ);
  } else {
    const V one = number(d, 1);
    const V ax = hn::Abs(x);
    const V clipped = hn::Min(hn::Max(ax, one), number(d, 6.5));
    const V far = hn::Sub(one, erfc_far(d, clipped));
    const V y = hn::IfThenElse(hn::Lt(ax, one), erf_near_zero(d, ax), far);
    return keep_nan(x, hn::CopySign(y, x));
  }
}

// Sine and cosine: Highway's reduction holds to 39000; lanes beyond it take the library's function.
// It loses the sign of zero, and the last bit of cos(0) = 1.
template <class D, class V>
HWY_NOINLINE V patch_far_angles(D d, V x, V y, double (*f)(double)) {
  HWY_ALIGN ScalarOf<D> angle[HWY_MAX_BYTES / sizeof(ScalarOf<D>)];
  HWY_ALIGN ScalarOf<D> value[HWY_MAX_BYTES / sizeof(ScalarOf<D>)];
  hn::Store(x, d, angle);
  hn::Store(y, d, value);
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    if (!(std::abs(angle[i]) <= 39000)) value[i] = static_cast<ScalarOf<D>>(f(angle[i]));
  return hn::Load(d, value);
}
template <class D, class V>
HWY_INLINE V sin(D d, V x) {
  const V y = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), x, hn::Sin(d, x));
  if (HWY_LIKELY(hn::AllTrue(d, hn::Le(hn::Abs(x), number(d, 39000))))) return y;
  return patch_far_angles(d, x, y, std::sin);
}
template <class D, class V>
HWY_INLINE V cos(D d, V x) {
  const V y = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), number(d, 1), hn::Cos(d, x));
  if (HWY_LIKELY(hn::AllTrue(d, hn::Le(hn::Abs(x), number(d, 39000))))) return y;
  return patch_far_angles(d, x, y, std::cos);
}

}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#endif  // include guard of this target
