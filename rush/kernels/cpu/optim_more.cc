// Optimiser steps over lists of tensors: Adadelta, Adamax, ASGD, NAdam, RAdam, Rprop.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/optim_more.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include "rush/kernels/attrs/optim.h"
#include "rush/kernels/cpu/optim-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

// average + (value - average) (1 - beta)
template <class P, class V>
HWY_INLINE V MoveAverage(const P& at, V average, V value, double beta) {
  return hn::MulAdd(hn::Sub(value, average), at.number(1 - beta), average);
}
template <class P, class V>
HWY_INLINE V MoveSquare(const P& at, V square, V g, double beta) {
  return hn::MulAdd(square, at.number(beta), hn::Mul(hn::Mul(g, g), at.number(1 - beta)));
}

struct AdadeltaRule {
  AdadeltaStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    const auto g = at.gradient(a.maximize, a.weight_decay);
    const auto eps = at.number(a.eps);
    const auto square = MoveSquare(at, at.get(2), g, a.rho);
    at.set(2, square);
    const auto moved = at.get(3);
    const auto d =
        hn::Mul(hn::Div(hn::Sqrt(hn::Add(moved, eps)), hn::Sqrt(hn::Add(square, eps))), g);
    at.set(3, MoveSquare(at, moved, d, a.rho));
    at.set(0, hn::NegMulAdd(d, at.number(a.lr), at.get(0)));
  }
};

struct AdamaxRule {
  AdamaxStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    const auto g = at.gradient(a.maximize, a.weight_decay);
    const auto m = MoveAverage(at, at.get(2), g, a.beta1);
    at.set(2, m);
    const auto largest =
        hn::Max(hn::Mul(at.get(3), at.number(a.beta2)), hn::Add(hn::Abs(g), at.number(a.eps)));
    at.set(3, largest);
    at.set(0, hn::NegMulAdd(hn::Div(m, largest), at.number(a.step_size), at.get(0)));
  }
};

struct AsgdRule {
  AsgdStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    const auto g = at.gradient(a.maximize, a.weight_decay);
    const auto p =
        hn::NegMulAdd(g, at.number(a.eta), hn::Mul(at.get(0), at.number(1 - a.lambd * a.eta)));
    at.set(0, p);
    const auto average = at.get(2);
    at.set(2, a.mu == 1 ? p : hn::MulAdd(hn::Sub(p, average), at.number(a.mu), average));
  }
};

struct NadamRule {
  NadamStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    const auto g = at.gradient(a.maximize, a.weight_decay);
    const auto p = hn::Mul(at.get(0), at.number(1 - a.shrink));
    const auto m = MoveAverage(at, at.get(2), g, a.beta1);
    const auto v = MoveSquare(at, at.get(3), g, a.beta2);
    at.set(2, m);
    at.set(3, v);
    const auto root = hn::Add(hn::Sqrt(hn::Div(v, at.number(a.correction))), at.number(a.eps));
    const auto d = hn::MulAdd(m, at.number(a.mean_size), hn::Mul(g, at.number(a.gradient_size)));
    at.set(0, hn::Sub(p, hn::Div(d, root)));
  }
};

struct RadamRule {
  RadamStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    const auto g = at.gradient(a.maximize, a.weight_decay);
    const auto p = hn::Mul(at.get(0), at.number(1 - a.shrink));
    const auto m = MoveAverage(at, at.get(2), g, a.beta1);
    const auto v = MoveSquare(at, at.get(3), g, a.beta2);
    at.set(2, m);
    at.set(3, v);
    auto d = hn::Mul(m, at.number(a.step_size));
    if (a.is_adaptive) d = hn::Div(d, hn::Add(hn::Sqrt(v), at.number(a.eps)));
    at.set(0, hn::Sub(p, d));
  }
};

struct RpropRule {
  RpropStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    auto g = at.gradient(a.maximize, 0);
    const auto zero = at.number(0), one = at.number(1);
    const auto agreement = hn::Mul(g, at.get(2));
    const auto turned = hn::Lt(agreement, zero);
    const auto factor =
        hn::IfThenElse(turned, at.number(a.eta_minus),
                       hn::IfThenElse(hn::Gt(agreement, zero), at.number(a.eta_plus), one));
    const auto size =
        hn::Min(hn::Max(hn::Mul(at.get(3), factor), at.number(a.step_min)), at.number(a.step_max));
    g = hn::IfThenElse(turned, zero, g);
    at.set(2, g);
    at.set(3, size);
    const auto signed_size =
        hn::IfThenElse(hn::Gt(g, zero), size, hn::IfThenElse(hn::Lt(g, zero), hn::Neg(size), zero));
    at.set(0, hn::Sub(at.get(0), signed_size));
  }
};

}  // namespace

void AdadeltaStep(const Call& call) {
  RunStep(call, 4, AdadeltaRule{call.attributes<AdadeltaStepAttrs>()});
}
void AdamaxStep(const Call& call) {
  RunStep(call, 4, AdamaxRule{call.attributes<AdamaxStepAttrs>()});
}
void AsgdStep(const Call& call) { RunStep(call, 3, AsgdRule{call.attributes<AsgdStepAttrs>()}); }
void NadamStep(const Call& call) { RunStep(call, 4, NadamRule{call.attributes<NadamStepAttrs>()}); }
void RadamStep(const Call& call) { RunStep(call, 4, RadamRule{call.attributes<RadamStepAttrs>()}); }
void RpropStep(const Call& call) { RunStep(call, 4, RpropRule{call.attributes<RpropStepAttrs>()}); }

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {

HWY_EXPORT(AdadeltaStep);
HWY_EXPORT(AdamaxStep);
HWY_EXPORT(AsgdStep);
HWY_EXPORT(NadamStep);
HWY_EXPORT(RadamStep);
HWY_EXPORT(RpropStep);

void register_more_optim(Table& table) {
  table.add("adadelta_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(AdadeltaStep)(c); };
  table.add("adamax_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(AdamaxStep)(c); };
  table.add("asgd_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(AsgdStep)(c); };
  table.add("nadam_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(NadamStep)(c); };
  table.add("radam_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(RadamStep)(c); };
  table.add("rprop_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(RpropStep)(c); };
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
