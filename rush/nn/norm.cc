#include "rush/nn/norm.h"

#include <limits>

#include "rush/core/apply.h"
#include "rush/graph/state.h"
#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/movement.h"
#include "rush/ops/norm.h"
#include "rush/ops/reduce.h"

namespace rush::nn {
namespace {

constexpr double kUsualEps = 1e-5;

Tensor scale_of_ones(const Shape& shape) {
  const Tensor t = init::ones_(make_parameter(shape));
  return t.requires_grad_();
}
Tensor shift_of_zeros(const Shape& shape) {
  const Tensor t = init::zeros_(make_parameter(shape));
  return t.requires_grad_();
}

// Gives a layer its running averages.
template <typename Layer>
void start_tracking(Layer& layer, int64_t num_features) {
  layer.running_mean = init::zeros_(make_parameter({num_features}));
  layer.running_var = init::ones_(make_parameter({num_features}));
  layer.num_batches_tracked = Tensor::from(std::vector<int64_t>{0}, Shape{});
}

void check_features(const std::string& layer, int64_t num_features) {
  if (num_features < 1)
    fail<ShapeError>(layer, ": the number of features is at least 1; what came: ", num_features);
}

// The distance from 1 to the next number of a floating type.
double smallest_step(DType t) {
  switch (t) {
    case DType::kFloat64:
      return std::numeric_limits<double>::epsilon();
    case DType::kFloat16:
      return 0x1p-10;
    case DType::kBFloat16:
      return 0x1p-7;
    default:
      return std::numeric_limits<float>::epsilon();
  }
}

// Sets what a layer keeps: in place, or in a graph by an update that comes with y.
void keep(const Tensor& y, const Tensor& kept, const Tensor& value) {
  if (y.has_data())
    kept.copy_(value);
  else
    graph::assign_with(y, kept, value);
}

// Moves running averages towards the mean and variance of x for each channel.
template <typename Layer>
void track(const Layer& layer, const Tensor& x, const Tensor& y, const Dims& axes,
           const Tensor& momentum, bool is_per_example, double correction) {
  const NoGrad guard;
  const auto move = [&](const Tensor& average, Tensor value) {
    if (is_per_example) value = mean(value, {0});
    const Tensor now = graph::buffer_in_graph(y, average);
    keep(y, average, now + (value - now) * momentum);
  };
  move(layer.running_mean, mean(x, axes));
  move(layer.running_var, var(x, axes, correction));
}

// Axes from `first` on that are not the channels'.
Dims space_axes(const Tensor& x, int first) {
  Dims axes;
  for (int i = first; i < x.rank(); ++i)
    if (i != 1) axes.push_back(i);
  return axes;
}

std::string shape_text(const Shape& shape) {
  return shape.size() == 1 ? std::to_string(shape[0]) : to_text(shape);
}

thread_local bool t_plain_averages = false;

}  // namespace

PlainAverages::PlainAverages() : before_(t_plain_averages) { t_plain_averages = true; }
PlainAverages::~PlainAverages() { t_plain_averages = before_; }

template <int axes>
BatchNorm<axes>::BatchNorm(int64_t num_features, const BatchNormOptions& options)
    : num_features_(num_features), options_(options) {
  check_features(layer_name("BatchNorm", axes), num_features);
  if (options.decay) {
    if (!(*options.decay >= 0 && *options.decay <= 1))
      fail(layer_name("BatchNorm", axes), ": decay is in [0, 1]; what came: ", *options.decay);
    options_.momentum = 1 - *options.decay;
  }
  if (options.affine) {
    weight = scale_of_ones({num_features});
    bias = shift_of_zeros({num_features});
  }
  if (options.track_running_stats) start_tracking(*this, num_features);
}

template <int axes>
Tensor BatchNorm<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, weight, [&] {
    const bool is_fitting = x.rank() == axes + 2 || (axes == 1 && x.rank() == 2);
    if (!is_fitting || x.size(1) != num_features_) {
      fail<ShapeError>("batch_norm: [N, ", num_features_, axes == 1 ? "] or [N, " : ", ",
                       axes == 1 ? std::to_string(num_features_) + ", L" : "sizes...",
                       "] is needed; what came: ", x.shape());
    }
    return in_mode(x, training, [&](bool on) {
      if (on && options_.track_running_stats) return train(x);
      const bool uses_batch = !options_.track_running_stats;
      return batch_norm(x, graph::buffer_in_graph(x, running_mean),
                        graph::buffer_in_graph(x, running_var), weight, bias, uses_batch,
                        options_.momentum.value_or(0), options_.eps);
    });
  });
}

