// Modes of a thread that a call passes through on its way: autocast, and the one device there is.
#pragma once

#include <Python.h>

#include <optional>
#include <vector>

#include "errors.h"
#include "row_flags.h"
#include "rush/base/dtype.h"

namespace rush::python {

// The half type that contractions run in; nothing: as they come (thread-local).
std::optional<DType>& autocast_dtype();

// While one lives, the tensors among `values` are what autocast makes of them for a function with
// these row flags.
class Autocast {
 public:
  Autocast(unsigned flags, PyObject** values, size_t count) {
    if (flags & (kLowerPrecision | kFullPrecision)) cast(flags, values, count);
  }

 private:
  void cast(unsigned flags, PyObject** values, size_t count);
  std::vector<Object> made_;
};

// Raises for anything but the CPU: None, "cpu", "cpu:0" and a device object of it are fine.
void check_device(PyObject* device);
// Of torch.device(...) arguments: whether the text names the CPU.
bool is_cpu_name(const char* name);

}  // namespace rush::python
