// Tensors from Python's data: numbers, nested lists, NumPy arrays and whatever has their protocols.
#pragma once

#include <Python.h>

#include <optional>

#include "rush/tensor/tensor.h"

namespace rush::python {

// A copy of the data. Without a dtype: that of the data; Python floats have the default dtype.
Tensor tensor_from_data(PyObject* data, std::optional<DType> dtype);
// The data itself where it is a tensor or an array, else a copy.
Tensor tensor_sharing_data(PyObject* data, std::optional<DType> dtype);
PyObject* cpu_device();  // borrowed: the one device object

}  // namespace rush::python
