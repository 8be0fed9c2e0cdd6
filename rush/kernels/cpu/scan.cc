// Scans: running sums, products, extremes and linear recurrences along an axis. Floating states are
// kept in double.
#include <cmath>
#include <limits>

#include "rush/kernels/attrs/reduce.h"
#include "rush/kernels/cpu/lines.h"
#include "rush/kernels/cpu/reduce_kernels.h"

namespace rush::kernels::cpu {
namespace {

constexpr int64_t kScanGrain = 16384;

template <typename T>
using StateOf = std::conditional_t<is_floating(dtype_of<T>), double, int64_t>;
template <typename T, typename S>
T from_state(S s) {
  if constexpr (is_half(dtype_of<T>)) {
    return T(static_cast<float>(s));
  } else {
    return static_cast<T>(s);
  }
}

// y[i] = state after (or, exclusive, before) taking in x[i]; next(state, i) gives the new state.
template <typename Out, typename State, typename Next>
void scan_line(int64_t n, const ScanAttrs& a, Out* y, int64_t step, State state, const Next& next) {
  for (int64_t k = 0; k < n; ++k) {
    const int64_t i = a.reverse ? n - 1 - k : k;
    const State after = next(state, i);
    y[i * step] = from_state<Out>(a.exclusive ? state : after);
    state = after;
  }
}

// Sums and products: integers give int64.
template <bool kProduct>
void scan_arithmetic(const Call& call) {
  const View &x = call.in[0], &y = call.out[0];
  const auto& a = call.attributes<ScanAttrs>();
  const int64_t n = line_length(x, a.axis);
  const Lines lines({&x, &y}, a.axis);
  dispatch(x.dtype, [&]<typename T>() {
    using State = StateOf<T>;
    using Out = std::conditional_t<is_floating(dtype_of<T>), T, int64_t>;
    lines.for_each(n, kScanGrain, [&](int64_t, const int64_t* at) {
      const T* from = x.as<const T>() + at[0];
      scan_line(n, a, y.as<Out>() + at[1], lines.step[1], State(kProduct ? 1 : 0),
                [&](State s, int64_t i) {
                  const auto v = static_cast<State>(from[i * lines.step[0]]);
                  return kProduct ? s * v : s + v;
                });
    });
  });
}

template <typename F>
void for_floating(DType t, const F& f) {
  dispatch(t, [&]<typename T>() {
    if constexpr (is_floating(dtype_of<T>)) f.template operator()<T>();
  });
}

void linear_scan(const Call& call) {
  const View &a = call.in[0], &b = call.in[1], &y = call.out[0];
  const auto& attrs = call.attributes<ScanAttrs>();
  const int64_t n = line_length(a, attrs.axis);
  const Lines lines({&a, &b, &y}, attrs.axis);
  for_floating(a.dtype, [&]<typename T>() {
    lines.for_each(n, kScanGrain, [&](int64_t, const int64_t* at) {
      const T *pa = a.as<const T>() + at[0], *pb = b.as<const T>() + at[1];
      scan_line(n, attrs, y.as<T>() + at[2], lines.step[2], 0.0, [&](double s, int64_t i) {
        return static_cast<double>(pb[i * lines.step[1]]) +
               static_cast<double>(pa[i * lines.step[0]]) * s;
      });
    });
  });
}

double log_add_exp(double a, double b) {
  const double high = std::fmax(a, b), low = std::fmin(a, b);
  if (std::isnan(a) || std::isnan(b)) return a + b;
  return std::isinf(high) && high == low ? high : high + std::log1p(std::exp(low - high));
}

void logcumsumexp(const Call& call) {
  const View &x = call.in[0], &y = call.out[0];
  const auto& a = call.attributes<ScanAttrs>();
  const int64_t n = line_length(x, a.axis);
  const Lines lines({&x, &y}, a.axis);
  for_floating(x.dtype, [&]<typename T>() {
    lines.for_each(n, kScanGrain / 16, [&](int64_t, const int64_t* at) {
      const T* from = x.as<const T>() + at[0];
      scan_line(n, a, y.as<T>() + at[1], lines.step[1], -std::numeric_limits<double>::infinity(),
                [&](double s, int64_t i) {
                  return log_add_exp(s, static_cast<double>(from[i * lines.step[0]]));
                });
    });
  });
}

// The last of equal elements is the one meant; a NaN stays.
template <bool kLargest, typename T>
bool takes_over(T candidate, T best) {
  if constexpr (is_floating(dtype_of<T>))
    if (candidate != candidate || best != best) return candidate != candidate;
  return kLargest ? candidate >= best : candidate <= best;
}

template <bool kLargest>
void scan_extreme(const Call& call) {
  const View &x = call.in[0], &values = call.out[0], &indices = call.out[1];
  const auto& a = call.attributes<ScanAttrs>();
  const int64_t n = line_length(x, a.axis);
  const Lines lines({&x, &values, &indices}, a.axis);
  dispatch(x.dtype, [&]<typename T>() {
    lines.for_each(n, kScanGrain, [&](int64_t, const int64_t* at) {
      const T* from = x.as<const T>() + at[0];
      T* v = values.as<T>() + at[1];
      int64_t* k = indices.as<int64_t>() + at[2];
      int64_t best = 0;
      for (int64_t i = 0; i < n; ++i) {
        const int64_t step = lines.step[0];
        if (takes_over<kLargest>(from[i * step], from[best * step])) best = i;
        v[i * lines.step[1]] = from[best * step];
        k[i * lines.step[2]] = best;
      }
    });
  });
}

}  // namespace

void register_scans(Table& table) {
  table.add("cumsum").kernel = scan_arithmetic<false>;
  table.add("cumprod").kernel = scan_arithmetic<true>;
  table.add("linear_scan").kernel = linear_scan;
  table.add("logcumsumexp").kernel = logcumsumexp;
  table.add("cummax").kernel = scan_extreme<true>;
  table.add("cummin").kernel = scan_extreme<false>;
}

}  // namespace rush::kernels::cpu
