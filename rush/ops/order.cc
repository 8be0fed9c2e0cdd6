// What follows from the sorted order: the k-th value, the mode, medians and quantiles. All are
// formulas in sort and gather, so gradients go to the elements that were chosen.
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/checks.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/sort.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

int64_t length_along(const char* op, const Tensor& x, int64_t axis) {
  const int at = axis_in(op, axis, x.rank());
  const int64_t n = x.rank() == 0 ? 1 : x.shape()[at];
  if (n == 0)
    fail<ShapeError>(op, ": axis ", at, " has no elements to choose from; x is ", x.shape());
  return n;
}

// Numbers 0, 1, ... along `axis` of a tensor of x's rank.
Tensor places_along(const Tensor& x, int axis) {
  Shape line = Dims::filled(x.rank(), 1);
  line[axis] = x.shape()[axis];
  return reshape(arange(line[axis]), line);
}

// The elements of a sorted pair at `place` (size 1 along the axis).
ValuesIndices picked(const ValuesIndices& sorted, int64_t axis, const Tensor& place, bool keepdim) {
  const Tensor values = gather(sorted.values, axis, place);
  const Tensor indices = gather(sorted.indices, axis, place);
  if (keepdim || values.rank() == 0) return {values, indices};
  return {squeeze(values, axis), squeeze(indices, axis)};
}

// How many elements along `axis` (kept, of size 1) are not NaN.
Tensor count_numbers(const Tensor& x, int axis) { return sum(logical_not(isnan(x)), {axis}, true); }

void check_q(const char* op, const std::vector<double>& q) {
  for (double v : q)
    if (!(v >= 0 && v <= 1)) fail<Error>(op, ": q must be in [0, 1]; got ", v);
}

// Between sorted elements at the ranks `rank` (floating, [..., Q] as the values' last axis).
Tensor at_rank(const Tensor& sorted, const Tensor& rank, Between interpolation) {
  const auto pick = [&](const Tensor& r) { return gather(sorted, -1, cast(r, DType::kInt64)); };
  switch (interpolation) {
    case Between::kLower:
      return pick(floor(rank));
    case Between::kHigher:
      return pick(ceil(rank));
    case Between::kNearest:
      return pick(round(rank));
    case Between::kMidpoint:
      return lerp(pick(floor(rank)), pick(ceil(rank)), Tensor::scalar(0.5, sorted.dtype()));
    default:
      return lerp(pick(floor(rank)), pick(ceil(rank)), cast(rank - floor(rank), sorted.dtype()));
  }
}

// The quantiles as a new last axis in place of `axis`; x has rank 1 or more.
Tensor quantiles(const char* op, const Tensor& x, const std::vector<double>& q, int axis,
                 Between interpolation, bool skip_nan) {
  const Tensor last = movedim(x, axis, -1);
  const int end = last.rank() - 1;
  const int64_t n = length_along(op, last, end);
  const Tensor sorted = sort(last, end).values;
  const Tensor share = Tensor::from(q);
  const Tensor numbers = count_numbers(last, end);
  // Where NaN counts, the last element is the answer: it is one.
  const Tensor rank = skip_nan ? share * clamp(numbers - 1, 0)
                               : where(lt(numbers, n), double(n - 1), share * double(n - 1));
  return at_rank(sorted, rank, interpolation);
}

Tensor quantile_of(const char* op, const Tensor& x, const std::vector<double>& q, bool several,
                   const QuantileOptions& o, bool skip_nan) {
  if (!is_floating(x.dtype()) || is_half(x.dtype()))
    fail<TypeError>(op, ": x must be float32 or float64; got ", x.dtype());
  check_q(op, q);
  const bool flat = !o.axis || x.rank() == 0;
  const int axis = o.axis ? axis_in(op, *o.axis, x.rank()) : 0;
  const int at = flat ? 0 : axis;
  // [..., Q], then Q in front, and the axis back where it is kept.
  Tensor y =
      movedim(quantiles(op, flat ? reshape(x, {-1}) : x, q, at, o.interpolation, skip_nan), -1, 0);
  if (o.keepdim) {
    Shape kept = x.shape();
    for (int d = 0; d < kept.size(); ++d)
      if (!o.axis || d == at) kept[d] = 1;
    kept.insert(0, static_cast<int64_t>(q.size()));
    y = reshape(y, kept);
  }
  return several ? y : squeeze(y, 0);
}

}  // namespace

Tensor msort(const Tensor& x) { return sort(x, 0).values; }

ValuesIndices kthvalue(const Tensor& x, int64_t k, int64_t axis, bool keepdim) {
  const int64_t n = length_along("kthvalue", x, axis);
  if (k < 1 || k > n)
    fail<ShapeError>("kthvalue: k must be in [1, ", n, "], the size of axis ", axis, " of ",
                     x.shape(), "; got ", k);
  const ValuesIndices sorted = sort(x, axis);
  if (x.rank() == 0) return sorted;
  const int at = axis_in("kthvalue", axis, x.rank());
  const auto part = [&](const Tensor& t) {
    return keepdim ? slice(t, at, k - 1, k) : select(t, at, k - 1);
  };
  return {part(sorted.values), part(sorted.indices)};
}

// The longest run of the sorted line; its length so far is one more than the distance from where it
// began.
ValuesIndices mode(const Tensor& x, int64_t axis, bool keepdim) {
  const int64_t n = length_along("mode", x, axis);
  const ValuesIndices sorted = sort(x, axis);
  if (x.rank() == 0) return sorted;
  const int at = axis_in("mode", axis, x.rank());
  const Tensor s = sorted.values.detach();
  const Tensor is_new = ne(slice(s, at, 1), slice(s, at, 0, n - 1));
  const Tensor place = places_along(s, at);
  const Tensor begins = where(is_new, slice(place, at, 1), 0);
  const Tensor start = cummax(cat({zeros_like(slice(s, at, 0, 1), int64), begins}, at), at).values;
  return picked(sorted, at, argmax(place - start, at, true), keepdim);
}

Tensor nanmedian(const Tensor& x) { return nanmedian(reshape(x, {-1}), 0).values; }
ValuesIndices nanmedian(const Tensor& x, int64_t axis, bool keepdim) {
  length_along("nanmedian", x, axis);
  const ValuesIndices sorted = sort(x, axis);
  if (x.rank() == 0) return sorted;
  const int at = axis_in("nanmedian", axis, x.rank());
  const Tensor middle = floor_divide(clamp(count_numbers(x, at) - 1, 0), 2);
  return picked(sorted, at, middle, keepdim);
}

Tensor quantile(const Tensor& x, double q, const QuantileOptions& options) {
  return quantile_of("quantile", x, {q}, false, options, false);
}
Tensor quantile(const Tensor& x, const std::vector<double>& q, const QuantileOptions& options) {
  return quantile_of("quantile", x, q, true, options, false);
}
Tensor nanquantile(const Tensor& x, double q, const QuantileOptions& options) {
  return quantile_of("nanquantile", x, {q}, false, options, true);
}
Tensor nanquantile(const Tensor& x, const std::vector<double>& q, const QuantileOptions& options) {
  return quantile_of("nanquantile", x, q, true, options, true);
}

}  // namespace rush
