#include "rush/ops/margin_loss.h"

#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/loss_parts.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

void check_floating(const char* op, const Tensor& x) {
  if (!is_floating(x.dtype())) fail<TypeError>(op, ": wants a floating dtype; got ", x.dtype());
}
void check_like(const char* op, const char* what, const Tensor& x, const Tensor& other) {
  check_floating(op, x);
  if (!(x.shape() == other.shape()))
    fail<ShapeError>(op, ": ", what, " must have the shape of x, ", x.shape(), "; got ",
                     other.shape());
}

// x as rows [N, C], with what goes with each row.
struct Rows {
  Tensor x, target;
  bool is_single;
};
Rows rows_of(const char* op, const Tensor& x, const Tensor& target, bool is_id_per_row) {
  check_floating(op, x);
  if (target.dtype() != DType::kInt64)
    fail<TypeError>(op, ": class ids must be int64; got ", target.dtype());
  const bool is_single = x.rank() == 1;
  if (x.rank() < 1 || x.rank() > 2 || x.size(-1) == 0)
    fail<ShapeError>(op, ": x must be [N, C] or [C] with classes; got ", x.shape());
  Shape wanted = x.shape();
  if (is_id_per_row) wanted.erase(wanted.size() - 1);
  if (!(target.shape() == wanted))
    fail<ShapeError>(op, ": target must have shape ", wanted, " for x of ", x.shape(), "; got ",
                     target.shape());
  if (!is_single) return {x, target, false};
  return {unsqueeze(x, 0), unsqueeze(target, 0), true};
}

Tensor reduced_rows(const Tensor& losses, bool is_single, Reduction reduction) {
  if (reduction == Reduction::kNone && is_single) return squeeze(losses, int64_t{0});
  return reduced(losses, reduction);
}

}  // namespace

Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t axis, double eps) {
  check_floating("cosine_similarity", x1);
  check_floating("cosine_similarity", x2);
  const Tensor n1 = clamp(norm(x1, 2, {axis}, true), eps);
  const Tensor n2 = clamp(norm(x2, 2, {axis}, true), eps);
  return sum((x1 / n1) * (x2 / n2), {axis});
}

Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p, double eps, bool keepdim) {
  check_floating("pairwise_distance", x1);
  check_floating("pairwise_distance", x2);
  if (x1.rank() < 1 || x2.rank() < 1)
    fail<ShapeError>("pairwise_distance: vectors in the last axis are needed; got ", x1.shape(),
                     " and ", x2.shape());
  return norm(x1 - x2 + eps, p, {-1}, keepdim);
}

Tensor margin_ranking_loss(const Tensor& x1, const Tensor& x2, const Tensor& target, double margin,
                           Reduction reduction) {
  check_like("margin_ranking_loss", "x2", x1, x2);
  check_like("margin_ranking_loss", "target", x1, target);
  return reduced(relu(target * (x2 - x1) + margin), reduction);
}

Tensor hinge_embedding_loss(const Tensor& x, const Tensor& target, double margin,
                            Reduction reduction) {
  check_like("hinge_embedding_loss", "target", x, target);
  const Tensor together = where(ne(target, -1), x, 0.0);
  const Tensor apart = where(ne(target, 1), relu(margin - x), 0.0);
  return reduced(together + apart, reduction);
}

Tensor soft_margin_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  check_like("soft_margin_loss", "target", x, target);
  return reduced(neg(logsigmoid(target * x)), reduction);
}

Tensor cosine_embedding_loss(const Tensor& x1, const Tensor& x2, const Tensor& target,
                             double margin, Reduction reduction) {
  check_like("cosine_embedding_loss", "x2", x1, x2);
  if (x1.rank() < 1 || x1.rank() > 2)
    fail<ShapeError>("cosine_embedding_loss: x1 must be [N, D] or [D]; got ", x1.shape());
  Shape wanted = x1.shape();
  wanted.erase(wanted.size() - 1);
  if (!(target.shape() == wanted))
    fail<ShapeError>("cosine_embedding_loss: target must have shape ", wanted, "; got ",
                     target.shape());
  constexpr double kTiny = 1e-12;
  const Tensor squares = (sum(square(x1), {-1}) + kTiny) * (sum(square(x2), {-1}) + kTiny);
  const Tensor cosine = sum(x1 * x2, {-1}) / sqrt(squares);
  const Tensor together = where(eq(target, 1), 1.0 - cosine, 0.0);
  const Tensor apart = where(eq(target, -1), relu(cosine - margin), 0.0);
  return reduced(together + apart, reduction);
}

