// The classes beside Tensor and dtype: Generator, device and the functions that belong to them.
#pragma once

#include <nanobind/nanobind.h>

namespace rush::python {

// Whether it is a device object.
bool is_device(PyObject* o);
void make_classes(nanobind::module_& m);
void make_profiler(nanobind::module_& m);  // profiler.cc
// The 64 bits of a seed, whatever its sign.
uint64_t seed_of(nanobind::int_ seed);

}  // namespace rush::python
