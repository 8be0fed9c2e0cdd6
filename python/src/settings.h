// Settings of the whole program, as functions of _C: default dtype, threads, determinism.
#pragma once

#include <Python.h>

namespace rush::python {

void make_settings(PyObject* module);

}  // namespace rush::python
