// Activations: functions of unary.h that networks put between layers.
#include <numbers>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/unary.h"
#include "rush/ops/binary.h"
#include "rush/ops/over_gradient.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
constexpr double kSeluScale = 1.0507009873554804934193349852946;
constexpr double kSqrtTwoOverPi = 0.79788456080286535588;
constexpr double kGeluCubic = 0.044715;  // of the approximation by tanh

// Of the normal distribution.
Tensor density(const Tensor& x) { return exp(square(x) * -0.5) * (kSqrtTwoOverPi / 2); }
Tensor distribution(const Tensor& x) { return (erf(x * (1 / std::numbers::sqrt2)) + 1) * 0.5; }

const Op& kRelu =
    Define("relu", "x where it is positive, else 0.")
        .args({"x"})
        .elementwise()
        .dtypes({uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64})
        .grad([](Dy dy, Y<> y) { return over::relu_grad(dy, y); });
const Op& kLogit =
    Define("logit", "log(x / (1 - x)), with x clamped to [eps, 1 - eps] if eps is given.")
        .args({"x"})
        .attrs<LogitAttrs>()
        .elementwise(Types::kFloat)
        .floating_only()
        .grad([](Dy dy, X<> x, const LogitAttrs& a) {
          const Tensor dx = dy / (x * (1 - x));
          if (!a.eps) return dx;
          return where(logical_and(ge(x, *a.eps), le(x, 1 - *a.eps)), dx, 0.0);
        });
const Op& kGelu =
    Define("gelu", "x times the normal distribution's share below x.")
        .args({"x"})
        .attrs<GeluAttrs>()
        .elementwise()
        .floating_only()
        .grad([](Dy dy, X<> x, const GeluAttrs& a) { return over::gelu_grad(dy, x, a); });
const Op& kGeluGrad =
    Define("gelu_grad", "The gradient of gelu.")
        .args({"dy", "x"})
        .attrs<GeluAttrs>()
        .elementwise()
        .floating_only()
        .body([](std::span<const Tensor> in, const void* attrs) -> Tensors {
          const Tensor &dy = in[0], &x = in[1];
          if (static_cast<const GeluAttrs*>(attrs)->approximate == "none")
            return {dy * (distribution(x) + x * density(x))};
          const Tensor t = tanh((x + x * square(x) * kGeluCubic) * kSqrtTwoOverPi);
          const Tensor slope = (square(x) * (3 * kGeluCubic) + 1) * kSqrtTwoOverPi;
          return {dy * 0.5 * (1 + t + x * (1 - square(t)) * slope)};
        });
const Op& kSilu = Define("silu", "x sigmoid(x).")
                      .args({"x"})
                      .elementwise()
                      .floating_only()
                      .grad([](Dy dy, X<> x) { return over::silu_grad(dy, x); });
const Op& kSiluGrad = Define("silu_grad", "The gradient of silu.")
                          .args({"dy", "x"})
                          .elementwise()
                          .floating_only()
                          .body([](std::span<const Tensor> in, const void*) -> Tensors {
                            const Tensor s = sigmoid(in[1]);
                            return {in[0] * (s * (1 + in[1] * (1 - s)))};
                          });
const Op& kMish = Define("mish", "x tanh(softplus(x)).")
                      .args({"x"})
                      .elementwise()
                      .floating_only()
                      .body([](std::span<const Tensor> in, const void*) -> Tensors {
                        return {in[0] * tanh(softplus(in[0]))};
                      });
const Op& kSoftplus =
    Define("softplus", "log(1 + e^(beta x)) / beta; x where beta x is above the threshold.")
        .args({"x"})
        .attrs<SoftplusAttrs>()
        .elementwise()
        .floating_only()
        .grad([](Dy dy, X<> x, const SoftplusAttrs& a) {
          const Tensor scaled = x * a.beta;
          return where(gt(scaled, a.threshold), dy, dy * sigmoid(scaled));
        });
const Op& kSoftsign = Define("softsign", "x / (1 + |x|).")
                          .args({"x"})
                          .elementwise()
                          .floating_only()
                          .body([](std::span<const Tensor> in, const void*) -> Tensors {
                            return {in[0] / (abs(in[0]) + 1)};
                          });
