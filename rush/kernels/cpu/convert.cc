// Conversion loops: plain ones for all pairs of types, vectorised by the compiler, and Highway's
// for float16 <-> float32, where the processor has instructions that compilers do not use.
#include "rush/kernels/convert.h"

#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/convert.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
// Runs of whole vectors; returns how many elements were done.
HWY_ATTR int64_t widen_vectors(const Float16* source, float* target, int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(source + i));
    hn::StoreU(hn::PromoteTo(d, v), d, target + i);
  }
  return i;
}
HWY_ATTR int64_t narrow_vectors(const float* source, Float16* target, int64_t n) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<hwy::float16_t, decltype(d)> half;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::DemoteTo(half, hn::LoadU(d, source + i));
    hn::StoreU(v, half, reinterpret_cast<hwy::float16_t*>(target + i));
  }
  return i;
}
#else  // no instructions for it: Highway's emulation flushes subnormals
int64_t widen_vectors(const Float16*, float*, int64_t) { return 0; }
int64_t narrow_vectors(const float*, Float16*, int64_t) { return 0; }
#endif

HWY_ATTR void widen_bfloat16(const BFloat16* source, float* target, int64_t n) {
  for (int64_t i = 0; i < n; ++i) target[i] = source[i];
}
HWY_ATTR void narrow_bfloat16(const float* source, BFloat16* target, int64_t n) {
  for (int64_t i = 0; i < n; ++i) target[i] = BFloat16(source[i]);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {
namespace {

HWY_EXPORT(widen_vectors);
HWY_EXPORT(narrow_vectors);
HWY_EXPORT(widen_bfloat16);
HWY_EXPORT(narrow_bfloat16);

void widen(const Float16* source, float* target, int64_t n) {
  for (int64_t i = HWY_DYNAMIC_DISPATCH(widen_vectors)(source, target, n); i < n; ++i)
    target[i] = source[i];
}
void narrow(const float* source, Float16* target, int64_t n) {
  for (int64_t i = HWY_DYNAMIC_DISPATCH(narrow_vectors)(source, target, n); i < n; ++i)
    target[i] = Float16(source[i]);
}
void widen(const BFloat16* source, float* target, int64_t n) {
  HWY_DYNAMIC_DISPATCH(widen_bfloat16)(source, target, n);
}
void narrow(const float* source, BFloat16* target, int64_t n) {
  HWY_DYNAMIC_DISPATCH(narrow_bfloat16)(source, target, n);
}

template <typename T>
inline constexpr bool is_half_type = std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>;

template <typename To, typename From>
To convert_one(From v) {
  if constexpr (std::is_same_v<To, bool>) {
    return v != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    constexpr From kLimit = static_cast<From>(9223372036854775808.0);  // 2^63
    if (v != v) return 0;
    if (v >= kLimit) return static_cast<To>(std::numeric_limits<int64_t>::max());
    if (v < -kLimit) return static_cast<To>(std::numeric_limits<int64_t>::min());
    return static_cast<To>(static_cast<int64_t>(v));
  } else {
    return static_cast<To>(v);
  }
}

template <typename From, typename To>
void convert_run(const void* source, void* target, int64_t n) {
  const auto* from = static_cast<const From*>(source);
  auto* to = static_cast<To*>(target);
  if constexpr (std::is_same_v<From, To>) {
    std::memcpy(target, source, n * sizeof(From));
  } else if constexpr (is_half_type<From> && std::is_same_v<To, float>) {
    widen(from, to, n);
  } else if constexpr (std::is_same_v<From, float> && is_half_type<To>) {
    narrow(from, to, n);
  } else if constexpr (is_half_type<From> || is_half_type<To>) {
    constexpr int64_t kBlock = 256;
    float block[kBlock];
    for (int64_t i = 0; i < n; i += kBlock) {
      const int64_t part = std::min(kBlock, n - i);
      convert_run<From, float>(from + i, block, part);
      convert_run<float, To>(block, to + i, part);
    }
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = convert_one<To>(from[i]);
  }
}

}  // namespace

void convert_dense(DType from, const void* source, DType to, void* target, int64_t n) {
  dispatch(from, [&]<typename From>() {
    dispatch(to, [&]<typename To>() { convert_run<From, To>(source, target, n); });
  });
}

}  // namespace rush::kernels
#endif  // HWY_ONCE
