#include "settings.h"

#include "convert.h"
#include "rush/base/threads.h"
#include "rush/ops/cast.h"

namespace rush::python {
namespace {

PyObject* get_dtype(PyObject*, PyObject*) { return to_python(default_dtype()); }
PyObject* set_dtype(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    const auto dtype = dtype_of_object(o);
    if (!dtype || PyType_Check(o))
      fail<TypeError>("set_default_dtype: expected a dtype; got ", Py_TYPE(o)->tp_name);
    if (!is_floating(*dtype))
      fail<TypeError>(
          "set_default_dtype: only floating-point types are supported as the default "
          "type; got ",
          *dtype);
    set_default_dtype(*dtype);
    Py_RETURN_NONE;
  });
}

PyObject* get_threads(PyObject*, PyObject*) { return PyLong_FromLong(num_threads()); }
PyObject* set_threads(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    int64_t count = 0;
    if (!From<int64_t>::load(o, count))
      fail<TypeError>("set_num_threads: expected an int; got ", Py_TYPE(o)->tp_name);
    if (count < 1 || count > 1 << 16)
      fail("set_num_threads: expects a positive number; got ", count);
    set_num_threads(static_cast<int>(count));
    Py_RETURN_NONE;
  });
}

PyObject* get_deterministic(PyObject*, PyObject*) { return PyBool_FromLong(is_deterministic()); }
PyObject* change_deterministic(PyObject*, PyObject* o) {
  return guarded([&]() -> PyObject* {
    const int on = PyObject_IsTrue(o);
    if (on < 0) throw PythonError();
    set_deterministic(on != 0);
    Py_RETURN_NONE;
  });
}

PyObject* bytes_of(PyObject*, PyObject* o) {
  return guarded([&] {
    if (!is_tensor(o)) fail<TypeError>("_bytes_of: expected a Tensor");
    const Tensor dense = contiguous(tensor_of(o).detach());
    const auto count = dense.numel() * static_cast<int64_t>(size_of(dense.dtype()));
    return checked(PyBytes_FromStringAndSize(static_cast<const char*>(dense.raw()), count));
  });
}

}  // namespace

void make_settings(PyObject* module) {
  static PyMethodDef methods[] = {
      {"get_default_dtype", get_dtype, METH_NOARGS, "The dtype of tensors made of fractions."},
      {"set_default_dtype", set_dtype, METH_O, "Sets the dtype of tensors made of fractions."},
      {"get_num_threads", get_threads, METH_NOARGS, "How many threads an op uses at most."},
      {"set_num_threads", set_threads, METH_O, "Sets how many threads an op uses at most."},
      {"is_deterministic", get_deterministic, METH_NOARGS, nullptr},
      {"set_deterministic", change_deterministic, METH_O,
       "True: the same bits whatever the number of threads."},
      {"_bytes_of", bytes_of, METH_O, "The elements in row-major order as bytes."},
      {}};
  if (PyModule_AddFunctions(module, methods) < 0) throw PythonError();
}

}  // namespace rush::python
