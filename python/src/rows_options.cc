// Element-wise functions with options, and those that are formulas in others.
#include "function.h"
#include "rows.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/special.h"
#include "rush/ops/unary.h"

namespace rush::python {
namespace {

bool is_number(const Tensor& t, double value) { return t.is_weak() && t.item() == value; }
Tensor scaled(const Tensor& x, const Tensor& alpha) {
  if (is_number(alpha, 1)) return x;
  if (is_floating(alpha.dtype()) && !is_floating(x.dtype()) && !x.is_weak())
    fail<TypeError>("alpha: for tensors of whole numbers it must be one, too; got ", alpha.item());
  return mul(x, alpha);
}

Tensor divided(const Tensor& x, const Tensor& y, const std::optional<std::string>& rounding) {
  if (!rounding) return div(x, y);
  if (*rounding == "floor") return floor_divide(x, y);
  if (*rounding != "trunc")
    fail("div: rounding_mode is None, 'trunc' or 'floor'; got '", *rounding, "'");
  const bool is_whole = !is_floating(x.dtype()) && !is_floating(y.dtype());
  return is_whole ? floor_divide(sub(x, fmod(x, y)), y) : trunc(div(x, y));
}

// x where it is not below the bound (above, for the upper one), else the bound; NaN stays.
Tensor at_least(const Tensor& x, const Tensor& low) {
  return low.defined() ? where(logical_or(ge(x, low), isnan(x)), x, low) : x;
}
Tensor at_most(const Tensor& x, const Tensor& high) {
  return high.defined() ? where(logical_or(le(x, high), isnan(x)), x, high) : x;
}
struct Bounds {
  std::optional<Operand> min, max;
};
Tensor clamped(const Tensor& x, const Bounds& b) {
  if (!b.min && !b.max) fail("clamp: at least one of min and max must be given");
  const auto is_plain = [&](const std::optional<Operand>& v) {
    return !v || (v->is_weak() && (is_floating(x.dtype()) || !is_floating(v->dtype())));
  };
  if (is_plain(b.min) && is_plain(b.max) && is_floating(x.dtype())) {
    const auto number = [](const std::optional<Operand>& v) {
      return v ? std::optional(v->item()) : std::nullopt;
    };
    return clamp(x, number(b.min), number(b.max));
  }
  return at_most(at_least(x, b.min.value_or(Operand())), b.max.value_or(Operand()));
}

Tensor angle(const Tensor& x) {  // of a real number: 0 or pi
  const Tensor v = is_floating(x.dtype()) ? x : cast(x, default_dtype());
  return where(isnan(v), v.detach(), where(lt(v, 0), M_PI, zeros_like(v)));
}

void add_arithmetic(const Rows& rows) {
  for (const char* name : {"add", "sub"}) {
    const Op& op = *find_op(name);
    rows.add_op(std::string(name) + "(input, other)", op, kInPlace | kNumbersFirst);
  }
  rows.add(
      "add(input, other, *, alpha)",
      [](const Operand& x, const Operand& y, const Operand& a) { return add(x, scaled(y, a)); },
      kInPlace);
  rows.add(
      "sub(input, other, *, alpha)",
      [](const Operand& x, const Operand& y, const Operand& a) { return sub(x, scaled(y, a)); },
      kInPlace);
  rows.add("rsub(input, other, *, alpha=1)", [](const Tensor& x, const Operand& y,
                                                const Operand& a) { return sub(y, scaled(x, a)); });
  rows.add_op("div(input, other)", *find_op("div"), kInPlace | kNumbersFirst);
  rows.alias("true_divide", "div");
  rows.add(
      "div(input, other, *, rounding_mode)",
      [](const Operand& x, const Operand& y, const std::optional<std::string>& rounding) {
        return divided(x, y, rounding);
      },
      kInPlace);
  rows.alias("subtract", "sub");
  rows.alias("divide", "div");
  rows.add(
      "addcmul(input, tensor1, tensor2, *, value=1)",
      [](const Tensor& x, const Tensor& a, const Tensor& b, double v) {
        return addcmul(x, a, b, v);
      },
      kInPlace);
  rows.add(
      "addcdiv(input, tensor1, tensor2, *, value=1)",
      [](const Tensor& x, const Tensor& a, const Tensor& b, double v) {
        return addcdiv(x, a, b, v);
      },
      kInPlace);
}

void add_bounds(const Rows& rows) {
  rows.add(
      "clamp(input, min=None, max=None)",
      [](const Tensor& x, const std::optional<Operand>& min, const std::optional<Operand>& max) {
        return clamped(x, {min, max});
      },
      kInPlace);
  rows.alias("clip", "clamp");
  rows.add(
      "clamp_min(input, min)",
      [](const Tensor& x, const Operand& min) {
        return clamped(x, {min, {}});
      },
      kInPlace, "x, but no less than min.");
  rows.add(
      "clamp_max(input, max)",
      [](const Tensor& x, const Operand& max) {
        return clamped(x, {{}, max});
      },
      kInPlace, "x, but no more than max.");
  rows.add_op("round(input)", *find_op("round"), kInPlace);
  rows.add(
      "round(input, *, decimals)", [](const Tensor& x, int64_t n) { return round_to(x, n); },
      kInPlace);
  rows.add(
      "nan_to_num(input, nan=0.0, posinf=None, neginf=None)",
      [](const Tensor& x, std::optional<double> nan, std::optional<double> posinf,
         std::optional<double> neginf) {
        return is_floating(x.dtype()) ? nan_to_num(x, nan.value_or(0), posinf, neginf) : x;
      },
      kInPlace);
  rows.add(
      "threshold(input, threshold, value)",
      [](const Tensor& x, double t, double v) { return threshold(x, t, v); },
      kInPlace | kFunctionOnly);
  rows.add("hardshrink(input, lambd=0.5)",
           [](const Tensor& x, double l) { return hardshrink(x, l); });
  rows.add(
      "celu(input, alpha=1.0)", [](const Tensor& x, double a) { return celu(x, a); },
      kInPlace | kFunctionOnly);
}

void add_functions(const Rows& rows) {
  rows.add(
      "logit(input, eps=None)",
      [](const Tensor& x, std::optional<double> eps) { return logit(x, eps); }, kInPlace);
  rows.add(
      "polygamma(n, input)", [](int64_t n, const Tensor& x) { return polygamma(n, x); },
      kFunctionOnly);
  Rows("tensor").add(
      "polygamma(self, n)", [](const Tensor& x, int64_t n) { return polygamma(n, x); }, kInPlace);
  rows.add(
      "mvlgamma(input, p)", [](const Tensor& x, int64_t p) { return multigammaln(x, p); }, kInPlace,
      "The logarithm of the p-dimensional gamma function.");
  rows.add(
      "igamma(input, other)", [](const Tensor& a, const Tensor& x) { return gammainc(a, x); },
      kInPlace, "The share up to `other` of the integral that gives gamma(input).");
  rows.add(
      "igammac(input, other)", [](const Tensor& a, const Tensor& x) { return gammaincc(a, x); },
      kInPlace, "1 - igamma(input, other), exact where it is small.");
  rows.add(
      "logaddexp2(input, other)", [](const Tensor& x, const Tensor& y) { return logaddexp2(x, y); },
      0, "log2(2^input + 2^other).");
  rows.add(
      "ldexp(input, other)", [](const Tensor& x, const Tensor& y) { return ldexp(x, y); }, kInPlace,
      "input times 2^other.");
  rows.add(
      "float_power(input, exponent)",
      [](const Operand& x, const Operand& y) { return float_power(x, y); }, 0,
      "input^exponent in float64.");
  Rows("tensor").add("float_power_(self, exponent)", [](const Self& x, const Operand& y) {
    if (x->dtype() != DType::kFloat64)
      fail<TypeError>("float_power_: the result is float64; got a tensor of ", x->dtype());
    write_in_place("float_power_", *x, float_power(clone(*x), y));
    return x;
  });
  static const NamedTuple kFrexp("frexp", {"mantissa", "exponent"});
  rows.add(
      "frexp(input)",
      [](const Tensor& x) {
        const auto [mantissa, exponent] = frexp(x);
        return kFrexp({mantissa, exponent});
      },
      0, "mantissa in [1/2, 1) and exponent with input = mantissa 2^exponent.");
  rows.add(
      "deg2rad(input)", [](const Tensor& x) { return deg2rad(x); }, kInPlace,
      "Degrees to radians.");
  rows.add(
      "rad2deg(input)", [](const Tensor& x) { return rad2deg(x); }, kInPlace,
      "Radians to degrees.");
  rows.add(
      "angle(input)", [](const Tensor& x) { return angle(x); }, 0,
      "The angle of a number in the plane: 0, or pi where it is negative.");
}

void check_same_type(const char* name, const Tensor& x, const Tensor& y) {
  if (x.dtype() != y.dtype())
    fail<TypeError>(name, ": both tensors must have one dtype; got ", x.dtype(), " and ",
                    y.dtype());
}

void add_tests(const Rows& rows) {
  rows.add(
      "signbit(input)", [](const Tensor& x) { return signbit(x); }, 0,
      "Whether the sign is minus, that of -0 too.");
  rows.add(
      "positive(input)", [](const Tensor& x) { return positive(x); }, 0, "input itself.");
  rows.add(
      "isposinf(input)", [](const Tensor& x) { return isposinf(x); }, 0,
      "Whether it is +infinity.");
  rows.add(
      "isneginf(input)", [](const Tensor& x) { return isneginf(x); }, 0,
      "Whether it is -infinity.");
  rows.add(
      "isreal(input)", [](const Tensor& x) { return ones_like(x, DType::kBool); }, 0,
      "True everywhere: there are no complex numbers.");
  for (const char* signature : {"conj(input)", "real(input)", "resolve_conj(input)",
                                "resolve_neg(input)", "conj_physical(input)"})
    rows.add(
        signature, [](const Tensor& x) { return x; }, 0,
        "input itself: there are no complex numbers.");
  rows.add("isclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)",
           [](const Tensor& x, const Tensor& y, double rtol, double atol, bool equal_nan) {
             check_same_type("isclose", x, y);
             return isclose(x, y, rtol, atol, equal_nan);
           });
  rows.add("allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False)",
           [](const Tensor& x, const Tensor& y, double rtol, double atol, bool equal_nan) {
             check_same_type("allclose", x, y);
             return allclose(x, y, rtol, atol, equal_nan);
           });
  rows.add(
      "equal(input, other)", [](const Tensor& x, const Tensor& y) { return equal(x, y); }, 0,
      "Whether shapes and all elements are the same.");
}

void add_where(const Rows& rows) {
  rows.add("where(condition, input, other)",
           [](const Tensor& c, const Operand& x, const Operand& y) { return where(c, x, y); });
  rows.add("where(condition)", [](const Tensor& c) {
    return c.rank() == 0 ? unbind(nonzero(reshape(c, {1})), 1) : unbind(nonzero(c), 1);
  });
  Rows("tensor").add(
      "where(self, condition, other)",
      [](const Tensor& x, const Tensor& c, const Operand& y) { return where(c, x, y); });
}

}  // namespace

void add_option_rows() {
  const Rows rows("torch");
  add_arithmetic(rows);
  add_bounds(rows);
  add_functions(rows);
  add_tests(rows);
  add_where(rows);
  rows.alias("sgn", "sign");
}

}  // namespace rush::python
