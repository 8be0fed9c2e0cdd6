#include "rush/ops/binary.h"

#include "rush/core/apply.h"
#include "rush/kernels/attrs/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/over_gradient.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

constexpr std::initializer_list<DType> kNumbers = {uint8,   int8,     int16,   int32,  int64,
                                                   float16, bfloat16, float32, float64};
constexpr std::initializer_list<DType> kIntegers = {uint8, int8, int16, int32, int64};
constexpr std::initializer_list<DType> kBits = {bool_, uint8, int8, int16, int32, int64};

const Op& kAdd = Define("add", "x + y.")
                     .args({"x", "y"})
                     .elementwise()
                     .grad([](Dy dy) { return dy; })
                     .grad([](Dy dy) { return dy; });
const Op& kSub = Define("sub", "x - y.")
                     .args({"x", "y"})
                     .elementwise()
                     .dtypes(kNumbers)
                     .grad([](Dy dy) { return dy; })
                     .grad([](Dy dy) { return neg(dy); });
const Op& kMul = Define("mul", "x * y.")
                     .args({"x", "y"})
                     .elementwise()
                     .grad([](Dy dy, X<1> y) { return dy * y; })
                     .grad([](Dy dy, X<0> x) { return dy * x; });
const Op& kDiv = Define("div", "x / y; integers are divided as floating numbers.")
                     .args({"x", "y"})
                     .elementwise(Types::kFloat)
                     .floating_only()
                     .grad([](Dy dy, X<1> y) { return dy / y; })
                     .grad([](Dy dy, X<0> x, X<1> y) { return neg(dy * (x / y / y)); });
const Op& kFloorDivide =
    Define("floor_divide", "The largest whole number not above x / y. Integers: y must not be 0.")
        .args({"x", "y"})
        .elementwise()
        .dtypes(kNumbers);
const Op& kRemainder =
    Define("remainder", "What is left of x / floor_divide(x, y) * y; it has the sign of y.")
        .args({"x", "y"})
        .elementwise()
        .dtypes(kNumbers)
        .grad([](Dy dy) { return dy; })
        .grad([](Dy dy, X<0> x, X<1> y) { return neg(dy * floor_divide(x, y)); });
const Op& kFmod = Define("fmod", "What is left of trunc(x / y) * y; it has the sign of x.")
                      .args({"x", "y"})
                      .elementwise()
                      .dtypes(kNumbers)
                      .grad([](Dy dy) { return dy; })
                      .grad([](Dy dy, X<0> x, X<1> y) { return neg(dy * trunc(x / y)); });

// x^0 is 1 for every x, so its gradients are 0 even where the formulas give 0 * infinity.
const Op& kPow =
    Define("pow", "x to the power of exponent.")
        .args({"x", "exponent"})
        .elementwise()
        .dtypes(kNumbers)
        .grad([](Dy dy, X<0> x, X<1> exponent) {
          // A plain number less 1 would be rounded to the default type, whatever x's is.
          const bool is_number = exponent.is_weak() && exponent.has_data();
          const Tensor e = is_number ? Tensor::scalar(exponent.item(), x.dtype()) : exponent;
          return where(eq(e, 0), 0.0, dy * (e * pow(x, e - 1)));
        })
        .grad([](Dy dy, X<0> x, X<1> e, Y<> y) {
          const Tensor is_constant =
              logical_or(logical_and(eq(e, 0), ge(x, 0)), logical_and(eq(x, 0), ge(e, 0)));
          return where(is_constant, 0.0, dy * (y * log(x)));
        });

// A tie passes half of the gradient to each side.
Tensor larger_grad(const Tensor& dy, const Tensor& mine, const Tensor& other) {
  return where(eq(mine, other), dy * 0.5, where(lt(mine, other), 0.0, dy));
}
Tensor smaller_grad(const Tensor& dy, const Tensor& mine, const Tensor& other) {
  return where(eq(mine, other), dy * 0.5, where(gt(mine, other), 0.0, dy));
}
const Op& kMaximum = Define("maximum", "The larger of x and y; NaN if either is.")
                         .args({"x", "y"})
                         .elementwise()
                         .grad([](Dy dy, X<0> x, X<1> y) { return larger_grad(dy, x, y); })
                         .grad([](Dy dy, X<0> x, X<1> y) { return larger_grad(dy, y, x); });
