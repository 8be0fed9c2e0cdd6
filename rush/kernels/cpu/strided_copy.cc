#include "rush/kernels/cpu/strided_copy.h"

#include <algorithm>

#include "rush/base/threads.h"
#include "rush/kernels/copy.h"

namespace rush::kernels::cpu {
namespace {

// The walk: the dimension with the smallest target stride innermost, so that writes are in order.
struct Walk {
  Shape shape;
  Strides from, to;
};

Walk plan(const View& from, const View& to) {
  Walk w;
  for (int d = 0; d < to.shape.size(); ++d) {
    if (to.shape[d] == 1) continue;
    int at = w.shape.size();
    while (at > 0 && w.to[at - 1] < to.strides[d]) --at;
    w.shape.insert(at, to.shape[d]);
    w.from.insert(at, from.strides[d]);
    w.to.insert(at, to.strides[d]);
  }
  // Neighbours that continue each other become one dimension.
  for (int d = w.shape.size() - 1; d > 0; --d) {
    if (w.from[d - 1] != w.from[d] * w.shape[d] || w.to[d - 1] != w.to[d] * w.shape[d]) continue;
    w.shape[d - 1] *= w.shape[d];
    w.from[d - 1] = w.from[d];
    w.to[d - 1] = w.to[d];
    w.shape.erase(d);
    w.from.erase(d);
    w.to.erase(d);
  }
  if (w.shape.empty()) {
    w.shape.push_back(1);
    w.from.push_back(1);
    w.to.push_back(1);
  }
  return w;
}

template <typename From, typename To>
void copy_run(const From* from, int64_t from_stride, To* to, int64_t to_stride, int64_t n) {
  if (from_stride == 1 && to_stride == 1)
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<To>(from[i]);
  else if (to_stride == 1)
    for (int64_t i = 0; i < n; ++i) to[i] = static_cast<To>(from[i * from_stride]);
  else
    for (int64_t i = 0; i < n; ++i) to[i * to_stride] = static_cast<To>(from[i * from_stride]);
}

template <typename From, typename To>
void copy(const Walk& w, const From* from, To* to) {
  const int last = w.shape.size() - 1;
  const int64_t run = w.shape[last];
  int64_t runs = 1;
  for (int d = 0; d < last; ++d) runs *= w.shape[d];
  const int64_t run_grain = (int64_t{1} << 15) / std::max<int64_t>(run, 1);
  const int64_t grain = std::max<int64_t>(1, run_grain);
  parallel_for(runs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t rest = r, f = 0, t = 0;
      for (int d = last - 1; d >= 0; --d) {
        const int64_t i = rest % w.shape[d];
        rest /= w.shape[d];
        f += i * w.from[d];
        t += i * w.to[d];
      }
      copy_run(from + f, w.from[last], to + t, w.to[last], run);
    }
  });
}

}  // namespace

void strided_copy(const View& from, const View& to) {
  if (to.numel() == 0) return;
  if (from.dtype == to.dtype) return copy_elements(to, from);
  const Walk w = plan(from, to);
  if (from.dtype == DType::kFloat16) {
    copy(w, from.as<const Float16>(), to.as<float>());
  } else if (from.dtype == DType::kBFloat16) {
    copy(w, from.as<const BFloat16>(), to.as<float>());
  } else if (to.dtype == DType::kFloat16) {
    copy(w, from.as<const float>(), to.as<Float16>());
  } else {
    copy(w, from.as<const float>(), to.as<BFloat16>());
  }
}

View dense_view(void* data, DType dtype, const Shape& shape) {
  Strides strides = Dims::filled(shape.size(), 1);
  int64_t step = 1;
  for (int d = shape.size() - 1; d >= 0; --d) {
    strides[d] = step;
    step *= std::max<int64_t>(shape[d], 1);
  }
  return {data, dtype, shape, strides};
}

View permuted(const View& v, const Dims& axes) {
  View out{v.data, v.dtype, {}, {}};
  for (int64_t a : axes) {
    out.shape.push_back(v.shape[static_cast<int>(a)]);
    out.strides.push_back(v.strides[static_cast<int>(a)]);
  }
  return out;
}

}  // namespace rush::kernels::cpu