const Op& kElu = Define("elu", "x where it is positive, else alpha (e^x - 1).")
                     .args({"x"})
                     .attrs<EluAttrs>()
                     .elementwise()
                     .floating_only()
                     .grad([](Dy dy, X<> x, const EluAttrs& a) {
                       return where(gt(x, 0), dy, dy * (exp(clamp(x, {}, 0)) * a.alpha));
                     });
const Op& kSelu = Define("selu", "elu with the alpha and the scale that keep variance 1.")
                      .args({"x"})
                      .elementwise()
                      .floating_only()
                      .body([](std::span<const Tensor> in, const void*) -> Tensors {
                        return {elu(in[0], kSeluAlpha) * kSeluScale};
                      });
const Op& kCelu = Define("celu", "x where it is positive, else alpha (e^(x / alpha) - 1).")
                      .args({"x"})
                      .attrs<EluAttrs>()
                      .elementwise()
                      .floating_only()
                      .grad([](Dy dy, X<> x, const EluAttrs& a) {
                        return where(gt(x, 0), dy, dy * exp(clamp(x, {}, 0) / a.alpha));
                      });
const Op& kLeakyRelu = Define("leaky_relu", "x where it is positive, else negative_slope x.")
                           .args({"x"})
                           .attrs<LeakyReluAttrs>()
                           .elementwise()
                           .floating_only()
                           .grad([](Dy dy, X<> x, const LeakyReluAttrs& a) {
                             return where(gt(x, 0), dy, dy * a.negative_slope);
                           });
// Unlike clamp's, its gradient is 0 at the bounds.
const Op& kHardtanh = Define("hardtanh", "x, but not below min_val nor above max_val.")
                          .args({"x"})
                          .attrs<HardtanhAttrs>()
                          .elementwise()
                          .floating_only()
                          .grad([](Dy dy, X<> x, const HardtanhAttrs& a) {
                            return where(logical_and(gt(x, a.min_val), lt(x, a.max_val)), dy, 0.0);
                          });
const Op& kHardsigmoid =
    Define("hardsigmoid", "x / 6 + 1/2, but not below 0 nor above 1.")
        .args({"x"})
        .elementwise()
        .floating_only()
        .grad([](Dy dy, X<> x) { return where(lt(abs(x), 3), dy * (1.0 / 6), 0.0); });
const Op& kHardswish = Define("hardswish", "x hardsigmoid(x).")
                           .args({"x"})
                           .elementwise()
                           .floating_only()
                           .grad([](Dy dy, X<> x) {
                             const Tensor bent = where(le(x, -3), 0.0, dy * (x * (1.0 / 3) + 0.5));
                             return where(ge(x, 3), dy, bent);
                           });
const Op& kLogsigmoid = Define("logsigmoid", "log(sigmoid(x)) without overflow.")
                            .args({"x"})
                            .elementwise()
                            .floating_only()
                            .grad([](Dy dy, X<> x) { return dy * sigmoid(neg(x)); });
const Op& kTanhshrink = Define("tanhshrink", "x - tanh(x).")
                            .args({"x"})
                            .elementwise()
                            .floating_only()
                            .body([](std::span<const Tensor> in, const void*) -> Tensors {
                              return {in[0] - tanh(in[0])};
                            });
const Op& kSoftshrink = Define("softshrink", "x moved towards 0 by lambd, but not across it.")
                            .args({"x"})
                            .attrs<ShrinkAttrs>()
                            .elementwise()
                            .floating_only()
                            .grad([](Dy dy, X<> x, const ShrinkAttrs& a) {
                              return where(le(abs(x), a.lambd), 0.0, dy);
                            });
const Op& kHardshrink = Define("hardshrink", "x, or 0 where |x| is at most lambd.")
                            .args({"x"})
                            .attrs<ShrinkAttrs>()
                            .elementwise()
                            .floating_only()
                            .grad([](Dy dy, X<> x, const ShrinkAttrs& a) {
                              return where(le(abs(x), a.lambd), 0.0, dy);
                            });
