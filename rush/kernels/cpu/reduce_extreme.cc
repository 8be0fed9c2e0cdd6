// Reductions that choose or multiply: amax, amin, prod, and the norms of infinite order.
// A NaN among floats wins, as in PyTorch.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/reduce_extreme.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include <cmath>
#include <limits>

#include "rush/kernels/attrs/reduce.h"
#include "rush/kernels/cpu/reduce-inl.h"
#include "rush/kernels/cpu/reduce_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

template <typename T>
inline constexpr bool kIsFloating = is_floating(dtype_of<T>);
template <typename T, bool floating = kIsFloating<T>>
struct AccOf {
  using type = T;
};
template <typename T>
struct AccOf<T, true> {
  using type = ComputeOf<T>;
};

// The largest (or smallest) element, or absolute value where kAbs.
template <typename T, bool kLargest, bool kAbs = false>
struct Extreme {
  using A = typename AccOf<T>::type;
  using Total = A;
  static constexpr bool kVector = kIsFloating<T>;
  static A identity() {
    using Limits = std::numeric_limits<A>;
    if constexpr (kAbs && kLargest) return 0;
    if constexpr (Limits::has_infinity) return kLargest ? -Limits::infinity() : Limits::infinity();
    return kLargest ? Limits::lowest() : Limits::max();
  }
  static Total start() { return identity(); }
  static A pick(A acc, A x) {
    if constexpr (kIsFloating<T>)
      if (x != x) return x;
    return (kLargest ? x > acc : x < acc) ? x : acc;
  }
  static A step(A acc, A x, A) {
    if constexpr (kAbs) x = std::abs(x);
    return pick(acc, x);
  }
  static A merge(A a, A b) { return pick(a, b); }
  static Total add(Total t, A a) { return pick(t, a); }
  static Total join(Total a, Total b) { return pick(a, b); }
  static A result(Total t, double) { return t; }
  template <class D, class V>
  static V merge(D, V acc, V x) {
    const auto better = kLargest ? hn::Gt(x, acc) : hn::Lt(x, acc);
    return hn::IfThenElse(hn::Or(better, hn::IsNaN(x)), x, acc);
  }
  template <class D, class V>
  static V step(D d, V acc, V x, V) {
    if constexpr (kAbs) x = hn::Abs(x);
    return merge(d, acc, x);
  }
};

template <typename T>
struct Product {
  using A = std::conditional_t<kIsFloating<T>, typename AccOf<T>::type, int64_t>;
  using Total = std::conditional_t<kIsFloating<T>, double, int64_t>;
  static constexpr bool kVector = kIsFloating<T>;
  static A identity() { return 1; }
  static Total start() { return 1; }
  static A step(A acc, A x, A) { return acc * x; }
  static A merge(A a, A b) { return a * b; }
  static Total add(Total t, A a) { return t * a; }
  static Total join(Total a, Total b) { return a * b; }
  static A result(Total t, double) { return static_cast<A>(t); }
  template <class D, class V>
  static V merge(D, V a, V b) {
    return hn::Mul(a, b);
  }
  template <class D, class V>
  static V step(D, V acc, V x, V) {
    return hn::Mul(acc, x);
  }
};

// Calls f<T>(), with bool seen as bytes of 0 and 1.
template <typename F>
Reducer ForElements(DType t, F&& f) {
  if (t == DType::kBool) t = DType::kUInt8;
  return dispatch(t, [&]<typename T>() {
    using Seen = std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>;
    return f.template operator()<Seen>();
  });
}

}  // namespace

Reducer ExtremeReducer(DType t, bool largest) {
  return ForElements(t, [&]<typename T>() {
    return largest ? ReducerOf<Extreme<T, true>, T, T>::make()
                   : ReducerOf<Extreme<T, false>, T, T>::make();
  });
}
Reducer AbsExtremeReducer(DType t, bool largest) {
  return ForElements(t, [&]<typename T>() -> Reducer {
    if constexpr (kIsFloating<T>) {
      return largest ? ReducerOf<Extreme<T, true, true>, T, T>::make()
                     : ReducerOf<Extreme<T, false, true>, T, T>::make();
    } else {
      fail<TypeError>("norm: wants a floating type; got ", dtype_of<T>);
    }
  });
}
Reducer ProductReducer(DType t) {
  return ForElements(t, []<typename T>() {
    return ReducerOf<Product<T>, T, std::conditional_t<kIsFloating<T>, T, int64_t>>::make();
  });
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {
namespace {

HWY_EXPORT(ExtremeReducer);
HWY_EXPORT(AbsExtremeReducer);
HWY_EXPORT(ProductReducer);

void run(const char* op, const Call& call, const Reducer& reducer) {
  const auto& a = call.attributes<ReduceAttrs>();
  const ReducePlan plan = plan_reduction(op, call.in[0], call.out[0], a.axes, a.keepdim);
  run_reduction(reducer, plan, call.in[0].data, call.out[0].data, nullptr, 0);
}

void amax_kernel(const Call& call) {
  run("amax", call, HWY_DYNAMIC_DISPATCH(ExtremeReducer)(call.in[0].dtype, true));
}
void amin_kernel(const Call& call) {
  run("amin", call, HWY_DYNAMIC_DISPATCH(ExtremeReducer)(call.in[0].dtype, false));
}
void prod_kernel(const Call& call) {
  run("prod", call, HWY_DYNAMIC_DISPATCH(ProductReducer)(call.in[0].dtype));
}

}  // namespace

void reduce_abs_extreme(const View& x, const View& out, const ReducePlan& plan, bool largest) {
  run_reduction(HWY_DYNAMIC_DISPATCH(AbsExtremeReducer)(x.dtype, largest), plan, x.data, out.data,
                nullptr, 0);
}

void reduce_extreme_in_float(const View& x, const ReducePlan& plan, void* out) {
  Reducer reducer = HWY_DYNAMIC_DISPATCH(ExtremeReducer)(x.dtype, true);
  if (is_half(x.dtype)) {
    const Reducer of_float = HWY_DYNAMIC_DISPATCH(ExtremeReducer)(DType::kFloat32, true);
    reducer.finish = of_float.finish;
    reducer.out_size = of_float.out_size;
  }
  run_reduction(reducer, plan, x.data, out, nullptr, 0);
}

void register_extremes(Table& table) {
  table.add("amax").kernel = amax_kernel;
  table.add("amin").kernel = amin_kernel;
  table.add("prod").kernel = prod_kernel;
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
