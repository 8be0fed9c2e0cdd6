#include "rush/nn/dropout.h"

#include "rush/nn/layer.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/random.h"

namespace rush::nn {

Tensor Dropout::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return dropout(x, p, training); });
}

std::string Dropout::describe() const { return Describe("Dropout").arg(p); }

template <int axes>
Tensor ChannelDropout<axes>::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] {
    if (x.rank() != axes + 1 && x.rank() != axes + 2) {
      fail<ShapeError>("dropout: [N, C, ...] or [C, ...] with ", axes,
                       " sizes after the channels is needed; what came: ", x.shape());
    }
    Shape channels = x.shape();
    for (int i = x.rank() - axes; i < x.rank(); ++i) channels[i] = 1;
    const Tensor factors = dropout(ones(channels, x.dtype()), p, training);
    return training ? x * factors : x;
  });
}

template <int axes>
std::string ChannelDropout<axes>::describe() const {
  return Describe(layer_name("Dropout", axes)).arg(p);
}

template struct ChannelDropout<1>;
template struct ChannelDropout<2>;
template struct ChannelDropout<3>;

}  // namespace rush::nn
