// The members of a struct, listed once: `fields()` serves printing, equality, hashing, keywords and
// export of op attributes.
//
//   struct PoolAttrs {
//     Dims kernel, stride;
//     bool ceil = false;
//     static constexpr auto fields() {
//       return std::tuple(Field{"kernel", &PoolAttrs::kernel}, Field{"stride", &PoolAttrs::stride},
//                         Field{"ceil", &PoolAttrs::ceil});
//     }
//   };
#pragma once

#include <tuple>

namespace rush {

template <typename T, typename M>
struct Field {
  const char* name;
  M T::*member;
};
template <typename T, typename M>
Field(const char*, M T::*) -> Field<T, M>;

// Calls f(name, member value) for every field of `value`, in order.
template <typename T, typename F>
void for_each_field(T&& value, F&& f) {
  std::apply([&](auto... field) { (f(field.name, value.*(field.member)), ...); },
             std::remove_cvref_t<T>::fields());
}

}  // namespace rush
