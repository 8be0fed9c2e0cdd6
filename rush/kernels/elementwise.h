// The driver of element-wise kernels: turns a call over whole tensors into calls of a row function.
#pragma once

#include <span>

#include "rush/kernels/kernel.h"

namespace rush::kernels {

// Runs `entry.rows[computing]` over all elements of `out`. Every input has the shape of `out`, with
// stride 0 where it repeats (or is absent: data == nullptr). Dimensions are coalesced in the order
// of the output's strides; a call whose operands are all dense in one order, or single numbers, is
// one row. Large calls run on several threads in blocks fixed by size and cost.
// Requires: `out` is one of the inputs exactly, or overlaps none.
void run_elementwise(const Entry& entry, DType computing, const View& out, std::span<const View> in,
                     const void* attrs);

// The same call as one row on the calling thread, where it is one and too small to be shared: what
// has been looked at once need not be looked at again.
bool is_small_row(const Entry& entry, const View& out, std::span<const View> in, const void* attrs,
                  Row& row);

// Elements a thread should get at least for work of `cost` additions an element.
int64_t grain_for(int cost);

}  // namespace rush::kernels
