// Element-wise ops of two operands in plain loops: integers and bool, comparisons, logic, and
// floating functions that are rare.
#include "rush/kernels/attrs/binary.h"

#include <cmath>
#include <limits>

#include "rush/kernels/cpu/elementwise_parts.h"
#include "rush/kernels/cpu/plain_rows.h"

namespace rush::kernels {
namespace {

// Where integer arithmetic is done: unsigned, so that overflow wraps.
template <typename T>
using Wrapping = std::conditional_t<sizeof(T) < 4, uint32_t, std::make_unsigned_t<T>>;

struct Add {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Wrapping<T>>(a) + static_cast<Wrapping<T>>(b));
  }
};
struct Sub {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Wrapping<T>>(a) - static_cast<Wrapping<T>>(b));
  }
};
struct Mul {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
  }
};
struct Maximum {
  template <typename T>
  T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};
struct Minimum {
  template <typename T>
  T operator()(T a, T b) const {
    return a < b ? a : b;
  }
};

template <typename T>
bool is_division_overflow(T a, T b) {
  return std::is_signed_v<T> && b == T(-1) && a == std::numeric_limits<T>::min();
}
// The remainder of a / b with the sign of b. Here and below: of integers; binary_functions.cc has
// the same of floating numbers.
struct Remainder {
  template <typename T>
  T operator()(T a, T b) const {
    if (b == 0) fail("remainder: integer division by zero");
    if (is_division_overflow(a, b)) return 0;
    const T rest = static_cast<T>(a % b);
    return rest != 0 && (rest < 0) != (b < 0) ? static_cast<T>(rest + b) : rest;
  }
};
struct Fmod {
  template <typename T>
  T operator()(T a, T b) const {
    if (b == 0) fail("fmod: integer division by zero");
    return is_division_overflow(a, b) ? T(0) : static_cast<T>(a % b);
  }
};
struct FloorDivide {
  template <typename T>
  T operator()(T a, T b) const {
    if (b == 0) fail("floor_divide: integer division by zero");
    if (is_division_overflow(a, b)) return a;
    const T quotient = static_cast<T>(a / b);
    return a % b != 0 && (a < 0) != (b < 0) ? static_cast<T>(quotient - 1) : quotient;
  }
};

// Whole powers by squaring; a negative one is 0 unless the base is 1 or -1.
struct IntegerPow {
  template <typename T>
  T operator()(T base, T exponent) const {
    if (exponent < 0) {
      if (base == 1) return 1;
      if (std::is_signed_v<T> && base == static_cast<T>(-1)) return exponent % 2 == 0 ? 1 : base;
      return 0;
    }
    Wrapping<T> power = 1, square = static_cast<Wrapping<T>>(base);
    for (auto left = static_cast<std::make_unsigned_t<T>>(exponent); left != 0; left >>= 1) {
      if (left & 1) power *= square;
      square *= square;
    }
    return static_cast<T>(power);
  }
};

// Shifts by the width or more, or by a negative amount, push everything out.
template <typename T>
bool is_in_width(T amount) {
  return amount >= 0 && static_cast<uint64_t>(amount) < 8 * sizeof(T);
}
struct LeftShift {
  template <typename T>
  T operator()(T a, T b) const {
    return is_in_width(b) ? static_cast<T>(static_cast<Wrapping<T>>(a) << b) : T(0);
  }
};
struct RightShift {
  template <typename T>
  T operator()(T a, T b) const {
    return static_cast<T>(a >> (is_in_width(b) ? static_cast<int>(b) : int(8 * sizeof(T)) - 1));
  }
};

#define RUSH_PLAIN_BINARY(Name, expression) \
  struct Name {                             \
    template <typename T>                   \
    auto operator()(T a, T b) const {       \
      return expression;                    \
    }                                       \
  }
RUSH_PLAIN_BINARY(Eq, a == b);
RUSH_PLAIN_BINARY(Ne, a != b);
RUSH_PLAIN_BINARY(Lt, a < b);
RUSH_PLAIN_BINARY(Le, a <= b);
RUSH_PLAIN_BINARY(Gt, a > b);
RUSH_PLAIN_BINARY(Ge, a >= b);
RUSH_PLAIN_BINARY(LogicalAnd, (a != T(0)) & (b != T(0)));
RUSH_PLAIN_BINARY(LogicalOr, (a != T(0)) | (b != T(0)));
RUSH_PLAIN_BINARY(LogicalXor, (a != T(0)) != (b != T(0)));
RUSH_PLAIN_BINARY(BitwiseAnd, static_cast<T>(a& b));
RUSH_PLAIN_BINARY(BitwiseOr, static_cast<T>(a | b));
RUSH_PLAIN_BINARY(BitwiseXor, static_cast<T>(a ^ b));
RUSH_PLAIN_BINARY(Hypot, std::hypot(a, b));
#undef RUSH_PLAIN_BINARY

