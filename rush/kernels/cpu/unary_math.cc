// Arithmetic and elementary functions of one operand on floating types.
#include "rush/kernels/attrs/unary.h"
#include "rush/kernels/cpu/elementwise_parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/unary_math.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "rush/kernels/cpu/vector_math.h"
#include "rush/kernels/cpu/vector_rows.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace {  // other files have functors of the same names

// An op of one operand: F is the expression of `d` and `x`.
#define RUSH_UNARY(Name, expression)          \
  struct Name {                               \
    template <class D, class V>               \
    HWY_INLINE V operator()(D d, V x) const { \
      (void)d;                                \
      return expression;                      \
    }                                         \
  }

RUSH_UNARY(Neg, hn::Neg(x));
RUSH_UNARY(Abs, hn::Abs(x));
RUSH_UNARY(Sqrt, hn::Sqrt(x));
RUSH_UNARY(Rsqrt, hn::Div(number(d, 1), hn::Sqrt(x)));
RUSH_UNARY(Square, hn::Mul(x, x));
RUSH_UNARY(Reciprocal, hn::Div(number(d, 1), x));
RUSH_UNARY(Floor, hn::Floor(x));
RUSH_UNARY(Ceil, hn::Ceil(x));
RUSH_UNARY(Round, hn::Round(x));
RUSH_UNARY(Trunc, hn::Trunc(x));
RUSH_UNARY(Frac, hn::Sub(x, hn::Trunc(x)));
RUSH_UNARY(Exp, exp(d, x));
RUSH_UNARY(Expm1, expm1(d, x));
RUSH_UNARY(Log, log(d, x));
RUSH_UNARY(Log1p, log1p(d, x));
RUSH_UNARY(Sin, sin(d, x));
RUSH_UNARY(Cos, cos(d, x));
RUSH_UNARY(Atan, keep_nan(x, hn::Atan(d, x)));
RUSH_UNARY(Tanh, tanh(d, x));
RUSH_UNARY(Sigmoid, sigmoid(d, x));
RUSH_UNARY(Erf, erf(d, x));
RUSH_UNARY(Relu, hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x));  // NaN stays
#undef RUSH_UNARY

struct Sign {  // NaN gives 0, as PyTorch has it
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V zero = hn::Zero(d), one = number(d, 1);
    return hn::Sub(hn::IfThenElseZero(hn::Gt(x, zero), one),
                   hn::IfThenElseZero(hn::Lt(x, zero), one));
  }
};

struct Clamp {
  const ClampAttrs& a;
  explicit Clamp(const void* attrs) : a(*static_cast<const ClampAttrs*>(attrs)) {}
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V low = number(d, a.min.value_or(-std::numeric_limits<double>::infinity()));
    const V high = number(d, a.max.value_or(std::numeric_limits<double>::infinity()));
    return keep_nan(x, hn::Min(hn::Max(x, low), high));
  }
};

void add_math(Table& t) {
  add_float_rows<Neg, 1>(t.add("neg"));
  add_float_rows<Abs, 1>(t.add("abs"));
  add_float_rows<Sqrt, 1>(t.add("sqrt"), 2);
  add_float_rows<Rsqrt, 1>(t.add("rsqrt"), 4);
  add_float_rows<Square, 1>(t.add("square"));
  add_float_rows<Reciprocal, 1>(t.add("reciprocal"), 2);
  add_float_rows<Floor, 1>(t.add("floor"));
  add_float_rows<Ceil, 1>(t.add("ceil"));
  add_float_rows<Round, 1>(t.add("round"));
  add_float_rows<Trunc, 1>(t.add("trunc"));
  add_float_rows<Frac, 1>(t.add("frac"));
  add_float_rows<Exp, 1>(t.add("exp"), 4);
  add_float_rows<Expm1, 1>(t.add("expm1"), 4);
  add_float_rows<Log, 1>(t.add("log"), 4);
  add_float_rows<Log1p, 1>(t.add("log1p"), 4);
  add_float_rows<Sin, 1>(t.add("sin"), 4);
  add_float_rows<Cos, 1>(t.add("cos"), 4);
  add_float_rows<Atan, 1>(t.add("atan"), 6);
  add_float_rows<Tanh, 1>(t.add("tanh"), 6);
  add_float_rows<Sigmoid, 1>(t.add("sigmoid"), 6);
  add_float_rows<Erf, 1>(t.add("erf"), 8);
  add_float_rows<Relu, 1>(t.add("relu"));
  add_float_rows<Sign, 1>(t.add("sign"));
  add_float_rows<Clamp, 1>(t.add("clamp"));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {
HWY_EXPORT(add_math);
void cpu::add_vector_math(Table& t) { HWY_DYNAMIC_DISPATCH(add_math)(t); }
}  // namespace rush::kernels
#endif
