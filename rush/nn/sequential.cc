#include "rush/nn/sequential.h"

namespace rush::nn {

Tensor SequentialList::operator()(const Tensor& x) const {
  Tensor y = x;
  for (const AnyModule& layer : layers_) y = layer(y);
  return y;
}

void SequentialList::fields(Visitor& v) { detail::walk<std::vector<AnyModule>>(&layers_, v); }

}  // namespace rush::nn
