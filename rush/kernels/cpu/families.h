// Families that register apart from those of the kernel contract.
#pragma once

#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

void register_special(Table&);
void register_linalg(Table&);
void register_fft(Table&);

}  // namespace rush::kernels::cpu
