#include "subscript.h"

#include "construct.h"
#include "convert.h"
#include "rush/ops/cast.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"

namespace rush::python {
namespace {

std::optional<int64_t> bound(PyObject* o) {
  if (o == Py_None) return {};
  int64_t v = 0;
  if (!From<int64_t>::load(o, v))
    fail<TypeError>("index: slices are made of whole numbers; got ", Py_TYPE(o)->tp_name);
  return v;
}

Slice slice_of(PyObject* o) {
  const auto* s = reinterpret_cast<PySliceObject*>(o);
  const int64_t step = bound(s->step).value_or(1);
  if (step < 1) fail<ShapeError>("index: the step of a slice must be positive; got ", step);
  return {bound(s->start), bound(s->stop), step};
}

constexpr Py_ssize_t kMostIndices = 32;

// Lists, arrays and ranges of integers or truth values.
Tensor index_tensor(PyObject* o) {
  Tensor t = tensor_from_data(o, {});
  return t.numel() == 0 && is_floating(t.dtype()) ? t.to(int64) : t;
}

Index index_of(PyObject* o) {
  if (PyBool_Check(o)) return Index(o == Py_True);
  if (PyLong_Check(o)) {
    int64_t i = 0;
    From<int64_t>::load(o, i);
    return i;
  }
  if (PySlice_Check(o)) return slice_of(o);
  if (o == Py_None) return NewAxis{};
  if (o == Py_Ellipsis) return Ellipsis{};
  if (is_tensor(o)) return tensor_of(o);
  if (PyList_Check(o) || PyTuple_Check(o) || PyRange_Check(o) || PyObject_CheckBuffer(o)) {
    int64_t i = 0;  // NumPy's whole numbers have a buffer, too
    if (!PySequence_Check(o) && From<int64_t>::load(o, i)) return i;
    return index_tensor(o);
  }
  int64_t i = 0;
  if (From<int64_t>::load(o, i)) return i;
  fail<TypeError>("index: expected integers, slices, None, ..., tensors or lists of integers; got ",
                  Py_TYPE(o)->tp_name);
}

// As in PyTorch 2.13: a list in which something is no number stands for a tuple, one index an axis.
bool stands_for_tuple(PyObject* key) {
  if (!PyList_Check(key) || PyList_GET_SIZE(key) >= kMostIndices) return false;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(key); ++i) {
    PyObject* o = PyList_GET_ITEM(key, i);
    if (o == Py_None || o == Py_Ellipsis || PySlice_Check(o) || is_tensor(o) ||
        (PySequence_Check(o) && !PyUnicode_Check(o)))
      return true;
  }
  return false;
}

Indices indices_of(PyObject* key) {
  Indices indices;
  if (PyTuple_Check(key) || stands_for_tuple(key)) {
    const Py_ssize_t count = PySequence_Fast_GET_SIZE(key);
    indices.reserve(static_cast<size_t>(count));
    for (Py_ssize_t i = 0; i < count; ++i)
      indices.push_back(index_of(PySequence_Fast_GET_ITEM(key, i)));
  } else {
    indices.push_back(index_of(key));
  }
  return indices;
}

PyObject* get_item(PyObject* self, PyObject* key) {
  return guarded([&]() -> PyObject* {
    const Tensor& x = tensor_of(self);
    if (PyLong_CheckExact(key)) {
      int64_t i = 0;
      From<int64_t>::load(key, i);
      return wrap(select(x, 0, i));
    }
    return wrap(index(x, indices_of(key)));
  });
}

Tensor value_for(const Tensor& x, PyObject* value) {
  if (is_tensor(value)) return tensor_of(value);
  if (auto number = weak_number(value)) return *number;
  return tensor_from_data(value, x.dtype());
}

int set_item(PyObject* self, PyObject* key, PyObject* value) {
  return guarded_int([&] {
    if (!value) fail<TypeError>("index: elements of a tensor cannot be deleted");
    const Tensor& x = tensor_of(self);
    index_put_(x, indices_of(key), value_for(x, value));
    return 0;
  });
}

Py_ssize_t length(PyObject* self) {
  Py_ssize_t count = -1;
  guarded_int([&] {
    const Tensor& x = tensor_of(self);
    if (x.rank() == 0) fail<TypeError>("len: a tensor without dimensions has no length");
    count = x.shape()[0];
    return 0;
  });
  return count;
}

PyObject* iterate(PyObject* self) {
  return guarded([&]() -> PyObject* {
    const Tensor& x = tensor_of(self);
    if (x.rank() == 0) fail<TypeError>("iter: a tensor without dimensions has no elements");
    const Object rows(tuple_of(unbind(x, 0)));
    return PyObject_GetIter(rows.get());
  });
}

}  // namespace

void add_subscript_slots(std::vector<PyType_Slot>& slots) {
  slots.push_back({Py_mp_subscript, reinterpret_cast<void*>(get_item)});
  slots.push_back({Py_mp_ass_subscript, reinterpret_cast<void*>(set_item)});
  slots.push_back({Py_mp_length, reinterpret_cast<void*>(length)});
  slots.push_back({Py_tp_iter, reinterpret_cast<void*>(iterate)});
}

}  // namespace rush::python
