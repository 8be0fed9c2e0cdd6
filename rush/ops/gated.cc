// Activations with a gate, a learned slope or random ones: formulas in other ops.
#include <cmath>

#include "rush/ops/activation.h"
#include "rush/ops/binary.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/unary.h"

namespace rush {

Tensor glu(const Tensor& x, int64_t axis) {
  if (!is_floating(x.dtype())) fail<TypeError>("glu: wants a floating dtype; got ", x.dtype());
  if (x.rank() == 0 || x.size(axis) % 2 != 0)
    fail<ShapeError>("glu: an axis of even size is needed to halve it; got axis ", axis, " of ",
                     x.shape());
  const int64_t half = x.size(axis) / 2;
  return narrow(x, axis, 0, half) * sigmoid(narrow(x, axis, half, half));
}

Tensor prelu(const Tensor& x, const Tensor& weight) {
  const int64_t n = weight.numel();
  if (weight.rank() > 1 || (n != 1 && (x.rank() < 2 || x.size(1) != n)))
    fail<ShapeError>("prelu: one weight a channel (axis 1) is needed; what came: ", weight.shape(),
                     " weights for ", x.shape());
  Shape per_channel = Shape::filled(n == 1 ? 1 : x.rank() - 1, 1);
  per_channel[0] = n;
  return relu(x) - reshape(weight, per_channel) * relu(-x);
}

Tensor rrelu(const Tensor& x, double lower, double upper, bool training) {
  if (!(lower <= upper)) fail("rrelu: lower must not be above upper; got ", lower, " and ", upper);
  if (!training) return leaky_relu(x, (lower + upper) / 2);
  const Tensor slope = rand_like(x.detach()) * (upper - lower) + lower;
  return where(ge(x, 0), x, x * slope);
}

// With q = 1 - p kept, a = 1 / sqrt(q (1 + p low^2)): y = a (x or low) - a p low.
Tensor alpha_dropout(const Tensor& x, double p, const Tensor& keep) {
  if (!(p >= 0 && p < 1)) fail("alpha_dropout: p is in [0, 1); what came: ", p);
  constexpr double kAlpha = 1.6732632423543772848170429916717;
  constexpr double kScale = 1.0507009873554804934193349852946;
  const double low = -kAlpha * kScale;
  const double a = 1 / std::sqrt((1 - p) * (1 + p * low * low));
  return (x * keep + (1.0 - keep) * low) * a - a * p * low;
}

}  // namespace rush
