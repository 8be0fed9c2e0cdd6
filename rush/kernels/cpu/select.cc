// where: a plain loop by the width of the elements, vectorised by the compiler for every target.
#include "rush/kernels/cpu/elementwise_parts.h"
#include "rush/kernels/rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/select.cc"
#include "hwy/foreach_target.h"
// after foreach_target.h
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels {
namespace HWY_NAMESPACE {
namespace {  // other files have functors of the same names

template <typename Word>
void where_dense(const Row& r) {
  const auto* condition = static_cast<const uint8_t*>(r.ptr[1]);
  const auto* a = static_cast<const Word*>(r.ptr[2]);
  const auto* b = static_cast<const Word*>(r.ptr[3]);
  auto* out = static_cast<Word*>(r.ptr[0]);
  const int64_t n = r.n;
  for (int64_t i = 0; i < n; ++i) {
    const Word x = a[i], y = b[i];  // both are read, so that no branch is needed
    out[i] = condition[i] ? x : y;
  }
}

template <typename T, typename Word>
void add_where_row(Entry& e) {
  e.rows[static_cast<int>(dtype_of<T>)] = row<where_dense<Word>, select_form<T, T>, 3>;
}

void add_where(Table& t) {
  Entry& e = t.add("where");
  add_where_row<bool, uint8_t>(e);
  add_where_row<uint8_t, uint8_t>(e);
  add_where_row<int8_t, uint8_t>(e);
  add_where_row<int16_t, uint16_t>(e);
  add_where_row<int32_t, uint32_t>(e);
  add_where_row<int64_t, uint64_t>(e);
  add_where_row<Float16, uint16_t>(e);
  add_where_row<BFloat16, uint16_t>(e);
  add_where_row<float, uint32_t>(e);
  add_where_row<double, uint64_t>(e);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace rush::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels {
HWY_EXPORT(add_where);
void cpu::add_select(Table& t) { HWY_DYNAMIC_DISPATCH(add_where)(t); }
}  // namespace rush::kernels
#endif
