// Tensor's properties (shape, dtype, grad, ...) and how Tensor(...) makes one.
#pragma once

#include <Python.h>

#include "rush/tensor/tensor.h"

namespace rush::python {

PyGetSetDef* tensor_properties();

// Tensor(), Tensor(3, 4), Tensor([1, 2]), Tensor(other): float32 unless another dtype is the
// default; other keywords and arguments belong to a subclass.
Tensor tensor_from_arguments(PyObject* args, PyObject* keywords);

}  // namespace rush::python
