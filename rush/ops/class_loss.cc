// Losses over classes: cross_entropy and nll_loss.
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/loss.h"
#include "rush/ops/loss_parts.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/softmax.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

// The shape of the losses: x without its class axis.
Shape rows_of(const Shape& x) {
  Shape rows = x;
  rows.erase(1);
  return rows;
}

void check_class_shapes(InferCall& c) {
  want_floating(c, 0);
  const Shape& x = c.shape(0);
  if (x.size() < 2) fail<ShapeError>(c.op, ": x must be [N, C] or [N, C, ...]; got ", x);
  if (x[1] == 0) fail<ShapeError>(c.op, ": x has no classes: ", x);
  want_dtype(c, 1, "class ids", DType::kInt64);
  if (!(c.shape(1) == rows_of(x)))
    fail<ShapeError>(c.op, ": target must have the shape ", rows_of(x), " for x of ", x, "; got ",
                     c.shape(1));
  want_dtype(c, 2, "weight", c.dtype(0));
  want_shape(c, 2, "weight", {x[1]});
}

DType lse_dtype(DType x) { return is_half(x) ? DType::kFloat32 : x; }

void infer_cross_entropy(InferCall& c) {
  check_class_shapes(c);
  const auto& a = c.attributes<ClassLossAttrs>();
  const Shape rows = rows_of(c.shape(0));
  c.result(a.reduction == Reduction::kNone ? rows : Shape{}, c.dtype(0));
  c.result(rows, lse_dtype(c.dtype(0)));
}

void infer_cross_entropy_grad(InferCall& c) {
  check_class_shapes(c);
  const auto& a = c.attributes<ClassLossAttrs>();
  const Shape rows = rows_of(c.shape(0));
  want_dtype(c, 3, "lse", lse_dtype(c.dtype(0)));
  want_shape(c, 3, "lse", rows);
  want_dtype(c, 4, "dy", c.dtype(0));
  want_shape(c, 4, "dy", a.reduction == Reduction::kNone ? rows : Shape{});
  c.result(c.shape(0), c.dtype(0), Format::kLikeFirst);
}

// [1, C, 1, ...], to go with x: [N, C, ...]
Tensor along_classes(const Tensor& v, int rank) {
  Shape shape = Dims::filled(rank, 1);
  shape[1] = v.shape()[0];
  return reshape(v, shape);
}

// The loss as a formula: -sum over c of q[c] log p[c], where q holds the class, its weight and the
// smoothing, and is zero for ignored rows; and the weight of each row in a mean.
struct ClassTarget {
  Tensor q, row_weight;
};
ClassTarget class_target(const Tensor& x, const Tensor& target, const Tensor& weight,
                         const ClassLossAttrs& a) {
  const int64_t classes = x.shape()[1];
  const Tensor ids = along_classes(arange(Tensor(classes), DType::kInt64), x.rank());
  const Tensor column = unsqueeze(target, 1);
  const Tensor counts = cast(ne(column, Tensor(a.ignore_index)), x.dtype());
  const Tensor hit = cast(eq(ids, column), x.dtype()) * counts;
  const Tensor spread = counts * (a.label_smoothing / static_cast<double>(classes));
  Tensor q = hit * (1 - a.label_smoothing) + spread, of_class = hit;
  if (weight.defined()) {
    const Tensor w = along_classes(weight, x.rank());
    q = q * w;
    of_class = hit * w;
  }
  return {q, sum(of_class, {1})};
}

Tensors cross_entropy_body(std::span<const Tensor> in, const void* attrs) {
  const auto& a = *static_cast<const ClassLossAttrs*>(attrs);
  const Tensor& x = in[0];
  const ClassTarget t = class_target(x, in[1], in[2], a);
  const Tensor losses = neg(sum(t.q * log_softmax(x, 1), {1}));
  const Tensor lse = logsumexp(cast(x, lse_dtype(x.dtype())), {1});
  if (a.reduction == Reduction::kNone) return {losses, lse};
  const Tensor total = sum(losses);
  return {a.reduction == Reduction::kMean ? total / sum(t.row_weight) : total, lse};
}

// The logarithm is not read: a formula of x alone, so that second derivatives come out whole.
Tensors cross_entropy_grad_body(std::span<const Tensor> in, const void* attrs) {
  const auto& a = *static_cast<const ClassLossAttrs*>(attrs);
  const Tensor& x = in[0];
  const ClassTarget t = class_target(x, in[1], in[2], a);
  Tensor dy = in[4];
  if (a.reduction == Reduction::kMean) dy = dy / sum(t.row_weight);
  if (a.reduction == Reduction::kNone) dy = unsqueeze(dy, 1);
  return {(sum(t.q, {1}, true) * softmax(x, 1) - t.q) * dy};
}

const Op& kCrossEntropyGrad =
    Define("cross_entropy_grad", "Gradient of cross_entropy with respect to x.")
        .args({"x", "target", "weight?", "lse", "dy"})
        .attrs<ClassLossAttrs>()
        .floating_only()
        .shape(infer_cross_entropy_grad)
        .body(cross_entropy_grad_body);