const Op& kMinimum = Define("minimum", "The smaller of x and y; NaN if either is.")
                         .args({"x", "y"})
                         .elementwise()
                         .grad([](Dy dy, X<0> x, X<1> y) { return smaller_grad(dy, x, y); })
                         .grad([](Dy dy, X<0> x, X<1> y) { return smaller_grad(dy, y, x); });
// A tie passes the gradient to x.
const Op& kFmax =
    Define("fmax", "The larger of x and y; a NaN counts as missing.")
        .args({"x", "y"})
        .elementwise()
        .grad([](Dy dy, X<0> x, X<1> y) { return where(logical_or(ge(x, y), isnan(y)), dy, 0.0); })
        .grad([](Dy dy, X<0> x, X<1> y) { return where(logical_or(ge(x, y), isnan(y)), 0.0, dy); });
const Op& kFmin =
    Define("fmin", "The smaller of x and y; a NaN counts as missing.")
        .args({"x", "y"})
        .elementwise()
        .grad([](Dy dy, X<0> x, X<1> y) { return where(logical_or(le(x, y), isnan(y)), dy, 0.0); })
        .grad([](Dy dy, X<0> x, X<1> y) { return where(logical_or(le(x, y), isnan(y)), 0.0, dy); });

const Op& kAtan2 = Define("atan2", "The angle of the point (x, y), in (-pi, pi].")
                       .args({"y", "x"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, X<0> y, X<1> x) { return dy * (x / (x * x + y * y)); })
                       .grad([](Dy dy, X<0> y, X<1> x) { return neg(dy * (y / (x * x + y * y))); });
const Op& kHypot = Define("hypot", "sqrt(x^2 + y^2) without overflow.")
                       .args({"x", "y"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, X<0> x, Y<> y) { return dy * (x / y); })
                       .grad([](Dy dy, X<1> x, Y<> y) { return dy * (x / y); });
const Op& kLogaddexp = Define("logaddexp", "log(e^x + e^y) without overflow.")
                           .args({"x", "y"})
                           .elementwise(Types::kFloat)
                           .floating_only()
                           .grad([](Dy dy, X<0> x, X<1> y) { return dy * sigmoid(x - y); })
                           .grad([](Dy dy, X<0> x, X<1> y) { return dy * sigmoid(y - x); });
const Op& kXlogy = Define("xlogy", "x log(y), which is 0 where x is, whatever y is.")
                       .args({"x", "y"})
                       .elementwise(Types::kFloat)
                       .floating_only()
                       .grad([](Dy dy, X<0> x, X<1> y) {
                         return where(logical_and(eq(x, 0), le(y, 0)), 0.0, dy * log(y));
                       })
                       .grad([](Dy dy, X<0> x, X<1> y) { return dy * x / y; });
const Op& kCopysign =
    Define("copysign", "The size of x with the sign of y.")
        .args({"x", "y"})
        .elementwise(Types::kFloat)
        .floating_only()
        .grad([](Dy dy, X<0> x, X<1> y) { return dy * (sign(x) * copysign(1.0, y)); })
        .grad([](Dy dy) { return zeros_like(dy); });
const Op& kLerp = Define("lerp", "start + weight (end - start).")
                      .args({"start", "end", "weight"})
                      .elementwise()
                      .floating_only()
                      .grad([](Dy dy, X<2> weight) { return dy * (1 - weight); })
                      .grad([](Dy dy, X<2> weight) { return dy * weight; })
                      .grad([](Dy dy, X<0> start, X<1> end) { return dy * (end - start); });
const Op& kAddcmul =
    Define("addcmul", "x + value a b.")
        .args({"x", "a", "b"})
        .attrs<AddcAttrs>()
        .elementwise()
        .floating_only()
        .grad([](Dy dy) { return dy; })
        .grad([](Dy dy, X<2> b, const AddcAttrs& attrs) { return dy * b * attrs.value; })
        .grad([](Dy dy, X<1> a, const AddcAttrs& attrs) { return dy * a * attrs.value; });
const Op& kAddcdiv =
    Define("addcdiv", "x + value a / b.")
        .args({"x", "a", "b"})
        .attrs<AddcAttrs>()
        .elementwise()
        .floating_only()
        .grad([](Dy dy) { return dy; })
        .grad([](Dy dy, X<2> b, const AddcAttrs& attrs) { return dy * attrs.value / b; })
        .grad([](Dy dy, X<1> a, X<2> b, const AddcAttrs& attrs) {
          return neg(dy * attrs.value * (a / b / b));
        });

