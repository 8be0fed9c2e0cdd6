#include "rush/nn/activation.h"

#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/binary.h"
#include "rush/ops/movement.h"
#include "rush/ops/unary.h"

namespace rush::nn {

Tensor ReLU::operator()(const Tensor& x) const { return rush::relu(x); }
Tensor ReLU6::operator()(const Tensor& x) const { return rush::relu6(x); }
Tensor Sigmoid::operator()(const Tensor& x) const { return rush::sigmoid(x); }
Tensor LogSigmoid::operator()(const Tensor& x) const { return rush::logsigmoid(x); }
Tensor Tanh::operator()(const Tensor& x) const { return rush::tanh(x); }
Tensor SiLU::operator()(const Tensor& x) const { return rush::silu(x); }
Tensor Mish::operator()(const Tensor& x) const { return rush::mish(x); }
Tensor SELU::operator()(const Tensor& x) const { return rush::selu(x); }
Tensor Softsign::operator()(const Tensor& x) const { return rush::softsign(x); }
Tensor Hardsigmoid::operator()(const Tensor& x) const { return rush::hardsigmoid(x); }
Tensor Hardswish::operator()(const Tensor& x) const { return rush::hardswish(x); }
Tensor Identity::operator()(const Tensor& x) const { return x; }

std::string ReLU::describe() const { return "ReLU()"; }
std::string ReLU6::describe() const { return "ReLU6()"; }
std::string Sigmoid::describe() const { return "Sigmoid()"; }
std::string LogSigmoid::describe() const { return "LogSigmoid()"; }
std::string Tanh::describe() const { return "Tanh()"; }
std::string SiLU::describe() const { return "SiLU()"; }
std::string Mish::describe() const { return "Mish()"; }
std::string SELU::describe() const { return "SELU()"; }
std::string Softsign::describe() const { return "Softsign()"; }
std::string Hardsigmoid::describe() const { return "Hardsigmoid()"; }
std::string Hardswish::describe() const { return "Hardswish()"; }
std::string Identity::describe() const { return "Identity()"; }

Tensor GELU::operator()(const Tensor& x) const { return rush::gelu(x, approximate); }
std::string GELU::describe() const {
  return Describe("GELU").option("approximate", approximate, std::string("none"));
}

Tensor LeakyReLU::operator()(const Tensor& x) const { return rush::leaky_relu(x, negative_slope); }
std::string LeakyReLU::describe() const { return Describe("LeakyReLU").arg(negative_slope); }

Tensor ELU::operator()(const Tensor& x) const { return rush::elu(x, alpha); }
std::string ELU::describe() const { return Describe("ELU").arg(alpha); }

Tensor Softplus::operator()(const Tensor& x) const { return rush::softplus(x, beta, threshold); }
std::string Softplus::describe() const {
  return Describe("Softplus").option("beta", beta, 1.0).option("threshold", threshold, 20.0);
}

Tensor Hardtanh::operator()(const Tensor& x) const { return rush::hardtanh(x, min_val, max_val); }
std::string Hardtanh::describe() const { return Describe("Hardtanh").arg(min_val).arg(max_val); }

PReLU::PReLU(int64_t num_parameters, double init) : weight(make_parameter({num_parameters})) {
  init::constant_(weight, init);
  train_from_here(weight);
}

Tensor PReLU::operator()(const Tensor& x) const {
  return in_layer(*this, weight, [&] {
    const int64_t n = weight.numel();
    if (n != 1 && (x.rank() < 2 || x.size(1) != n)) {
      fail<ShapeError>("prelu: one weight a channel (axis 1) is needed; what came: ", n,
                       " weights for ", x.shape());
    }
    Shape per_channel = Shape::filled(n == 1 ? 1 : x.rank() - 1, 1);
    per_channel[0] = n;
    return rush::relu(x) - reshape(weight, per_channel) * rush::relu(-x);
  });
}

void PReLU::fields(Visitor& v) { v("weight", weight); }

std::string PReLU::describe() const { return Describe("PReLU").arg(weight.numel()); }

}  // namespace rush::nn
