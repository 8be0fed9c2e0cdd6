// Python's operators on tensors: x + 1, x @ y, -x, x == y, x += y, bool(x), float(x).
#pragma once

#include <Python.h>

#include <vector>

namespace rush::python {

void add_operator_slots(std::vector<PyType_Slot>& slots);

}  // namespace rush::python