const Op& kEq = Define("eq", "x == y.").args({"x", "y"}).elementwise(Types::kCompare);
const Op& kNe = Define("ne", "x != y.").args({"x", "y"}).elementwise(Types::kCompare);
const Op& kLt = Define("lt", "x < y.").args({"x", "y"}).elementwise(Types::kCompare);
const Op& kLe = Define("le", "x <= y.").args({"x", "y"}).elementwise(Types::kCompare);
const Op& kGt = Define("gt", "x > y.").args({"x", "y"}).elementwise(Types::kCompare);
const Op& kGe = Define("ge", "x >= y.").args({"x", "y"}).elementwise(Types::kCompare);
const Op& kIsclose = Define("isclose", "|x - y| <= atol + rtol |y|; infinities must be equal.")
                         .args({"x", "y"})
                         .attrs<IscloseAttrs>()
                         .elementwise(Types::kCompare);
const Op& kLogicalAnd = Define("logical_and", "Whether x and y are both not 0.")
                            .args({"x", "y"})
                            .elementwise(Types::kCompare);
const Op& kLogicalOr =
    Define("logical_or", "Whether x or y is not 0.").args({"x", "y"}).elementwise(Types::kCompare);
const Op& kLogicalXor = Define("logical_xor", "Whether exactly one of x and y is not 0.")
                            .args({"x", "y"})
                            .elementwise(Types::kCompare);

const Op& kBitwiseAnd = Define("bitwise_and", "The bits set in both x and y.")
                            .args({"x", "y"})
                            .elementwise()
                            .dtypes(kBits);
const Op& kBitwiseOr =
    Define("bitwise_or", "The bits set in x or y.").args({"x", "y"}).elementwise().dtypes(kBits);
const Op& kBitwiseXor = Define("bitwise_xor", "The bits set in exactly one of x and y.")
                            .args({"x", "y"})
                            .elementwise()
                            .dtypes(kBits);
const Op& kLeftShift =
    Define("bitwise_left_shift", "x with its bits moved up by y; 0 where y is out of range.")
        .args({"x", "y"})
        .elementwise()
        .dtypes(kIntegers);
const Op& kRightShift =
    Define("bitwise_right_shift", "x with its bits moved down by y, the sign repeated.")
        .args({"x", "y"})
        .elementwise()
        .dtypes(kIntegers);

const Op& kWhere = Define("where", "x where the condition holds, y elsewhere.")
                       .args({"condition", "x", "y"})
                       .elementwise(Types::kSelect)
                       .grad(nullptr)
                       .grad([](Dy dy, X<0> condition) { return where(condition, dy, 0.0); })
                       .grad([](Dy dy, X<0> condition) { return where(condition, 0.0, dy); });

const Op& kTanhGrad = Define("tanh_grad", "The gradient of tanh: dy (1 - y^2).")
                          .args({"dy", "y"})
                          .elementwise()
                          .floating_only()
                          .grad([](Dy d, X<1> y) { return tanh_grad(d, y); })
                          .grad([](Dy d, X<0> dy, X<1> y) { return d * dy * y * -2; });
const Op& kSigmoidGrad = Define("sigmoid_grad", "The gradient of sigmoid: dy y (1 - y).")
                             .args({"dy", "y"})
                             .elementwise()
                             .floating_only()
                             .grad([](Dy d, X<1> y) { return sigmoid_grad(d, y); })
                             .grad([](Dy d, X<0> dy, X<1> y) { return d * dy * (1 - 2 * y); });
const Op& kReluGrad = Define("relu_grad", "The gradient of relu: dy where y > 0, else 0.")
                          .args({"dy", "y"})
                          .elementwise()
                          .floating_only()
                          .grad([](Dy d, X<1> y) { return relu_grad(d, y); })
                          .grad(nullptr);

}  // namespace

