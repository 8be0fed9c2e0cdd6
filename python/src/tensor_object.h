// The Python class Tensor: a handle of the engine, with room for attributes and weak references.
#pragma once

#include <Python.h>

#include "rush/tensor/tensor.h"

namespace rush::python {

struct TensorObject {
  PyObject_HEAD PyObject* dict;
  PyObject* weak_references;
  Tensor tensor;
};

extern PyTypeObject* tensor_type;  // set by make_tensor_type()
extern PyTypeObject* size_type;

inline bool is_tensor(PyObject* o) {
  return Py_TYPE(o) == tensor_type || PyType_IsSubtype(Py_TYPE(o), tensor_type);
}
inline Tensor& tensor_of(PyObject* o) { return reinterpret_cast<TensorObject*>(o)->tensor; }

// New references. An undefined tensor becomes None.
PyObject* wrap(Tensor t);
PyObject* wrap_as(PyTypeObject* type, Tensor t);
PyObject* size_object(const Shape& shape);

void make_size_type(PyObject* module);  // size_object.cc
// Makes the classes; methods from the tables of rows are added by make_functions().
void make_tensor_type(PyObject* module);

}  // namespace rush::python
