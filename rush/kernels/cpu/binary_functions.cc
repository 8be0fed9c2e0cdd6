// pow, atan2 and divisions with a rest, on floating types.
#include <cmath>

#include "rush/kernels/cpu/elementwise_parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/binary_functions.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "rush/kernels/cpu/vector_math.h"
#include "rush/kernels/cpu/vector_rows.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace {

// y, where lanes that are not `done` get f(a, b).
template <class D, class V, class M, class F>
HWY_NOINLINE V patched(D d, V a, V b, M done, V y, F f) {
  constexpr size_t kMost = HWY_MAX_BYTES / sizeof(ScalarOf<D>);
  HWY_ALIGN ScalarOf<D> first[kMost], second[kMost], value[kMost], is_done[kMost];
  hn::Store(a, d, first);
  hn::Store(b, d, second);
  hn::Store(y, d, value);
  hn::Store(hn::IfThenElseZero(done, number(d, 1)), d, is_done);
  for (size_t i = 0; i < hn::Lanes(d); ++i)
    if (is_done[i] == 0) value[i] = f(first[i], second[i]);
  return hn::Load(d, value);
}
template <class D, class V>
HWY_INLINE auto no_lane(D d, V) {
  return hn::Lt(hn::Zero(d), hn::Zero(d));
}

struct LibraryPower {
  template <typename T>
  T operator()(T base, T exponent) const {
    return std::pow(base, exponent);
  }
};
struct LibraryFmod {
  template <typename T>
  T operator()(T a, T b) const {
    return std::fmod(a, b);
  }
};

#if HWY_TARGET != HWY_SCALAR
// |x|^e in float64, which leaves no more than the last rounding. Requires: x and e are finite, x is
// not 0.
template <class D, class V>
HWY_INLINE V power_of_magnitude(D d, V x, V e) {
  const hn::Half<D> half;
  const hn::Repartition<double, D> wide;
  const auto power = [&](auto base, auto exponent) HWY_ATTR {
    const auto log = hn::Log(wide, hn::PromoteTo(wide, base));
    return hn::DemoteTo(half, exp(wide, hn::Mul(log, hn::PromoteTo(wide, exponent))));
  };
  const V ax = hn::Abs(x);
  return hn::Combine(d, power(hn::UpperHalf(half, ax), hn::UpperHalf(half, e)),
                     power(hn::LowerHalf(half, ax), hn::LowerHalf(half, e)));
}
#endif

// Whether the exponents of a vector are all alike makes no difference to the bits.
struct Pow {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x, V e) const {
    const V square = hn::Mul(x, x), cube = hn::Mul(square, x);
    const auto is_square = hn::Eq(e, number(d, 2)), is_cube = hn::Eq(e, number(d, 3));
    if (hn::AllTrue(d, is_square)) return square;
    if (hn::AllTrue(d, is_cube)) return cube;
    return hn::IfThenElse(is_square, square, hn::IfThenElse(is_cube, cube, general(d, x, e)));
  }

 private:
  template <class D, class V>
  HWY_INLINE static V general(D d, V x, V e) {
#if HWY_TARGET != HWY_SCALAR
    if constexpr (is_float32<D>) {
      const V zero = hn::Zero(d), half_e = hn::Mul(e, number(d, 0.5));
      const auto is_whole = hn::Eq(e, hn::Round(e));
      const auto is_odd = hn::AndNot(hn::Eq(half_e, hn::Round(half_e)), is_whole);
      const auto is_finite =
          hn::And(hn::Lt(hn::Abs(x), infinity(d)), hn::Lt(hn::Abs(e), infinity(d)));
      const auto is_usual =
          hn::And(is_finite, hn::Or(hn::Gt(x, zero), hn::And(hn::Lt(x, zero), is_whole)));
      // Other lanes compute 1^0, so that nothing of theirs slows the rest down.
      V y = power_of_magnitude(d, hn::IfThenElse(is_usual, x, number(d, 1)),
                               hn::IfThenElseZero(is_usual, e));
      y = hn::IfThenElse(hn::And(hn::Lt(x, zero), is_odd), hn::Neg(y), y);
      return HWY_LIKELY(hn::AllTrue(d, is_usual)) ? y
                                                  : patched(d, x, e, is_usual, y, LibraryPower());
    }
#endif
    return patched(d, x, e, no_lane(d, x), x, LibraryPower());
  }
};

