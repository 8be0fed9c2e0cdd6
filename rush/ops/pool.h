// Pooling over 1, 2 or 3 axes of space: x: [N, C, size...] or [C, size...]. Results keep the memory
// layout of x.
#pragma once

#include <utility>

#include "rush/kernels/attrs/pool.h"
#include "rush/ops/per_axis.h"
#include "rush/tensor/tensor.h"

namespace rush {

struct MaxPoolOptions {
  PerAxis stride = {};  // not given: the kernel's size
  PerAxis padding = 0, dilation = 1;
  bool ceil_mode = false;  // count a last window that is only partly inside
  bool same = false;  // instead of padding: ceil(size / stride) windows, the odd element behind
  bool share_ties = false;  // equal maxima share the gradient; otherwise the first gets all of it
};
Tensor max_pool1d(const Tensor& x, const PerAxis& kernel, const MaxPoolOptions& options = {});
Tensor max_pool2d(const Tensor& x, const PerAxis& kernel, const MaxPoolOptions& options = {});
Tensor max_pool3d(const Tensor& x, const PerAxis& kernel, const MaxPoolOptions& options = {});
// And where each maximum lies, as an int64 index into the flattened axes of space.
using Pooled = std::pair<Tensor, Tensor>;
Pooled max_pool1d_with_indices(const Tensor& x, const PerAxis& kernel,
                               const MaxPoolOptions& options = {});
Pooled max_pool2d_with_indices(const Tensor& x, const PerAxis& kernel,
                               const MaxPoolOptions& options = {});
Pooled max_pool3d_with_indices(const Tensor& x, const PerAxis& kernel,
                               const MaxPoolOptions& options = {});

struct AvgPoolOptions {
  PerAxis stride = {};
  PerAxis padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;
  int64_t divisor_override = 0;  // 0: the size of the window
  bool same = false;  // instead of padding: as for max_pool; what is outside is not counted
};
Tensor avg_pool1d(const Tensor& x, const PerAxis& kernel, const AvgPoolOptions& options = {});
Tensor avg_pool2d(const Tensor& x, const PerAxis& kernel, const AvgPoolOptions& options = {});
Tensor avg_pool3d(const Tensor& x, const PerAxis& kernel, const AvgPoolOptions& options = {});

// Windows chosen so that the result has the given size; 1 is global pooling.
Tensor adaptive_avg_pool1d(const Tensor& x, const PerAxis& output_size);
Tensor adaptive_avg_pool2d(const Tensor& x, const PerAxis& output_size);
Tensor adaptive_avg_pool3d(const Tensor& x, const PerAxis& output_size);
Tensor adaptive_max_pool1d(const Tensor& x, const PerAxis& output_size);
Tensor adaptive_max_pool2d(const Tensor& x, const PerAxis& output_size);
Tensor adaptive_max_pool3d(const Tensor& x, const PerAxis& output_size);
// For as many axes as output_size has; and where each maximum lies.
Pooled adaptive_max_pool_with_indices(const Tensor& x, const Dims& output_size);

struct LpPoolOptions {
  PerAxis stride = {};
  bool ceil_mode = false;
};
// (sum of x^p over the window)^(1/p)
Tensor lp_pool1d(const Tensor& x, double norm_type, const PerAxis& kernel,
                 const LpPoolOptions& options = {});
Tensor lp_pool2d(const Tensor& x, double norm_type, const PerAxis& kernel,
                 const LpPoolOptions& options = {});
Tensor lp_pool3d(const Tensor& x, double norm_type, const PerAxis& kernel,
                 const LpPoolOptions& options = {});

// Puts each element of x where a max pool found it, zeros elsewhere: indices as max_pool gives
// them, in the shape of x; output_size: the spatial size of that pool's input.
Tensor max_unpool(const Tensor& x, const Tensor& indices, const Dims& output_size);

// The gradients, and what their own gradients need. `indices`: int32, as the max_pool record gives.
Tensor max_pool_grad(const Tensor& dy, const Tensor& indices, const PoolAttrs& attrs);
Tensor max_pool_pick(const Tensor& x, const Tensor& indices, const PoolAttrs& attrs);
Tensor avg_pool_grad(const Tensor& dy, const PoolAttrs& attrs);

}  // namespace rush
