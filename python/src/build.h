// What this build of the package is made of, for reports: `python -m rushlight`.
#pragma once

#include <Python.h>

namespace rush::python {

// __version__, _build() -> dict[str, str], _memory() -> dict[str, int].
void make_build(PyObject* module);

}  // namespace rush::python
