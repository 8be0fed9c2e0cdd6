// The parts of the reduction family that its source files share.
#pragma once

#include "rush/kernels/cpu/reduce_plan.h"
#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

// Sums: floats in runs whose totals are double, integers and bool in int64.
Reducer sum_reducer(DType t);

// max |x| or min |x| of floating types, for the norms of infinite order.
void reduce_abs_extreme(const View& x, const View& out, const ReducePlan& plan, bool largest);

// The largest elements of a floating type, in float for half-width ones.
void reduce_extreme_in_float(const View& x, const ReducePlan& plan, void* out);

// The norm of order p of all elements, in float or wider. Requires: a floating type.
double norm_of(const View& x, double p);

void register_sums(Table&);
void register_extremes(Table&);
void register_arg_reductions(Table&);
void register_scans(Table&);

}  // namespace rush::kernels::cpu
