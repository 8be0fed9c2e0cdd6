// The loop of element-wise ops on floating types, for every Highway target: an op is a functor
// `V operator()(D d, V... inputs) const`, built from the attributes if it takes them. float32 and
// float64 are computed as they are, half widths in float32. Include after foreach_target.h.
#if defined(RUSH_KERNELS_CPU_VECTOR_ROWS_H) == defined(HWY_TARGET_TOGGLE)
#ifdef RUSH_KERNELS_CPU_VECTOR_ROWS_H
#undef RUSH_KERNELS_CPU_VECTOR_ROWS_H
#else
#define RUSH_KERNELS_CPU_VECTOR_ROWS_H
#endif

#include <cstring>
#include <utility>

#include "hwy/highway.h"
#include "rush/kernels/rows.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class F>
HWY_INLINE F make_functor(const void* attrs) {
  if constexpr (std::is_constructible_v<F, const void*>)
    return F(attrs);
  else
    return F{};
}

template <class T, class F, class D, size_t... k>
HWY_INLINE void dense_row(const Row& r, const F& f, D d, std::index_sequence<k...>) {
  const T* in[] = {static_cast<const T*>(r.ptr[k + 1])...};
  T* out = static_cast<T*>(r.ptr[0]);
  const size_t n = static_cast<size_t>(r.n), lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(d, hn::LoadU(d, in[k] + i)...), d, out + i);
  if (i == n) return;
#if HWY_MEM_OPS_MIGHT_FAULT && HWY_TARGET != HWY_AVX2
  HWY_ALIGN T block[sizeof...(k)][HWY_MAX_BYTES / sizeof(T)] = {};
  HWY_ALIGN T result[HWY_MAX_BYTES / sizeof(T)];
  (std::memcpy(block[k], in[k] + i, (n - i) * sizeof(T)), ...);
  hn::Store(f(d, hn::Load(d, block[k])...), d, result);
  std::memcpy(out + i, result, (n - i) * sizeof(T));
#else
  const auto rest = hn::FirstN(d, n - i);
  hn::BlendedStore(f(d, hn::MaskedLoad(rest, d, in[k] + i)...), rest, d, out + i);
#endif
}

template <class T, int inputs, class F>
void dense(const Row& r) {
  dense_row<T>(r, make_functor<F>(r.attrs), hn::ScalableTag<T>(),
               std::make_index_sequence<inputs>());
}

// Enters the functor F of `inputs` operands for the four floating types.
template <class F, int inputs>
void add_float_rows(Entry& e, int cost = 1) {
  e.cost = cost;
  e.rows[static_cast<int>(DType::kFloat32)] =
      row<dense<float, inputs, F>, same_form<float, float>, inputs>;
  e.rows[static_cast<int>(DType::kFloat64)] =
      row<dense<double, inputs, F>, same_form<double, double>, inputs>;
  e.rows[static_cast<int>(DType::kFloat16)] =
      row<dense<float, inputs, F>, same_form<Float16, float>, inputs>;
  e.rows[static_cast<int>(DType::kBFloat16)] =
      row<dense<float, inputs, F>, same_form<BFloat16, float>, inputs>;
}

}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#endif  // include guard of this target
