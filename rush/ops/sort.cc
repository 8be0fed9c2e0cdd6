#include "rush/ops/sort.h"

#include "rush/core/apply.h"
#include "rush/kernels/attrs/reduce.h"
#include "rush/kernels/attrs/sort.h"
#include "rush/ops/checks.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"

namespace rush {
namespace {

void infer_sort(InferCall& c) {
  axis_in(c.op, c.attributes<SortAttrs>().axis, c.shape(0).size());
  c.result(c.shape(0), c.dtype(0));
  c.result(c.shape(0), DType::kInt64);
}

// Each gradient goes back to the element its value came from.
Tensor picked_grad(const Tensor& dy, const Tensor& index, const Shape& x, int64_t axis) {
  if (x.empty()) return reshape(dy, {});
  return scatter_add(zeros(x, dy.dtype()), axis, index, dy);
}

const Op& kSort = Define("sort", "Sorted along an axis, and where each element came from.")
                      .args({"x"})
                      .attrs<SortAttrs>()
                      .outputs(2)
                      .shape(infer_sort)
                      .grad([](Dy dy, XSpec<0> x, Y<1> index, const SortAttrs& a) {
                        return picked_grad(dy, index, x.shape, a.axis);
                      });

void infer_topk(InferCall& c) {
  const auto& a = c.attributes<TopkAttrs>();
  const int axis = axis_in(c.op, a.axis, c.shape(0).size());
  Shape out = c.shape(0);
  const int64_t size = out.empty() ? 1 : out[axis];
  if (a.k < 0 || a.k > size)
    fail<ShapeError>(c.op, ": k must be in [0, ", size, "], the size of axis ", axis, " of ",
                     c.shape(0), "; got ", a.k);
  if (out.empty() && a.k == 0) out = {0};
  if (!c.shape(0).empty()) out[axis] = a.k;
  c.result(out, c.dtype(0));
  c.result(out, DType::kInt64);
}

const Op& kTopk =
    Define("topk", "The k largest or smallest elements along an axis, in order, and their indices.")
        .args({"x"})
        .attrs<TopkAttrs>()
        .outputs(2)
        .shape(infer_topk)
        .grad([](Dy dy, XSpec<0> x, Y<1> index, const TopkAttrs& a) {
          return picked_grad(dy, index, x.shape, a.axis);
        });

void infer_median(InferCall& c) {
  const auto& a = c.attributes<ArgReduceAttrs>();
  Shape out = c.shape(0);
  const int axis = axis_in(c.op, a.axis, out.size());
  if (!out.empty()) {
    if (out[axis] == 0)
      fail<ShapeError>(c.op, ": axis ", axis, " has no elements to choose from; x is ", out);
    if (a.keepdim) {
      out[axis] = 1;
    } else {
      out.erase(axis);
    }
  }
  c.result(out, c.dtype(0));
  c.result(out, DType::kInt64);
}

const Op& kMedian =
    Define("median", "The middle element along an axis, the lower one of two, and its index.")
        .args({"x"})
        .attrs<ArgReduceAttrs>()
        .outputs(2)
        .shape(infer_median)
        .grad([](Dy dy, XSpec<0> x, Y<1> index, const ArgReduceAttrs& a) {
          if (x.shape.empty() || a.keepdim) return picked_grad(dy, index, x.shape, a.axis);
          return picked_grad(unsqueeze(dy, axis_in("median", a.axis, x.shape.size())),
                             unsqueeze(index, axis_in("median", a.axis, x.shape.size())), x.shape,
                             a.axis);
        });

ValuesIndices both(const Op& op, const Tensor& x, AttrRef attrs) {
  Tensors y = apply_multi(op, {x}, attrs);
  return {y[0], y[1]};
}

}  // namespace

ValuesIndices sort(const Tensor& x, int64_t axis, bool descending, bool) {
  return both(kSort, x, SortAttrs{axis, descending});
}
Tensor argsort(const Tensor& x, int64_t axis, bool descending, bool stable) {
  return sort(x, axis, descending, stable).indices;
}
ValuesIndices topk(const Tensor& x, int64_t k, int64_t axis, bool largest, bool) {
  return both(kTopk, x, TopkAttrs{k, axis, largest});
}
Tensor median(const Tensor& x) { return median(reshape(x, {-1}), 0).values; }
ValuesIndices median(const Tensor& x, int64_t axis, bool keepdim) {
  return both(kMedian, x, ArgReduceAttrs{axis, keepdim});
}

}  // namespace rush
