// Pools and their gradients. A max pool also gives where its maxima lie: its gradient scatters to
// those places, and the gradient of that gathers from them.
#include "rush/ops/pool.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "rush/base/unknown.h"
#include "rush/core/apply.h"
#include "rush/core/op.h"
#include "rush/core/vocabulary.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/same_padding.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

constexpr int64_t kLargest = INT32_MAX;

Dims space_of(const Shape& s) { return Dims(s.data() + 2, s.size() - 2); }

Shape with_space(const Shape& s, const Dims& space) {
  Shape out{s[0], s[1]};
  for (int64_t v : space) out.push_back(v);
  return out;
}

PoolAttrs with_input(const PoolAttrs& attrs, const Dims& space) {
  PoolAttrs a = attrs;
  a.input_size = space;
  return a;
}

void check_range(const char* op, const char* name, const Dims& values, int64_t least) {
  for (int64_t v : values)
    if (v < least || v > kLargest)
      fail<ShapeError>(op, ": ", name, " must be ", least, " or more; got ", values);
}

// The output of one axis, as PyTorch counts.
int64_t pooled_size(int64_t in, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
                    bool ceil_mode) {
  const int64_t room = in + 2 * padding - dilation * (kernel - 1) - 1;
  if (room < 0) return 0;
  const int64_t out = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  // A last window must start inside the input or the padding in front.
  return ceil_mode && (out - 1) * stride >= in + padding ? out - 1 : out;
}

void check_adaptive(const char* op, const Shape& x, const PoolAttrs& a) {
  check_range(op, "output_size", a.output_size, 0);
  for (int64_t v : space_of(x))
    if (v == 0) fail<ShapeError>(op, ": x has an empty axis: ", x);
}

// Checks the window's options and gives the spatial size of the result.
Dims pooled_space(const char* op, const Shape& x, const PoolAttrs& a) {
  check_range(op, "kernel", a.kernel, 1);
  check_range(op, "stride", a.stride, 1);
  check_range(op, "padding", a.padding, 0);
  check_range(op, "dilation", a.dilation, 1);
  Dims out;
  for (int d = 0; d < a.kernel.size(); ++d) {
    if (a.padding[d] > (a.dilation[d] * (a.kernel[d] - 1) + 1) / 2)
      fail<ShapeError>(op, ": padding must be at most half the kernel; got padding ", a.padding,
                       ", kernel ", a.kernel);
    out.push_back(
        pooled_size(x[2 + d], a.kernel[d], a.stride[d], a.padding[d], a.dilation[d], a.ceil_mode));
    if (out[d] < 1)
      fail<ShapeError>(op, ": the window is larger than the padded input: x is ", x, ", kernel ",
                       a.kernel, ", padding ", a.padding, ", dilation ", a.dilation);
  }
  return out;
}

void check_floating(const InferCall& c) {
  if (!is_floating(c.dtype(0)))
    fail<TypeError>(c.op, ": wants a floating-point tensor; got ", c.dtype(0));
}

Shape pooled_shape(const InferCall& c, const Shape& x) {
  const auto& a = c.attributes<PoolAttrs>();
  const int axes = a.is_adaptive() ? a.output_size.size() : a.kernel.size();
  if (x.size() != axes + 2)
    fail<ShapeError>(c.op, ": x must have ", axes + 2, " dimensions; got ", x);
  if (a.is_adaptive()) {
    check_adaptive(c.op, x, a);
    return with_space(x, a.output_size);
  }
  return with_space(x, pooled_space(c.op, x, a));
}

void infer_max_pool(InferCall& c) {
  check_floating(c);
  const Shape out = pooled_shape(c, c.shape(0));
  const Dims space = space_of(c.shape(0));
  if (numel(space) > kLargest && std::none_of(space.begin(), space.end(), mentions_unknown))
    fail<ShapeError>(c.op, ": more than ", kLargest, " elements a channel: x is ", c.shape(0));
  c.result(out, c.dtype(0), Format::kLikeFirst);
  c.result(out, DType::kInt32, Format::kLikeFirst);
}

void infer_avg_pool(InferCall& c) {
  check_floating(c);
  c.result(pooled_shape(c, c.shape(0)), c.dtype(0), Format::kLikeFirst);
}

// The shape of the pool's input, for a gradient that arrives with shape dy.
Shape unpooled_shape(const InferCall& c, const Shape& dy) {
  const auto& a = c.attributes<PoolAttrs>();
  if (dy.size() != a.input_size.size() + 2)
    fail<ShapeError>(c.op, ": dy must have ", a.input_size.size() + 2, " dimensions; got ", dy);
  const Shape x = with_space(dy, a.input_size);
  const Shape want = pooled_shape(c, x);
  if (!(want == dy))
    fail<ShapeError>(c.op, ": the pool of ", x, " has shape ", want, ", but dy is ", dy);
  return x;
}

