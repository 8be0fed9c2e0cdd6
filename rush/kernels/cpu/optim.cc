// Optimiser steps over lists of tensors: one pass over memory for parameters, gradients and states
// together, in blocks cut by size across the whole list. Half-width tensors are computed in float.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/optim.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include <cmath>
#include <memory>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/optim.h"
#include "rush/kernels/cpu/float_io-inl.h"
#include "rush/kernels/cpu/norm_kernels.h"
#include "rush/kernels/cpu/reduce_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

constexpr int kMaxLists = 5;
constexpr int64_t kBlock = 16384;

// The members of every list that belong to one parameter, in one dense order.
struct Group {
  void* data[kMaxLists];
  int64_t size;
};

// A vector of every list at position i: reads and writes in the type of the tensors.
template <class D, typename T>
struct At {
  using V = hn::Vec<D>;
  D d;
  T* const* lists;
  int64_t i;
  V get(int list) const { return LoadAs(d, lists[list] + i); }
  void set(int list, V v) const { StoreAs(d, v, lists[list] + i); }
  V number(double v) const { return hn::Set(d, static_cast<hn::TFromD<D>>(v)); }
  // The gradient, with its sign and the weight decay.
  V gradient(bool maximize, double weight_decay) const {
    V g = get(1);
    if (maximize) g = hn::Neg(g);
    if (weight_decay != 0) g = hn::MulAdd(get(0), number(weight_decay), g);
    return g;
  }
};

struct SgdRule {
  SgdStepAttrs a;
  template <class P>
  HWY_INLINE void operator()(const P& at) const {
    auto d = at.gradient(a.maximize, a.weight_decay);
    if (a.momentum != 0) {
      auto buffer = d;
      if (!a.first_step)
        buffer =
            hn::MulAdd(at.get(2), at.number(a.momentum), hn::Mul(d, at.number(1 - a.dampening)));
      at.set(2, buffer);
      d = a.nesterov ? hn::MulAdd(buffer, at.number(a.momentum), d) : buffer;
    }
    at.set(0, hn::NegMulAdd(d, at.number(a.lr), at.get(0)));
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
    auto d = hn::Div(g, hn::Add(hn::Sqrt(spread), at.number(a.eps)));
    if (a.momentum != 0) {
      d = hn::MulAdd(at.get(3), at.number(a.momentum), d);
      at.set(3, d);
    }
    at.set(0, hn::NegMulAdd(d, at.number(a.lr), at.get(0)));
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

template <typename T, class Rule>
HWY_ATTR void RunBlock(const Rule& rule, const Group& group, int lists, int64_t begin,
                       int64_t end) {
  using A = ComputeOf<T>;
  T* data[kMaxLists] = {};
  for (int k = 0; k < lists; ++k) data[k] = static_cast<T*>(group.data[k]);
  const hn::ScalableTag<A> d;
  const hn::CappedTag<A, 1> one;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = begin;
  for (; i + lanes <= end; i += lanes) rule(At<decltype(d), T>{d, data, i});
  for (; i < end; ++i) rule(At<decltype(one), T>{one, data, i});
}

// The block numbered `block` of the whole list: blocks do not cross tensors.
template <typename T, class Rule>
void RunGroups(const Rule& rule, std::span<const Group> groups, int lists) {
  int64_t total = 0;
  for (const Group& g : groups) total += g.size;
  if (total <= kBlock) {
    for (const Group& g : groups) RunBlock<T>(rule, g, lists, 0, g.size);
    return;
  }
  struct Block {
    const Group* group;
    int64_t begin;
  };
  std::vector<Block> blocks;
  for (const Group& g : groups)
    for (int64_t begin = 0; begin < g.size; begin += kBlock) blocks.push_back({&g, begin});
  parallel_for(static_cast<int64_t>(blocks.size()), 2, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; ++b) {
      const Block& block = blocks[static_cast<size_t>(b)];
      RunBlock<T>(rule, *block.group, lists, block.begin,
                  std::min(block.begin + kBlock, block.group->size));
    }
  });
}

// Operands that do not lie as their parameter does take a detour through copies.
struct Detour {
  View place;
  Scratch<char> memory;
  View dense;
  Detour(const View& v, const Strides& strides)
      : place(v), memory(v.numel() * static_cast<int64_t>(size_of(v.dtype))), dense(v) {
    dense.data = memory.data();
    dense.strides = strides;
    copy_elements(dense, place);
  }
};

template <class Rule>
void RunStep(const Call& call, int lists, const Rule& rule) {
  const size_t count = call.in.size() / static_cast<size_t>(lists);
  constexpr size_t kFew = 32;
  Group few[kFew];
  std::vector<Group> many(count > kFew ? count : 0);
  Group* groups = count > kFew ? many.data() : few;
  std::vector<std::unique_ptr<Detour>> detours;
  for (size_t i = 0; i < count; ++i) {
    const View& p = call.in[i];
    const Strides strides = is_dense(p.shape, p.strides) ? p.strides : contiguous_strides(p.shape);
    groups[i].size = p.numel();
    for (int k = 0; k < lists; ++k) {
      const View& v = call.in[static_cast<size_t>(k) * count + i];
      groups[i].data[k] = v.data;
      if (v.strides == strides || v.numel() == 0) continue;
      detours.push_back(std::make_unique<Detour>(v, strides));
      groups[i].data[k] = detours.back()->dense.data;
    }
  }
  dispatch(call.in.empty() ? DType::kFloat32 : call.in[0].dtype, [&]<typename T>() {
    if constexpr (is_floating(dtype_of<T>)) RunGroups<T>(rule, {groups, count}, lists);
  });
  for (const auto& detour : detours) {
    bool repeats = false;  // an expanded gradient is only read
    for (int i = 0; i < detour->place.shape.size(); ++i)
      repeats |= detour->place.strides[i] == 0 && detour->place.shape[i] > 1;
    if (!repeats) copy_elements(detour->place, detour->dense);
  }
}

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
  table.add("sgd_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(SgdStep)(c); };
  table.add("adam_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(AdamStep)(c); };
  table.add("rmsprop_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(RmspropStep)(c); };
  table.add("adagrad_step").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(AdagradStep)(c); };
  table.add("scale_list").kernel = [](const Call& c) { HWY_DYNAMIC_DISPATCH(ScaleList)(c); };
  table.add("total_norm").kernel = total_norm_kernel;
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
