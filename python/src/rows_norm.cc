// Normalisations, as torch.nn.functional and torch have them.
#include "function.h"
#include "rows.h"
#include "rush/ops/binary.h"
#include "rush/ops/norm.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::python {
namespace {

// As PyTorch refuses it: one value a channel has no variance.
void check_values_per_channel(const char* op, const Tensor& x, bool over_batch) {
  if (x.rank() < 2) return;
  int64_t values = over_batch ? x.size(0) : 1;
  for (int i = 2; i < x.rank(); ++i) values *= x.size(i);
  if (values == 1)
    fail<ShapeError>(op, ": expected more than 1 value per channel when training; got input size ",
                     x.shape());
}

// In autocast x may be half and the weights float32: computed in float32, given as x is.
template <typename F>
Tensor in_weights_dtype(const Tensor& x, const Tensor& weight, F&& f) {
  if (!weight.defined() || weight.dtype() == x.dtype() || weight.dtype() != DType::kFloat32)
    return f(x);
  return f(x.to(DType::kFloat32)).to(x.dtype());
}

Tensor normalised_by_batch(const Tensor& x, const Tensor& mean, const Tensor& var,
                           const Tensor& weight, const Tensor& bias, bool training, double momentum,
                           double eps) {
  if (!training && (!mean.defined() || !var.defined()))
    fail("batch_norm: expected running_mean and running_var to be given when training=False");
  if (training) check_values_per_channel("batch_norm", x, true);
  return in_weights_dtype(x, weight, [&](const Tensor& t) {
    return batch_norm(t, mean, var, weight, bias, training, momentum, eps);
  });
}

Tensor normalised_by_instance(const Tensor& x, const Tensor& mean, const Tensor& var,
                              const Tensor& weight, const Tensor& bias, bool use_input_stats,
                              double momentum, double eps) {
  if (use_input_stats) check_values_per_channel("instance_norm", x, false);
  return in_weights_dtype(x, weight, [&](const Tensor& t) {
    return instance_norm(t, mean, var, weight, bias, use_input_stats, momentum, eps);
  });
}

Tensor normalised_rows(const Tensor& x, const Dims& shape, const Tensor& weight, const Tensor& bias,
                       double eps) {
  return in_weights_dtype(x, weight.defined() ? weight : bias,
                          [&](const Tensor& t) { return layer_norm(t, shape, weight, bias, eps); });
}

Tensor normalised_groups(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias,
                         double eps) {
  return in_weights_dtype(
      x, weight, [&](const Tensor& t) { return group_norm(t, groups, weight, bias, eps); });
}

// Without eps PyTorch takes the machine epsilon of x's type.
double epsilon_for(const Tensor& x, std::optional<double> given) {
  if (given) return *given;
  switch (x.dtype()) {
    case DType::kFloat64:
      return 0x1p-52;
    case DType::kFloat16:
      return 0x1p-10;
    case DType::kBFloat16:
      return 0x1p-7;
    default:
      return 0x1p-23;
  }
}

void add_to_nn(const Rows& nn) {
  nn.add(
      "batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, "
      "momentum=0.1, eps=1e-05)",
      [](const Tensor& x, const Maybe& mean, const Maybe& var, const Maybe& weight,
         const Maybe& bias, bool training, std::optional<double> momentum, double eps) {
        return normalised_by_batch(x, mean, var, weight, bias, training, momentum.value_or(0), eps);
      },
      0,
      "Each channel (axis 1) less its mean, over its deviation: of this batch while training, "
      "else the running ones. Training moves these by momentum.");
  nn.add("layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05)",
         [](const Tensor& x, const Dims& shape, const Maybe& weight, const Maybe& bias,
            double eps) { return normalised_rows(x, shape, weight, bias, eps); });
  nn.add("group_norm(input, num_groups, weight=None, bias=None, eps=1e-05)",
         [](const Tensor& x, int64_t groups, const Maybe& weight, const Maybe& bias, double eps) {
           return normalised_groups(x, groups, weight, bias, eps);
         });
  nn.add(
      "instance_norm(input, running_mean=None, running_var=None, weight=None, bias=None, "
      "use_input_stats=True, momentum=0.1, eps=1e-05)",
      [](const Tensor& x, const Maybe& mean, const Maybe& var, const Maybe& weight,
         const Maybe& bias, bool use_input_stats, double momentum, double eps) {
        return normalised_by_instance(x, mean, var, weight, bias, use_input_stats, momentum, eps);
      },
      0, "Each channel of each sample less its mean, over its deviation.");
  nn.add(
      "local_response_norm(input, size, alpha=0.0001, beta=0.75, k=1.0)",
      [](const Tensor& x, int64_t size, double alpha, double beta, double k) {
        return local_response_norm(x, size, alpha, beta, k);
      },
      0, "x / (k + alpha mean(x^2 over `size` neighbouring channels))^beta");
  nn.add(
      "normalize(input, p=2.0, dim=1, eps=1e-12)",
      [](const Tensor& x, double p, const Axes& axes, double eps) {
        return x / clamp(norm(x, p, axes, true), eps);
      },
      0, "x over its p-norm along dim.");
}

void add_to_torch(const Rows& torch) {
  torch.add(
      "batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, "
      "cudnn_enabled)",
      [](const Tensor& x, const Maybe& weight, const Maybe& bias, const Maybe& mean,
         const Maybe& var, bool training, double momentum, double eps,
         bool) { return normalised_by_batch(x, mean, var, weight, bias, training, momentum, eps); },
      kFunctionOnly);
  torch.add(
      "instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, "
      "momentum, eps, cudnn_enabled)",
      [](const Tensor& x, const Maybe& weight, const Maybe& bias, const Maybe& mean,
         const Maybe& var, bool use_input_stats, double momentum, double eps, bool) {
        return normalised_by_instance(x, mean, var, weight, bias, use_input_stats, momentum, eps);
      },
      kFunctionOnly);
  torch.add(
      "layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05, "
      "cudnn_enable=True)",
      [](const Tensor& x, const Dims& shape, const Maybe& weight, const Maybe& bias, double eps,
         bool) { return normalised_rows(x, shape, weight, bias, eps); },
      kFunctionOnly);
  torch.add(
      "group_norm(input, num_groups, weight=None, bias=None, eps=1e-05, cudnn_enabled=True)",
      [](const Tensor& x, int64_t groups, const Maybe& weight, const Maybe& bias, double eps,
         bool) { return normalised_groups(x, groups, weight, bias, eps); },
      kFunctionOnly);
}

}  // namespace

void add_norm_rows() {
  const Rows torch("torch"), nn("nn");
  add_to_nn(nn);
  add_to_torch(torch);
  for (const Rows& rows : {torch, nn})
    rows.add(
        "rms_norm(input, normalized_shape, weight=None, eps=None)",
        [](const Tensor& x, const Dims& shape, const Maybe& weight, std::optional<double> eps) {
          return rms_norm(x, shape, weight, epsilon_for(x, eps));
        },
        kFunctionOnly);
}

}  // namespace rush::python