void check_indices(const InferCall& c, const Shape& want) {
  if (c.dtype(1) != DType::kInt32)
    fail<TypeError>(c.op, ": indices must be int32; got ", c.dtype(1));
  if (!(c.shape(1) == want))
    fail<ShapeError>(c.op, ": indices must have shape ", want, "; got ", c.shape(1));
}

void infer_max_pool_grad(InferCall& c) {
  check_floating(c);
  check_indices(c, c.shape(0));
  // As convolutions want it, whatever order dy comes in: what follows goes over whole images.
  c.result(unpooled_shape(c, c.shape(0)), c.dtype(0), Format::kChannelsLast);
}

void infer_max_pool_pick(InferCall& c) {
  check_floating(c);
  check_indices(c, pooled_shape(c, c.shape(0)));
  c.result(c.shape(1), c.dtype(0), Format::kLikeFirst);
}

void infer_avg_pool_grad(InferCall& c) {
  check_floating(c);
  c.result(unpooled_shape(c, c.shape(0)), c.dtype(0), Format::kLikeFirst);
}

const Op& kMaxPool =
    Define("max_pool",
           "The largest element of each window (the first if there are several; NaN if there is "
           "one), and its index into the flattened axes of space. x: [N, C, size...].")
        .args({"x"})
        .attrs<PoolAttrs>()
        .outputs(2)
        .floating_only()
        .shape(infer_max_pool)
        .grad([](Dy dy, Y<1> indices, XSpec<0> x, const PoolAttrs& a) {
          return max_pool_grad(dy, indices, with_input(a, space_of(x.shape)));
        });

const Op& kMaxPoolGrad =
    Define("max_pool_grad",
           "Gradient of max_pool: dy added up at the indices of the maxima, zero elsewhere.")
        .args({"dy", "indices"})
        .attrs<PoolAttrs>()
        .floating_only()
        .shape(infer_max_pool_grad)
        .grad([](Dy g, X<1> indices, const PoolAttrs& a) { return max_pool_pick(g, indices, a); })
        .grad(nullptr);

const Op& kMaxPoolPick =
    Define("max_pool_pick", "The elements of x at the indices that a max_pool gave.")
        .args({"x", "indices"})
        .attrs<PoolAttrs>()
        .floating_only()
        .shape(infer_max_pool_pick)
        .grad([](Dy dy, X<1> indices, XSpec<0> x, const PoolAttrs& a) {
          return max_pool_grad(dy, indices, with_input(a, space_of(x.shape)));
        })
        .grad(nullptr);

Tensor average(const Tensor& x, const PoolAttrs& a);

const Op& kAvgPool = Define("avg_pool", "The mean of each window. x: [N, C, size...].")
                         .args({"x"})
                         .attrs<PoolAttrs>()
                         .floating_only()
                         .shape(infer_avg_pool)
                         .grad([](Dy dy, XSpec<0> x, const PoolAttrs& a) {
                           return avg_pool_grad(dy, with_input(a, space_of(x.shape)));
                         });

const Op& kAvgPoolGrad =
    Define("avg_pool_grad", "Gradient of avg_pool: dy shared out over each window.")
        .args({"dy"})
        .attrs<PoolAttrs>()
        .floating_only()
        .shape(infer_avg_pool_grad)
        .grad([](Dy g, const PoolAttrs& a) { return average(g, a); });

Tensor average(const Tensor& x, const PoolAttrs& a) { return apply(kAvgPool, {x}, a); }

// Calls pool() on x with a batch dimension.
template <typename F>
auto batched(const char* op, const Tensor& x, int axes, F&& pool) {
  if (x.rank() == axes + 2) return pool(x);
  if (x.rank() != axes + 1)
    fail<ShapeError>(op, ": x must have ", axes + 2, " dimensions, or ", axes + 1,
                     " without a batch; got ", x.shape());
  Tensors out = pool(unsqueeze(x, 0));
  for (Tensor& y : out) y = squeeze(y, 0);
  return out;
}

PoolAttrs window_attrs(const char* op, int axes, const PerAxis& kernel, const PerAxis& stride,
                       const PerAxis& padding, const PerAxis& dilation, bool ceil_mode) {
  PoolAttrs a;
  a.kernel = kernel.expand(op, "kernel", axes);
  a.stride = stride.is_given() ? stride.expand(op, "stride", axes) : a.kernel;
  a.padding = padding.expand(op, "padding", axes);
  a.dilation = dilation.expand(op, "dilation", axes);
  a.ceil_mode = ceil_mode;
  return a;
}

