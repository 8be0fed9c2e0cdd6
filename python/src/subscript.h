// x[key], x[key] = value, len(x) and iteration.
#pragma once

#include <Python.h>

#include <vector>

namespace rush::python {

void add_subscript_slots(std::vector<PyType_Slot>& slots);

}  // namespace rush::python
