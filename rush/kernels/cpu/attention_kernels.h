// The entry points of attention's kernels.
#pragma once

#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

void register_attention(Table&);
// in: q, k, v, mask, random key, y, lse, dy; out: dq, dk, dv.
void attention_grad(const Call&);
// in: q, k; out: where in the random stream the numbers for the weights start.
void attention_key(const Call&);

}  // namespace rush::kernels::cpu
