// Dropout in its forms. The masks are PyTorch's: Bernoulli variables in the order of elements.
#include "function.h"
#include "nn_arguments.h"
#include "random_masks.h"
#include "rows.h"
#include "rush/ops/activation.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"

namespace rush::python {
namespace {

void check_probability(double p) {
  if (!(p >= 0 && p <= 1))
    fail<ShapeError>("dropout: probability has to be between 0 and 1, but got ", p);
}

// 1 with probability 1 - p, else 0.
Tensor kept(const Shape& shape, DType dtype, double p) {
  const Tensor mask = empty(shape, dtype);
  return bernoulli_(mask, 1 - p);
}

}  // namespace

Tensor dropped(const Tensor& x, double p, bool training) {
  check_probability(p);
  if (!training || p == 0 || x.numel() == 0) return x;
  if (!x.has_data()) return dropout(x, p, training);
  if (p == 1) return x * 0.0;
  return x * (kept(x.shape(), x.dtype(), p) / (1 - p));
}

namespace {

// [N, C, 1, ...]: what one mask an image and channel broadcasts from.
Shape channels_of(const Tensor& x) {
  if (x.rank() < 2)
    fail<ShapeError>("dropout: whole channels are dropped of [N, C, ...]; got ", x.shape());
  Shape shape = Shape::filled(x.rank(), 1);
  shape[0] = x.size(0);
  shape[1] = x.size(1);
  return shape;
}

Tensor channels_dropped(const Tensor& x, double p, bool training) {
  check_probability(p);
  const Shape shape = channels_of(x);
  if (!training || p == 0 || x.numel() == 0) return x;
  if (p == 1) return x * 0.0;
  return x * (kept(shape, x.dtype(), p) / (1 - p));
}

Tensor alpha_dropped(const Tensor& x, double p, bool training, bool whole_channels) {
  check_probability(p);
  const Shape shape = whole_channels ? channels_of(x) : x.shape();
  if (!training || p == 0 || x.numel() == 0) return x;
  if (p == 1) return x * 0.0;
  return alpha_dropout(x, p, kept(shape, x.dtype(), p));
}

// x with a batch axis where `axes` of space and the channels are all there is.
Tensor channels_dropped_of(const Tensor& x, double p, bool training, int axes) {
  if (x.rank() != axes + 1) return channels_dropped(x, p, training);
  return squeeze(channels_dropped(unsqueeze(x, 0), p, training), 0);
}

void add_elements(const Rows& nn) {
  nn.add(
      "dropout(input, p=0.5, training=True, inplace=False)",
      [](const Tensor& x, double p, bool training, bool inplace) {
        return maybe_in_place("dropout_", x, inplace && training,
                              [&](const Tensor& t) { return dropped(t, p, training); });
      },
      0, "While training: each element is 0 with probability p, else x / (1 - p).");
  nn.add(
      "alpha_dropout(input, p=0.5, training=False, inplace=False)",
      [](const Tensor& x, double p, bool training, bool inplace) {
        return maybe_in_place("alpha_dropout_", x, inplace && training, [&](const Tensor& t) {
          return alpha_dropped(t, p, training, false);
        });
      },
      0, "Dropout for networks of SELUs, which keeps mean and variance.");
  nn.add(
      "feature_alpha_dropout(input, p=0.5, training=False, inplace=False)",
      [](const Tensor& x, double p, bool training, bool inplace) {
        return maybe_in_place("feature_alpha_dropout_", x, inplace && training,
                              [&](const Tensor& t) { return alpha_dropped(t, p, training, true); });
      },
      0, "alpha_dropout of whole channels of [N, C, ...].");
}

constexpr const char* kChannelsDoc =
    "While training: each channel is 0 with probability p, else x / (1 - p).";

void add_channels(const Rows& nn) {
  nn.add(
      "dropout1d(input, p=0.5, training=True, inplace=False)",
      [](const Tensor& x, double p, bool training, bool inplace) {
        check_probability(p);
        if (x.rank() != 2 && x.rank() != 3)
          fail("dropout1d: [N, C, L] or [C, L] is needed; got ", x.shape());
        return maybe_in_place("dropout1d_", x, inplace && training, [&](const Tensor& t) {
          return channels_dropped_of(t, p, training, 1);
        });
      },
      0, kChannelsDoc);
  nn.add(
      "dropout2d(input, p=0.5, training=True, inplace=False)",
      [](const Tensor& x, double p, bool training, bool inplace) {
        check_probability(p);
        if (x.rank() == 3)
          warn("dropout2d: a 3-D input is taken as [N, C, L], as dropout1d takes it.");
        else if (x.rank() != 4)
          warn("dropout2d: an input of " + std::to_string(x.rank()) +
               " axes is deprecated; use dropout instead.");
        return maybe_in_place("dropout2d_", x, inplace && training,
                              [&](const Tensor& t) { return channels_dropped(t, p, training); });
      },
      0, kChannelsDoc);
  nn.add(
      "dropout3d(input, p=0.5, training=True, inplace=False)",
      [](const Tensor& x, double p, bool training, bool inplace) {
        check_probability(p);
        if (x.rank() != 4 && x.rank() != 5)
          warn("dropout3d: an input of " + std::to_string(x.rank()) +
               " axes is deprecated; use dropout instead.");
        return maybe_in_place("dropout3d_", x, inplace && training, [&](const Tensor& t) {
          return channels_dropped_of(t, p, training, 3);
        });
      },
      0, kChannelsDoc);
}

void add_to_torch(const Rows& torch) {
  constexpr unsigned kFlags = kFunctionOnly | kInPlace;
  torch.add(
      "dropout(input, p, train)",
      [](const Tensor& x, double p, bool train) { return dropped(x, p, train); }, kFlags);
  torch.add(
      "feature_dropout(input, p, train)",
      [](const Tensor& x, double p, bool train) { return channels_dropped(x, p, train); }, kFlags);
  torch.add(
      "alpha_dropout(input, p, train)",
      [](const Tensor& x, double p, bool train) { return alpha_dropped(x, p, train, false); },
      kFlags);
  torch.add(
      "feature_alpha_dropout(input, p, train)",
      [](const Tensor& x, double p, bool train) { return alpha_dropped(x, p, train, true); },
      kFlags);
}

}  // namespace

void add_dropout_rows() {
  const Rows nn("nn");
  add_elements(nn);
  add_channels(nn);
  add_to_torch(Rows("torch"));
}

}  // namespace rush::python