// log(e^a + e^b), from the larger one.
struct Logaddexp {
  template <typename T>
  T operator()(T a, T b) const {
    if (a == b) return a + std::log(T(2));  // equal infinities too
    const T high = a > b ? a : b, low = a > b ? b : a;
    if (a != a || b != b) return a + b;
    return high + std::log1p(std::exp(low - high));
  }
};
// a log b, with 0 log 0 = 0.
struct Xlogy {
  template <typename T>
  T operator()(T a, T b) const {
    if (b != b) return b;
    return a == 0 ? T(0) : a * std::log(b);
  }
};

struct Isclose {
  const IscloseAttrs& attrs;
  explicit Isclose(const void* a) : attrs(*static_cast<const IscloseAttrs*>(a)) {}
  template <typename T>
  bool operator()(T x, T y) const {
    if (x == y) return true;
    const double a = static_cast<double>(x), b = static_cast<double>(y);
    if (a != a || b != b) return attrs.equal_nan && a != a && b != b;
    const double gap = std::abs(a - b);
    return std::isfinite(gap) && gap <= attrs.atol + std::abs(attrs.rtol * b);
  }
};

using Integers = IntegerTypes;

template <class F>
void add_comparison(Table& t, const char* name) {
  Entry& e = t.add(name);
  add_plain_float_tests<F, 2>(e);
  add_plain_tests<F, 2>(e, Integers());
  add_plain_tests<F, 2>(e, BoolTypes());
}
template <class F>
void add_integer(Table& t, const char* name) {
  add_plain_rows<F, 2>(t.add(name), Integers());
}
template <class F, class OnBool>
void add_integer_and_bool(Table& t, const char* name) {
  add_integer<F>(t, name);
  add_plain_rows<OnBool, 2>(t.add(name), BoolTypes());
}

void add_integers(Table& t) {
  add_integer_and_bool<Add, LogicalOr>(t, "add");
  add_integer<Sub>(t, "sub");
  add_integer_and_bool<Mul, LogicalAnd>(t, "mul");
  for (const char* name : {"maximum", "fmax"}) add_integer_and_bool<Maximum, LogicalOr>(t, name);
  for (const char* name : {"minimum", "fmin"}) add_integer_and_bool<Minimum, LogicalAnd>(t, name);
  add_integer<Remainder>(t, "remainder");
  add_integer<Fmod>(t, "fmod");
  add_integer<FloorDivide>(t, "floor_divide");
  add_integer<IntegerPow>(t, "pow");
  add_integer_and_bool<BitwiseAnd, LogicalAnd>(t, "bitwise_and");
  add_integer_and_bool<BitwiseOr, LogicalOr>(t, "bitwise_or");
  add_integer_and_bool<BitwiseXor, LogicalXor>(t, "bitwise_xor");
  add_integer<LeftShift>(t, "bitwise_left_shift");
  add_integer<RightShift>(t, "bitwise_right_shift");
}

void add_comparisons(Table& t) {
  add_comparison<Eq>(t, "eq");
  add_comparison<Ne>(t, "ne");
  add_comparison<Lt>(t, "lt");
  add_comparison<Le>(t, "le");
  add_comparison<Gt>(t, "gt");
  add_comparison<Ge>(t, "ge");
  add_comparison<LogicalAnd>(t, "logical_and");
  add_comparison<LogicalOr>(t, "logical_or");
  add_comparison<LogicalXor>(t, "logical_xor");
  add_comparison<Isclose>(t, "isclose");
}

void add_rare_functions(Table& t) {
  constexpr int kCallCost = 16;
  add_plain_float_rows<Hypot, 2>(t.add("hypot"), kCallCost);
  add_plain_float_rows<Logaddexp, 2>(t.add("logaddexp"), kCallCost);
  add_plain_float_rows<Xlogy, 2>(t.add("xlogy"), kCallCost);
}

}  // namespace

void cpu::register_binary(Table& t) {
  add_vector_binary(t);
  add_vector_binary_functions(t);
  add_integers(t);
  add_comparisons(t);
  add_rare_functions(t);
  add_select(t);
  add_cast(t);
  add_copy(t);
  add_sequences(t);
}

}  // namespace rush::kernels
