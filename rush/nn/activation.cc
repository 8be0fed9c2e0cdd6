#include "rush/nn/activation.h"

#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/activation.h"
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

Tensor CELU::operator()(const Tensor& x) const { return rush::celu(x, alpha); }
std::string CELU::describe() const { return Describe("CELU").arg(alpha); }

Tensor Hardshrink::operator()(const Tensor& x) const { return rush::hardshrink(x, lambd); }
std::string Hardshrink::describe() const { return Describe("Hardshrink").arg(lambd); }

Tensor Softshrink::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return rush::softshrink(x, lambd); });
}
std::string Softshrink::describe() const { return Describe("Softshrink").arg(lambd); }

Tensor Tanhshrink::operator()(const Tensor& x) const { return rush::tanhshrink(x); }
std::string Tanhshrink::describe() const { return "Tanhshrink()"; }

Tensor Threshold::operator()(const Tensor& x) const { return rush::threshold(x, threshold, value); }
std::string Threshold::describe() const { return Describe("Threshold").arg(threshold).arg(value); }

Tensor GLU::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] { return glu(x, axis); });
}
std::string GLU::describe() const { return Describe("GLU").option("axis", axis, int64_t{-1}); }

Tensor RReLU::operator()(const Tensor& x) const {
  return in_layer(*this, {}, [&] {
    return in_mode(x, training, [&](bool on) { return rrelu(x, lower, upper, on); });
  });
}
std::string RReLU::describe() const { return Describe("RReLU").arg(lower).arg(upper); }

PReLU::PReLU(int64_t num_parameters, double init) : weight(make_parameter({num_parameters})) {
  init::constant_(weight, init);
  train_from_here(weight);
}

Tensor PReLU::operator()(const Tensor& x) const {
  return in_layer(*this, weight, [&] { return prelu(x, weight); });
}

void PReLU::fields(Visitor& v) { v("weight", weight); }

std::string PReLU::describe() const { return Describe("PReLU").arg(weight.numel()); }

}  // namespace rush::nn