PoolAttrs window_without_padding(PoolAttrs a) {
  a.padding = Dims::filled(a.kernel.size(), 0);
  return a;
}

int64_t span_of(const PoolAttrs& a, int axis) {
  return a.dilation[axis] * (a.kernel[axis] - 1) + 1;
}

// x: [N, C, size...] with a border of `value`: the pool's padding, or what same padding takes.
Tensor bordered(const Tensor& x, const PoolAttrs& a, bool same, double value) {
  Dims sizes;
  for (int d = a.kernel.size() - 1; d >= 0; --d) {
    SamePadding p{0, a.padding[d], a.padding[d]};
    if (same) p = same_padding(x.size(2 + d), span_of(a, d), a.stride[d]);
    sizes.push_back(p.before);
    sizes.push_back(p.after);
  }
  return pad(x, sizes, "constant", value);
}

// The largest element of each window as a formula whose gradient is shared among equal ones.
Tensor shared_max(const char* op, const Tensor& x, const PoolAttrs& a, bool same) {
  if (a.ceil_mode) fail(op, ": share_ties goes without ceil_mode");
  Tensor windows = bordered(x, a, same, -HUGE_VAL);
  pooled_space(op, windows.shape(), window_without_padding(a));
  Dims inner;
  for (int d = 0; d < a.kernel.size(); ++d) {
    windows = unfold(windows, 2 + d, span_of(a, d), a.stride[d]);
    windows = slice(windows, -1, 0, INT64_MAX, a.dilation[d]);
    inner.push_back(-1 - d);
  }
  return amax(windows, inner);
}

Tensors max_pool(const char* op, int axes, const Tensor& x, const PerAxis& kernel,
                 const MaxPoolOptions& o) {
  const PoolAttrs a = window_attrs(op, axes, kernel, o.stride, o.padding, o.dilation, o.ceil_mode);
  return batched(op, x, axes, [&](const Tensor& b) -> Tensors {
    if (o.share_ties) return {shared_max(op, b, a, o.same)};
    if (!o.same) return apply_multi(kMaxPool, {b}, a);
    return apply_multi(kMaxPool, {bordered(b, a, true, -HUGE_VAL)}, window_without_padding(a));
  });
}

// Indices count within x as it stands.
Tensors max_pool_places(const char* op, int axes, const Tensor& x, const PerAxis& kernel,
                        const MaxPoolOptions& o) {
  if (o.same || o.share_ties)
    fail(op, ": indices go without same padding and shared ties; pad first, or give padding");
  return max_pool(op, axes, x, kernel, o);
}

Pooled with_indices(const Tensors& out) { return {out[0], cast(out[1], DType::kInt64)}; }

Tensor avg_pool(const char* op, int axes, const Tensor& x, const PerAxis& kernel,
                const AvgPoolOptions& o) {
  PoolAttrs a = window_attrs(op, axes, kernel, o.stride, o.padding, 1, o.ceil_mode);
  a.count_include_pad = o.count_include_pad;
  a.divisor_override = o.divisor_override;
  if (a.divisor_override < 0)
    fail<ShapeError>(op, ": divisor_override must be positive; got ", a.divisor_override);
  if (!o.same)
    return batched(op, x, axes, [&](const Tensor& b) { return Tensors{average(b, a)}; })[0];
  PoolAttrs sums = window_without_padding(a);
  sums.divisor_override = 1;
  return batched(op, x, axes, [&](const Tensor& b) -> Tensors {
    const Tensor total = average(bordered(b, a, true, 0), sums);
    if (a.divisor_override) return {total / static_cast<double>(a.divisor_override)};
    const Tensor inside = ones_like(b.detach());
    return {total / average(bordered(inside, a, true, 0), sums)};
  })[0];
}

// An average of everything is a mean.
Tensor adaptive_pool(const Op& record, const char* op, int axes, const Tensor& x,
                     const PerAxis& output_size) {
  PoolAttrs a;
  a.output_size = output_size.expand(op, "output_size", axes);
  const bool is_mean = &record == &kAvgPool && x.numel() != 0 && is_floating(x.dtype()) &&
                       a.output_size == Dims::filled(axes, 1);
  Dims last;
  for (int i = 0; i < axes; ++i) last.push_back(i - axes);
  return batched(op, x, axes, [&](const Tensor& b) {
    return is_mean ? Tensors{mean(b, last, true)} : apply_multi(record, {b}, a);
  })[0];
}

Tensor lp_pool(const char* op, int axes, const Tensor& x, double p, const PerAxis& kernel,
               const LpPoolOptions& o) {
  if (!(p > 0)) fail<ShapeError>(op, ": norm_type must be positive; got ", p);
  AvgPoolOptions average_options{.stride = o.stride, .ceil_mode = o.ceil_mode};
  average_options.divisor_override = 1;
  return pow(avg_pool(op, axes, pow(abs(x), p), kernel, average_options), 1 / p);
}

}  // namespace

