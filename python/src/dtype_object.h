// dtype and device objects: one Python object for each dtype, compared by identity.
#pragma once

#include <Python.h>

#include <optional>

#include "rush/base/dtype.h"
#include "rush/kernels/kernel.h"

namespace rush::python {

PyObject* dtype_object(DType t);  // borrowed
// Of a dtype object or Python's float, int, bool; nothing for other objects.
std::optional<DType> dtype_of_object(PyObject* o);

// The name before the dot in printed dtypes: "rushlight", or "torch" for programs written for it.
const char* printed_module();
void make_dtype_type(PyObject* module);

}  // namespace rush::python
