#include "rush/nn/softmax.h"

#include "rush/nn/layer.h"
#include "rush/ops/softmax.h"

namespace rush::nn {

Tensor Softmax::operator()(const Tensor& x) const { return rush::softmax(x, axis); }
std::string Softmax::describe() const { return Describe("Softmax").arg(axis); }

Tensor LogSoftmax::operator()(const Tensor& x) const { return rush::log_softmax(x, axis); }
std::string LogSoftmax::describe() const { return Describe("LogSoftmax").arg(axis); }

Tensor Softmin::operator()(const Tensor& x) const { return rush::softmin(x, axis); }
std::string Softmin::describe() const { return Describe("Softmin").arg(axis); }

Tensor Softmax2d::operator()(const Tensor& x) const {
  if (x.rank() != 3 && x.rank() != 4)
    fail<ShapeError>("Softmax2d: [N, C, H, W] or [C, H, W] is needed; what came: ", x.shape());
  return rush::softmax(x, -3);
}
std::string Softmax2d::describe() const { return "Softmax2d()"; }

}  // namespace rush::nn
