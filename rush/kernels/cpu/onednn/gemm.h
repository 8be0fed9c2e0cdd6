// Matrix products by oneDNN. Compiled only where RUSH_WITH_ONEDNN is 1.
#pragma once

#include "rush/kernels/cpu/gemm.h"

namespace rush::kernels::cpu::onednn {

// False: not a form that oneDNN takes (an operand with neither rows nor columns adjacent).
bool gemm(const Gemm<float>& g);

}  // namespace rush::kernels::cpu::onednn
