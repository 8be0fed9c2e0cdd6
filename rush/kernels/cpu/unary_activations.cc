// Activations on floating types, and the gradients of gelu and silu.
#include <numbers>

#include "rush/kernels/attrs/unary.h"
#include "rush/kernels/cpu/elementwise_parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/unary_activations.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "rush/kernels/cpu/vector_math.h"
#include "rush/kernels/cpu/vector_rows.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace {  // other files have functors of the same names

// A functor that reads its attributes from `a`.
template <class A>
struct With {
  const A& a;
  explicit With(const void* attrs) : a(*static_cast<const A*>(attrs)) {}
};

// 1/2 + x P(x^2) / Q(x^2), which is 0 or 1 from -+bound on.
template <class D, class V, size_t m, size_t n>
HWY_INLINE V share(D d, V x, double bound, const double (&p)[m], const double (&q)[n]) {
  const V half = number(d, 0.5);
  const V c = hn::Min(hn::Max(x, number(d, -bound)), number(d, bound)), u = hn::Mul(c, c);
  const V y = hn::Div(hn::Mul(c, polynomial(d, u, p)), polynomial(d, u, q));
  const auto is_near = hn::Lt(hn::Abs(x), number(d, bound));
  return hn::Add(hn::IfThenElse(is_near, y, hn::CopySign(half, x)), half);
}

// The normal distribution's share below x, and its density. In float32 fractions fitted for the
// least absolute error stand for the share, and for the slope of x times it.
template <class D, class V>
HWY_INLINE V distribution(D d, V x) {
  if constexpr (is_float32<D>) {
    constexpr double kP[] = {0.398942222,    0.0343747012,  0.00470712899,
                             0.000173828791, 6.35570205e-6, 2.21424698e-8},
                     kQ[] = {
                         1, 0.252830318, 0.0289391653, 0.00191286336, 7.50911138e-5, 1.18006531e-6};
    return share(d, x, 5.6, kP, kQ);
  } else {
    const V half = number(d, 0.5);
    return hn::MulAdd(erf(d, hn::Mul(x, number(d, 1 / std::numbers::sqrt2))), half, half);
  }
}
template <class D, class V>
HWY_INLINE V density(D d, V x) {
  constexpr double kPeak = 0.39894228040143267794;  // 1 / sqrt(2 pi)
  return hn::Mul(exp(d, hn::Mul(hn::Mul(x, x), number(d, -0.5))), number(d, kPeak));
}
template <class D, class V>
HWY_INLINE V gelu_slope(D d, V x) {
  if constexpr (is_float32<D>) {
    constexpr double kP[] = {0.797884531,   -0.0223733402, 0.0138574133, 0.000202694202,
                             3.40917223e-5, 9.2243112e-7,  1.7045652e-8},
                     kQ[] = {1,
                             0.305292138,
                             0.0441328125,
                             0.00397139817,
                             0.000245314462,
                             1.03071827e-5,
                             3.38952524e-7,
                             1.31474793e-9};
    return keep_nan(hn::Sub(x, x), share(d, x, 6, kP, kQ));  // infinity times 0 is in the formula
  } else {
    return hn::MulAdd(x, density(d, x), distribution(d, x));
  }
}
constexpr double kSqrtTwoOverPi = 0.79788456080286535588;
constexpr double kGeluCubic = 0.044715;
// tanh(sqrt(2 / pi) (x + 0.044715 x^3))
template <class D, class V>
HWY_INLINE V gelu_tanh(D d, V x) {
  const V cube = hn::Mul(hn::Mul(x, x), x);
  const V inner = hn::MulAdd(number(d, kGeluCubic), cube, x);
  return tanh(d, hn::Mul(inner, number(d, kSqrtTwoOverPi)));
}

