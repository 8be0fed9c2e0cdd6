// Element-wise ops of one operand in plain loops: integers and bool, tests, rare functions.
#include "rush/kernels/attrs/unary.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "rush/kernels/cpu/elementwise_parts.h"
#include "rush/kernels/cpu/plain_rows.h"
#include "rush/kernels/special.h"

namespace rush::kernels {
namespace {

template <typename T>
using Wrapping = std::conditional_t<sizeof(T) < 4, uint32_t, std::make_unsigned_t<T>>;

#define RUSH_PLAIN_UNARY(Name, expression) \
  struct Name {                            \
    template <typename T>                  \
    auto operator()(T x) const {           \
      return expression;                   \
    }                                      \
  }
RUSH_PLAIN_UNARY(Neg, static_cast<T>(0 - static_cast<Wrapping<T>>(x)));
RUSH_PLAIN_UNARY(Abs, x < 0 ? Neg()(x) : x);
RUSH_PLAIN_UNARY(Sign, static_cast<T>((x > 0) - (x < 0)));
RUSH_PLAIN_UNARY(Square, static_cast<T>(static_cast<Wrapping<T>>(x) * static_cast<Wrapping<T>>(x)));
RUSH_PLAIN_UNARY(Same, x);
RUSH_PLAIN_UNARY(Relu, x > 0 ? x : T(0));
RUSH_PLAIN_UNARY(BitwiseNot, static_cast<T>(~x));
RUSH_PLAIN_UNARY(LogicalNot, x == T(0));
RUSH_PLAIN_UNARY(Isnan, x != x);
RUSH_PLAIN_UNARY(Isinf, std::abs(x) == std::numeric_limits<T>::infinity());
RUSH_PLAIN_UNARY(Isfinite, std::abs(x) < std::numeric_limits<T>::infinity());
RUSH_PLAIN_UNARY(Exp2, std::exp2(x));
RUSH_PLAIN_UNARY(Log2, std::log2(x));
RUSH_PLAIN_UNARY(Log10, std::log10(x));
RUSH_PLAIN_UNARY(Tan, std::tan(x));
RUSH_PLAIN_UNARY(Asin, std::asin(x));
RUSH_PLAIN_UNARY(Acos, std::acos(x));
RUSH_PLAIN_UNARY(Sinh, std::sinh(x));
RUSH_PLAIN_UNARY(Cosh, std::cosh(x));
RUSH_PLAIN_UNARY(Asinh, std::asinh(x));
RUSH_PLAIN_UNARY(Acosh, std::acosh(x));
RUSH_PLAIN_UNARY(Atanh, std::atanh(x));
RUSH_PLAIN_UNARY(Erfc, std::erfc(x));
// These compute in double: their series lose digits, and nobody trains with them.
RUSH_PLAIN_UNARY(Erfinv, static_cast<T>(erfinv(static_cast<double>(x))));
RUSH_PLAIN_UNARY(Lgamma, static_cast<T>(lgamma(static_cast<double>(x))));
RUSH_PLAIN_UNARY(Digamma, static_cast<T>(digamma(static_cast<double>(x))));
#undef RUSH_PLAIN_UNARY

struct Polygamma {
  int64_t n;
  explicit Polygamma(const void* attrs) : n(static_cast<const PolygammaAttrs*>(attrs)->n) {}
  template <typename T>
  T operator()(T x) const {
    return static_cast<T>(polygamma(n, static_cast<double>(x)));
  }
};
// Whole numbers go off first, so that the zeros are exact.
struct Sinc {
  template <typename T>
  T operator()(T x) const {
    if (x == 0) return 1;
    const T whole = std::nearbyint(x);
    const T sine = std::sin((x - whole) * std::numbers::pi_v<T>) / (x * std::numbers::pi_v<T>);
    return std::fmod(whole, T(2)) == 0 ? sine : -sine;
  }
};
struct Never {
  template <typename T>
  bool operator()(T) const {
    return false;
  }
};
struct Always {
  template <typename T>
  bool operator()(T) const {
    return true;
  }
};

// Bounds outside T's range bound nothing.
struct Clamp {
  const ClampAttrs& a;
  explicit Clamp(const void* attrs) : a(*static_cast<const ClampAttrs*>(attrs)) {}
  template <typename T>
  T operator()(T x) const {
    const double v = static_cast<double>(x);
    if (a.max && *a.max < (a.min && v < *a.min ? *a.min : v)) return to<T>(*a.max);
    return a.min && v < *a.min ? to<T>(*a.min) : x;
  }