const Op& kCrossEntropy =
    Define("cross_entropy",
           "Negative logarithm of the softmax of x at the class ids, weighted, smoothed, and "
           "averaged over the rows that are not ignored. x: [N, C, ...], target: int64 [N, ...]. "
           "Also gives logsumexp(x) over the classes.")
        .args({"x", "target", "weight?"})
        .attrs<ClassLossAttrs>()
        .outputs(2)
        .floating_only()
        .shape(infer_cross_entropy)
        .body(cross_entropy_body)
        .grad([](Dy dy, X<0> x, X<1> target, X<2> weight, Y<1> lse, const ClassLossAttrs& a) {
          return apply(kCrossEntropyGrad, {x, target, weight, lse, dy}, a);
        })
        .grad(nullptr)
        .grad(nullptr);

// target: probabilities like x.
Tensor soft_cross_entropy(const Tensor& x, const Tensor& target, const CrossEntropyOptions& o) {
  if (!(x.shape() == target.shape()) || x.rank() < 1)
    fail<ShapeError>("cross_entropy: probabilities must have the shape of x, [N, C, ...]; x is ",
                     x.shape(), ", target is ", target.shape());
  if (x.dtype() != target.dtype())
    fail<TypeError>(
        "cross_entropy: target must be class ids (int64) or probabilities in x's dtype ", x.dtype(),
        "; got ", target.dtype());
  const int axis = x.rank() == 1 ? 0 : 1;
  const double classes = static_cast<double>(x.shape()[axis]);
  Tensor q = target;
  if (o.label_smoothing > 0) q = q * (1 - o.label_smoothing) + o.label_smoothing / classes;
  if (o.weight.defined()) {
    if (!(o.weight.shape() == Shape{x.shape()[axis]}))
      fail<ShapeError>("cross_entropy: weight must have shape ", Shape{x.shape()[axis]}, "; got ",
                       o.weight.shape());
    q = q * (axis == 0 ? o.weight : along_classes(o.weight, x.rank()));
  }
  const Tensor losses = neg(sum(q * log_softmax(x, axis), {axis}));
  return reduced(losses, o.reduction);
}

// One row without a batch axis as a batch of one.
template <typename F>
Tensor with_batch(const Tensor& x, const Tensor& target, Reduction reduction, const F& loss) {
  if (x.rank() != 1) return loss(x, target);
  const Tensor y = loss(unsqueeze(x, 0), unsqueeze(target, 0));
  return reduction == Reduction::kNone ? squeeze(y, 0) : y;
}

Tensor nll_rows(const Tensor& x, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                Reduction reduction) {
  if (!is_floating(x.dtype())) fail<TypeError>("nll_loss: wants a floating dtype; got ", x.dtype());
  if (target.dtype() != DType::kInt64)
    fail<TypeError>("nll_loss: class ids must be int64; got ", target.dtype());
  if (x.rank() < 2 || !(target.shape() == rows_of(x.shape())))
    fail<ShapeError>("nll_loss: x must be [N, C, ...] and target [N, ...]; x is ", x.shape(),
                     ", target is ", target.shape());
  if (weight.defined() && !(weight.shape() == Shape{x.shape()[1]}))
    fail<ShapeError>("nll_loss: weight must have shape ", Shape{x.shape()[1]}, "; got ",
                     weight.shape());
  const Tensor counts = ne(target, Tensor(ignore_index));
  const Tensor safe = where(counts, target, 0);
  Tensor row_weight = cast(counts, x.dtype());
  if (weight.defined())
    row_weight = row_weight * reshape(index_select(weight, 0, flatten(safe)), target.shape());
  const Tensor losses = neg(squeeze(gather(x, 1, unsqueeze(safe, 1)), 1)) * row_weight;
  if (reduction == Reduction::kMean) return sum(losses) / sum(row_weight);
  return reduced(losses, reduction);
}

}  // namespace

Tensor cross_entropy(const Tensor& x, const Tensor& target, const CrossEntropyOptions& o) {
  if (!(o.label_smoothing >= 0 && o.label_smoothing <= 1))
    fail("cross_entropy: label_smoothing must be in [0, 1]; got ", o.label_smoothing);
  if (is_floating(target.dtype())) return soft_cross_entropy(x, target, o);
  const ClassLossAttrs attrs{o.ignore_index, o.label_smoothing, o.reduction};
  return with_batch(x, target, o.reduction, [&](const Tensor& rows, const Tensor& ids) {
    return apply(kCrossEntropy, {rows, ids, o.weight}, attrs);
  });
}

Tensor nll_loss(const Tensor& x, const Tensor& target, const Tensor& weight, int64_t ignore_index,
                Reduction reduction) {
  return with_batch(x, target, reduction, [&](const Tensor& rows, const Tensor& ids) {
    return nll_rows(rows, ids, weight, ignore_index, reduction);
  });
}

}  // namespace rush
