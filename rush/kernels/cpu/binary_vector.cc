// Arithmetic of two and three operands on floating types, and the gradients that training needs.
#include "rush/kernels/attrs/binary.h"
#include "rush/kernels/attrs/loss.h"
#include "rush/kernels/cpu/elementwise_parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/binary_vector.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "rush/kernels/cpu/vector_math.h"
#include "rush/kernels/cpu/vector_rows.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace {  // other files have functors of the same names

#define RUSH_BINARY(Name, expression)              \
  struct Name {                                    \
    template <class D, class V>                    \
    HWY_INLINE V operator()(D d, V a, V b) const { \
      (void)d;                                     \
      return expression;                           \
    }                                              \
  }

RUSH_BINARY(Add, hn::Add(a, b));
RUSH_BINARY(Sub, hn::Sub(a, b));
RUSH_BINARY(Mul, hn::Mul(a, b));
RUSH_BINARY(Div, hn::Div(a, b));
// A NaN on either side wins ...
RUSH_BINARY(Maximum, hn::IfThenElse(hn::Gt(a, b), a, keep_nan(a, b)));
RUSH_BINARY(Minimum, hn::IfThenElse(hn::Lt(a, b), a, keep_nan(a, b)));
// ... and loses here.
RUSH_BINARY(Fmax, hn::IfThenElse(hn::Lt(a, b), b, hn::IfThenElse(hn::Eq(a, a), a, b)));
RUSH_BINARY(Fmin, hn::IfThenElse(hn::Gt(a, b), b, hn::IfThenElse(hn::Eq(a, a), a, b)));
RUSH_BINARY(Copysign, hn::CopySign(a, b));

// a + c (b - a), from the nearer end, so that c = 0 and c = 1 are exact.
struct Lerp {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b, V c) const {
    const V range = hn::Sub(b, a), one = number(d, 1);
    return hn::IfThenElse(hn::Lt(hn::Abs(c), number(d, 0.5)), hn::MulAdd(c, range, a),
                          hn::NegMulAdd(range, hn::Sub(one, c), b));
  }
};
struct Addcmul {
  double value;
  explicit Addcmul(const void* attrs) : value(static_cast<const AddcAttrs*>(attrs)->value) {}
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b, V c) const {
    return hn::MulAdd(hn::Mul(number(d, value), b), c, a);
  }
};
struct Addcdiv {
  double value;
  explicit Addcdiv(const void* attrs) : value(static_cast<const AddcAttrs*>(attrs)->value) {}
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b, V c) const {
    return hn::MulAdd(number(d, value), hn::Div(b, c), a);
  }
};
// e^2 / (2 beta) for e = |a - b| < beta, else e - beta / 2.
struct SmoothL1 {
  double beta;
  explicit SmoothL1(const void* attrs) : beta(static_cast<const SmoothL1Attrs*>(attrs)->beta) {}
  template <class D, class V>
  HWY_INLINE V operator()(D d, V a, V b) const {
    const V error = hn::Abs(hn::Sub(a, b));
    const V near = hn::Mul(hn::Mul(error, error), number(d, 0.5 / beta));
    const V far = hn::Sub(error, number(d, 0.5 * beta));
    return hn::IfThenElse(hn::Lt(error, number(d, beta)), near, far);
  }
};

// Gradients: a is dy, b the output (tanh, sigmoid, relu) of the op.
RUSH_BINARY(TanhGrad, hn::Mul(a, hn::NegMulAdd(b, b, number(d, 1))));
RUSH_BINARY(SigmoidGrad, hn::Mul(hn::Mul(a, b), hn::Sub(number(d, 1), b)));
RUSH_BINARY(ReluGrad, hn::IfThenElseZero(hn::Gt(b, hn::Zero(d)), a));
#undef RUSH_BINARY

void add_binary(Table& t) {
  add_float_rows<Add, 2>(t.add("add"));
  add_float_rows<Sub, 2>(t.add("sub"));
  add_float_rows<Mul, 2>(t.add("mul"));
  add_float_rows<Div, 2>(t.add("div"), 2);
  add_float_rows<Maximum, 2>(t.add("maximum"));
  add_float_rows<Minimum, 2>(t.add("minimum"));
  add_float_rows<Fmax, 2>(t.add("fmax"));
  add_float_rows<Fmin, 2>(t.add("fmin"));
  add_float_rows<Copysign, 2>(t.add("copysign"));
  add_float_rows<Lerp, 3>(t.add("lerp"), 2);
  add_float_rows<Addcmul, 3>(t.add("addcmul"));
  add_float_rows<Addcdiv, 3>(t.add("addcdiv"), 2);
  add_float_rows<SmoothL1, 2>(t.add("smooth_l1"), 2);
  add_float_rows<TanhGrad, 2>(t.add("tanh_grad"));
  add_float_rows<SigmoidGrad, 2>(t.add("sigmoid_grad"));
  add_float_rows<ReluGrad, 2>(t.add("relu_grad"));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {
HWY_EXPORT(add_binary);
void cpu::add_vector_binary(Table& t) { HWY_DYNAMIC_DISPATCH(add_binary)(t); }
}  // namespace rush::kernels
#endif
