#include "rush/nn/linear.h"

#include <cmath>

#include "rush/nn/init.h"
#include "rush/nn/layer.h"
#include "rush/ops/binary.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"

namespace rush::nn {

Linear::Linear(int64_t in_features, int64_t out_features, const LinearOptions& options)
    : weight(make_parameter({out_features, in_features})) {
  if (options.bias) bias = make_parameter({out_features});
  init::layer_default_(weight, bias);
  train_from_here(weight);
  train_from_here(bias);
}

Tensor Linear::operator()(const Tensor& x) const {
  return in_layer(*this, weight, [&] { return linear(x, weight, bias); });
}

void Linear::fields(Visitor& v) {
  v("weight", weight);
  v("bias", bias);
}

std::string Linear::describe() const {
  return Describe("Linear")
      .arg(weight.size(1))
      .arg(weight.size(0))
      .option("bias", bias.defined(), true);
}

Bilinear::Bilinear(int64_t in1_features, int64_t in2_features, int64_t out_features,
                   const LinearOptions& options)
    : weight(make_parameter({out_features, in1_features, in2_features})) {
  if (options.bias) bias = make_parameter({out_features});
  const double bound = in1_features > 0 ? 1 / std::sqrt(static_cast<double>(in1_features)) : 0;
  init::uniform_(weight, -bound, bound);
  if (options.bias) init::uniform_(bias, -bound, bound);
  train_from_here(weight);
  train_from_here(bias);
}

// Each row's two vectors meet in [1, out, in1, in2]: x1 W for all outputs first, then times x2.
Tensor Bilinear::operator()(const Tensor& x1, const Tensor& x2) const {
  return in_layer(*this, weight, [&] {
    const int64_t in1 = weight.size(1), in2 = weight.size(2), out = weight.size(0);
    if (x1.rank() < 1 || x1.size(-1) != in1 || x2.rank() < 1 || x2.size(-1) != in2) {
      fail<ShapeError>("bilinear: last sizes ", in1, " and ", in2,
                       " are needed; what came: ", x1.shape(), " and ", x2.shape());
    }
    const Tensor w = reshape(permute(weight, {1, 0, 2}), {in1, out * in2});
    Shape split = x1.shape();
    split[split.size() - 1] = out;
    split.push_back(in2);
    const Tensor left = reshape(matmul(x1, w), split);                       // [..., out, in2]
    const Tensor y = squeeze(matmul(left, unsqueeze(x2, -1)), int64_t{-1});  // [..., out]
    return bias.defined() ? y + bias : y;
  });
}

void Bilinear::fields(Visitor& v) {
  v("weight", weight);
  v("bias", bias);
}

std::string Bilinear::describe() const {
  return Describe("Bilinear")
      .arg(weight.size(1))
      .arg(weight.size(2))
      .arg(weight.size(0))
      .option("bias", bias.defined(), true);
}

}  // namespace rush::nn
