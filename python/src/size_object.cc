// torch.Size: a tuple of whole numbers that stays one when it is sliced, joined or repeated.
#include "convert.h"

namespace rush::python {

PyTypeObject* size_type = nullptr;

namespace {

PyObject* numel(PyObject* self, PyObject*) {
  Object product(PyLong_FromLong(1));
  for (Py_ssize_t i = 0; product && i < PyTuple_GET_SIZE(self); ++i)
    product = Object(PyNumber_Multiply(product.get(), PyTuple_GET_ITEM(self, i)));
  return product.release();
}

PyObject* repr(PyObject* self) {
  const Object list(PySequence_List(self));
  return list ? PyUnicode_FromFormat("%s.Size(%R)", printed_module(), list.get()) : nullptr;
}

PyObject* create(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  return guarded([&]() -> PyObject* {
    Object made(checked(PyTuple_Type.tp_new(type, args, keywords)));
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(made.get()); ++i) {
      PyObject* item = PyTuple_GET_ITEM(made.get(), i);
      if (PyLong_Check(item)) continue;
      int64_t whole = 0;  // a tensor or a number of NumPy
      if (!From<int64_t>::load(item, whole))
        fail<TypeError>("torch.Size() takes an iterable of 'int' (item ", int64_t{i}, " is '",
                        Py_TYPE(item)->tp_name, "')");
      PyTuple_SET_ITEM(made.get(), i, checked(PyLong_FromLongLong(whole)));
      Py_DECREF(item);
    }
    return made.release();
  });
}

// A tuple of whole numbers as a Size; other objects as they are.
PyObject* as_size(PyObject* stolen) {
  const Object tuple(stolen);
  if (!tuple || !PyTuple_CheckExact(tuple.get())) return Py_XNewRef(tuple.get());
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple.get()); ++i)
    if (!PyLong_Check(PyTuple_GET_ITEM(tuple.get(), i))) return Py_NewRef(tuple.get());
  const Object arguments(PyTuple_Pack(1, tuple.get()));
  return arguments ? create(size_type, arguments.get(), nullptr) : nullptr;
}

PyObject* join(PyObject* a, PyObject* b) {
  // Also `tuple + Size`: a plain tuple on the left gives way to its subclass on the right.
  if (!PyTuple_Check(a) || !PyTuple_Check(b)) Py_RETURN_NOTIMPLEMENTED;
  return as_size(PyTuple_Type.tp_as_sequence->sq_concat(a, b));
}
PyObject* repeat(PyObject* self, Py_ssize_t count) {
  return as_size(PyTuple_Type.tp_as_sequence->sq_repeat(self, count));
}
PyObject* subscript(PyObject* self, PyObject* key) {
  return as_size(PyTuple_Type.tp_as_mapping->mp_subscript(self, key));
}

// Pickled by its numbers.
PyObject* reduce(PyObject* self, PyObject*) {
  const Object tuple(PyTuple_GetSlice(self, 0, PyTuple_GET_SIZE(self)));
  return tuple ? Py_BuildValue("O(O)", Py_TYPE(self), tuple.get()) : nullptr;
}

}  // namespace

PyObject* size_object(const Shape& shape) {
  Object tuple(checked(size_type->tp_alloc(size_type, shape.size())));
  for (int i = 0; i < shape.size(); ++i)
    PyTuple_SET_ITEM(tuple.get(), i, checked(PyLong_FromLongLong(shape[i])));
  return tuple.release();
}

void make_size_type(PyObject* module) {
  static PyMethodDef methods[] = {{"numel", numel, METH_NOARGS, "The product of the sizes."},
                                  {"__reduce__", reduce, METH_NOARGS, nullptr},
                                  {}};
  static PyType_Slot slots[] = {{Py_tp_new, reinterpret_cast<void*>(create)},
                                {Py_tp_repr, reinterpret_cast<void*>(repr)},
                                {Py_nb_add, reinterpret_cast<void*>(join)},
                                {Py_sq_concat, reinterpret_cast<void*>(join)},
                                {Py_sq_repeat, reinterpret_cast<void*>(repeat)},
                                {Py_mp_subscript, reinterpret_cast<void*>(subscript)},
                                {Py_tp_methods, methods},
                                {0, nullptr}};
  static PyType_Spec spec = {"rushlight.Size", 0, 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                             slots};
  const Object bases(PyTuple_Pack(1, reinterpret_cast<PyObject*>(&PyTuple_Type)));
  size_type =
      reinterpret_cast<PyTypeObject*>(checked(PyType_FromSpecWithBases(&spec, bases.get())));
  if (PyModule_AddObjectRef(module, "Size", reinterpret_cast<PyObject*>(size_type)) < 0)
    throw PythonError();
}

}  // namespace rush::python
