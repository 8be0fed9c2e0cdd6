// What is checked for every row. Each function adds what it finds wrong to the report.
#pragma once

#include "rush/ops/cases/compare.h"
#include "rush/ops/cases/op_case.h"

namespace rush::testing {

// Values against the naive twin (or the record's body) in every dtype that the record claims;
// TypeError for the others.
void check_values(const OpCase& row, Report& report);
// A fused op's kernel against its body.
void check_body(const OpCase& row, Report& report);

// First and second gradients against central differences; gradients in the narrower dtypes against
// float64; one input's gradient does not depend on which others are asked for; f(x, x) adds up.
void check_gradients(const OpCase& row, Report& report);

// Transposed, stepped, backward and repeated inputs and arriving gradients give what contiguous
// ones give; empty and 0-d inputs work.
void check_layouts(const OpCase& row, Report& report);

// On placeholders: the same shapes and dtypes, and the same bits when replayed; gradients too.
void check_deferred(const OpCase& row, Report& report);
// The tape keeps what the record's rules name, and nothing else.
void check_tape(const OpCase& row, Report& report);
// All memory is given back.
void check_memory(const OpCase& row, Report& report);
// The same bits with 1, 2 and 4 threads.
void check_threads(const OpCase& row, Report& report);
// Wrong shapes are refused with an error of ours, or work; nothing else is thrown.
void check_misuse(const OpCase& row, Report& report);

// Shared by the checks.
const Op& record_of(const OpCase& row);
bool can_run(const OpCase& row);     // false: this build lacks a library that it needs
DType widest_claimed(const Op& op);  // float64 where it can be
bool has_gradient(const Op& op);     // by rules, or through its body
// Gradients of the weighted sum of the floating outputs by `inputs` that require one; undefined for
// the others. Empty when no output requires a gradient.
Tensors gradients_of(const OpCase& row, const Tensors& inputs);

}  // namespace rush::testing
