// Reductions that add: sum, mean, var, norm, counts. Floats are added in runs, runs in double;
// integers in int64.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rush/kernels/cpu/reduce_sum.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// After foreach_target:
#include <cmath>
#include <vector>

#include "rush/kernels/attrs/reduce.h"
#include "rush/kernels/cpu/reduce-inl.h"
#include "rush/kernels/cpu/reduce_kernels.h"
#include "rush/kernels/cpu/vector_math.h"

HWY_BEFORE_NAMESPACE();
namespace rush::kernels::cpu::HWY_NAMESPACE {
namespace {

template <typename T>
inline constexpr bool kIsFloating = is_floating(dtype_of<T>);
template <typename T>
using SumAcc = std::conditional_t<kIsFloating<T>, ComputeOf<T>, int64_t>;

// What all adding reducers share; each gives `term(d, x, p)` and `term(x, p)`.
template <typename T, class Self>
struct Adding {
  using A = SumAcc<T>;
  using Total = std::conditional_t<kIsFloating<T>, double, int64_t>;
  static constexpr bool kVector = kIsFloating<T>;
  static A identity() { return 0; }
  static Total start() { return 0; }
  static A merge(A a, A b) { return a + b; }
  static Total add(Total t, A a) { return t + a; }
  static Total join(Total a, Total b) { return a + b; }
  // `number` scales the sum: 1, or 1 / count for means.
  static auto result(Total t, double number) {
    if constexpr (kVector) {
      return static_cast<A>(t * number);
    } else {
      return t;
    }
  }
  template <class D, class V>
  static V merge(D, V a, V b) {
    return hn::Add(a, b);
  }
  static A step(A acc, A x, A p) { return acc + Self::term(x, p); }
  template <class D, class V>
  static V step(D d, V acc, V x, V p) {
    return hn::Add(acc, Self::term(d, x, p));
  }
};

template <typename T>
struct Sum : Adding<T, Sum<T>> {
  using A = SumAcc<T>;
  static A term(A x, A) { return x; }
  template <class D, class V>
  static V term(D, V x, V) {
    return x;
  }
};
template <typename T>
struct SumAbs : Adding<T, SumAbs<T>> {
  using A = SumAcc<T>;
  static A term(A x, A) { return std::abs(x); }
  template <class D, class V>
  static V term(D, V x, V) {
    return hn::Abs(x);
  }
};
template <typename T>
struct SumSquares : Adding<T, SumSquares<T>> {
  using A = SumAcc<T>;
  static A term(A x, A) { return x * x; }
  template <class D, class V>
  static V term(D, V x, V) {
    return hn::Mul(x, x);
  }
  static A result(double total, double) { return static_cast<A>(std::sqrt(total)); }
};
// sum (x - p)^2 where p is the mean
template <typename T>
struct SumDeviations : Adding<T, SumDeviations<T>> {
  using A = SumAcc<T>;
  static A term(A x, A p) { return (x - p) * (x - p); }
  template <class D, class V>
  static V term(D, V x, V p) {
    const auto deviation = hn::Sub(x, p);
    return hn::Mul(deviation, deviation);
  }
};
// sum exp(x - p)
template <typename T>
struct SumExp : Adding<T, SumExp<T>> {
  using A = SumAcc<T>;
  static A term(A x, A p) { return std::exp(x - p); }
  template <class D, class V>
  static V term(D d, V x, V p) {
    return kernels::HWY_NAMESPACE::exp(d, hn::Sub(x, p));
  }
};
template <typename T>
struct CountNonzero : Adding<T, CountNonzero<T>> {
  using A = SumAcc<T>;
  static A term(A x, A) { return x != 0 ? A(1) : A(0); }
  template <class D, class V>
  static V term(D d, V x, V) {
    return hn::IfThenElse(hn::Ne(x, hn::Zero(d)), hn::Set(d, A(1)), hn::Zero(d));
  }
};
// sum |x|^p; one element at a time, as pow is
template <typename T>
struct SumPowers : Adding<T, SumPowers<T>> {
  using A = SumAcc<T>;
  static constexpr bool kVector = false;
  static A term(A x, A p) { return std::pow(std::abs(x), p); }
  static A result(double total, double p) { return static_cast<A>(std::pow(total, 1 / p)); }
};

template <template <typename> class K, typename T>
Reducer MakeReducer() {
  if constexpr (kIsFloating<T>) {
    return ReducerOf<K<T>, T, T>::make();
  } else {
    return ReducerOf<K<T>, T, int64_t>::make();
  }
}

// The records let no other type through.
template <template <typename> class K>
Reducer MakeFloatReducer(DType t) {
  return dispatch(t, []<typename T>() -> Reducer {
    if constexpr (kIsFloating<T>) {
      return MakeReducer<K, T>();
    } else {
      fail<TypeError>("reduction: wants a floating type; got ", dtype_of<T>);
    }
  });
}

}  // namespace

Reducer SumReducer(DType t) {
  return dispatch(t, []<typename T>() { return MakeReducer<Sum, T>(); });
}
Reducer CountReducer(DType t) {
  return dispatch(t, []<typename T>() { return ReducerOf<CountNonzero<T>, T, int64_t>::make(); });
}
Reducer ExpReducer(DType t) { return MakeFloatReducer<SumExp>(t); }
Reducer DeviationReducer(DType t) { return MakeFloatReducer<SumDeviations>(t); }
// |x|_p over p = 0, 1, 2 and any other finite p.
Reducer NormReducer(DType t, double p) {
  if (p == 0) return MakeFloatReducer<CountNonzero>(t);
  if (p == 1) return MakeFloatReducer<SumAbs>(t);
  return p == 2 ? MakeFloatReducer<SumSquares>(t) : MakeFloatReducer<SumPowers>(t);
}

}  // namespace rush::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rush::kernels::cpu {
namespace {

HWY_EXPORT(SumReducer);
HWY_EXPORT(CountReducer);
HWY_EXPORT(DeviationReducer);
HWY_EXPORT(NormReducer);
HWY_EXPORT(ExpReducer);

}  // namespace

