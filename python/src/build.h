// What this build of the package is made of, for reports: `python -m rushlight`.
#pragma once

#include <Python.h>

namespace rush::python {

// __version__ and _build() -> dict[str, str].
void make_build(PyObject* module);

}  // namespace rush::python
