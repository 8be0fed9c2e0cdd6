// Methods of Tensor that overwrite its elements or change its layout.
#include <algorithm>

#include "function.h"
#include "rows.h"
#include "rush/core/apply.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "strided.h"

namespace rush::python {
namespace {

// x is what `view` shows from then on.
Self showing(const Self& x, const Tensor& view) {
  const bool is_wanted = x->requires_grad() && x->is_leaf();
  if (is_wanted && grad_enabled())
    fail(
        "a leaf that requires a gradient keeps its layout while gradients are recorded; change a "
        "view of it");
  replace(x, view);
  if (is_wanted) x->requires_grad_();
  return x;
}

Self resize(const Self& x, const Dims& size) {
  if (x->requires_grad()) fail("resize_: a tensor that requires a gradient keeps its size");
  const int64_t count = checked_numel(size, size_of(x->dtype()), "resize_");
  const auto room = static_cast<int64_t>(x->storage()->bytes() / size_of(x->dtype()));
  if (x->layout().offset + count <= room)
    return showing(x, as_strided(*x, size, contiguous_strides(size), x->layout().offset));
  const Tensor larger = empty({count}, x->dtype());
  const Tensor old = x->is_contiguous() ? flatten(*x) : as_strided(*x, {x->numel()}, {1}, {});
  narrow(larger, 0, 0, old.numel()).copy_(old);
  return showing(x, view(larger, size));
}

// The main diagonal; of a tall matrix with `wraps` it goes on below, one row left out each time.
void fill_diagonal(const Tensor& x, double value, bool wraps) {
  if (x.rank() < 2) fail<ShapeError>("fill_diagonal_: needs 2 dimensions; got shape ", x.shape());
  int64_t step = 0, least = x.shape()[0];
  for (int i = 0; i < x.rank(); ++i) {
    if (x.rank() > 2 && x.shape()[i] != x.shape()[0])
      fail<ShapeError>("fill_diagonal_: axes must be equally long; got shape ", x.shape());
    step += x.strides()[i];
    least = std::min(least, x.shape()[i]);
  }
  const auto fill = [&](int64_t offset, int64_t count) {
    const Tensor part = as_strided(x, {count}, {step}, x.layout().offset + offset);
    write_in_place("fill_diagonal_", part, expand(full({}, value, x.dtype()), {count}));
  };
  fill(0, least);
  const int64_t rows = x.shape()[0], columns = x.shape()[1];
  if (!wraps || x.rank() != 2) return;
  for (int64_t row = columns + 1; row < rows; row += columns + 1)
    fill(row * x.strides()[0], std::min(columns, rows - row));
}

void add_writes(const Rows& rows) {
  const Rows functions("torch");
  functions.add(
      "fill_(input, value)",
      [](const Self& x, const Operand& v) {
        if (v.rank()) fail<ShapeError>("fill_: value has no dimensions; got shape ", v.shape());
        const Tensor value = v.is_weak() ? full({}, v, x->dtype()) : Tensor(v);
        write_in_place("fill_", *x, expand(value, x->shape()));
        return x;
      },
      0, "Overwrites every element with one value.");
  functions.add(
      "zero_(input)",
      [](const Self& x) {
        write_in_place("zero_", *x, expand(full({}, 0, x->dtype()), x->shape()));
        return x;
      },
      0, "Overwrites every element with 0.");
  rows.add(
      "copy_(self, src, non_blocking=False)",
      [](const Self& x, const Operand& source, bool) {
        write_in_place("copy_", *x, expand(source, x->shape()));
        return x;
      },
      0, "Overwrites with src, which is broadcast and converted.");
  rows.add(
      "fill_diagonal_(self, fill_value, wrap=False)",
      [](const Self& x, double v, bool wraps) {
        fill_diagonal(*x, v, wraps);
        return x;
      },
      0, "Overwrites the main diagonal with one value.");
}

// Views of itself: the tensor has another layout from then on.
void add_layout_changes(const Rows& rows) {
  rows.add("squeeze_(self)", [](const Self& x) { return showing(x, squeeze(*x)); });
  rows.add("squeeze_(self, dim)",
           [](const Self& x, const Dims& axes) { return showing(x, squeeze(*x, axes)); });
  rows.add("unsqueeze_(self, dim)",
           [](const Self& x, int64_t axis) { return showing(x, unsqueeze(*x, axis)); });
  rows.add("t_(self)", [](const Self& x) { return showing(x, t(*x)); });
  for (const char* text : {"transpose_(self, dim0, dim1)", "swapaxes_(self, axis0, axis1)",
                           "swapdims_(self, dim0, dim1)"})
    rows.add(text,
             [](const Self& x, int64_t a, int64_t b) { return showing(x, transpose(*x, a, b)); });
  rows.add("as_strided_(self, size, stride, storage_offset=None)",
           [](const Self& x, const Dims& size, const Dims& strides, std::optional<int64_t> offset) {
             return showing(x, as_strided(*x, size, strides, offset));
           });
  rows.add(
      "set_(self, source)",
      [](const Self& x, const Tensor& source) { return showing(x, source.detach()); }, 0,
      "Shows source's memory from now on.");
  rows.add(
      "resize_(self, *size, memory_format=None)",
      [](const Self& x, const Dims& size, const Any&) { return resize(x, size); }, 0,
      "Another shape in row-major order; new elements are arbitrary. Other tensors that show "
      "the memory keep it.");
  Rows("torch").add(
      "resize_as_(input, the_template, memory_format=None)",
      [](const Self& x, const Tensor& like, const Any&) { return resize(x, like.shape()); });
}

// f of every element (and of the one of y at the same place), in row-major order.
Self map_elements(const Self& x, const Tensor& y, PyObject* f) {
  std::vector<double> values = x->to_vector();
  const std::vector<double> others = y.defined() ? expand(y, x->shape()).to_vector() : values;
  for (size_t i = 0; i < values.size(); ++i) {
    const Object result(checked(y.defined() ? PyObject_CallFunction(f, "dd", values[i], others[i])
                                            : PyObject_CallFunction(f, "d", values[i])));
    if (!From<double>::load(result.get(), values[i]))
      fail<TypeError>("apply_: the function must give a number; got ",
                      Py_TYPE(result.get())->tp_name);
  }
  write_in_place("apply_", *x, Tensor::from(values, x->shape()));
  return x;
}

void add_maps(const Rows& rows) {
  rows.add(
      "apply_(self, callable)",
      [](const Self& x, const Any& f) { return map_elements(x, {}, f.object); }, 0,
      "Overwrites every element with what a Python function gives for it; slow.");
  rows.add(
      "map_(self, tensor, callable)",
      [](const Self& x, const Tensor& y, const Any& f) { return map_elements(x, y, f.object); }, 0,
      "As apply_, for a function of this tensor's element and the other's.");
}

}  // namespace

void add_write_rows() {
  const Rows rows("tensor");
  add_writes(rows);
  add_layout_changes(rows);
  add_maps(rows);
}

}  // namespace rush::python
