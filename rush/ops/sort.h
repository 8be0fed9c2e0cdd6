// Sorting along an axis. NaN counts as the largest value; equal elements keep their order.
#pragma once

#include <optional>
#include <vector>

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
// The same of the elements that are not NaN; NaN if there are none.
Tensor nanmedian(const Tensor& x);
ValuesIndices nanmedian(const Tensor& x, int64_t axis, bool keepdim = false);

Tensor msort(const Tensor& x);  // sorted along the first axis
// The k-th smallest element, k from 1.
ValuesIndices kthvalue(const Tensor& x, int64_t k, int64_t axis = -1, bool keepdim = false);
// The commonest element (the smallest of several), and the index of the last of its kind.
ValuesIndices mode(const Tensor& x, int64_t axis = -1, bool keepdim = false);

// How a quantile between two elements is found.
enum class Between : uint8_t { kLinear, kLower, kHigher, kMidpoint, kNearest };
struct QuantileOptions {
  std::optional<int64_t> axis{};  // none: all elements
  bool keepdim = false;
  Between interpolation = Between::kLinear;
};
// q in [0, 1]; several make a new first axis. NaN if there is one; nanquantile leaves NaN out.
Tensor quantile(const Tensor& x, double q, const QuantileOptions& options = {});
Tensor quantile(const Tensor& x, const std::vector<double>& q, const QuantileOptions& options = {});
Tensor nanquantile(const Tensor& x, double q, const QuantileOptions& options = {});
Tensor nanquantile(const Tensor& x, const std::vector<double>& q,
                   const QuantileOptions& options = {});

}  // namespace rush