template <int axes>
Tensor BatchNorm<axes>::train(const Tensor& x) const {
  const bool is_plain = x.has_data() && !t_observer;  // neither written down nor traced
  const auto usual = t_plain_averages ? std::optional<double>() : options_.momentum;
  double momentum = usual.value_or(0);
  if (x.has_data()) {
    NoGrad guard;
    num_batches_tracked.add_(1);
    if (!usual && is_plain) momentum = 1.0 / num_batches_tracked.item();
  }
  if (options_.unbiased_running_var && (usual || is_plain)) {
    const Tensor y =
        batch_norm(x, running_mean, running_var, weight, bias, true, momentum, options_.eps);
    if (!x.has_data())
      keep(y, num_batches_tracked, graph::buffer_in_graph(x, num_batches_tracked) + 1);
    return y;
  }
  const Tensor y = batch_norm(x, {}, {}, weight, bias, true, 0, options_.eps);
  NoGrad guard;
  const Tensor count =
      x.has_data() ? num_batches_tracked : graph::buffer_in_graph(x, num_batches_tracked) + 1;
  if (!x.has_data()) keep(y, num_batches_tracked, count);
  const Tensor factor = usual ? Tensor(momentum) : 1.0 / cast(count, x.dtype());
  track(*this, x, y, space_axes(x, 0), factor, false, options_.unbiased_running_var ? 1 : 0);
  return y;
}

template <int axes>
void BatchNorm<axes>::fields(Visitor& v) {
  v("weight", weight);
  v("bias", bias);
  v("running_mean", running_mean);
  v("running_var", running_var);
  v("num_batches_tracked", num_batches_tracked);
  v("training", training);
}

template <int axes>
std::string BatchNorm<axes>::describe() const {
  const auto& o = options_;
  Describe text(layer_name("BatchNorm", axes));
  text.arg(num_features_).option("eps", o.eps, kUsualEps);
  if (o.decay)
    text.option("decay", *o.decay, -1.0);
  else if (o.momentum)
    text.option("momentum", *o.momentum, 0.1);
  else
    text.option("momentum", std::string("{}"), std::string());
  text.option("affine", o.affine, true);
  text.option("track_running_stats", o.track_running_stats, true);
  return text.option("unbiased_running_var", o.unbiased_running_var, true);
}

template <int axes>
InstanceNorm<axes>::InstanceNorm(int64_t num_features, const InstanceNormOptions& options)
    : num_features_(num_features), options_(options) {
  check_features(layer_name("InstanceNorm", axes), num_features);
  if (options.affine) {
    weight = scale_of_ones({num_features});
    bias = shift_of_zeros({num_features});
  }
  if (options.track_running_stats) start_tracking(*this, num_features);
}

template <int axes>
Tensor InstanceNorm<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, weight, [&] {
    const bool is_batch = x.rank() == axes + 2;
    if ((!is_batch && x.rank() != axes + 1) || x.size(is_batch ? 1 : 0) != num_features_) {
      fail<ShapeError>("instance_norm: ", num_features_, " channels and ", axes,
                       " sizes after them are needed; what came: ", x.shape());
    }
    const Tensor batch = is_batch ? x : unsqueeze(x, 0);
    const Tensor y = in_mode(batch, training, [&](bool on) {
      if (on && options_.track_running_stats) return train(batch);
      return instance_norm(batch, graph::buffer_in_graph(x, running_mean),
                           graph::buffer_in_graph(x, running_var), weight, bias,
                           !options_.track_running_stats, options_.momentum, options_.eps);
    });
    return is_batch ? y : squeeze(y, int64_t{0});
  });
}

// The op averages over the batch in place, which a graph cannot: there it is written out.
template <int axes>
Tensor InstanceNorm<axes>::train(const Tensor& x) const {
  if (x.has_data())
    return instance_norm(x, running_mean, running_var, weight, bias, true, options_.momentum,
                         options_.eps);
  const Tensor y = instance_norm(x, {}, {}, weight, bias, true, 0, options_.eps);
  track(*this, x, y, space_axes(x, 2), options_.momentum, true, 1);
  return y;
}

template <int axes>
void InstanceNorm<axes>::fields(Visitor& v) {
  v("weight", weight);
  v("bias", bias);
  v("running_mean", running_mean);
  v("running_var", running_var);
  v("num_batches_tracked", num_batches_tracked);
  v("training", training);
}

