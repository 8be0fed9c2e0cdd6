// Reductions that add, multiply or measure spread.
#include "rush/ops/reduce.h"

#include <cmath>

#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce_parts.h"
#include "rush/ops/unary.h"

namespace rush {

Shape reduced_shape(const char* op, const Shape& x, const Dims& axes, bool keepdim) {
  const Dims reduced = normalize_axes(op, axes, x.size());
  Shape out;
  int next = 0;
  for (int i = 0; i < x.size(); ++i) {
    const bool is_reduced = next < reduced.size() && reduced[next] == i;
    if (is_reduced) ++next;
    if (!is_reduced) out.push_back(x[i]);
    if (is_reduced && keepdim) out.push_back(1);
  }
  return out;
}

int64_t reduced_count(const char* op, const Shape& x, const Dims& axes) {
  int64_t n = 1;
  for (int64_t axis : normalize_axes(op, axes, x.size())) n *= x[axis];
  return n;
}

Tensor restore_axes(const Tensor& y, const Shape& x, const Dims& axes, bool keepdim) {
  if (keepdim || y.rank() == 0) return y;  // 0-d broadcasts with anything
  return reshape(y, reduced_shape("restore", x, axes, true));
}

namespace {

Tensor repeat_to(const Tensor& dy, const Shape& x, const Dims& axes, bool keepdim) {
  return expand(restore_axes(dy, x, axes, keepdim), x);
}

void infer_sum(InferCall& c) {
  const auto& a = c.attributes<ReduceAttrs>();
  const DType t = is_floating(c.dtype(0)) ? c.dtype(0) : DType::kInt64;
  c.result(reduced_shape(c.op, c.shape(0), a.axes, a.keepdim), t);
}

const Op& kSum = Define("sum", "Sum over some axes, or over all.")
                     .args({"x"})
                     .attrs<ReduceAttrs>()
                     .shape(infer_sum)
                     .grad([](Dy dy, XSpec<0> x, const ReduceAttrs& a) {
                       return repeat_to(dy, x.shape, a.axes, a.keepdim);
                     });

void infer_sum_to(InferCall& c) {
  want_floating(c, 0);
  const Shape &x = c.shape(0), &to = c.attributes<SumToAttrs>().shape;
  const int lead = x.size() - to.size();
  bool fits = lead >= 0;
  for (int i = 0; fits && i < to.size(); ++i) fits = to[i] == x[i + lead] || to[i] == 1;
  if (!fits) fail<ShapeError>("sum_to: ", to, " does not broadcast to ", x);
  c.result(to, c.dtype(0));
}

const Op& kSumTo = Define("sum_to",
                          "Sums x over the axes that `shape` lacks or holds 1 for: the reverse of "
                          "a broadcast from `shape`.")
                       .args({"x"})
                       .attrs<SumToAttrs>()
                       .floating_only()
                       .shape(infer_sum_to)
                       .grad([](Dy dy, XSpec<0> x) { return expand(dy, x.shape); });

void infer_mean(InferCall& c) {
  if (!is_floating(c.dtype(0)))
    fail<TypeError>(c.op, ": wants a floating dtype; got ", c.dtype(0),
                    ", say which one to compute in (dtype)");
  infer_sum(c);
}

const Op& kMean = Define("mean", "Mean over some axes, or over all; NaN of nothing.")
                      .args({"x"})
                      .attrs<ReduceAttrs>()
                      .floating_only()
                      .shape(infer_mean)
                      .grad([](Dy dy, XSpec<0> x, const ReduceAttrs& a) {
                        const int64_t n = reduced_count("mean", x.shape, a.axes);
                        return repeat_to(div(dy, n), x.shape, a.axes, a.keepdim);
                      });

// d prod / dx[i] is the product of all others: of those before times those after, so that zeros
// need no special case. The reduced axes become one, the last.
Tensor prod_grad(const Tensor& dy, const Tensor& x, const Dims& axes) {
  const Dims reduced = normalize_axes("prod", axes, x.rank());
  Dims order, kept_shape, back = Dims::filled(x.rank(), 0);
  for (int i = 0, next = 0; i < x.rank(); ++i) {
    if (next < reduced.size() && reduced[next] == i) {
      ++next;
    } else {
      order.push_back(i);
      kept_shape.push_back(x.shape()[i]);
    }
  }
  for (int64_t axis : reduced) order.push_back(axis);
  for (int i = 0; i < x.rank(); ++i) back[order[i]] = i;
  const Tensor sorted = permute(x, order);
  Dims flat_shape = kept_shape;
  flat_shape.push_back(reduced_count("prod", x.shape(), axes));
  const Tensor flat = reshape(sorted, flat_shape);
  const Tensor others = exclusive_cumprod(flat, -1, false) * exclusive_cumprod(flat, -1, true);
  Dims dy_shape = kept_shape;
  dy_shape.push_back(1);
  return permute(reshape(reshape(dy, dy_shape) * others, sorted.shape()), back);
}

const Op& kProd =
    Define("prod", "Product over some axes, or over all.")
        .args({"x"})
        .attrs<ReduceAttrs>()
        .shape(infer_sum)
        .grad([](Dy dy, X<0> x, const ReduceAttrs& a) { return prod_grad(dy, x, a.axes); });

void infer_truth(InferCall& c) {
  const auto& a = c.attributes<ReduceAttrs>();
  c.result(reduced_shape(c.op, c.shape(0), a.axes, a.keepdim), DType::kBool);
}
void infer_count(InferCall& c) {
  const auto& a = c.attributes<ReduceAttrs>();
  c.result(reduced_shape(c.op, c.shape(0), a.axes, a.keepdim), DType::kInt64);
}

const Op& kAny = Define("any", "Whether any element differs from zero.")
                     .args({"x"})
                     .attrs<ReduceAttrs>()
                     .shape(infer_truth);
const Op& kAll = Define("all", "Whether all elements differ from zero.")
                     .args({"x"})
                     .attrs<ReduceAttrs>()
                     .shape(infer_truth);
const Op& kCountNonzero = Define("count_nonzero", "How many elements are not zero; int64.")
                              .args({"x"})
                              .attrs<ReduceAttrs>()
                              .shape(infer_count);

void infer_var(InferCall& c) {
  want_floating(c, 0);
  const auto& a = c.attributes<VarAttrs>();
  c.result(reduced_shape(c.op, c.shape(0), a.axes, a.keepdim), c.dtype(0));
}

Tensor var_grad(const Tensor& dy, const Tensor& x, const VarAttrs& a) {
  const double n = static_cast<double>(reduced_count("var", x.shape(), a.axes));
  const Tensor scaled =
      restore_axes(dy, x.shape(), a.axes, a.keepdim) * Tensor(2 / std::fmax(0.0, n - a.correction));
  return scaled * (x - mean(x, a.axes, true));
}

const Op& kVar =
    Define("var", "Variance: the sum of squared deviations from the mean over (n - correction).")
        .args({"x"})
        .attrs<VarAttrs>()
        .floating_only()
        .shape(infer_var)
        .grad([](Dy dy, X<0> x, const VarAttrs& a) { return var_grad(dy, x, a); });

const Op& kStd =
    Define("std", "Standard deviation: the square root of var; its gradient at 0 is 0.")
        .args({"x"})
        .attrs<VarAttrs>()
        .floating_only()
        .shape(infer_var)
        .grad([](Dy dy, X<0> x, Y<0> y, const VarAttrs& a) {
          const Tensor into_var = where(eq(y, 0), 0.0, dy / (Tensor(2.0) * y));
          return var_grad(into_var, x, a);
        });

void infer_norm(InferCall& c) {
  want_floating(c, 0);
  const auto& a = c.attributes<NormAttrs>();
  const Shape out = reduced_shape(c.op, c.shape(0), a.axes, a.keepdim);
  const bool needs_elements = std::isinf(a.p) || a.p < 0;
  if (needs_elements && numel(out) > 0 && numel(c.shape(0)) == 0)
    fail<ShapeError>(c.op, ": a norm of order ", a.p, " of no elements is not defined; x is ",
                     c.shape(0));
  c.result(out, c.dtype(0));
}

Tensor norm_grad(const Tensor& dy_small, const Tensor& x, const Tensor& y_small,
                 const NormAttrs& a) {
  const Tensor dy = restore_axes(dy_small, x.shape(), a.axes, a.keepdim);
  const Tensor y = restore_axes(y_small, x.shape(), a.axes, a.keepdim);
  if (a.p == 0) return expand(dy * 0.0, x.shape());
  if (a.p == 1) return dy * sign(x);
  if (a.p == 2) return x * where(eq(y, 0), 0.0, dy / y);
  if (std::isinf(a.p)) {
    const Tensor is_extreme = cast(eq(abs(x), y), x.dtype());
    return sign(x) * is_extreme * (dy / sum(is_extreme, a.axes, true));
  }
  const Tensor slope = where(eq(x, 0), 0.0, sign(x) * pow(abs(x), a.p - 1));
  return slope * where(eq(y, 0), 0.0, dy / pow(y, a.p - 1));
}

const Op& kNorm =
    Define("norm",
           "Vector norm of order p: 0 counts what is not zero, infinities give the "
           "largest or smallest absolute value.")
        .args({"x"})
        .attrs<NormAttrs>()
        .floating_only()
        .shape(infer_norm)
        .grad([](Dy dy, X<0> x, Y<0> y, const NormAttrs& a) { return norm_grad(dy, x, y, a); });

Tensors logsumexp_body(std::span<const Tensor> in, const void* attrs) {
  const auto& a = *static_cast<const ReduceAttrs*>(attrs);
  const Tensor& x = in[0];
  const Tensor high = amax(x, a.axes, true);
  const Tensor shift = where(isinf(high), 0.0, high);
  const Tensor y = log(sum(exp(x - shift), a.axes, true)) + shift;
  return {a.keepdim ? y : reshape(y, reduced_shape("logsumexp", x.shape(), a.axes, false))};
}
const Op& kLogsumexp =
    Define("logsumexp", "log(sum(exp(x))) over some axes, or over all, without overflow.")
        .args({"x"})
        .attrs<ReduceAttrs>()
        .floating_only()
        .shape([](InferCall& c) {
          want_floating(c, 0);
          infer_sum(c);
        })
        .body(logsumexp_body)
        .grad([](Dy dy, X<0> x, Y<0> y, const ReduceAttrs& a) {
          const Tensor share = exp(x - restore_axes(y, x.shape(), a.axes, a.keepdim));
          return restore_axes(dy, x.shape(), a.axes, a.keepdim) * share;
        });

Tensors nansum_body(std::span<const Tensor> in, const void* attrs) {
  const auto& a = *static_cast<const ReduceAttrs*>(attrs);
  const Tensor& x = in[0];
  if (!is_floating(x.dtype())) return {sum(x, a.axes, a.keepdim)};
  return {sum(where(isnan(x), 0.0, x), a.axes, a.keepdim)};
}
const Op& kNansum = Define("nansum", "Sum that counts NaN as zero.")
                        .args({"x"})
                        .attrs<ReduceAttrs>()
                        .body(nansum_body);

Tensors nanmean_body(std::span<const Tensor> in, const void* attrs) {
  const auto& a = *static_cast<const ReduceAttrs*>(attrs);
  const Tensor& x = in[0];
  if (!is_floating(x.dtype())) fail<TypeError>("nanmean: wants a floating dtype; got ", x.dtype());
  const Tensor count = sum(cast(logical_not(isnan(x)), x.dtype()), a.axes, a.keepdim);
  return {nansum(x, a.axes, a.keepdim) / count};
}
const Op& kNanmean = Define("nanmean", "Mean of the elements that are not NaN.")
                         .args({"x"})
                         .attrs<ReduceAttrs>()
                         .floating_only()
                         .body(nanmean_body);

Tensor converted(const Tensor& x, std::optional<DType> dtype) {
  return dtype ? cast(x, *dtype) : x;
}

}  // namespace

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  return apply(kSumTo, {x}, SumToAttrs{shape});
}
Tensor sum(const Tensor& x, const Dims& axes, bool keepdim, std::optional<DType> dtype) {
  return converted(apply(kSum, {converted(x, dtype)}, ReduceAttrs{axes, keepdim}), dtype);
}
Tensor mean(const Tensor& x, const Dims& axes, bool keepdim, std::optional<DType> dtype) {
  return apply(kMean, {converted(x, dtype)}, ReduceAttrs{axes, keepdim});
}
Tensor prod(const Tensor& x, const Dims& axes, bool keepdim, std::optional<DType> dtype) {
  return converted(apply(kProd, {converted(x, dtype)}, ReduceAttrs{axes, keepdim}), dtype);
}
Tensor nansum(const Tensor& x, const Dims& axes, bool keepdim) {
  return apply(kNansum, {x}, ReduceAttrs{axes, keepdim});
}
Tensor nanmean(const Tensor& x, const Dims& axes, bool keepdim) {
  return apply(kNanmean, {x}, ReduceAttrs{axes, keepdim});
}
Tensor any(const Tensor& x, const Dims& axes, bool keepdim) {
  return apply(kAny, {x}, ReduceAttrs{axes, keepdim});
}
Tensor all(const Tensor& x, const Dims& axes, bool keepdim) {
  return apply(kAll, {x}, ReduceAttrs{axes, keepdim});
}
Tensor count_nonzero(const Tensor& x, const Dims& axes) {
  return apply(kCountNonzero, {x}, ReduceAttrs{axes, false});
}
Tensor var(const Tensor& x, const Dims& axes, double correction, bool keepdim) {
  return apply(kVar, {x}, VarAttrs{axes, correction, keepdim});
}
Tensor std_dev(const Tensor& x, const Dims& axes, double correction, bool keepdim) {
  return apply(kStd, {x}, VarAttrs{axes, correction, keepdim});
}
VarMean var_mean(const Tensor& x, const Dims& axes, double correction, bool keepdim) {
  return {var(x, axes, correction, keepdim), mean(x, axes, keepdim)};
}
Tensor norm(const Tensor& x, double p, const Dims& axes, bool keepdim) {
  return apply(kNorm, {x}, NormAttrs{p, axes, keepdim});
}
Tensor logsumexp(const Tensor& x, const Dims& axes, bool keepdim) {
  return apply(kLogsumexp, {x}, ReduceAttrs{axes, keepdim});
}

Tensor Tensor::sum(const Dims& axes, bool keepdim) const { return rush::sum(*this, axes, keepdim); }
Tensor Tensor::mean(const Dims& axes, bool keepdim) const {
  return rush::mean(*this, axes, keepdim);
}

}  // namespace rush