// What is left of trunc(a / b) b, exactly. The quotient of floating numbers never rounds below a
// whole number that it reaches, but up to one it may: then the rest, which a fused step gives
// exactly, has the wrong sign, and b goes to it.
struct Fmod {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
#if HWY_NATIVE_FMA
    const V most = number(d, is_float32<D> ? 0x1p23 : 0x1p52);
    const V quotient = hn::Trunc(hn::Div(a, b));
    const auto is_usual = hn::And(hn::Lt(hn::Abs(quotient), most), hn::Lt(hn::Abs(b), infinity(d)));
    V rest = hn::NegMulAdd(quotient, b, a);
    const auto is_past = hn::Lt(hn::CopySign(number(d, 1), a), hn::Zero(d));
    rest = hn::IfThenElse(hn::Lt(hn::IfThenElse(is_past, hn::Neg(rest), rest), hn::Zero(d)),
                          hn::Add(rest, hn::CopySign(b, a)), rest);
    rest = hn::CopySign(rest, a);
    return HWY_LIKELY(hn::AllTrue(d, is_usual)) ? rest
                                                : patched(d, a, b, is_usual, rest, LibraryFmod());
#else
    return patched(d, a, b, no_lane(d, a), a, LibraryFmod());
#endif
  }
};

// Whether rest and b have different signs, and there is a rest.
template <class D, class V>
HWY_INLINE auto are_apart(D d, V rest, V b) {
  const V zero = hn::Zero(d);
  return hn::Or(hn::And(hn::Lt(rest, zero), hn::Not(hn::Lt(b, zero))),
                hn::And(hn::Gt(rest, zero), hn::Lt(b, zero)));
}
// The remainder of a / b with the sign of b.
struct Remainder {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    const V rest = Fmod()(d, a, b);
    return hn::IfThenElse(are_apart(d, rest, b), hn::Add(rest, b), rest);
  }
};
// floor(a / b), exact also where a / b rounds up to a whole number.
struct FloorDivide {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    const V zero = hn::Zero(d), one = number(d, 1), ratio = hn::Div(a, b);
    const V rest = Fmod()(d, a, b);
    V quotient = hn::Div(hn::Sub(a, rest), b);
    quotient = hn::IfThenElse(are_apart(d, rest, b), hn::Sub(quotient, one), quotient);
    const V whole = hn::Floor(quotient);
    const V near = hn::IfThenElse(hn::Gt(hn::Sub(quotient, whole), number(d, 0.5)),
                                  hn::Add(whole, one), whole);
    const V y = hn::IfThenElse(hn::Eq(quotient, zero), hn::CopySign(zero, ratio), near);
    return hn::IfThenElse(hn::Eq(b, zero), ratio, y);
  }
};

// The angle of (x, y): atan of the smaller magnitude over the larger, brought to its octant.
struct Atan2 {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V y, V x) const {
    constexpr double kPi = 3.14159265358979323846;
    const V ax = hn::Abs(x), ay = hn::Abs(y);
    const V low = hn::Min(ax, ay), high = hn::Max(ax, ay);
    V ratio = hn::Div(low, high);
    ratio = hn::IfThenElse(hn::Eq(low, high), number(d, 1), ratio);  // infinite ones too
    ratio = hn::IfThenElse(hn::Eq(high, hn::Zero(d)), hn::Zero(d), ratio);
    V angle = hn::Atan(d, ratio);
    angle = hn::IfThenElse(hn::Gt(ay, ax), hn::Sub(number(d, kPi / 2), angle), angle);
    const auto is_left = hn::Lt(hn::CopySign(number(d, 1), x), hn::Zero(d));
    angle = hn::CopySign(hn::IfThenElse(is_left, hn::Sub(number(d, kPi), angle), angle), y);
    return keep_nan(x, keep_nan(y, angle));
  }
};

void add_functions(Table& t) {
  add_float_rows<Pow, 2>(t.add("pow"), 16);
  add_float_rows<Atan2, 2>(t.add("atan2"), 8);
  add_float_rows<Fmod, 2>(t.add("fmod"), 4);
  add_float_rows<Remainder, 2>(t.add("remainder"), 4);
  add_float_rows<FloorDivide, 2>(t.add("floor_divide"), 8);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {
HWY_EXPORT(add_functions);
void cpu::add_vector_binary_functions(Table& t) { HWY_DYNAMIC_DISPATCH(add_functions)(t); }
}  // namespace rush::kernels
#endif