Reducer sum_reducer(DType t) { return HWY_DYNAMIC_DISPATCH(SumReducer)(t); }

namespace {

ReducePlan plan_of(const char* op, const Call& call) {
  const auto& a = call.attributes<ReduceAttrs>();
  return plan_reduction(op, call.in[0], call.out[0], a.axes, a.keepdim);
}

void sum_kernel(const Call& call) {
  run_reduction(sum_reducer(call.in[0].dtype), plan_of("sum", call), call.in[0].data,
                call.out[0].data, nullptr, 1);
}

void mean_kernel(const Call& call) {
  const ReducePlan plan = plan_of("mean", call);
  run_reduction(sum_reducer(call.in[0].dtype), plan, call.in[0].data, call.out[0].data, nullptr,
                1.0 / static_cast<double>(plan.length));
}

void count_nonzero_kernel(const Call& call) {
  run_reduction(HWY_DYNAMIC_DISPATCH(CountReducer)(call.in[0].dtype),
                plan_of("count_nonzero", call), call.in[0].data, call.out[0].data, nullptr, 1);
}

// Whether any, or all (`number` of them), elements differ from zero: from the count.
template <typename Total, bool kAll>
void finish_truth(const void* totals, int64_t n, void* out, int64_t stride, double number) {
  for (int64_t i = 0; i < n; ++i) {
    const auto count = static_cast<double>(static_cast<const Total*>(totals)[i]);
    static_cast<bool*>(out)[i * stride] = kAll ? count == number : count > 0;
  }
}

template <bool kAll>
void truth_kernel(const Call& call) {
  Reducer reducer = HWY_DYNAMIC_DISPATCH(CountReducer)(call.in[0].dtype);
  reducer.out_size = sizeof(bool);
  reducer.finish =
      is_floating(call.in[0].dtype) ? finish_truth<double, kAll> : finish_truth<int64_t, kAll>;
  const ReducePlan plan = plan_of(kAll ? "all" : "any", call);
  run_reduction(reducer, plan, call.in[0].data, call.out[0].data, nullptr,
                static_cast<double>(plan.length));
}

// The same reduction with its result in float, for half-width elements.
Reducer in_float(Reducer reducer, const Reducer& of_float) {
  reducer.finish = of_float.finish;
  reducer.out_size = of_float.out_size;
  return reducer;
}

// The same loops as `plan`, writing results one after another in the order of plan.kept.
ReducePlan packed(ReducePlan plan) {
  int64_t stride = 1;
  for (int i = plan.kept.count - 1; i >= 0; --i) {
    plan.kept.dim[i].out_stride = stride;
    stride *= plan.kept.dim[i].size;
  }
  return plan;
}

template <typename T>
void finish_root(const void* totals, int64_t n, void* out, int64_t stride, double number) {
  for (int64_t i = 0; i < n; ++i) {
    const double root = std::sqrt(static_cast<const double*>(totals)[i] * number);
    if constexpr (is_half(dtype_of<T>)) {
      static_cast<T*>(out)[i * stride] = T(static_cast<float>(root));
    } else {
      static_cast<T*>(out)[i * stride] = static_cast<T>(root);
    }
  }
}

// Two passes: means in the computing type, then squared deviations from them.
template <bool kRoot>
void var_kernel(const Call& call) {
  const View& x = call.in[0];
  const auto& a = call.attributes<VarAttrs>();
  const ReducePlan plan = plan_reduction("var", x, call.out[0], a.axes, a.keepdim);
  const double n = static_cast<double>(plan.length);
  Reducer mean = sum_reducer(x.dtype);
  if (is_half(x.dtype)) mean = in_float(mean, sum_reducer(DType::kFloat32));
  std::vector<char> means(static_cast<size_t>(plan.outputs) * mean.param_size);
  run_reduction(mean, packed(plan), x.data, means.data(), nullptr, 1 / n);
  Reducer deviations = HWY_DYNAMIC_DISPATCH(DeviationReducer)(x.dtype);
  if (kRoot) deviations.finish = dispatch(x.dtype, []<typename T>() { return &finish_root<T>; });
  run_reduction(deviations, plan, x.data, call.out[0].data, means.data(),
                1 / std::max(0.0, n - a.correction));
}

// log(sum exp(x - shift)) + shift, where the shift is the largest element if that is finite.
template <typename T, typename A>
void log_sum_exp(const Call& call, const ReducePlan& plan) {
  const View& x = call.in[0];
  std::vector<A> shifts(static_cast<size_t>(plan.outputs)), sums(shifts.size());
  reduce_extreme_in_float(x, packed(plan), shifts.data());
  for (A& shift : shifts)
    if (std::isinf(shift)) shift = 0;
  Reducer reducer = HWY_DYNAMIC_DISPATCH(ExpReducer)(x.dtype);
  if (is_half(x.dtype)) reducer = in_float(reducer, sum_reducer(DType::kFloat32));
  run_reduction(reducer, packed(plan), x.data, sums.data(), shifts.data(), 1);
  Odometer at(plan.kept, 0);
  for (size_t i = 0; i < sums.size(); ++i, at.next())
    call.out[0].as<T>()[at.out()] = static_cast<T>(std::log(sums[i]) + shifts[i]);
}

void logsumexp_kernel(const Call& call) {
  const auto& a = call.attributes<ReduceAttrs>();
  const ReducePlan plan = plan_reduction("logsumexp", call.in[0], call.out[0], a.axes, a.keepdim);
  dispatch(call.in[0].dtype, [&]<typename T>() {
    if constexpr (is_floating(dtype_of<T>))
      log_sum_exp<T, std::conditional_t<std::is_same_v<T, double>, double, float>>(call, plan);
  });
}

// The exponent of a general norm goes in as a parameter of every output.
template <typename A>
std::vector<char> repeated(double value, int64_t n) {
  std::vector<char> bytes(static_cast<size_t>(n) * sizeof(A));
  std::fill_n(reinterpret_cast<A*>(bytes.data()), n, static_cast<A>(value));
  return bytes;
}

// p is finite.
void run_norm(const Reducer& reducer, const ReducePlan& plan, const View& x, void* out, double p) {
  if (p == 0 || p == 1 || p == 2) {
    run_reduction(reducer, plan, x.data, out, nullptr, 1);
    return;
  }
  const auto exponents = x.dtype == DType::kFloat64 ? repeated<double>(p, plan.outputs)
                                                    : repeated<float>(p, plan.outputs);
  run_reduction(reducer, plan, x.data, out, exponents.data(), p);
}

void norm_kernel(const Call& call) {
  const View& x = call.in[0];
  const auto& a = call.attributes<NormAttrs>();
  const ReducePlan plan = plan_reduction("norm", x, call.out[0], a.axes, a.keepdim);
  if (std::isinf(a.p)) {
    reduce_abs_extreme(x, call.out[0], plan, a.p > 0);
  } else {
    run_norm(HWY_DYNAMIC_DISPATCH(NormReducer)(x.dtype, a.p), plan, x, call.out[0].data, a.p);
  }
}

// Which axes of x were broadcast from `out`: the leading ones, and those where `out` has 1.
void sum_to_kernel(const Call& call) {
  View x = call.in[0], out = call.out[0];
  while (out.shape.size() < x.shape.size()) {
    out.shape.insert(0, 1);
    out.strides.insert(0, 0);
  }
  // An added leading axis keeps the list of axes from being empty, which would mean all.
  x.shape.insert(0, 1);
  x.strides.insert(0, 0);
  out.shape.insert(0, 1);
  out.strides.insert(0, 0);
  Dims axes{0};
  for (int i = 1; i < x.shape.size(); ++i)
    if (out.shape[i] != x.shape[i]) axes.push_back(i);
  run_reduction(sum_reducer(x.dtype), plan_reduction("sum_to", x, out, axes, true), x.data,
                out.data, nullptr, 1);
}

}  // namespace

