// Views that name storage and strides themselves, and layouts asked for by memory_format=.
#pragma once

#include "convert.h"

namespace rush::python {

// The same bytes read as another dtype; the last axis grows or shrinks where the sizes differ.
Tensor view_as_type(const Tensor& x, DType t);
// Elements of x's storage by strides, as a view of x.
Tensor as_strided(const Tensor& x, const Dims& size, const Dims& strides,
                  std::optional<int64_t> offset);
// x in [N, C, ...] order, but with the channels innermost in memory.
Tensor in_channels_last(const Tensor& x);
bool is_channels_last_format(PyObject* format);
// x itself, or in the memory layout that a memory_format object names.
Tensor in_format(const Tensor& x, PyObject* format);

// Makes a tensor of Python show what `value` shows: storage, layout, dtype and history.
void replace(const Self& x, const Tensor& value);

}  // namespace rush::python
