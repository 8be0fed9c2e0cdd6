// The same memory on both sides: Python's buffers and NumPy's arrays as tensors, tensors as arrays,
// and DLPack's capsules.
#pragma once

#include <Python.h>

#include <optional>

#include "rush/tensor/tensor.h"

namespace rush::python {

// Whether `o` is an array or array scalar: something with __array_interface__ or __array__.
bool is_array(PyObject* o);
// A tensor over the memory of an array, which lives as long as it does. Where that cannot be
// (reversed bytes, backward strides): ValueError, or a copy with `may_copy`.
Tensor tensor_over_array(PyObject* array, bool may_copy);
// The array or scalar as a tensor for arithmetic; nothing for other objects.
std::optional<Tensor> foreign_operand(PyObject* o);

// An ndarray over the tensor's memory; new reference.
PyObject* array_over_tensor(PyObject* tensor);
// `count` elements (all: -1) of an object with the buffer protocol, from byte `offset` on.
Tensor tensor_over_buffer(PyObject* buffer, DType dtype, int64_t count, int64_t offset);

PyObject* to_dlpack(PyObject* tensor);
Tensor from_dlpack(PyObject* source);  // an object with __dlpack__, or a capsule

void make_exchange();

}  // namespace rush::python