template <int axes>
std::string InstanceNorm<axes>::describe() const {
  const auto& o = options_;
  return Describe(layer_name("InstanceNorm", axes))
      .arg(num_features_)
      .option("eps", o.eps, kUsualEps)
      .option("momentum", o.momentum, 0.1)
      .option("affine", o.affine, false)
      .option("track_running_stats", o.track_running_stats, false);
}

LayerNorm::LayerNorm(const Shape& normalized_shape, const LayerNormOptions& options)
    : normalized_shape_(normalized_shape), eps_(options.eps) {
  if (!options.elementwise_affine) return;
  weight = scale_of_ones(normalized_shape);
  if (options.bias) bias = shift_of_zeros(normalized_shape);
}

Tensor LayerNorm::operator()(const Tensor& x) const {
  return in_layer(*this, weight,
                  [&] { return layer_norm(x, normalized_shape_, weight, bias, eps_); });
}

void LayerNorm::fields(Visitor& v) {
  v("weight", weight);
  v("bias", bias);
}

std::string LayerNorm::describe() const {
  Describe text("LayerNorm");
  text.arg(shape_text(normalized_shape_)).option("eps", eps_, kUsualEps);
  text.option("elementwise_affine", weight.defined(), true);
  return text.option("bias", bias.defined() || !weight.defined(), true);
}

GroupNorm::GroupNorm(int64_t num_groups, int64_t num_channels, const GroupNormOptions& options)
    : num_groups_(num_groups), num_channels_(num_channels), eps_(options.eps) {
  if (num_groups < 1 || num_channels < 1 || num_channels % num_groups != 0) {
    fail<ShapeError>("GroupNorm: groups divide the channels; what came: ", num_groups, " and ",
                     num_channels);
  }
  if (!options.affine) return;
  weight = scale_of_ones({num_channels});
  bias = shift_of_zeros({num_channels});
}

Tensor GroupNorm::operator()(const Tensor& x) const {
  return in_layer(*this, weight, [&] {
    if (x.rank() < 2 || x.size(1) != num_channels_) {
      fail<ShapeError>("group_norm: [N, ", num_channels_,
                       ", ...] is needed; what came: ", x.shape());
    }
    return group_norm(x, num_groups_, weight, bias, eps_);
  });
}

void GroupNorm::fields(Visitor& v) {
  v("weight", weight);
  v("bias", bias);
}

std::string GroupNorm::describe() const {
  return Describe("GroupNorm")
      .arg(num_groups_)
      .arg(num_channels_)
      .option("eps", eps_, kUsualEps)
      .option("affine", weight.defined(), true);
}

RMSNorm::RMSNorm(const Shape& normalized_shape, const RMSNormOptions& options)
    : normalized_shape_(normalized_shape), eps_(options.eps) {
  if (options.elementwise_affine) weight = scale_of_ones(normalized_shape);
}

Tensor RMSNorm::operator()(const Tensor& x) const {
  return in_layer(*this, weight, [&] {
    return rms_norm(x, normalized_shape_, weight, eps_ ? *eps_ : smallest_step(x.dtype()));
  });
}

void RMSNorm::fields(Visitor& v) { v("weight", weight); }

std::string RMSNorm::describe() const {
  Describe text("RMSNorm");
  text.arg(shape_text(normalized_shape_));
  if (eps_) text.option("eps", *eps_, -1.0);
  return text.option("elementwise_affine", weight.defined(), true);
}

template class BatchNorm<1>;
template class BatchNorm<2>;
template class BatchNorm<3>;
template class InstanceNorm<1>;
template class InstanceNorm<2>;
template class InstanceNorm<3>;

LocalResponseNorm::LocalResponseNorm(int64_t size, const LocalResponseNormOptions& options)
    : size_(size), options_(options) {
  if (size < 1) fail("LocalResponseNorm: size is at least 1; what came: ", size);
}

Tensor LocalResponseNorm::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] {
    return local_response_norm(x, size_, options_.alpha, options_.beta, options_.k);
  });
}

std::string LocalResponseNorm::describe() const {
  return Describe("LocalResponseNorm")
      .arg(size_)
      .option("alpha", options_.alpha, 1e-4)
      .option("beta", options_.beta, 0.75)
      .option("k", options_.k, 1.0);
}

}  // namespace rush::nn
