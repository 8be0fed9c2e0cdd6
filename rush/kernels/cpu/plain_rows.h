// Element-wise loops in plain C++, written once for any types and left to the compiler's
// vectoriser: integers, bool, comparisons, and functions too rare to be worth vectors.
#pragma once

#include <initializer_list>
#include <type_traits>
#include <utility>

#include "rush/kernels/rows.h"

namespace rush::kernels {

template <class Out, class In, class F, size_t... k>
inline void plain_run(const Row& r, const F& f, std::index_sequence<k...>) {
  Out* out = static_cast<Out*>(r.ptr[0]);
  const In* in[] = {static_cast<const In*>(r.ptr[k + 1])...};
  const int64_t n = r.n;
  for (int64_t i = 0; i < n; ++i) out[i] = static_cast<Out>(f(in[k][i]...));
}

// Out = f(In...) for a functor that may be built from the attributes.
template <class Out, class In, int inputs, class F>
void plain_dense(const Row& r) {
  if constexpr (std::is_constructible_v<F, const void*>)
    plain_run<Out, In>(r, F(r.attrs), std::make_index_sequence<inputs>());
  else
    plain_run<Out, In>(r, F{}, std::make_index_sequence<inputs>());
}

template <class... Ts>
struct TypeList {};
using SignedTypes = TypeList<int8_t, int16_t, int32_t, int64_t>;
using IntegerTypes = TypeList<uint8_t, int8_t, int16_t, int32_t, int64_t>;
using BoolTypes = TypeList<bool>;

inline constexpr int index_of(DType t) { return static_cast<int>(t); }

// Rows T... -> T.
template <class F, int inputs, class... Ts>
void add_plain_rows(Entry& e, TypeList<Ts...>) {
  ((e.rows[index_of(dtype_of<Ts>)] =
        row<plain_dense<Ts, Ts, inputs, F>, same_form<Ts, Ts>, inputs>),
   ...);
}
// Rows T... -> bool.
template <class F, int inputs, class... Ts>
void add_plain_tests(Entry& e, TypeList<Ts...>) {
  ((e.rows[index_of(dtype_of<Ts>)] =
        row<plain_dense<bool, Ts, inputs, F>, test_form<Ts, Ts>, inputs>),
   ...);
}
// The four floating types, half widths in float32.
template <class F, int inputs>
void add_plain_float_rows(Entry& e, int cost = 1) {
  e.cost = cost;
  add_plain_rows<F, inputs>(e, TypeList<float, double>());
  constexpr RowFunction f = plain_dense<float, float, inputs, F>;
  e.rows[index_of(DType::kFloat16)] = row<f, same_form<Float16, float>, inputs>;
  e.rows[index_of(DType::kBFloat16)] = row<f, same_form<BFloat16, float>, inputs>;
}
template <class F, int inputs>
void add_plain_float_tests(Entry& e) {
  add_plain_tests<F, inputs>(e, TypeList<float, double>());
  constexpr RowFunction f = plain_dense<bool, float, inputs, F>;
  e.rows[index_of(DType::kFloat16)] = row<f, test_form<Float16, float>, inputs>;
  e.rows[index_of(DType::kBFloat16)] = row<f, test_form<BFloat16, float>, inputs>;
}

}  // namespace rush::kernels
