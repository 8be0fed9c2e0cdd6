// unique: sorted elements, and a mark where a new one begins; everything else counts marks.
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/index_checks.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/search.h"
#include "rush/ops/sort.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

// Which of the rows [N, ...] differ from the one before; the first does. bool [N]
Tensor begins_new(const Tensor& rows) {
  const int64_t n = rows.size(0);
  if (n == 0) return zeros({0}, DType::kBool);
  Tensor differs = ne(slice(rows, 0, 1), slice(rows, 0, 0, n - 1));
  if (rows.rank() > 1) differs = any(reshape(differs, {n - 1, -1}), {1});
  return cat({ones({1}, DType::kBool), differs});
}

// Of rows in groups: the first of each, the group of each row in x's order, the groups' sizes.
Unique grouped(const Tensor& rows, const Tensor& order) {
  const Tensor is_new = begins_new(rows);
  const Tensor group = cumsum(is_new, 0) - 1;
  const Tensor first = reshape(nonzero(is_new), {-1});
  const Tensor end = slice(cat({first, full({1}, rows.size(0), int64)}), 0, 1);
  const Tensor inverse = order.defined() ? scatter(zeros_like(group), 0, order, group) : group;
  return {index_select(rows, 0, first), inverse, end - first};
}

// The order of the rows [N, M] from the first column to the last: sorted by the last column first,
// stably, so that earlier columns decide.
Tensor order_of_rows(const Tensor& rows) {
  Tensor order = arange(rows.size(0));
  for (int64_t column = rows.size(1) - 1; column >= 0; --column) {
    const Tensor key = index_select(select(rows, 1, column), 0, order);
    order = index_select(order, 0, argsort(key, 0));
  }
  return order;
}

// Entries along `axis` as rows, and back.
Unique along(const char* op, const Tensor& x, int64_t axis, bool sorted) {
  const int at = normalize_axis(op, axis, x.rank());
  const Tensor rows = movedim(x, at, 0);
  const int64_t n = rows.size(0);
  if (n == 0 && x.numel() == 0 && rows.rank() > 1)
    fail<ShapeError>(op, ": axis ", at, " must not be empty; x is ", x.shape());
  Tensor order;
  if (sorted) order = order_of_rows(reshape(rows, {n, numel(rows.shape()) / n}));
  const Unique u = grouped(sorted ? index_select(rows, 0, order) : rows, order);
  return {movedim(u.values, 0, at), u.inverse, u.counts};
}

Unique flat(const Tensor& x, bool sorted) {
  const Tensor all = reshape(x, {-1});
  if (!sorted) {
    const Unique u = grouped(all, {});
    return {u.values, reshape(u.inverse, x.shape()), u.counts};
  }
  const ValuesIndices s = sort(all, 0);
  const Unique u = grouped(s.values, s.indices);
  return {u.values, reshape(u.inverse, x.shape()), u.counts};
}

}  // namespace

Unique unique(const Tensor& x, std::optional<int64_t> axis) {
  require_data("unique", x);
  const NoGrad off;
  return axis ? along("unique", x, *axis, true) : flat(x, true);
}

Unique unique_consecutive(const Tensor& x, std::optional<int64_t> axis) {
  require_data("unique_consecutive", x);
  const NoGrad off;
  return axis ? along("unique_consecutive", x, *axis, false) : flat(x, false);
}

Tensor isin(const Tensor& x, const Tensor& among, bool invert) {
  if (x.dtype() == DType::kBool || among.dtype() == DType::kBool)
    return isin(cast(x, DType::kUInt8), cast(among, DType::kUInt8), invert);
  if (among.numel() == 0) return full(x.shape(), invert, DType::kBool);
  const DType dtype = promote(x.dtype(), among.dtype());
  const Tensor sorted = sort(reshape(cast(among.detach(), dtype), {-1}), 0).values;
  const Tensor wanted = cast(x.detach(), dtype);
  const Tensor place = clamp(searchsorted(sorted, wanted), {}, double(among.numel() - 1));
  const Tensor found = eq(take(sorted, place), wanted);
  return invert ? logical_not(found) : found;
}

}  // namespace rush
