// Running results along an axis. Their gradients are scans in the other direction, so the family is
// closed: cumsum is its own, and linear_scan serves cumprod.
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/reduce.h"
#include "rush/ops/reduce_parts.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

void infer_adding_scan(InferCall& c) {
  axis_in(c.op, c.attributes<ScanAttrs>().axis, c.shape(0).size());
  c.result(c.shape(0), is_floating(c.dtype(0)) ? c.dtype(0) : DType::kInt64);
}

extern const Op& kLinearScan;

Tensor scan(const Op& op, const Tensor& x, const ScanAttrs& a) { return apply(op, {x}, a); }
Tensor linear_scan(const Tensor& a, const Tensor& b, const ScanAttrs& attrs) {
  return apply(kLinearScan, {a, b}, attrs);
}
ScanAttrs reversed(ScanAttrs a) {
  a.reverse = !a.reverse;
  return a;
}
ScanAttrs excluding(ScanAttrs a, bool exclusive = true) {
  a.exclusive = exclusive;
  return a;
}

const Op& kCumsum =
    Define("cumsum", "Running sum along an axis.")
        .args({"x"})
        .attrs<ScanAttrs>()
        .shape(infer_adding_scan)
        .grad([](Dy dy, const ScanAttrs& a) { return scan(*find_op("cumsum"), dy, reversed(a)); });

// y[j] is the product of x[i], i <= j, so dx[k] = (product of i < k) s[k] with
// s[k] = dy[k] + x[k+1] s[k+1]: no division, zeros need no special case.
Tensor cumprod_grad(const Tensor& dy, const Tensor& x, const ScanAttrs& a) {
  const Tensor before = scan(*find_op("cumprod"), x, excluding(a));
  const ScanAttrs back = excluding(reversed(a));
  if (a.exclusive) return before * linear_scan(x, dy, back);
  return before * (dy + linear_scan(x, x * dy, back));
}

const Op& kCumprod =
    Define("cumprod", "Running product along an axis.")
        .args({"x"})
        .attrs<ScanAttrs>()
        .shape(infer_adding_scan)
        .grad([](Dy dy, X<0> x, const ScanAttrs& a) { return cumprod_grad(dy, x, a); });

void infer_linear_scan(InferCall& c) {
  want_floating(c, 0);
  want_dtype(c, 1, "b", c.dtype(0));
  want_shape(c, 1, "b", c.shape(0));
  axis_in(c.op, c.attributes<ScanAttrs>().axis, c.shape(0).size());
  c.result(c.shape(0), c.dtype(0));
}

// The gradient that reaches s[k]: g[k] = ds[k] + a[k+1] g[k+1].
Tensor state_grad(const Tensor& dy, const Tensor& a, const ScanAttrs& attrs) {
  const ScanAttrs back = excluding(reversed(attrs));
  return attrs.exclusive ? linear_scan(a, dy, back) : dy + linear_scan(a, a * dy, back);
}

const Op& kLinearScan =
    Define("linear_scan",
           "Linear recurrence s[i] = b[i] + a[i] s[i-1] along an axis, from s[-1] = 0; exclusive "
           "gives s[i-1] in place of s[i].")
        .args({"a", "b"})
        .attrs<ScanAttrs>()
        .floating_only()
        .shape(infer_linear_scan)
        .grad([](Dy dy, X<0> a, X<1> b, const ScanAttrs& attrs) {
          return state_grad(dy, a, attrs) * linear_scan(a, b, excluding(attrs));
        })
        .grad([](Dy dy, X<0> a, const ScanAttrs& attrs) { return state_grad(dy, a, attrs); });

void infer_floating_scan(InferCall& c) {
  want_floating(c, 0);
  infer_adding_scan(c);
}

// dx[k] = sum of dy[j] exp(x[k] - y[j]) over j >= k; sums of positive and negative parts stay
// logarithms, so that nothing overflows.
Tensor logcumsumexp_grad(const Tensor& dy, const Tensor& x, const Tensor& y, const ScanAttrs& a) {
  const Op& op = *find_op("logcumsumexp");
  const Tensor log_size = log(abs(dy));
  constexpr double kNothing = -1e30;  // exp gives 0, and unlike -inf it has a gradient
  const Tensor positive = where(gt(dy, 0), log_size, kNothing);
  const Tensor negative = where(lt(dy, 0), log_size, kNothing);
  return exp(scan(op, positive - y, reversed(a)) + x) -
         exp(scan(op, negative - y, reversed(a)) + x);
}

const Op& kLogcumsumexp = Define("logcumsumexp", "Running log(sum(exp(x))) along an axis.")
                              .args({"x"})
                              .attrs<ScanAttrs>()
                              .floating_only()
                              .shape(infer_floating_scan)
                              .grad([](Dy dy, X<0> x, Y<0> y, const ScanAttrs& a) {
                                return logcumsumexp_grad(dy, x, y, a);
                              });

void infer_extreme_scan(InferCall& c) {
  axis_in(c.op, c.attributes<ScanAttrs>().axis, c.shape(0).size());
  c.result(c.shape(0), c.dtype(0));
  c.result(c.shape(0), DType::kInt64);
}

Tensor chosen_grad(const Tensor& dy, const Tensor& index, const ScanAttrs& a) {
  if (dy.rank() == 0) return dy;
  return scatter_add(zeros(dy.shape(), dy.dtype()), a.axis, index, dy);
}

const Op& kCummax =
    Define("cummax", "Running maximum along an axis, and the index of the last.")
        .args({"x"})
        .attrs<ScanAttrs>()
        .outputs(2)
        .shape(infer_extreme_scan)
        .grad([](Dy dy, Y<1> index, const ScanAttrs& a) { return chosen_grad(dy, index, a); });
const Op& kCummin =
    Define("cummin", "Running minimum along an axis, and the index of the last.")
        .args({"x"})
        .attrs<ScanAttrs>()
        .outputs(2)
        .shape(infer_extreme_scan)
        .grad([](Dy dy, Y<1> index, const ScanAttrs& a) { return chosen_grad(dy, index, a); });

}  // namespace

Tensor exclusive_cumprod(const Tensor& x, int64_t axis, bool reverse) {
  return scan(kCumprod, x, {axis, reverse, true});
}

Tensor cumsum(const Tensor& x, int64_t axis, std::optional<DType> dtype) {
  return dtype ? cast(scan(kCumsum, cast(x, *dtype), {axis}), *dtype) : scan(kCumsum, x, {axis});
}
Tensor cumprod(const Tensor& x, int64_t axis, std::optional<DType> dtype) {
  return dtype ? cast(scan(kCumprod, cast(x, *dtype), {axis}), *dtype) : scan(kCumprod, x, {axis});
}
Tensor logcumsumexp(const Tensor& x, int64_t axis) { return scan(kLogcumsumexp, x, {axis}); }
ValuesIndices cummax(const Tensor& x, int64_t axis) {
  Tensors y = apply_multi(kCummax, {x}, ScanAttrs{axis});
  return {y[0], y[1]};
}
ValuesIndices cummin(const Tensor& x, int64_t axis) {
  Tensors y = apply_multi(kCummin, {x}, ScanAttrs{axis});
  return {y[0], y[1]};
}
Tensor linear_scan(const Tensor& a, const Tensor& b, int64_t axis, bool reverse, bool exclusive) {
  return linear_scan(a, b, ScanAttrs{axis, reverse, exclusive});
}

}  // namespace rush
