// What the source files of losses share.
#pragma once

#include "rush/kernels/kernel.h"

namespace rush::kernels::cpu {

// IndexError unless `target` is in [0, classes) or the ignored id.
void check_class(const char* op, int64_t target, int64_t classes, int64_t ignored, int64_t row);

void register_class_losses(Table&);

}  // namespace rush::kernels::cpu
