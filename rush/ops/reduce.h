// Reductions. `axes` may be negative; none means all. With keepdim the reduced axes stay, of
// size 1.
#pragma once

#include <optional>

#include "rush/core/op.h"

namespace rush {

// x summed over the axes that `shape` lacks or holds 1 for: what undoes a broadcast from `shape`.
Tensor sum_to(const Tensor& x, const Shape& shape);

// Sums of integers and bool are int64. `dtype`: x is converted first, and what comes of it has it.
Tensor sum(const Tensor& x, const Dims& axes = {}, bool keepdim = false,
           std::optional<DType> dtype = {});
Tensor mean(const Tensor& x, const Dims& axes = {}, bool keepdim = false,
            std::optional<DType> dtype = {});
Tensor prod(const Tensor& x, const Dims& axes = {}, bool keepdim = false,
            std::optional<DType> dtype = {});
Tensor nansum(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor nanmean(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor any(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor count_nonzero(const Tensor& x, const Dims& axes = {});

// Spread: the sum of squared deviations over (count - correction).
Tensor var(const Tensor& x, const Dims& axes = {}, double correction = 1, bool keepdim = false);
// PyTorch's `std`, which cannot be a name beside namespace std.
Tensor std_dev(const Tensor& x, const Dims& axes = {}, double correction = 1, bool keepdim = false);
struct VarMean {
  Tensor var, mean;
};
VarMean var_mean(const Tensor& x, const Dims& axes = {}, double correction = 1,
                 bool keepdim = false);
// p: 0 (how many are not zero), any number, or an infinity.
Tensor norm(const Tensor& x, double p = 2, const Dims& axes = {}, bool keepdim = false);
Tensor logsumexp(const Tensor& x, const Dims& axes, bool keepdim = false);

// The largest and smallest element. amax and amin share the gradient among equal ones; with an axis
// max and min also give the index of the first, which gets all of it. NaN wins.
Tensor amax(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Dims& axes = {}, bool keepdim = false);
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);
struct ValuesIndices {
  Tensor values, indices;
};
ValuesIndices max(const Tensor& x, int64_t axis, bool keepdim = false);
ValuesIndices min(const Tensor& x, int64_t axis, bool keepdim = false);
Tensor argmax(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false);
Tensor argmin(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false);

// Running results along one axis.
Tensor cumsum(const Tensor& x, int64_t axis, std::optional<DType> dtype = {});
Tensor cumprod(const Tensor& x, int64_t axis, std::optional<DType> dtype = {});
Tensor logcumsumexp(const Tensor& x, int64_t axis);
ValuesIndices cummax(const Tensor& x, int64_t axis);
ValuesIndices cummin(const Tensor& x, int64_t axis);
// s[i] = b[i] + a[i] s[i-1]; exclusive: gives s[i-1] instead. a, b: the same shape.
Tensor linear_scan(const Tensor& a, const Tensor& b, int64_t axis, bool reverse = false,
                   bool exclusive = false);

}  // namespace rush
