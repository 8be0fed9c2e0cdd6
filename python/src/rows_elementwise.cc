// Element-wise functions without options: one loop over the records of the ops makes them all.
#include <algorithm>
#include <string_view>

#include "function.h"
#include "rows.h"
#include "rush/core/op.h"

namespace rush::python {
namespace {

// What PyTorch does differently for an op than for its kind.
struct Exception {
  std::string_view op;
  const char* signature;  // null: not made from the record
  unsigned flags = 0;
};

constexpr Exception kExceptions[] = {
    {"atan2", "atan2(input, other)", kTensorsOnly},
    {"bitwise_and", "bitwise_and(input, other)", kNumbersFirst},
    {"bitwise_left_shift", "bitwise_left_shift(input, other)", kNumbersFirst},
    {"bitwise_or", "bitwise_or(input, other)", kNumbersFirst},
    {"bitwise_right_shift", "bitwise_right_shift(input, other)", kNumbersFirst},
    {"bitwise_xor", "bitwise_xor(input, other)", kNumbersFirst},
    {"floor_divide", "floor_divide(input, other)", kNumbersFirst},
    {"fmax", "fmax(input, other)", kTensorsOnly},
    {"fmin", "fmin(input, other)", kTensorsOnly},
    {"gcd", "gcd(input, other)", kTensorsOnly},
    {"heaviside", "heaviside(input, values)", kTensorsOnly},
    {"hypot", "hypot(input, other)", kTensorsOnly},
    {"lcm", "lcm(input, other)", kTensorsOnly},
    {"lerp", "lerp(input, end, weight)"},
    {"logaddexp", "logaddexp(input, other)", kTensorsOnly},
    {"logical_and", "logical_and(input, other)", kTensorsOnly},
    {"logical_or", "logical_or(input, other)", kTensorsOnly},
    {"logical_xor", "logical_xor(input, other)", kTensorsOnly},
    {"maximum", "maximum(input, other)", kTensorsOnly},
    {"minimum", "minimum(input, other)", kTensorsOnly},
    {"mul", "mul(input, other)", kNumbersFirst},
    {"nextafter", "nextafter(input, other)", kTensorsOnly},
    {"pow", "pow(input, exponent)", kNumbersFirst},
    {"remainder", "remainder(input, other)", kNumbersFirst},
    {"xlogy", "xlogy(input, other)", kNumbersFirst},
    // These have options, rules of their own, or are no names of PyTorch's main namespace.
    {"add", nullptr},
    {"sub", nullptr},
    {"div", nullptr},
    {"round", nullptr},
    {"where", nullptr},
    {"poisson_quantile", nullptr},
    {"binary_cross_entropy", nullptr},
};

// Of torch.nn.functional or torch.special alone.
constexpr std::string_view kElsewhere[] = {
    "bessel_j0",   "bessel_j1", "bessel_y0", "bessel_y1", "entr", "erfcx",
    "hardsigmoid", "hardswish", "i0e",       "i1",        "i1e",  "log_ndtr",
    "logsigmoid",  "mish",      "ndtr",      "ndtri",     "silu", "softsign",
    "tanhshrink",  "zeta",      "gammainc",  "gammaincc"};

struct Alias {
  const char* name;
  const char* of;
};
constexpr Alias kAliases[] = {
    {"absolute", "abs"},  {"arccos", "acos"},  {"arccosh", "acosh"},         {"arcsin", "asin"},
    {"arcsinh", "asinh"}, {"arctan", "atan"},  {"arctan2", "atan2"},         {"arctanh", "atanh"},
    {"fix", "trunc"},     {"greater", "gt"},   {"greater_equal", "ge"},      {"less", "lt"},
    {"less_equal", "le"}, {"multiply", "mul"}, {"mvlgamma", "multigammaln"}, {"negative", "neg"},
    {"not_equal", "ne"},
};

bool has_own_row(const Op& op) {
  return op.is_elementwise && !op.attrs && !op.name.ends_with("_grad") && op.args.size() <= 3 &&
         std::ranges::find(kElsewhere, op.name) == std::end(kElsewhere);
}

}  // namespace

void add_elementwise_rows() {
  const Rows rows("torch");
  for (const Op* op : all_ops()) {
    if (!has_own_row(*op)) continue;
    const auto exception = std::ranges::find(kExceptions, op->name, &Exception::op);
    if (exception != std::end(kExceptions)) {
      if (exception->signature) rows.add_op(exception->signature, *op, kInPlace | exception->flags);
      continue;
    }
    rows.add_op(op->name + (op->args.size() == 1 ? "(input)" : "(input, other)"), *op, kInPlace);
  }
  for (const Alias& a : kAliases) rows.alias(a.name, a.of);
}

}  // namespace rush::python
