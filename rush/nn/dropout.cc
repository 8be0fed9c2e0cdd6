#include "rush/nn/dropout.h"

#include "rush/nn/layer.h"
#include "rush/ops/activation.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"

namespace rush::nn {

Tensor Dropout::operator()(const Tensor& x) const {
  return in_layer(*this, {},
                  [&] { return in_mode(x, training, [&](bool on) { return dropout(x, p, on); }); });
}

std::string Dropout::describe() const { return Describe("Dropout").arg(p); }

namespace {

// One for each channel. In a graph its shape is taken from x, as sizes may be unknown there.
Tensor ones_for_channels(const Tensor& x, int axes) {
  Shape channels = x.shape();
  Dims space;
  for (int i = x.rank() - axes; i < x.rank(); ++i) {
    channels[i] = 1;
    space.push_back(i);
  }
  return x.has_data() ? ones(channels, x.dtype()) : ones_like(sum(x.detach(), space, true));
}

}  // namespace

template <int axes>
Tensor ChannelDropout<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] {
    if (x.rank() != axes + 1 && x.rank() != axes + 2) {
      fail<ShapeError>("dropout: [N, C, ...] or [C, ...] with ", axes,
                       " sizes after the channels is needed; what came: ", x.shape());
    }
    return in_mode(x, training,
                   [&](bool on) { return on ? x * dropout(ones_for_channels(x, axes), p) : x; });
  });
}

template <int axes>
std::string ChannelDropout<axes>::describe() const {
  return Describe(layer_name("Dropout", axes)).arg(p);
}

template struct ChannelDropout<1>;
template struct ChannelDropout<2>;
template struct ChannelDropout<3>;

namespace {

// 1 with probability 1 - p, else 0: dropout's result without its scale.
Tensor kept(const Tensor& ones, double p) { return cast(ne(dropout(ones, p), 0), ones.dtype()); }

}  // namespace

Tensor AlphaDropout::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] {
    return in_mode(x, training, [&](bool on) {
      return on ? alpha_dropout(x, p, kept(ones_like(x.detach()), p)) : x;
    });
  });
}

std::string AlphaDropout::describe() const { return Describe("AlphaDropout").arg(p); }

Tensor FeatureAlphaDropout::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] {
    if (x.rank() < 2) fail<ShapeError>("dropout: [N, C, ...] is needed; what came: ", x.shape());
    return in_mode(x, training, [&](bool on) {
      return on ? alpha_dropout(x, p, kept(ones_for_channels(x, x.rank() - 2), p)) : x;
    });
  });
}

std::string FeatureAlphaDropout::describe() const { return Describe("FeatureAlphaDropout").arg(p); }

}  // namespace rush::nn
