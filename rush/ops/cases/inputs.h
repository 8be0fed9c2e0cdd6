// Inputs of a row: drawn from its own seed, in any dtype and any memory layout.
#pragma once

#include "rush/ops/cases/op_case.h"

namespace rush::testing {

// The inputs of `row` for the dtype under test; the same values on every call. Floating inputs of
// kinds that are differentiable require a gradient when `with_grad`.
Tensors make_inputs(const OpCase& row, DType dtype, bool with_grad = false);
// The same with other shapes (one per input).
Tensors make_inputs(const OpCase& row, const std::vector<Shape>& shapes, DType dtype);

bool is_differentiable_kind(In::Kind kind);
// Whether the input takes the dtype under test.
bool follows_dtype(In::Kind kind);

// The same values elsewhere in memory.
enum class Placement {
  kReversedDims,  // dense, dimensions in the opposite order in memory
  kSteps,         // every third element of a larger block
  kBackwards,     // negative strides
};
Tensor placed(const Tensor& t, Placement placement);
// A view of `t` in which dimension d repeats its first element (stride 0).
Tensor repeated(const Tensor& t, int d);

// A copy in a given dtype, made by plain loops (no op of ours); floats become integers by
// truncation. Undefined stays undefined.
Tensor converted(const Tensor& t, DType dtype);
// The inputs as a naive twin wants them: floats and integers under test as contiguous float64,
// masks and indices as they are.
Tensors reference_inputs(const OpCase& row, const Tensors& inputs);

// Fixed weights for a floating tensor, none near zero.
Tensor weights_for(const Tensor& like, uint64_t seed);

}  // namespace rush::testing
