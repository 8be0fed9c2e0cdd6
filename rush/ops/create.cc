#include "rush/ops/create.h"

#include <cmath>

#include "rush/core/apply.h"
#include "rush/core/vocabulary.h"
#include "rush/kernels/attrs/create.h"

namespace rush {
namespace {

void check_scalar(InferCall& c, size_t value) {
  if (c.shape(value).size() != 0)
    fail<ShapeError>(c.op, ": value must be one number; got shape ", c.shape(value));
}

const Op& kFull = Define("full", "A tensor of one shape with the same value everywhere.")
                      .args({"value"})
                      .attrs<FullAttrs>()
                      .shape([](InferCall& c) {
                        check_scalar(c, 0);
                        const auto& a = c.attributes<FullAttrs>();
                        checked_numel(a.shape, size_of(a.dtype), c.op);
                        c.result(a.shape, a.dtype);
                      })
                      .grad([](Dy dy) { return sum_to(dy, {}); });
const Op& kFullLike =
    Define("full_like", "A tensor in x's shape with the same value everywhere.")
        .args({"x", "value"})
        .attrs<CastAttrs>()
        .shape([](InferCall& c) {
          check_scalar(c, 1);
          c.result(c.shape(0), c.attributes<CastAttrs>().dtype, Format::kLikeFirst);
        })
        .grad(nullptr)
        .grad([](Dy dy) { return sum_to(dy, {}); });
const Op& kArange = Define("arange", "The numbers start, start + step, ... before end.")
                        .args({})
                        .attrs<ArangeAttrs>()
                        .shape([](InferCall& c) {
                          const auto& a = c.attributes<ArangeAttrs>();
                          c.result({a.count}, a.dtype);
                        });
const Op& kLinspace = Define("linspace", "Numbers from start to end at equal distances.")
                          .args({})
                          .attrs<LinspaceAttrs>()
                          .shape([](InferCall& c) {
                            const auto& a = c.attributes<LinspaceAttrs>();
                            c.result({a.steps}, a.dtype);
                          });
const Op& kEye = Define("eye", "A matrix with ones on its diagonal.")
                     .args({})
                     .attrs<EyeAttrs>()
                     .shape([](InferCall& c) {
                       const auto& a = c.attributes<EyeAttrs>();
                       checked_numel({a.n, a.m}, size_of(a.dtype), c.op);
                       c.result({a.n, a.m}, a.dtype);
                     });

DType dtype_for(const Tensor& value, std::optional<DType> dtype) {
  if (dtype) return *dtype;
  return value.is_weak() && is_floating(value.dtype()) ? default_dtype() : value.dtype();
}

int64_t count_whole(int64_t start, int64_t end, int64_t step) {
  // In 128 bits, where nothing overflows.
  const __int128 gap = static_cast<__int128>(end) - start;
  const __int128 n = (gap + step + (step > 0 ? -1 : 1)) / step;
  return static_cast<int64_t>(n);
}

}  // namespace

Tensor full(const Shape& shape, const Tensor& value, std::optional<DType> dtype) {
  return apply(kFull, {value}, FullAttrs{shape, dtype_for(value, dtype)});
}
Tensor zeros(const Shape& shape, std::optional<DType> dtype) { return full(shape, 0.0, dtype); }
Tensor ones(const Shape& shape, std::optional<DType> dtype) { return full(shape, 1.0, dtype); }
Tensor empty(const Shape& shape, std::optional<DType> dtype) {
  return Tensor::empty(shape, dtype.value_or(default_dtype()));
}

Tensor full_like(const Tensor& x, const Tensor& value, std::optional<DType> dtype) {
  return apply(kFullLike, {x, value}, CastAttrs{dtype.value_or(x.dtype())});
}
Tensor zeros_like(const Tensor& x, std::optional<DType> dtype) { return full_like(x, 0.0, dtype); }
Tensor ones_like(const Tensor& x, std::optional<DType> dtype) { return full_like(x, 1.0, dtype); }
Tensor empty_like(const Tensor& x, std::optional<DType> dtype) {
  return Tensor::empty_strided(x.shape(), dense_strides_like(x.shape(), x.strides()),
                               dtype.value_or(x.dtype()));
}

Tensor arange(const Tensor& start, const Tensor& end, const Tensor& step,
              std::optional<DType> dtype) {
  const bool is_whole =
      !is_floating(start.dtype()) && !is_floating(end.dtype()) && !is_floating(step.dtype());
  ArangeAttrs a;
  a.dtype = dtype.value_or(is_whole ? DType::kInt64 : default_dtype());
  if (a.dtype == DType::kBool) fail<TypeError>("arange: not defined for bool");
  a.start = start.item<double>();
  a.step = step.item<double>();
  const double last = end.item<double>();
  if (!std::isfinite(a.start) || !std::isfinite(last) || !(std::abs(a.step) > 0))
    fail("arange: bounds must be finite and step not 0; got ", a.start, ", ", last, ", ", a.step);
  if ((last - a.start) * a.step < 0)
    fail("arange: step ", a.step, " does not lead from ", a.start, " to ", last);
  const double count = std::ceil((last - a.start) / a.step);
  checked_numel({count < 9e18 ? static_cast<int64_t>(count) : INT64_MAX}, size_of(a.dtype),
                "arange");
  a.whole_start = start.item<int64_t>();
  a.whole_step = step.item<int64_t>();
  a.count = is_whole ? count_whole(a.whole_start, end.item<int64_t>(), a.whole_step)
                     : static_cast<int64_t>(count);
  return apply(kArange, std::span<const Arg>(), a);
}
Tensor arange(const Tensor& end, std::optional<DType> dtype) { return arange(0, end, 1, dtype); }

Tensor linspace(double start, double end, int64_t steps, std::optional<DType> dtype) {
  if (steps < 0) fail("linspace: steps must not be negative; got ", steps);
  return apply(kLinspace, std::span<const Arg>(),
               LinspaceAttrs{start, end, steps, dtype.value_or(default_dtype())});
}
Tensor eye(int64_t n, std::optional<int64_t> m, std::optional<DType> dtype) {
  return apply(kEye, std::span<const Arg>(),
               EyeAttrs{n, m.value_or(n), dtype.value_or(default_dtype())});
}

}  // namespace rush