const Op& kThreshold = Define("threshold", "x where it is above the threshold, else value.")
                           .args({"x"})
                           .attrs<ThresholdAttrs>()
                           .elementwise()
                           .floating_only()
                           .grad([](Dy dy, X<> x, const ThresholdAttrs& a) {
                             return where(gt(x, a.threshold), dy, 0.0);
                           });

GeluAttrs gelu_attrs(const char* op, std::string_view approximate) {
  if (approximate != "none" && approximate != "tanh")
    fail(op, ": approximate is 'none' or 'tanh'; got '", approximate, "'");
  return {std::string(approximate)};
}

}  // namespace

Tensor relu(const Tensor& x) { return apply(kRelu, {x}); }
Tensor relu6(const Tensor& x) { return hardtanh(x, 0, 6); }
Tensor logit(const Tensor& x, std::optional<double> eps) {
  return apply(kLogit, {x}, LogitAttrs{eps});
}
Tensor gelu(const Tensor& x, std::string_view approximate) {
  return apply(kGelu, {x}, gelu_attrs("gelu", approximate));
}
Tensor gelu_grad(const Tensor& dy, const Tensor& x, std::string_view approximate) {
  return apply(kGeluGrad, {dy, x}, gelu_attrs("gelu_grad", approximate));
}
Tensor silu(const Tensor& x) { return apply(kSilu, {x}); }
Tensor silu_grad(const Tensor& dy, const Tensor& x) { return apply(kSiluGrad, {dy, x}); }
Tensor over::gelu_grad(const Dy& dy, const Tensor& x, const GeluAttrs& attrs) {
  return apply_over_gradient(kGeluGrad, dy, {x}, attrs);
}
Tensor over::silu_grad(const Dy& dy, const Tensor& x) {
  return apply_over_gradient(kSiluGrad, dy, {x});
}
Tensor mish(const Tensor& x) { return apply(kMish, {x}); }
Tensor softplus(const Tensor& x, double beta, double threshold) {
  if (beta == 0) fail("softplus: beta must not be 0");
  return apply(kSoftplus, {x}, SoftplusAttrs{beta, threshold});
}
Tensor softsign(const Tensor& x) { return apply(kSoftsign, {x}); }
Tensor elu(const Tensor& x, double alpha) { return apply(kElu, {x}, EluAttrs{alpha}); }
Tensor selu(const Tensor& x) { return apply(kSelu, {x}); }
Tensor celu(const Tensor& x, double alpha) {
  if (alpha == 0) fail("celu: alpha must not be 0");
  return apply(kCelu, {x}, EluAttrs{alpha});
}
Tensor leaky_relu(const Tensor& x, double negative_slope) {
  return apply(kLeakyRelu, {x}, LeakyReluAttrs{negative_slope});
}
Tensor hardtanh(const Tensor& x, double min_val, double max_val) {
  if (min_val > max_val)
    fail("hardtanh: min_val must not be above max_val; got ", min_val, " and ", max_val);
  return apply(kHardtanh, {x}, HardtanhAttrs{min_val, max_val});
}
Tensor hardsigmoid(const Tensor& x) { return apply(kHardsigmoid, {x}); }
Tensor hardswish(const Tensor& x) { return apply(kHardswish, {x}); }
Tensor logsigmoid(const Tensor& x) { return apply(kLogsigmoid, {x}); }
Tensor tanhshrink(const Tensor& x) { return apply(kTanhshrink, {x}); }
Tensor softshrink(const Tensor& x, double lambd) {
  if (!(lambd >= 0)) fail("softshrink: lambd must not be negative; got ", lambd);
  return apply(kSoftshrink, {x}, ShrinkAttrs{lambd});
}
Tensor hardshrink(const Tensor& x, double lambd) {
  return apply(kHardshrink, {x}, ShrinkAttrs{lambd});
}
Tensor threshold(const Tensor& x, double threshold, double value) {
  return apply(kThreshold, {x}, ThresholdAttrs{threshold, value});
}

}  // namespace rush
