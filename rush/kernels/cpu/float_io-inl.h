// Loads and stores of floating-point elements for vector kernels: float and double as they are,
// the two half-width types by way of float. Included once per Highway target.
#if defined(RUSH_KERNELS_CPU_FLOAT_IO_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_KERNELS_CPU_FLOAT_IO_INL_H_
#undef RUSH_KERNELS_CPU_FLOAT_IO_INL_H_
#else
#define RUSH_KERNELS_CPU_FLOAT_IO_INL_H_
#endif

#include <type_traits>

#include "hwy/highway.h"
#include "rush/base/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The type a floating type is computed in.
template <typename T>
using ComputeOf = std::conditional_t<std::is_same_v<T, double>, double, float>;
template <typename T>
using TagOf = hn::ScalableTag<ComputeOf<T>>;

template <class D>
HWY_INLINE hn::Vec<D> LoadAs(D d, const hn::TFromD<D>* p) {
  return hn::LoadU(d, p);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadAs(D d, const BFloat16* p) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::Rebind<uint32_t, D> d32;
  const auto bits = hn::PromoteTo(d32, hn::LoadU(d16, reinterpret_cast<const uint16_t*>(p)));
  return hn::BitCast(d, hn::ShiftLeft<16>(bits));
}
template <class D>
HWY_INLINE hn::Vec<D> LoadAs(D d, const Float16* p) {
#if HWY_TARGET <= HWY_AVX2
  const hn::Rebind<hwy::float16_t, D> d16;
  return hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(p)));
#else
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = p[i];
  return hn::Load(d, lanes);
#endif
}

template <class D>
HWY_INLINE void StoreAs(D d, hn::Vec<D> v, hn::TFromD<D>* p) {
  hn::StoreU(v, d, p);
}
template <class D>
HWY_INLINE void StoreAs(D, hn::Vec<D> v, BFloat16* p) {
  // Round to nearest even: add half a unit, less one where the kept part is even.
  const hn::Rebind<uint16_t, D> d16;
  const hn::Rebind<uint32_t, D> d32;
  const auto bits = hn::BitCast(d32, v);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1));
  const auto rounded = hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7fff)));
  const auto quiet = hn::Or(bits, hn::Set(d32, 0x400000));
  const auto is_nan = hn::RebindMask(d32, hn::IsNaN(v));
  const auto upper = hn::ShiftRight<16>(hn::IfThenElse(is_nan, quiet, rounded));
  // Values fit 16 bits; move them below the sign so that a saturating narrowing keeps them.
  const hn::Rebind<int32_t, D> di32;
  const hn::Rebind<int16_t, D> di16;
  const auto as_signed = hn::ShiftRight<16>(hn::ShiftLeft<16>(hn::BitCast(di32, upper)));
  hn::StoreU(hn::BitCast(d16, hn::DemoteTo(di16, as_signed)), d16, reinterpret_cast<uint16_t*>(p));
}
template <class D>
HWY_INLINE void StoreAs(D d, hn::Vec<D> v, Float16* p) {
#if HWY_TARGET <= HWY_AVX2
  const hn::Rebind<hwy::float16_t, D> d16;
  hn::StoreU(hn::DemoteTo(d16, v), d16, reinterpret_cast<hwy::float16_t*>(p));
#else
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) p[i] = Float16(lanes[i]);
#endif
}

// One element, converted from or to the computing type.
template <typename T>
HWY_INLINE ComputeOf<T> LoadOne(const T* p) {
  return static_cast<ComputeOf<T>>(*p);
}
template <typename T>
HWY_INLINE void StoreOne(ComputeOf<T> v, T* p) {
  *p = static_cast<T>(v);
}

// The first `n` lanes (n < Lanes(d)), the others `fill`; and the matching store.
template <class D, typename T>
HWY_INLINE hn::Vec<D> LoadSome(D d, const T* p, size_t n, hn::TFromD<D> fill) {
  HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)];
  for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = i < n ? LoadOne(p + i) : fill;
  return hn::Load(d, lanes);
}
template <class D, typename T>
HWY_INLINE void StoreSome(D d, hn::Vec<D> v, T* p, size_t n) {
  HWY_ALIGN hn::TFromD<D> lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  for (size_t i = 0; i < n; ++i) StoreOne(lanes[i], p + i);
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