Tensor add(const Tensor& x, const Tensor& y) { return apply(kAdd, {x, y}); }
Tensor sub(const Tensor& x, const Tensor& y) { return apply(kSub, {x, y}); }
Tensor mul(const Tensor& x, const Tensor& y) { return apply(kMul, {x, y}); }
Tensor div(const Tensor& x, const Tensor& y) { return apply(kDiv, {x, y}); }
Tensor floor_divide(const Tensor& x, const Tensor& y) { return apply(kFloorDivide, {x, y}); }
Tensor remainder(const Tensor& x, const Tensor& y) { return apply(kRemainder, {x, y}); }
Tensor fmod(const Tensor& x, const Tensor& y) { return apply(kFmod, {x, y}); }
Tensor pow(const Tensor& x, const Tensor& exponent) { return apply(kPow, {x, exponent}); }
Tensor maximum(const Tensor& x, const Tensor& y) { return apply(kMaximum, {x, y}); }
Tensor minimum(const Tensor& x, const Tensor& y) { return apply(kMinimum, {x, y}); }
Tensor fmax(const Tensor& x, const Tensor& y) { return apply(kFmax, {x, y}); }
Tensor fmin(const Tensor& x, const Tensor& y) { return apply(kFmin, {x, y}); }
Tensor atan2(const Tensor& y, const Tensor& x) { return apply(kAtan2, {y, x}); }
Tensor hypot(const Tensor& x, const Tensor& y) { return apply(kHypot, {x, y}); }
Tensor logaddexp(const Tensor& x, const Tensor& y) { return apply(kLogaddexp, {x, y}); }
Tensor xlogy(const Tensor& x, const Tensor& y) { return apply(kXlogy, {x, y}); }
Tensor copysign(const Tensor& x, const Tensor& y) { return apply(kCopysign, {x, y}); }
Tensor lerp(const Tensor& start, const Tensor& end, const Tensor& weight) {
  return apply(kLerp, {start, end, weight});
}
Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, double value) {
  return apply(kAddcmul, {x, a, b}, AddcAttrs{value});
}
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, double value) {
  return apply(kAddcdiv, {x, a, b}, AddcAttrs{value});
}
Tensor eq(const Tensor& x, const Tensor& y) { return apply(kEq, {x, y}); }
Tensor ne(const Tensor& x, const Tensor& y) { return apply(kNe, {x, y}); }
Tensor lt(const Tensor& x, const Tensor& y) { return apply(kLt, {x, y}); }
Tensor le(const Tensor& x, const Tensor& y) { return apply(kLe, {x, y}); }
Tensor gt(const Tensor& x, const Tensor& y) { return apply(kGt, {x, y}); }
Tensor ge(const Tensor& x, const Tensor& y) { return apply(kGe, {x, y}); }
Tensor isclose(const Tensor& x, const Tensor& y, double rtol, double atol, bool equal_nan) {
  return apply(kIsclose, {x, y}, IscloseAttrs{rtol, atol, equal_nan});
}
Tensor logical_and(const Tensor& x, const Tensor& y) { return apply(kLogicalAnd, {x, y}); }
Tensor logical_or(const Tensor& x, const Tensor& y) { return apply(kLogicalOr, {x, y}); }
Tensor logical_xor(const Tensor& x, const Tensor& y) { return apply(kLogicalXor, {x, y}); }
Tensor bitwise_and(const Tensor& x, const Tensor& y) { return apply(kBitwiseAnd, {x, y}); }
Tensor bitwise_or(const Tensor& x, const Tensor& y) { return apply(kBitwiseOr, {x, y}); }
Tensor bitwise_xor(const Tensor& x, const Tensor& y) { return apply(kBitwiseXor, {x, y}); }
Tensor bitwise_left_shift(const Tensor& x, const Tensor& y) { return apply(kLeftShift, {x, y}); }
Tensor bitwise_right_shift(const Tensor& x, const Tensor& y) { return apply(kRightShift, {x, y}); }
Tensor where(const Tensor& condition, const Tensor& x, const Tensor& y) {
  return apply(kWhere, {condition, x, y});
}
Tensor operator-(const Tensor& x) { return neg(x); }
Tensor tanh_grad(const Tensor& dy, const Tensor& y) { return apply(kTanhGrad, {dy, y}); }
Tensor sigmoid_grad(const Tensor& dy, const Tensor& y) { return apply(kSigmoidGrad, {dy, y}); }
Tensor relu_grad(const Tensor& dy, const Tensor& y) { return apply(kReluGrad, {dy, y}); }
Tensor over::tanh_grad(const Dy& dy, const Tensor& y) {
  return apply_over_gradient(kTanhGrad, dy, {y});
}
Tensor over::sigmoid_grad(const Dy& dy, const Tensor& y) {
  return apply_over_gradient(kSigmoidGrad, dy, {y});
}
Tensor over::relu_grad(const Dy& dy, const Tensor& y) {
  return apply_over_gradient(kReluGrad, dy, {y});
}

}  // namespace rush
