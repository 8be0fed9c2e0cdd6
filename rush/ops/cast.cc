#include "rush/ops/cast.h"

#include "rush/core/apply.h"
#include "rush/kernels/attrs/create.h"
#include "rush/kernels/elementwise.h"

namespace rush {
namespace {

const Op& kCast = Define("cast", "x in another dtype.")
                      .args({"x"})
                      .attrs<CastAttrs>()
                      .shape([](InferCall& c) {
                        c.result(c.shape(0), c.attributes<CastAttrs>().dtype, Format::kLikeFirst);
                      })
                      .grad([](Dy dy, XSpec<0> x) { return cast(dy, x.dtype); });
const Op& kContiguous = Define("contiguous", "x in row-major order without gaps.")
                            .args({"x"})
                            .shape([](InferCall& c) { c.result(c.shape(0), c.dtype(0)); })
                            .grad([](Dy dy) { return dy; });
const Op& kClone =
    Define("clone", "A copy of x, in x's dense order of dimensions.")
        .args({"x"})
        .shape([](InferCall& c) { c.result(c.shape(0), c.dtype(0), Format::kLikeFirst); })
        .grad([](Dy dy) { return dy; });

}  // namespace

Tensor cast(const Tensor& x, DType dtype) {
  if (x.dtype() == dtype) return x;
  return apply(kCast, {x}, CastAttrs{dtype});
}
Tensor contiguous(const Tensor& x) {
  if (x.has_data() && x.is_contiguous()) return x;
  return apply(kContiguous, {x});
}
Tensor clone(const Tensor& x) { return apply(kClone, {x}); }

}  // namespace rush
