// Activations and softmax, as torch.nn.functional and torch have them.
#include "function.h"
#include "nn_arguments.h"
#include "rows.h"
#include "rush/ops/activation.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/softmax.h"
#include "rush/ops/unary.h"

namespace rush::python {
namespace {

using Unary = Tensor (*)(const Tensor&);

template <Unary f>
void add_plain(const Rows& rows, const std::string& name, unsigned flags = 0) {
  static const std::string in_place = name + "_";
  rows.add(
      (name + "(input, inplace=False)").c_str(),
      [](const Tensor& x, bool inplace) { return maybe_in_place(in_place.c_str(), x, inplace, f); },
      flags);
}

// The slopes are drawn as PyTorch draws them: one for each element that is not positive, in order.
Tensor leaky_with_drawn_slopes(const Tensor& x, double lower, double upper, bool training) {
  if (!training || !x.has_data() || !(lower <= upper)) return rrelu(x, lower, upper, training);
  const Tensor below = le(x.detach(), 0);
  const Tensor drawn = empty({sum(below).item<int64_t>()}, DType::kFloat64);
  uniform_(drawn, lower, upper);
  return x * masked_scatter(ones_like(x.detach()), below, drawn.to(x.dtype()));
}

Tensor checked_hardtanh(const Tensor& x, double low, double high) {
  if (low > high)
    fail<ShapeError>("hardtanh: min_val cannot be greater than max_val; got ", low, " and ", high);
  return hardtanh(x, low, high);
}

void add_with_options(const Rows& rows) {
  rows.add(
      "threshold(input, threshold, value, inplace=False)",
      [](const Tensor& x, double limit, double value, bool inplace) {
        return maybe_in_place("threshold_", x, inplace,
                              [&](const Tensor& t) { return threshold(t, limit, value); });
      },
      kInPlace);
  rows.add(
      "hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False)",
      [](const Tensor& x, double low, double high, bool inplace) {
        return maybe_in_place("hardtanh_", x, inplace,
                              [&](const Tensor& t) { return checked_hardtanh(t, low, high); });
      },
      kInPlace);
  rows.add(
      "elu(input, alpha=1.0, inplace=False)",
      [](const Tensor& x, double alpha, bool inplace) {
        return maybe_in_place("elu_", x, inplace, [&](const Tensor& t) { return elu(t, alpha); });
      },
      kInPlace);
  rows.add(
      "celu(input, alpha=1.0, inplace=False)",
      [](const Tensor& x, double alpha, bool inplace) {
        return maybe_in_place("celu_", x, inplace, [&](const Tensor& t) { return celu(t, alpha); });
      },
      kInPlace);
  rows.add(
      "leaky_relu(input, negative_slope=0.01, inplace=False)",
      [](const Tensor& x, double slope, bool inplace) {
        return maybe_in_place("leaky_relu_", x, inplace,
                              [&](const Tensor& t) { return leaky_relu(t, slope); });
      },
      kInPlace);
  rows.add(
      "rrelu(input, lower=0.125, upper=0.3333333333333333, training=False, inplace=False)",
      [](const Tensor& x, double lower, double upper, bool training, bool inplace) {
        return maybe_in_place("rrelu_", x, inplace, [&](const Tensor& t) {
          return leaky_with_drawn_slopes(t, lower, upper, training);
        });
      },
      kInPlace, "Leaky ReLU with slopes drawn from [lower, upper] while training.");
}

void add_without_in_place(const Rows& rows) {
  rows.add("gelu(input, approximate='none')",
           [](const Tensor& x, const std::string& how) { return gelu(x, how); });
  rows.add(
      "glu(input, dim=-1)", [](const Tensor& x, int64_t axis) { return glu(x, axis); }, 0,
      "The first half along dim times the sigmoid of the second.");
  rows.add("softplus(input, beta=1, threshold=20)",
           [](const Tensor& x, double beta, double limit) { return softplus(x, beta, limit); });
  rows.add("softshrink(input, lambd=0.5)", [](const Tensor& x, double lambd) {
    if (lambd < 0) fail("softshrink: lambd must be 0 or more; got ", lambd);
    return softshrink(x, lambd);
  });
  rows.add("hardshrink(input, lambd=0.5)",
           [](const Tensor& x, double lambd) { return hardshrink(x, lambd); });
  rows.add("logsigmoid(input)", [](const Tensor& x) { return logsigmoid(x); });
  rows.add("softsign(input)", [](const Tensor& x) { return softsign(x); });
  rows.add("tanhshrink(input)", [](const Tensor& x) { return tanhshrink(x); });
  rows.add("sigmoid(input)", [](const Tensor& x) { return sigmoid(x); });
  rows.add("tanh(input)", [](const Tensor& x) { return tanh(x); });
}

// What torch has as well as torch.nn.functional.
void add_shared(const Rows& rows) {
  rows.add(
      "prelu(input, weight)",
      [](const Tensor& x, const Tensor& weight) { return prelu(x, weight); }, kLowerPrecision,
      "max(x, 0) + weight min(x, 0), with one weight or one a channel (axis 1).");
}

using Normalise = Tensor (*)(const Tensor&, int64_t);

// Without dim PyTorch takes an axis by the rank, and warns.
template <Normalise f>
void add_softmax(const Rows& nn, const std::string& name, const char* doc) {
  static const std::string kept = name;
  nn.add((name + "(input, dim=None, _stacklevel=3, dtype=None)").c_str(),
         [](const Tensor& x, std::optional<int64_t> axis, int64_t, std::optional<DType> t) {
           if (!axis) {
             warn("Implicit dimension choice for " + kept +
                  " has been deprecated. Change the call to include dim=X as an argument.");
             const int rank = x.rank();
             axis = rank == 0 || rank == 1 || rank == 3 ? 0 : 1;
           }
           return f(t ? x.to(*t) : x, *axis);
         },
         0, doc);
}

void add_to_torch(const Rows& rows) {
  rows.add(
      "rrelu(input, lower=0.125, upper=0.3333333333333333, training=False, generator=None)",
      [](const Tensor& x, double lower, double upper, bool training, Generator*) {
        return leaky_with_drawn_slopes(x, lower, upper, training);
      },
      kInPlace | kFunctionOnly);
}

}  // namespace

void add_activation_rows() {
  const Rows rows("nn");
  add_plain<relu>(rows, "relu", kInPlace);
  add_plain<selu>(rows, "selu", kInPlace);
  add_plain<relu6>(rows, "relu6");
  add_plain<silu>(rows, "silu");
  add_plain<mish>(rows, "mish");
  add_plain<hardswish>(rows, "hardswish");
  add_plain<hardsigmoid>(rows, "hardsigmoid");
  add_with_options(rows);
  add_without_in_place(rows);
  add_shared(rows);
  add_shared(Rows("torch"));
  add_to_torch(Rows("torch"));
  add_softmax<softmax>(rows, "softmax", "exp(x) over its sum along dim.");
  add_softmax<log_softmax>(rows, "log_softmax", "log(softmax(x)), without overflow.");
  add_softmax<softmin>(rows, "softmin", "softmax of -x.");
}

}  // namespace rush::python
