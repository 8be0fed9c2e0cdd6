#include "rush/nn/softmax.h"

#include "rush/nn/layer.h"
#include "rush/ops/softmax.h"

namespace rush::nn {

Tensor Softmax::operator()(const Tensor& x) const { return rush::softmax(x, axis); }
std::string Softmax::describe() const { return Describe("Softmax").arg(axis); }

Tensor LogSoftmax::operator()(const Tensor& x) const { return rush::log_softmax(x, axis); }
std::string LogSoftmax::describe() const { return Describe("LogSoftmax").arg(axis); }

}  // namespace rush::nn