double norm_of(const View& x, double p) {
  double result = 0;
  const View out{&result, x.dtype, {}, {}};
  const ReducePlan plan = plan_reduction("norm", x, out, {}, false);
  if (std::isinf(p)) {
    reduce_abs_extreme(x, out, plan, p > 0);  // exact in any type
    return dispatch(x.dtype, [&]<typename T>() { return static_cast<double>(*out.as<T>()); });
  }
  Reducer reducer = HWY_DYNAMIC_DISPATCH(NormReducer)(x.dtype, p);
  if (is_half(x.dtype))
    reducer = in_float(reducer, HWY_DYNAMIC_DISPATCH(NormReducer)(DType::kFloat32, p));
  run_norm(reducer, plan, x, &result, p);
  return x.dtype == DType::kFloat64 ? result
                                    : static_cast<double>(*static_cast<const float*>(out.data));
}

void register_sums(Table& table) {
  table.add("sum").kernel = sum_kernel;
  table.add("mean").kernel = mean_kernel;
  table.add("var").kernel = var_kernel<false>;
  table.add("std").kernel = var_kernel<true>;
  table.add("logsumexp").kernel = logsumexp_kernel;
  table.add("count_nonzero").kernel = count_nonzero_kernel;
  table.add("any").kernel = truth_kernel<false>;
  table.add("all").kernel = truth_kernel<true>;
  table.add("norm").kernel = norm_kernel;
  table.add("sum_to").kernel = sum_to_kernel;
}

}  // namespace rush::kernels::cpu
#endif  // HWY_ONCE