struct Gelu {
  bool by_tanh;
  explicit Gelu(const void* attrs)
      : by_tanh(static_cast<const GeluAttrs*>(attrs)->approximate == "tanh") {}
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    if (!by_tanh) return hn::Mul(x, distribution(d, x));
    const V half = number(d, 0.5);
    return hn::Mul(x, hn::MulAdd(gelu_tanh(d, x), half, half));
  }
};
struct GeluGrad : Gelu {
  using Gelu::Gelu;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    if (!by_tanh) return hn::Mul(dy, gelu_slope(d, x));
    const V one = number(d, 1), t = gelu_tanh(d, x);
    const V slope = hn::Mul(number(d, kSqrtTwoOverPi),
                            hn::MulAdd(hn::Mul(x, x), number(d, 3 * kGeluCubic), one));
    const V bend = hn::Mul(hn::Mul(x, hn::NegMulAdd(t, t, one)), slope);
    return hn::Mul(hn::Mul(dy, number(d, 0.5)), hn::Add(hn::Add(one, t), bend));
  }
};
struct Silu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(x, hn::Add(number(d, 1), exp(d, hn::Neg(x))));
  }
};
struct SiluGrad {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V dy, V x) const {
    const V one = number(d, 1), s = sigmoid(d, x);
    return hn::Mul(hn::Mul(dy, s), hn::MulAdd(x, hn::Sub(one, s), one));
  }
};
// tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2) with e = e^x; it is 1 long before x = 40.
struct Mish {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V two = number(d, 2), e = hn::Exp(d, hn::Min(x, number(d, 40)));
    const V product = hn::Mul(e, hn::Add(e, two));
    return keep_nan(x, hn::Mul(x, hn::Div(product, hn::Add(product, two))));
  }
};
struct Softplus : With<SoftplusAttrs> {
  using With::With;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V scaled = hn::Mul(x, number(d, a.beta));
    const V y = hn::Div(log1p(d, exp(d, scaled)), number(d, a.beta));
    return hn::IfThenElse(hn::Gt(scaled, number(d, a.threshold)), x, y);
  }
};
struct Softsign {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Div(x, hn::Add(number(d, 1), hn::Abs(x)));
  }
};
// x > 0 ? scale x : scale alpha (e^(x / width) - 1)
template <class D, class V>
HWY_INLINE V elu(D d, V x, double alpha, double width, double scale) {
  const V bent = hn::Mul(expm1(d, hn::Div(x, number(d, width))), number(d, alpha * scale));
  return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Mul(x, number(d, scale)), bent);
}
struct Elu : With<EluAttrs> {
  using With::With;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return elu(d, x, a.alpha, 1, 1);
  }
};
struct Celu : With<EluAttrs> {
  using With::With;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return elu(d, x, a.alpha, a.alpha, 1);
  }
};
struct Selu {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return elu(d, x, 1.6732632423543772848170429916717, 1, 1.0507009873554804934193349852946);
  }
};
struct LeakyRelu : With<LeakyReluAttrs> {
  using With::With;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(x, number(d, a.negative_slope)));
  }
};
template <class D, class V>
HWY_INLINE V between(D d, V x, double low, double high) {
  return keep_nan(x, hn::Min(hn::Max(x, number(d, low)), number(d, high)));
}
struct Hardtanh : With<HardtanhAttrs> {
  using With::With;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return between(d, x, a.min_val, a.max_val);
  }
};
struct Hardsigmoid {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(between(d, hn::Add(x, number(d, 3)), 0, 6), number(d, 1.0 / 6));
  }
};
struct Hardswish {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, Hardsigmoid()(d, x));
  }
};
// min(x, 0) - log(1 + e^-|x|)
struct Logsigmoid {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V tail = log1p(d, hn::Exp(d, hn::Neg(hn::Abs(x))));
    return keep_nan(x, hn::Sub(hn::Min(x, hn::Zero(d)), tail));
  }
};
struct Tanhshrink {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Sub(x, tanh(d, x));
  }
};
struct Softshrink : With<ShrinkAttrs> {
  using With::With;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V lambd = number(d, a.lambd);
    const V y = hn::IfThenElseZero(hn::Gt(x, lambd), hn::Sub(x, lambd));
    return keep_nan(x, hn::IfThenElse(hn::Lt(x, hn::Neg(lambd)), hn::Add(x, lambd), y));
  }
};
struct Hardshrink : With<ShrinkAttrs> {
  using With::With;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenZeroElse(hn::Le(hn::Abs(x), number(d, a.lambd)), x);
  }
};
struct Threshold : With<ThresholdAttrs> {
  using With::With;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::IfThenElse(hn::Le(x, number(d, a.threshold)), number(d, a.value), x);
  }
};
// log(p / (1 - p))
struct Logit : With<LogitAttrs> {
  using With::With;
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const V p = a.eps ? between(d, x, *a.eps, 1 - *a.eps) : x;
    return log(d, hn::Div(p, hn::Sub(number(d, 1), p)));
  }
};

void add_activations(Table& t) {
  add_float_rows<Gelu, 1>(t.add("gelu"), 8);
  add_float_rows<GeluGrad, 2>(t.add("gelu_grad"), 12);
  add_float_rows<Silu, 1>(t.add("silu"), 6);
  add_float_rows<SiluGrad, 2>(t.add("silu_grad"), 6);
  add_float_rows<Mish, 1>(t.add("mish"), 6);
  add_float_rows<Softplus, 1>(t.add("softplus"), 8);
  add_float_rows<Softsign, 1>(t.add("softsign"), 2);
  add_float_rows<Elu, 1>(t.add("elu"), 6);
  add_float_rows<Celu, 1>(t.add("celu"), 6);
  add_float_rows<Selu, 1>(t.add("selu"), 6);
  add_float_rows<LeakyRelu, 1>(t.add("leaky_relu"));
  add_float_rows<Hardtanh, 1>(t.add("hardtanh"));
  add_float_rows<Hardsigmoid, 1>(t.add("hardsigmoid"));
  add_float_rows<Hardswish, 1>(t.add("hardswish"));
  add_float_rows<Logsigmoid, 1>(t.add("logsigmoid"), 8);
  add_float_rows<Tanhshrink, 1>(t.add("tanhshrink"), 6);
  add_float_rows<Softshrink, 1>(t.add("softshrink"));
  add_float_rows<Hardshrink, 1>(t.add("hardshrink"));
  add_float_rows<Threshold, 1>(t.add("threshold"));
  add_float_rows<Logit, 1>(t.add("logit"), 6);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {
HWY_EXPORT(add_activations);
void cpu::add_vector_activations(Table& t) { HWY_DYNAMIC_DISPATCH(add_activations)(t); }
}  // namespace rush::kernels
#endif
