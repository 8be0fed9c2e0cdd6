// arange, linspace, eye: computed in int64 or float64 by blocks, then converted.
#include <algorithm>
#include <cstring>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/create.h"
#include "rush/kernels/convert.h"
#include "rush/kernels/cpu/elementwise_parts.h"
#include "rush/kernels/elementwise.h"

namespace rush::kernels {
namespace {

// Calls fill(first, n, T* to) for stretches of the output, which are then converted.
template <typename T, typename F>
void generate(const View& out, F fill) {
  constexpr int64_t kBlock = 512;
  parallel_for(out.numel(), grain_for(4), [&](int64_t begin, int64_t end) {
    if (out.dtype == dtype_of<T>) return fill(begin, end - begin, out.as<T>() + begin);
    T block[kBlock];
    for (int64_t at = begin; at < end; at += kBlock) {
      const int64_t n = std::min(kBlock, end - at);
      fill(at, n, block);
      convert_dense(dtype_of<T>, block, out.dtype,
                    out.as<char>() + at * static_cast<int64_t>(size_of(out.dtype)), n);
    }
  });
}

void arange_kernel(const Call& call) {
  const auto& a = call.attributes<ArangeAttrs>();
  if (is_floating(a.dtype))
    return generate<double>(call.out[0], [&](int64_t first, int64_t n, double* to) {
      auto count = static_cast<double>(first);  // exact, and quicker than converting the index
      for (int64_t i = 0; i < n; ++i, count += 1) to[i] = a.start + a.step * count;
    });
  generate<int64_t>(call.out[0], [&](int64_t first, int64_t n, int64_t* to) {
    int64_t value = a.whole_start + a.whole_step * first;
    for (int64_t i = 0; i < n; ++i, value += a.whole_step) to[i] = value;
  });
}

// Each half counts from its own end, so that both ends are exact.
void linspace_kernel(const Call& call) {
  const auto& a = call.attributes<LinspaceAttrs>();
  const double step = a.steps > 1 ? (a.end - a.start) / static_cast<double>(a.steps - 1) : 0;
  const int64_t half = (a.steps + 1) / 2;
  generate<double>(call.out[0], [&](int64_t first, int64_t n, double* to) {
    const int64_t up = std::clamp<int64_t>(half - first, 0, n);
    auto count = static_cast<double>(first);
    for (int64_t i = 0; i < up; ++i, count += 1) to[i] = a.start + step * count;
    count = static_cast<double>(a.steps - 1 - first - up);
    for (int64_t i = up; i < n; ++i, count -= 1) to[i] = a.end - step * count;
  });
}

// Zeros, then the diagonal: element 0 and every (m + 1)th.
void eye_kernel(const Call& call) {
  const auto& a = call.attributes<EyeAttrs>();
  const View& out = call.out[0];
  const int64_t item = static_cast<int64_t>(size_of(out.dtype));
  if (out.numel() == 0) return;
  std::memset(out.data, 0, static_cast<size_t>(out.numel() * item));
  const uint8_t one = 1;
  alignas(8) char element[8];
  convert_dense(DType::kUInt8, &one, out.dtype, element, 1);
  for (int64_t i = 0; i < std::min(a.n, a.m); ++i)
    std::memcpy(static_cast<char*>(out.data) + i * (a.m + 1) * item, element,
                static_cast<size_t>(item));
}

}  // namespace

void cpu::add_sequences(Table& t) {
  t.add("arange").kernel = arange_kernel;
  t.add("linspace").kernel = linspace_kernel;
  t.add("eye").kernel = eye_kernel;
}

}  // namespace rush::kernels
