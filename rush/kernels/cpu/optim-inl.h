// What the optimiser steps share: one pass over memory for parameters, gradients and states
// together, in blocks cut by size across the whole list. Half-width tensors are computed in float.
// A rule is called with an At, for a vector or a single element. Included once per Highway target.
#if defined(RUSH_KERNELS_CPU_OPTIM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_KERNELS_CPU_OPTIM_INL_H_
#undef RUSH_KERNELS_CPU_OPTIM_INL_H_
#else
#define RUSH_KERNELS_CPU_OPTIM_INL_H_
#endif

#include <algorithm>
#include <memory>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/copy.h"
#include "rush/kernels/cpu/float_io-inl.h"
#include "rush/kernels/cpu/flush_denormals.h"
#include "rush/kernels/cpu/scratch.h"
#include "rush/tensor/layout.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr int kMaxLists = 5;
inline constexpr int64_t kStepBlock = 16384;

// The members of every list that belong to one parameter, in one dense order.
struct StepGroup {
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

template <typename T, class Rule>
HWY_ATTR void RunBlock(const Rule& rule, const StepGroup& group, int lists, int64_t begin,
                       int64_t end) {
  using A = ComputeOf<T>;
  const FlushDenormals flush;
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
void RunGroups(const Rule& rule, std::span<const StepGroup> groups, int lists) {
  int64_t total = 0;
  for (const StepGroup& g : groups) total += g.size;
  if (total <= kStepBlock) {
    for (const StepGroup& g : groups) RunBlock<T>(rule, g, lists, 0, g.size);
    return;
  }
  struct Block {
    const StepGroup* group;
    int64_t begin;
  };
  std::vector<Block> blocks;
  for (const StepGroup& g : groups)
    for (int64_t begin = 0; begin < g.size; begin += kStepBlock) blocks.push_back({&g, begin});
  parallel_for(static_cast<int64_t>(blocks.size()), 2, [&](int64_t first, int64_t last) {
    for (int64_t b = first; b < last; ++b) {
      const Block& block = blocks[static_cast<size_t>(b)];
      RunBlock<T>(rule, *block.group, lists, block.begin,
                  std::min(block.begin + kStepBlock, block.group->size));
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
  StepGroup few[kFew];
  std::vector<StepGroup> many(count > kFew ? count : 0);
  StepGroup* groups = count > kFew ? many.data() : few;
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

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
