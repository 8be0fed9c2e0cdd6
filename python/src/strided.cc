#include "strided.h"

#include <cstring>

#include "rush/core/node.h"
#include "rush/ops/movement.h"

namespace rush::python {
namespace {

Tensor showing(const Tensor& x, const Layout& layout, DType t) {
  Ref<TensorBody> body = TensorBody::make();
  body->storage = x.storage();
  body->layout = layout;
  body->dtype = t;
  return Tensor(std::move(body));
}

void check_inside(const Tensor& x, const Dims& size, const Dims& strides, int64_t offset) {
  int64_t last = offset;
  for (int i = 0; i < size.size(); ++i) {
    if (size[i] < 0 || strides[i] < 0)
      fail<ShapeError>("as_strided: sizes and strides must not be negative; got ", size, " and ",
                       strides);
    last += (size[i] - 1) * strides[i];
  }
  const auto count = static_cast<int64_t>(x.storage()->bytes() / size_of(x.dtype()));
  if (offset < 0 || (numel(size) > 0 && last >= count))
    fail<ShapeError>("as_strided: size ", size, ", strides ", strides, " and offset ", offset,
                     " reach beyond the storage of ", count, " elements");
}

}  // namespace

Tensor view_as_type(const Tensor& x, DType t) {
  const auto from = static_cast<int64_t>(size_of(x.dtype())), to = static_cast<int64_t>(size_of(t));
  Layout layout = x.layout();
  if (from == to) return showing(x, layout, t);
  const int last = layout.rank() - 1;
  if (last < 0 || (layout.strides[last] != 1 && layout.shape[last] != 1))
    fail<ShapeError>("view: ", t, " and ", x.dtype(),
                     " differ in size, which needs a last axis whose elements are neighbours");
  const int64_t bytes = layout.shape[last] * from;
  if (bytes % to || layout.offset * from % to)
    fail<ShapeError>("view: the last axis of ", layout.shape, " does not hold whole elements of ",
                     t);
  layout.shape[last] = bytes / to;
  layout.offset = layout.offset * from / to;
  for (int i = 0; i < last; ++i) {
    if (layout.strides[i] * from % to)
      fail<ShapeError>("view: strides ", layout.strides, " do not fit ", t);
    layout.strides[i] = layout.strides[i] * from / to;
  }
  return showing(x, layout, t);
}

Tensor as_strided(const Tensor& x, const Dims& size, const Dims& strides,
                  std::optional<int64_t> offset) {
  if (size.size() != strides.size())
    fail<ShapeError>("as_strided: as many strides as sizes are needed; got ", size, " and ",
                     strides);
  const int64_t start = offset.value_or(x.layout().offset);
  check_inside(x, size, strides, start);
  Tensor part = showing(x, Layout(size, strides, start), x.dtype());
  TensorBody& view = part.body();
  view.base = x.body().base ? x.body().base : x.body_ref();
  // As if it was taken before the last write: its history comes from the whole tensor's.
  view.history = x.storage()->history() - (grad_enabled() ? 1 : 0);
  refresh_view(part);
  return part;
}

Tensor in_channels_last(const Tensor& x) {
  if (x.rank() < 3) fail<ShapeError>("channels_last: wants [N, C, ...]; got shape ", x.shape());
  if (is_channels_last(x.shape(), x.strides())) return x;
  return movedim(movedim(x, 1, -1).contiguous(), -1, 1);
}

bool is_channels_last_format(PyObject* format) {
  if (format == Py_None) return false;
  const Object text(checked(PyObject_Str(format)));
  return std::strstr(checked(PyUnicode_AsUTF8(text.get())), "channels_last") != nullptr;
}

Tensor in_format(const Tensor& x, PyObject* format) {
  return is_channels_last_format(format) ? in_channels_last(x) : x;
}

void replace(const Self& x, const Tensor& value) {
  TensorBody& to = x->body();
  const Tensor from = value;  // which may be all that keeps to's storage alive
  to.storage = from.body().storage;
  to.layout = from.body().layout;
  to.dtype = from.body().dtype;
  to.edge = from.body().edge;
  const Ref<TensorBody>& base = from.body().base;
  to.base = base.get() == &to ? Ref<TensorBody>() : base;  // a view of itself is none
  to.history = from.body().history;
}

}  // namespace rush::python