Tensor multi_margin_loss(const Tensor& x, const Tensor& target, int64_t p, double margin,
                         const Tensor& weight, Reduction reduction) {
  const Rows rows = rows_of("multi_margin_loss", x, target, true);
  if (p != 1 && p != 2) fail("multi_margin_loss: p is 1 or 2; got ", p);
  const int64_t classes = x.size(-1);
  if (weight.defined() && !(weight.shape() == Shape{classes}))
    fail<ShapeError>("multi_margin_loss: weight must have shape ", Shape{classes}, "; got ",
                     weight.shape());
  const Tensor ids = unsqueeze(rows.target, 1);  // [N, 1]
  Tensor hinge = relu(rows.x - gather(rows.x, 1, ids) + margin);
  if (p == 2) hinge = square(hinge);
  if (weight.defined()) hinge = hinge * unsqueeze(index_select(weight, 0, rows.target), 1);
  const Tensor is_other = ne(arange(Tensor(classes), DType::kInt64), ids);
  const Tensor losses = sum(where(is_other, hinge, 0.0), {1}) / static_cast<double>(classes);
  return reduced_rows(losses, rows.is_single, reduction);
}

Tensor multilabel_margin_loss(const Tensor& x, const Tensor& target, Reduction reduction) {
  const Rows rows = rows_of("multilabel_margin_loss", x, target, false);
  const Tensor counts = cumprod(cast(ge(rows.target, 0), DType::kInt64), 1);  // up to the first -1
  const Tensor valid = cast(counts, x.dtype());                               // [N, C]
  const Tensor ids = rows.target * counts;
  const Tensor hits = scatter_add(zeros_like(valid), 1, ids, valid);
  const Tensor others = cast(eq(hits, 0), x.dtype());
  // [N, target, other class]
  const Tensor hinge = relu(unsqueeze(rows.x, 1) - unsqueeze(gather(rows.x, 1, ids), 2) + 1.0);
  const Tensor pairs = hinge * unsqueeze(valid, 2) * unsqueeze(others, 1);
  return reduced_rows(sum(pairs, {1, 2}) / static_cast<double>(x.size(-1)), rows.is_single,
                      reduction);
}

Tensor multilabel_soft_margin_loss(const Tensor& x, const Tensor& target, const Tensor& weight,
                                   Reduction reduction) {
  check_like("multilabel_soft_margin_loss", "target", x, target);
  Tensor losses = neg(target * logsigmoid(x) + (1.0 - target) * logsigmoid(neg(x)));
  if (weight.defined()) losses = losses * weight;
  return reduced(mean(losses, {-1}), reduction);
}

Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive, const Tensor& negative,
                           const TripletMarginOptions& o) {
  const auto distance = [&](const Tensor& a, const Tensor& b) {
    return pairwise_distance(a, b, o.p, o.eps);
  };
  return triplet_margin_with_distance_loss(anchor, positive, negative, distance, o.margin, o.swap,
                                           o.reduction);
}

Tensor triplet_margin_with_distance_loss(const Tensor& anchor, const Tensor& positive,
                                         const Tensor& negative, const Distance& distance,
                                         double margin, bool swap, Reduction reduction) {
  if (!(margin > 0)) fail("triplet_margin_loss: margin must be positive; got ", margin);
  if (anchor.rank() != positive.rank() || anchor.rank() != negative.rank())
    fail<ShapeError>("triplet_margin_loss: all three must have one rank; anchor is ",
                     anchor.shape(), ", positive is ", positive.shape(), ", negative is ",
                     negative.shape());
  const auto between = [&](const Tensor& a, const Tensor& b) {
    return distance ? distance(a, b) : pairwise_distance(a, b);
  };
  const Tensor near = between(anchor, positive);
  Tensor far = between(anchor, negative);
  if (swap) far = minimum(far, between(positive, negative));
  return reduced(relu(near - far + margin), reduction);
}

}  // namespace rush
