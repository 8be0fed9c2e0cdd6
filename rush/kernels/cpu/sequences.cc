// arange, linspace, eye: computed in int64 or float64 by blocks, then converted.
#include <algorithm>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/create.h"
#include "rush/kernels/convert.h"
#include "rush/kernels/cpu/elementwise_parts.h"
#include "rush/kernels/elementwise.h"

namespace rush::kernels {
namespace {

// out[i] = f(i), where f gives T.
template <typename T, typename F>
void generate(const View& out, F f) {
  constexpr int64_t kBlock = 512;
  parallel_for(out.numel(), grain_for(4), [&](int64_t begin, int64_t end) {
    T block[kBlock];
    for (int64_t at = begin; at < end; at += kBlock) {
      const int64_t n = std::min(kBlock, end - at);
      for (int64_t i = 0; i < n; ++i) block[i] = f(at + i);
      convert_dense(dtype_of<T>, block, out.dtype,
                    out.as<char>() + at * static_cast<int64_t>(size_of(out.dtype)), n);
    }
  });
}

void arange_kernel(const Call& call) {
  const auto& a = call.attributes<ArangeAttrs>();
  if (is_floating(a.dtype))
    generate<double>(call.out[0],
                     [&](int64_t i) { return a.start + a.step * static_cast<double>(i); });
  else
    generate<int64_t>(call.out[0], [&](int64_t i) { return a.whole_start + a.whole_step * i; });
}

// Each half counts from its own end, so that both ends are exact.
void linspace_kernel(const Call& call) {
  const auto& a = call.attributes<LinspaceAttrs>();
  const double step = a.steps > 1 ? (a.end - a.start) / static_cast<double>(a.steps - 1) : 0;
  generate<double>(call.out[0], [&](int64_t i) {
    return i < (a.steps + 1) / 2 ? a.start + step * static_cast<double>(i)
                                 : a.end - step * static_cast<double>(a.steps - 1 - i);
  });
}

void eye_kernel(const Call& call) {
  const int64_t m = call.attributes<EyeAttrs>().m;
  generate<uint8_t>(call.out[0], [&](int64_t i) { return uint8_t{i / m == i % m}; });
}

}  // namespace

void cpu::add_sequences(Table& t) {
  t.add("arange").kernel = arange_kernel;
  t.add("linspace").kernel = linspace_kernel;
  t.add("eye").kernel = eye_kernel;
}

}  // namespace rush::kernels
