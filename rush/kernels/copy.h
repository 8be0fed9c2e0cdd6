// Copies between layouts, for all kernels that move elements without looking at them.
#pragma once

#include "rush/kernels/kernel.h"

namespace rush::kernels {

// out[i] = in[i] for views of one shape and dtype; `in` may repeat elements (strides 0), `out` not.
// Requires: they do not overlap.
void copy_elements(const View& out, const View& in);

// Whether that copy is a transposition, done by tiles.
bool is_copied_by_tiles(const View& out, const View& in);

}  // namespace rush::kernels
