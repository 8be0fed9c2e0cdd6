// cast: the output's type says what the input is converted to.
#include "rush/kernels/attrs/create.h"
#include "rush/kernels/convert.h"
#include "rush/kernels/cpu/elementwise_parts.h"
#include "rush/kernels/elementwise.h"
#include "rush/kernels/fused.h"
#include "rush/kernels/rows.h"

namespace rush::kernels {
namespace {

template <typename From>
void cast_dense(const Row& r) {
  const DType to = static_cast<const CastAttrs*>(r.attrs)->dtype;
  convert_dense(dtype_of<From>, r.ptr[1], to, r.ptr[0], r.n);
}

template <typename From>
void cast_any(const Row& r) {
  if (r.stride[0] == 1 && r.stride[1] == 1) return cast_dense<From>(r);
  const DType to = static_cast<const CastAttrs*>(r.attrs)->dtype;
  const RowForm form{2, {to, dtype_of<From>}, {to, dtype_of<From>}};
  run_blocks(r, form, cast_dense<From>);
}

}  // namespace

RowFunction cast_row(DType from) {
  return dispatch(from, []<typename From>() -> RowFunction { return cast_any<From>; });
}

namespace {

Entry cast_entry() {
  Entry e;
  for (int i = 0; i < kDTypeCount; ++i) e.rows[i] = cast_row(static_cast<DType>(i));
  return e;
}

void cast_kernel(const Call& call) {
  static const Entry rows = cast_entry();
  run_elementwise(rows, call.in[0].dtype, call.out[0], call.in, call.attrs);
}

}  // namespace

void cpu::add_cast(Table& t) { t.add("cast").kernel = cast_kernel; }

}  // namespace rush::kernels
