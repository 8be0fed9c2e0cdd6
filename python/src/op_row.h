// Calls of element-wise ops straight from their records: the rows without a lambda.
#pragma once

#include "function.h"

namespace rush::python {

// Whether argument i of an op's own row may be a plain number.
inline bool may_be_number(unsigned flags, size_t i) {
  return !(flags & kTensorsOnly) && (i > 0 || (flags & kNumbersFirst));
}

// apply() of the overload's op; in place, over its first argument, which is also the result.
PyObject* invoke_op(const Overload& overload, PyObject* const* args);
PyObject* invoke_op_in_place(const Overload& overload, PyObject* const* args);

}  // namespace rush::python
