// Initialisers: they overwrite a tensor in place, outside of any gradient, and return it. Drawn
// from the same stream as PyTorch draws, so manual_seed(k) gives the same weights.
#pragma once

#include "rush/tensor/tensor.h"

namespace rush::nn::init {

const Tensor& uniform_(const Tensor& t, double low = 0, double high = 1);
const Tensor& normal_(const Tensor& t, double mean = 0, double std = 1);
// Normal, but values outside [low, high] are drawn again.
const Tensor& trunc_normal_(const Tensor& t, double mean = 0, double std = 1, double low = -2,
                            double high = 2);
const Tensor& constant_(const Tensor& t, double value);
const Tensor& zeros_(const Tensor& t);
const Tensor& ones_(const Tensor& t);
const Tensor& eye_(const Tensor& t);  // t: [M, N]
// Convolution weights that pass channels through unchanged; t: [out, in / groups, kernel...].
const Tensor& dirac_(const Tensor& t, int64_t groups = 1);
// Rows (or columns, if fewer) of length `gain`, at right angles; t: [M, ...], seen as [M, rest].
const Tensor& orthogonal_(const Tensor& t, double gain = 1);

enum class Nonlinearity { kLinear, kSigmoid, kTanh, kRelu, kLeakyRelu, kSelu };
// How much to widen a distribution so that the nonlinearity keeps the variance.
double calculate_gain(Nonlinearity nonlinearity, double negative_slope = 0.01);

struct Fans {
  int64_t in, out;
};
// Of a weight [out, in, kernel...]: how many values make one output, and the reverse.
Fans calculate_fans(const Tensor& t);

// Variance 2 / (fan_in + fan_out), times gain^2.
const Tensor& xavier_uniform_(const Tensor& t, double gain = 1);
const Tensor& xavier_normal_(const Tensor& t, double gain = 1);

enum class FanMode { kFanIn, kFanOut };
struct KaimingOptions {
  double a = 0;  // the negative slope, for leaky_relu
  FanMode mode = FanMode::kFanIn;
  Nonlinearity nonlinearity = Nonlinearity::kLeakyRelu;
};
// Variance gain^2 / fan.
const Tensor& kaiming_uniform_(const Tensor& t, const KaimingOptions& options = {});
const Tensor& kaiming_normal_(const Tensor& t, const KaimingOptions& options = {});

// Variance 1 / fan_in.
const Tensor& lecun_uniform_(const Tensor& t);
const Tensor& lecun_normal_(const Tensor& t);
// Normal, of which a share of every column, drawn anew for each, is zero; t: [M, N].
const Tensor& sparse_(const Tensor& t, double sparsity, double std = 0.01);

// As other libraries start: TensorFlow's and np-auto-diff's truncated normal, cut at two
// deviations; picograd's U(-1, 1) / sqrt(number of elements); TinyNet's U(-1, 1) / (2 n), n the
// fan-in.
const Tensor& truncated_normal_(const Tensor& t, double mean = 0, double std = 1);
const Tensor& picograd_uniform_(const Tensor& t);
const Tensor& tinynet_uniform_(const Tensor& t, int64_t n);

// What PyTorch's linear and convolution layers do: Kaiming-uniform weights with a = sqrt(5), which
// is U(-b, b) with b = 1 / sqrt(fan_in), and a bias from the same range. `bias` may be undefined.
void layer_default_(const Tensor& weight, const Tensor& bias);

}  // namespace rush::nn::init
