// The element-wise families register in parts, a source file each.
#pragma once

#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

void add_vector_math(Table&);         // unary_math.cc: exp, tanh, sqrt, ... on floating types
void add_vector_activations(Table&);  // unary_activations.cc: gelu, silu, elu, ... and gradients
void add_vector_binary(Table&);       // binary_vector.cc: add, mul, ... on floating types
void add_vector_binary_functions(Table&);  // binary_functions.cc: pow, atan2
void add_select(Table&);                   // select.cc: where
void add_cast(Table&);                     // cast.cc
void add_copy(Table&);                     // copy.cc: clone, contiguous, full
void add_sequences(Table&);                // sequences.cc: arange, linspace, eye

}  // namespace rush::kernels::cpu
