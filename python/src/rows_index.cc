// Reading and writing elements by index tensors and masks.
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/join.h"
#include "rush/ops/movement.h"
#include "rush/ops/strided.h"

namespace rush::python {
namespace {

void add_entries(const Rows& rows) {
  rows.add("index_select(input, dim, index)", [](const Tensor& x, int64_t axis, const Tensor& at) {
    return index_select(x, axis, at.rank() ? at : reshape(at, {1}));
  });
  rows.add(
      "index_add(input, dim, index, source, *, alpha=1)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Tensor& source, const Operand& a) {
        const bool is_one = a.is_weak() && a.item() == 1;
        return index_add(x, axis, at, is_one ? source : mul(source, a));
      },
      kInPlace);
  rows.add(
      "index_copy(input, dim, index, source)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Tensor& source) {
        return index_copy(x, axis, at, source);
      },
      kInPlace);
  rows.add(
      "index_fill(input, dim, index, value)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Operand& value) {
        return index_fill(x, axis, at, value);
      },
      kInPlace);
  rows.add(
      "index_reduce(input, dim, index, source, reduce, *, include_self=True)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Tensor& source,
         const std::string& reduce,
         bool include_self) { return index_reduce(x, axis, at, source, reduce, include_self); },
      kInPlace);
}

Indices tensor_indices(PyObject* o) {
  const Object items(checked(PySequence_Fast(o, "index_put: indices is a tuple of tensors")));
  Indices indices;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(items.get()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(items.get(), i);
    if (!is_tensor(item))
      fail<TypeError>("index_put: indices are tensors; got ", Py_TYPE(item)->tp_name);
    indices.push_back(tensor_of(item));
  }
  return indices;
}

void add_index_put(const Rows& rows) {
  rows.add(
      "index_put(input, indices, values, accumulate=False)",
      [](const Tensor& x, const Any& indices, const Tensor& values, bool accumulate) {
        return index_put(x, tensor_indices(indices.object), values, accumulate);
      },
      0, "input with x[indices] = values.");
  rows.add(
      "index_put_(input, indices, values, accumulate=False)",
      [](const Self& x, const Any& indices, const Tensor& values, bool accumulate) {
        index_put_(*x, tensor_indices(indices.object), values, accumulate);
        return x;
      },
      0, "x[indices] = values.");
}

void add_masks(const Rows& rows) {
  rows.add(
      "masked_fill(input, mask, value)",
      [](const Tensor& x, const Tensor& mask, const Operand& value) {
        if (value.rank())
          fail<ShapeError>("masked_fill: value has no dimensions; got shape ", value.shape());
        return masked_fill(x, mask, value);
      },
      kInPlace);
  rows.add("masked_select(input, mask)",
           [](const Tensor& x, const Tensor& mask) { return masked_select(x, mask); });
  rows.add(
      "masked_scatter(input, mask, source)",
      [](const Tensor& x, const Tensor& mask, const Tensor& source) {
        return masked_scatter(x, mask, source);
      },
      kInPlace);
}

void add_flat(const Rows& rows) {
  rows.add("take(input, index)", [](const Tensor& x, const Tensor& at) { return take(x, at); });
  rows.add("take_along_dim(input, indices, dim=None)",
           [](const Tensor& x, const Tensor& at, std::optional<int64_t> axis) {
             return take_along_dim(x, at, axis);
           });
  rows.add(
      "put(input, index, source, accumulate=False)",
      [](const Tensor& x, const Tensor& at, const Tensor& source, bool accumulate) {
        return put(x, at, source, accumulate);
      },
      kInPlace);
}

// source's part that index covers: index may be smaller than source.
Tensor covered(const Tensor& source, const Tensor& index) {
  if (source.shape() == index.shape() || source.rank() != index.rank()) return source;
  Tensor part = source;
  for (int i = 0; i < index.rank(); ++i)
    if (index.shape()[i] < part.shape()[i]) part = narrow(part, i, 0, index.shape()[i]);
  return part;
}

const char* reduction_of(const std::string& name) {
  if (name == "add") return "sum";
  if (name == "multiply") return "prod";
  fail("scatter: reduce is 'add' or 'multiply'; got '", name, "'");
}

