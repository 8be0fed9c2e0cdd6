// The commonest optimiser steps over lists of tensors (the others are in optim_more.cc).
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/optim.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include <cmath>

#include "rush/kernels/attrs/optim.h"
#include "rush/kernels/cpu/norm_kernels.h"
#include "rush/kernels/cpu/optim-inl.h"
#include "rush/kernels/cpu/reduce_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

struct SgdRule {
  SgdStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    auto d = at.gradient(a.maximize, a.weight_decay);
    if (a.lr_in_momentum) d = hn::Mul(d, at.number(a.lr));
    if (a.momentum != 0) {
      auto buffer = d;
      if (!a.first_step)
        buffer =
            hn::MulAdd(at.get(2), at.number(a.momentum), hn::Mul(d, at.number(1 - a.dampening)));
      at.set(2, buffer);
      d = a.nesterov ? hn::MulAdd(buffer, at.number(a.momentum), d) : buffer;
    }
    at.set(0,
           a.lr_in_momentum ? hn::Sub(at.get(0), d) : hn::NegMulAdd(d, at.number(a.lr), at.get(0)));
  }
};

struct AdamRule {
  AdamStepAttrs a;
  double step_size, root_of_correction, correction;
  explicit AdamRule(const AdamStepAttrs& attrs) : a(attrs) {
    const double t = static_cast<double>(a.step);
    correction = 1 - std::pow(a.beta2, t);
    step_size = a.lr / (1 - std::pow(a.beta1, t));
    root_of_correction = std::sqrt(correction);
  }
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    const auto g = at.gradient(a.maximize, a.decoupled ? 0 : a.weight_decay);
    auto p = at.get(0);
    if (a.decoupled && a.weight_decay != 0) p = hn::Mul(p, at.number(1 - a.lr * a.weight_decay));
    auto m = at.get(2), v = at.get(3);
    m = hn::MulAdd(hn::Sub(g, m), at.number(1 - a.beta1), m);
    v = hn::MulAdd(v, at.number(a.beta2), hn::Mul(hn::Mul(g, g), at.number(1 - a.beta2)));
    at.set(2, m);
    at.set(3, v);
    if (a.amsgrad) {
      v = hn::Max(at.get(4), v);
      at.set(4, v);
    }
    const auto root =
        a.eps_in_root
            ? hn::Sqrt(hn::Add(hn::Div(v, at.number(correction)), at.number(a.eps)))
            : hn::Add(hn::Div(hn::Sqrt(v), at.number(root_of_correction)), at.number(a.eps));
    at.set(0, hn::NegMulAdd(hn::Div(m, root), at.number(step_size), p));
  }
};

struct RmspropRule {
  RmspropStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    const auto g = at.gradient(a.maximize, a.weight_decay);
    const auto square =
        hn::MulAdd(at.get(2), at.number(a.alpha), hn::Mul(hn::Mul(g, g), at.number(1 - a.alpha)));
    at.set(2, square);
    auto spread = square;
    if (a.centered) {
      const int list = a.momentum != 0 ? 4 : 3;
      auto average = at.get(list);
      average = hn::MulAdd(hn::Sub(g, average), at.number(1 - a.alpha), average);
      at.set(list, average);
      spread = hn::NegMulAdd(average, average, square);
    }
    auto d = hn::Div(g, a.eps_in_root ? hn::Sqrt(hn::Add(spread, at.number(a.eps)))
                                      : hn::Add(hn::Sqrt(spread), at.number(a.eps)));
    if (a.lr_in_momentum) d = hn::Mul(d, at.number(a.lr));
    if (a.momentum != 0) {
      d = hn::MulAdd(at.get(3), at.number(a.momentum), d);
      at.set(3, d);
    }
    at.set(0,
           a.lr_in_momentum ? hn::Sub(at.get(0), d) : hn::NegMulAdd(d, at.number(a.lr), at.get(0)));
  }
};

struct AdagradRule {
  AdagradStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    const double lr = a.lr / (1 + static_cast<double>(a.step - 1) * a.lr_decay);
    const auto g = at.gradient(a.maximize, a.weight_decay);
    const auto sum = hn::MulAdd(g, g, at.get(2));
    at.set(2, sum);
    const auto d = hn::Div(g, hn::Add(hn::Sqrt(sum), at.number(a.eps)));
    at.set(0, hn::NegMulAdd(d, at.number(lr), at.get(0)));
  }
};

struct ScaleRule {
  double factor;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    at.set(0, hn::Mul(at.get(0), at.number(factor)));
  }
};

}  // namespace

void SgdStep(const Call& call) {
  const auto& a = call.attributes<SgdStepAttrs>();
  RunStep(call, a.momentum != 0 ? 3 : 2, SgdRule{a});
}
void AdamStep(const Call& call) {
  const auto& a = call.attributes<AdamStepAttrs>();
  RunStep(call, a.amsgrad ? 5 : 4, AdamRule(a));
}
void RmspropStep(const Call& call) {
  const auto& a = call.attributes<RmspropStepAttrs>();
  RunStep(call, 3 + (a.momentum != 0) + a.centered, RmspropRule{a});
}
void AdagradStep(const Call& call) {
  RunStep(call, 3, AdagradRule{call.attributes<AdagradStepAttrs>()});
}
void ScaleList(const Call& call) {
  RunStep(call, 1, ScaleRule{call.attributes<ScaleListAttrs>().factor});
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {
void register_more_optim(Table&);  // optim_more.cc
namespace {

HWY_EXPORT(SgdStep);
HWY_EXPORT(AdamStep);
HWY_EXPORT(RmspropStep);
HWY_EXPORT(AdagradStep);
HWY_EXPORT(ScaleList);

// The norm of all elements of all tensors, from the norms of each.
void total_norm_kernel(const Call& call) {
  const double p = call.attributes<TotalNormAttrs>().p;
  double total = 0;
  for (const View& v : call.in) {
    if (v.numel() == 0) continue;
    const double one = norm_of(v, p);
    if (std::isinf(p))
      total = std::isnan(total) || one < total ? total : one;
    else
      total += p == 0 || p == 1 ? one : std::pow(one, p);
  }
  if (!std::isinf(p) && p != 0 && p != 1)
    total = p == 2 ? std::sqrt(total) : std::pow(total, 1 / p);
  dispatch(call.out[0].dtype, [&]<typename T>() {
    if constexpr (is_half(dtype_of<T>))
      *call.out[0].as<T>() = T(static_cast<float>(total));
    else
      *call.out[0].as<T>() = static_cast<T>(total);
  });
}

}  // namespace

void register_optim(Table& table) {
  register_more_optim(table);
  table.add("sgd_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(SgdStep)(c); };
  table.add("adam_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(AdamStep)(c); };
  table.add("rmsprop_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(RmspropStep)(c); };
  table.add("adagrad_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(AdagradStep)(c); };
  table.add("scale_list").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(ScaleList)(c); };
  table.add("total_norm").kernel = total_norm_kernel;
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