 private:
  template <typename T>
  static T to(double bound) {
    if (bound >= static_cast<double>(std::numeric_limits<T>::max()))
      return std::numeric_limits<T>::max();
    if (bound <= static_cast<double>(std::numeric_limits<T>::min()))
      return std::numeric_limits<T>::min();
    return static_cast<T>(bound);
  }
};

// Half widths have their own largest numbers, so each memory type has its loop.
template <typename Memory, typename T>
void nan_to_num_dense(const Row& r) {
  const auto& a = *static_cast<const NanToNumAttrs*>(r.attrs);
  const double largest = std::is_same_v<Memory, Float16>    ? 65504.0
                         : std::is_same_v<Memory, BFloat16> ? 3.3895313892515355e38
                                                            : std::numeric_limits<T>::max();
  const T nan = static_cast<T>(a.nan), high = static_cast<T>(a.posinf.value_or(largest)),
          low = static_cast<T>(a.neginf.value_or(-largest));
  const T infinity = std::numeric_limits<T>::infinity();
  const T* x = static_cast<const T*>(r.ptr[1]);
  T* out = static_cast<T*>(r.ptr[0]);
  for (int64_t i = 0; i < r.n; ++i) {
    const T v = x[i];
    out[i] = v != v ? nan : v == infinity ? high : v == -infinity ? low : v;
  }
}
template <typename Memory, typename T>
void add_nan_to_num(Table& t) {
  t.add("nan_to_num").rows[index_of(dtype_of<Memory>)] =
      row<nan_to_num_dense<Memory, T>, same_form<Memory, T>, 1>;
}

void add_integers(Table& t) {
  const auto add = [&]<class F>(const char* name, F) {
    add_plain_rows<F, 1>(t.add(name), IntegerTypes());
  };
  add("neg", Neg());
  add("abs", Abs());
  add("sign", Sign());
  add("square", Square());
  add("relu", Relu());
  add("bitwise_not", BitwiseNot());
  add_plain_rows<LogicalNot, 1>(t.add("bitwise_not"), BoolTypes());
  add_plain_rows<Clamp, 1>(t.add("clamp"), IntegerTypes());
  for (const char* name : {"floor", "ceil", "round", "trunc"}) add(name, Same());
}

template <class OnFloats, class OnIntegers>
void add_test(Table& t, const char* name) {
  add_plain_float_tests<OnFloats, 1>(t.add(name));
  add_plain_tests<OnIntegers, 1>(t.add(name), IntegerTypes());
  add_plain_tests<OnIntegers, 1>(t.add(name), BoolTypes());
}

void add_rare_functions(Table& t) {
  constexpr int kCallCost = 16;
  const auto add = [&]<class F>(const char* name, F) {
    add_plain_float_rows<F, 1>(t.add(name), kCallCost);
  };
  add("exp2", Exp2());
  add("log2", Log2());
  add("log10", Log10());
  add("tan", Tan());
  add("asin", Asin());
  add("acos", Acos());
  add("sinh", Sinh());
  add("cosh", Cosh());
  add("asinh", Asinh());
  add("acosh", Acosh());
  add("atanh", Atanh());
  add("sinc", Sinc());
  add("erfc", Erfc());
  add("erfinv", Erfinv());
  add("lgamma", Lgamma());
  add("digamma", Digamma());
  add_plain_float_rows<Polygamma, 1>(t.add("polygamma"), 8 * kCallCost);
}

}  // namespace

void cpu::register_unary(Table& t) {
  add_plain_rows<Same, 1>(t.add("nan_to_num"), IntegerTypes());
  add_plain_rows<Same, 1>(t.add("nan_to_num"), BoolTypes());
  add_vector_math(t);
  add_vector_activations(t);
  add_integers(t);
  add_test<LogicalNot, LogicalNot>(t, "logical_not");
  add_test<Isnan, Never>(t, "isnan");
  add_test<Isinf, Never>(t, "isinf");
  add_test<Isfinite, Always>(t, "isfinite");
  add_rare_functions(t);
  add_nan_to_num<float, float>(t);
  add_nan_to_num<double, double>(t);
  add_nan_to_num<Float16, float>(t);
  add_nan_to_num<BFloat16, float>(t);
}

}  // namespace rush::kernels
