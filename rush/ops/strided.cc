#include "rush/ops/strided.h"

#include <algorithm>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/strided.h"
#include "rush/ops/index_checks.h"
#include "rush/ops/movement.h"

namespace rush {
namespace {

void check_places(const char* op, const Shape& part, const Dims& strides, int64_t offset,
                  const Shape& whole) {
  bool fits = strides.size() == part.size() && offset >= 0;
  int64_t last = offset;
  for (int i = 0; fits && i < part.size(); ++i) {
    fits = part[i] >= 0 && strides[i] >= 0;
    int64_t reach = 0;
    fits = fits && !__builtin_mul_overflow(std::max<int64_t>(part[i] - 1, 0), strides[i], &reach) &&
           !__builtin_add_overflow(last, reach, &last);
  }
  if (!fits || (numel(part) > 0 && last >= numel(whole)))
    fail<ShapeError>(op, ": shape ", part, " by strides ", strides, " from ", offset,
                     " does not lie in the ", numel(whole), " elements of ", whole);
}

bool view_strided(const char* op, const Layout& in, const void* attrs, Layout* out) {
  const auto& a = *static_cast<const StridedAttrs*>(attrs);
  check_places(op, a.shape, a.strides, a.offset, in.shape);
  *out = Layout(a.shape, a.strides, in.offset + a.offset);
  return is_contiguous(in.shape, in.strides);
}

void infer_strided_grad(InferCall& c) {
  const auto& a = c.attributes<StridedAttrs>();
  check_places(c.op, c.shape(0), a.strides, a.offset, a.shape);
  require_number(c, 0);
  c.result(a.shape, c.dtype(0));
}

void infer_strided_put(InferCall& c) {
  const auto& a = c.attributes<StridedAttrs>();
  if (c.shape(1) != a.shape)
    fail<ShapeError>(c.op, ": the part has shape ", a.shape, ", the value ", c.shape(1));
  check_places(c.op, a.shape, a.strides, a.offset, c.shape(0));
  if (c.dtype(0) != c.dtype(1))
    fail<TypeError>(c.op, ": dtypes differ: x is ", c.in[0], ", value is ", c.in[1]);
  c.result(c.shape(0), c.dtype(0));
}

const Op& kAsStrided =
    Define("as_strided",
           "The elements offset + i * strides[0] + j * strides[1] + ... of a contiguous tensor, as "
           "a view; elements may be shown several times.")
        .args({"x"})
        .attrs<StridedAttrs>()
        .view(view_strided)
        .grad([](Dy dy, XSpec<0> x, const StridedAttrs& a) {
          return as_strided_grad(dy, x.shape, a.strides, a.offset);
        });
const Op& kAsStridedGrad =
    Define("as_strided_grad",
           "Zeros of the given shape, with dy added where as_strided would take it from.")
        .args({"dy"})
        .attrs<StridedAttrs>()
        .dtypes(kNumbers)
        .shape(infer_strided_grad)
        .grad([](Dy g, XSpec<0> dy, const StridedAttrs& a) {
          return as_strided(g, dy.shape, a.strides, a.offset);
        });
const Op& kAsStridedScatter =
    Define("as_strided_scatter", "x with the elements replaced that as_strided would show.")
        .args({"x", "value"})
        .attrs<StridedAttrs>()
        .shape(infer_strided_put)
        .grad([](Dy dy, const StridedAttrs& a) {
          const Tensor zeros = expand(Tensor::scalar(0, dy.dtype()), a.shape);
          return as_strided_scatter(dy, zeros, a.strides, a.offset);
        })
        .grad([](Dy dy, const StridedAttrs& a) {
          return as_strided(dy, a.shape, a.strides, a.offset);
        });

}  // namespace

Tensor as_strided(const Tensor& x, const Shape& shape, const Dims& strides, int64_t offset) {
  return apply(kAsStrided, {x.contiguous()}, StridedAttrs{shape, strides, offset});
}
Tensor as_strided_grad(const Tensor& dy, const Shape& shape, const Dims& strides, int64_t offset) {
  return apply(kAsStridedGrad, {dy}, StridedAttrs{shape, strides, offset});
}
Tensor as_strided_scatter(const Tensor& x, const Tensor& value, const Dims& strides,
                          int64_t offset) {
  return apply(kAsStridedScatter, {x, value}, StridedAttrs{value.shape(), strides, offset});
}

}  // namespace rush