void add_scatter(const Rows& rows) {
  rows.add(
      "gather(input, dim, index, *, sparse_grad=False)",
      [](const Tensor& x, int64_t axis, const Tensor& at, bool) { return gather(x, axis, at); });
  rows.add(
      "scatter(input, dim, index, src)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Tensor& source) {
        return scatter(x, axis, at, covered(source, at));
      },
      kInPlace);
  rows.add(
      "scatter(input, dim, index, value)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Operand& value) {
        return scatter(x, axis, at, expand(full({}, value, x.dtype()), at.shape()));
      },
      kInPlace);
  rows.add(
      "scatter(input, dim, index, src, *, reduce)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Tensor& source,
         const std::string& reduce) {
        return scatter_reduce(x, axis, at, covered(source, at), reduction_of(reduce));
      },
      kInPlace);
  rows.add(
      "scatter(input, dim, index, value, *, reduce)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Operand& value,
         const std::string& reduce) {
        const Tensor source = expand(full({}, value, x.dtype()), at.shape());
        return scatter_reduce(x, axis, at, source, reduction_of(reduce));
      },
      kInPlace);
  rows.add(
      "scatter_add(input, dim, index, src)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Tensor& source) {
        return scatter_add(x, axis, at, covered(source, at));
      },
      kInPlace);
  rows.add(
      "scatter_reduce(input, dim, index, src, reduce, *, include_self=True)",
      [](const Tensor& x, int64_t axis, const Tensor& at, const Tensor& source,
         const std::string& reduce, bool include_self) {
        return scatter_reduce(x, axis, at, covered(source, at), reduce, include_self);
      },
      kInPlace);
}

void add_part_writes(const Rows& rows) {
  rows.add(
      "select_scatter(input, src, dim, index)",
      [](const Tensor& x, const Tensor& source, int64_t axis, int64_t i) {
        return select_scatter(x, source, axis, i);
      },
      0, "input with one entry of an axis replaced.");
  rows.add(
      "slice_scatter(input, src, dim=0, start=None, end=None, step=1)",
      [](const Tensor& x, const Tensor& source, int64_t axis, std::optional<int64_t> start,
         std::optional<int64_t> end, int64_t step) {
        return slice_scatter(x, source, axis, start.value_or(0), end.value_or(INT64_MAX), step);
      },
      0, "input with a slice of an axis replaced.");
  rows.add(
      "diagonal_scatter(input, src, offset=0, dim1=0, dim2=1)",
      [](const Tensor& x, const Tensor& source, int64_t offset, int64_t a, int64_t b) {
        return diagonal_scatter(x, source, offset, a, b);
      },
      0, "input with a diagonal replaced.");
  rows.add(
      "as_strided_scatter(input, src, size, stride, storage_offset=None)",
      [](const Tensor& x, const Tensor& source, const Dims& size, const Dims& strides,
         std::optional<int64_t> offset) {
        if (source.shape() != size)
          fail<ShapeError>("as_strided_scatter: src must have shape ", size, "; got ",
                           source.shape());
        return as_strided_scatter(x, source, strides, offset.value_or(0));
      },
      0, "input with the elements replaced that as_strided would show of it, were it contiguous.");
}

void add_searches(const Rows& rows) {
  rows.add("nonzero(input, *, as_tuple=False)", [](const Tensor& x, bool as_tuple) -> PyObject* {
    if (!as_tuple) return wrap(nonzero(x));
    return to_python(unbind(nonzero(x.rank() ? x : reshape(x, {1})), 1));
  });
  rows.add(
      "argwhere(input)", [](const Tensor& x) { return argwhere(x); }, 0,
      "Where elements are not 0: [count, rank].");
  rows.add(
      "searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, "
      "sorter=None)",
      [](const Tensor& sorted, const Operand& values, bool narrow, bool right,
         const std::optional<std::string>& side, const Maybe& sorter) {
        if (side && *side != "left" && *side != "right")
          fail("searchsorted: side is 'left' or 'right'; got '", *side, "'");
        const Tensor rising = sorter.defined() ? take_along_dim(sorted, sorter, -1) : sorted;
        const Tensor v = values.is_weak() ? full({}, values) : Tensor(values);
        const Tensor at = searchsorted(rising, v, side ? *side == "right" : right);
        return narrow ? at.to(int32) : at;
      });
  rows.add(
      "bucketize(input, boundaries, *, out_int32=False, right=False)",
      [](const Operand& values, const Tensor& boundaries, bool narrow, bool right) {
        const Tensor v = values.is_weak() ? full({}, values) : Tensor(values);
        const Tensor at = bucketize(v, boundaries, right);
        return narrow ? at.to(int32) : at;
      },
      kFunctionOnly);
  rows.add("bincount(input, weights=None, minlength=0)",
           [](const Tensor& x, const Maybe& weights, int64_t least) {
             return bincount(x, weights, least);
           });
}

}  // namespace

void add_index_rows() {
  const Rows rows("torch");
  add_entries(rows);
  add_index_put(rows);
  add_masks(rows);
  add_flat(rows);
  add_scatter(rows);
  add_part_writes(rows);
  add_searches(rows);
}

}  // namespace rush::python
