#include "rush/kernels/cpu/boxes.h"

#include <algorithm>

#include "rush/kernels/elementwise.h"

namespace rush::kernels::cpu {
namespace {

// The output is also the first input.
template <typename T>
void add_row(const Row& r) {
  T* out = static_cast<T*>(r.ptr[0]);
  const T* in = static_cast<const T*>(r.ptr[2]);
  for (int64_t i = 0; i < r.n; ++i) {
    T& sum = out[i * r.stride[0]];
    sum = static_cast<T>(sum + in[i * r.stride[2]]);
  }
}

}  // namespace

void fill_view(const View& out, double value) {
  dispatch(out.dtype, [&]<typename T>() {
    T element =
        static_cast<T>(static_cast<std::conditional_t<sizeof(T) == 2, float, double>>(value));
    copy_elements(out, {&element, out.dtype, out.shape, Dims::filled(out.shape.size(), 0)});
  });
}

void add_view(const View& out, const View& in) {
  static const Entry entry = [] {
    Entry e;
    for (int t = 0; t < kDTypeCount; ++t)
      e.rows[t] =
          dispatch(static_cast<DType>(t), []<typename T>() -> RowFunction { return add_row<T>; });
    return e;
  }();
  const View operands[] = {out, in};
  run_elementwise(entry, out.dtype, out, operands, nullptr);
}

View box_of(const View& v, const Dims& start, const Shape& shape, const Dims& step) {
  View box = v;
  box.shape = shape;
  if (box.numel() == 0) return box;
  int64_t shift = 0;
  for (int i = 0; i < shape.size(); ++i) {
    shift += start[i] * v.strides[i];
    if (shape[i] > 1) box.strides[i] *= step[i];
  }
  box.data = static_cast<char*>(v.data) + shift * static_cast<int64_t>(size_of(v.dtype));
  return box;
}

View box_of(const View& v, const Dims& start, const Shape& shape) {
  return box_of(v, start, shape, Dims::filled(shape.size(), 1));
}

void fill_outside(const View& out, const Dims& start, const Shape& box, double value) {
  if (numel(box) == 0) return fill_view(out, value);
  // Axis by axis, what lies before and after the box; earlier axes are within it by then.
  Dims from = Dims::filled(box.size(), 0);
  Shape size = out.shape;
  for (int i = 0; i < box.size(); ++i) {
    size[i] = start[i];
    if (start[i] > 0) fill_view(box_of(out, from, size), value);
    from[i] = start[i] + box[i];
    size[i] = out.shape[i] - from[i];
    if (size[i] > 0) fill_view(box_of(out, from, size), value);
    from[i] = start[i];
    size[i] = box[i];
  }
}

}  // namespace rush::kernels::cpu
