// Sorting along an axis. NaN counts as the largest value; equal elements keep their order.
#pragma once

#include "rush/ops/reduce.h"

namespace rush {

ValuesIndices sort(const Tensor& x, int64_t axis = -1, bool descending = false, bool stable = true);
Tensor argsort(const Tensor& x, int64_t axis = -1, bool descending = false, bool stable = true);
// The k largest (or smallest), in order whatever `sorted` says.
ValuesIndices topk(const Tensor& x, int64_t k, int64_t axis = -1, bool largest = true,
                   bool sorted = true);
// The middle element, the lower one of two; NaN if there is one.
Tensor median(const Tensor& x);
ValuesIndices median(const Tensor& x, int64_t axis, bool keepdim = false);

}  // namespace rush