Tensor max_pool_grad(const Tensor& dy, const Tensor& indices, const PoolAttrs& attrs) {
  return apply(kMaxPoolGrad, {dy, indices}, attrs);
}
Tensor max_pool_pick(const Tensor& x, const Tensor& indices, const PoolAttrs& attrs) {
  return apply(kMaxPoolPick, {x, indices}, attrs);
}
Tensor avg_pool_grad(const Tensor& dy, const PoolAttrs& attrs) {
  return apply(kAvgPoolGrad, {dy}, attrs);
}

Tensor max_pool1d(const Tensor& x, const PerAxis& kernel, const MaxPoolOptions& o) {
  return max_pool("max_pool1d", 1, x, kernel, o)[0];
}
Tensor max_pool2d(const Tensor& x, const PerAxis& kernel, const MaxPoolOptions& o) {
  return max_pool("max_pool2d", 2, x, kernel, o)[0];
}
Tensor max_pool3d(const Tensor& x, const PerAxis& kernel, const MaxPoolOptions& o) {
  return max_pool("max_pool3d", 3, x, kernel, o)[0];
}
Pooled max_pool1d_with_indices(const Tensor& x, const PerAxis& kernel, const MaxPoolOptions& o) {
  return with_indices(max_pool_places("max_pool1d", 1, x, kernel, o));
}
Pooled max_pool2d_with_indices(const Tensor& x, const PerAxis& kernel, const MaxPoolOptions& o) {
  return with_indices(max_pool_places("max_pool2d", 2, x, kernel, o));
}
Pooled max_pool3d_with_indices(const Tensor& x, const PerAxis& kernel, const MaxPoolOptions& o) {
  return with_indices(max_pool_places("max_pool3d", 3, x, kernel, o));
}

Tensor avg_pool1d(const Tensor& x, const PerAxis& kernel, const AvgPoolOptions& o) {
  return avg_pool("avg_pool1d", 1, x, kernel, o);
}
Tensor avg_pool2d(const Tensor& x, const PerAxis& kernel, const AvgPoolOptions& o) {
  return avg_pool("avg_pool2d", 2, x, kernel, o);
}
Tensor avg_pool3d(const Tensor& x, const PerAxis& kernel, const AvgPoolOptions& o) {
  return avg_pool("avg_pool3d", 3, x, kernel, o);
}

Tensor adaptive_avg_pool1d(const Tensor& x, const PerAxis& output_size) {
  return adaptive_pool(kAvgPool, "adaptive_avg_pool1d", 1, x, output_size);
}
Tensor adaptive_avg_pool2d(const Tensor& x, const PerAxis& output_size) {
  return adaptive_pool(kAvgPool, "adaptive_avg_pool2d", 2, x, output_size);
}
Tensor adaptive_avg_pool3d(const Tensor& x, const PerAxis& output_size) {
  return adaptive_pool(kAvgPool, "adaptive_avg_pool3d", 3, x, output_size);
}
Tensor adaptive_max_pool1d(const Tensor& x, const PerAxis& output_size) {
  return adaptive_pool(kMaxPool, "adaptive_max_pool1d", 1, x, output_size);
}
Tensor adaptive_max_pool2d(const Tensor& x, const PerAxis& output_size) {
  return adaptive_pool(kMaxPool, "adaptive_max_pool2d", 2, x, output_size);
}
Tensor adaptive_max_pool3d(const Tensor& x, const PerAxis& output_size) {
  return adaptive_pool(kMaxPool, "adaptive_max_pool3d", 3, x, output_size);
}
Pooled adaptive_max_pool_with_indices(const Tensor& x, const Dims& output_size) {
  PoolAttrs a;
  a.output_size = output_size;
  return with_indices(batched("adaptive_max_pool", x, output_size.size(),
                              [&](const Tensor& b) { return apply_multi(kMaxPool, {b}, a); }));
}

Tensor lp_pool1d(const Tensor& x, double norm_type, const PerAxis& kernel, const LpPoolOptions& o) {
  return lp_pool("lp_pool1d", 1, x, norm_type, kernel, o);
}
Tensor lp_pool2d(const Tensor& x, double norm_type, const PerAxis& kernel, const LpPoolOptions& o) {
  return lp_pool("lp_pool2d", 2, x, norm_type, kernel, o);
}
Tensor lp_pool3d(const Tensor& x, double norm_type, const PerAxis& kernel, const LpPoolOptions& o) {
  return lp_pool("lp_pool3d", 3, x, norm_type, kernel, o);
}

}  // namespace rush
