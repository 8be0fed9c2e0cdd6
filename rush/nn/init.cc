#include "rush/nn/init.h"

#include <cmath>

#include "rush/core/apply.h"
#include "rush/ops/random.h"

namespace rush::nn::init {
namespace {

using Values = std::vector<double>;

const Tensor& assign(const Tensor& t, const Values& values) {
  NoGrad guard;
  return t.copy_(Tensor::from(values, t.shape()));
}

// Redraws from `draw` until `is_outside` holds for no value. Every round draws for the whole tensor
// and uses what it needs, as PyTorch does.
template <typename Draw, typename Reject>
Values redraw(Values values, Draw draw, Reject is_outside) {
  std::vector<size_t> open;
  const auto still_outside = is_outside(values);
  for (size_t i = 0; i < values.size(); ++i)
    if (still_outside[i]) open.push_back(i);
  while (!open.empty()) {
    const Values again = draw();
    const auto outside = is_outside(again);
    std::vector<size_t> left;
    for (size_t i : open) {
      values[i] = again[i];
      if (outside[i]) left.push_back(i);
    }
    open = std::move(left);
  }
  return values;
}

double normal_cdf(double x) { return 0.5 * (1 + std::erf(x / std::sqrt(2.0))); }

// Column-wise modified Gram-Schmidt, twice for accuracy: a [rows, cols], rows >= cols, becomes Q of
// QR with a positive diagonal of R.
void orthonormalize(Values& a, int64_t rows, int64_t cols) {
  const auto at = [&](int64_t i, int64_t j) -> double& { return a[i * cols + j]; };
  for (int64_t j = 0; j < cols; ++j) {
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t k = 0; k < j; ++k) {
        double dot = 0;
        for (int64_t i = 0; i < rows; ++i) dot += at(i, k) * at(i, j);
        for (int64_t i = 0; i < rows; ++i) at(i, j) -= dot * at(i, k);
      }
    }
    double square = 0;
    for (int64_t i = 0; i < rows; ++i) square += at(i, j) * at(i, j);
    const double scale = square > 0 ? 1 / std::sqrt(square) : 0;
    for (int64_t i = 0; i < rows; ++i) at(i, j) *= scale;
  }
}

Values transposed(const Values& a, int64_t rows, int64_t cols) {
  Values b(a.size());
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < cols; ++j) b[j * rows + i] = a[i * cols + j];
  return b;
}

}  // namespace

const Tensor& uniform_(const Tensor& t, double low, double high) {
  NoGrad guard;
  rush::uniform_(t, low, high);
  return t;
}

const Tensor& normal_(const Tensor& t, double mean, double std) {
  NoGrad guard;
  rush::normal_(t, mean, std);
  return t;
}

const Tensor& trunc_normal_(const Tensor& t, double mean, double std, double low, double high) {
  if (!(std > 0) || !(low < high)) {
    fail("trunc_normal_: std > 0 and low < high are needed; what came: std ", std, ", [", low, ", ",
         high, "]");
  }
  const Tensor scratch = Tensor::empty(t.shape(), t.dtype());
  const double kept = normal_cdf((high - mean) / std) - normal_cdf((low - mean) / std);
  // Below this share of accepted values, drawing from [low, high] and thinning by the density's
  // height wastes less than drawing from the whole normal.
  constexpr double kEnough = 0.3;
  if (kept > kEnough) {
    const auto draw = [&] { return init::normal_(scratch, mean, std).to_vector<double>(); };
    return assign(t, redraw(draw(), draw, [&](const Values& v) {
                    std::vector<char> outside(v.size());
                    for (size_t i = 0; i < v.size(); ++i) outside[i] = v[i] < low || v[i] > high;
                    return outside;
                  }));
  }
  const double mode = std::fmax(low, std::fmin(mean, high));
  const auto log_density = [&](double x) {
    return -0.5 * ((x - mean) * (x - mean) - (mode - mean) * (mode - mean)) / (std * std);
  };
  const auto draw = [&] { return init::uniform_(scratch, low, high).to_vector<double>(); };
  return assign(t, redraw(draw(), draw, [&](const Values& v) {
                  const Values level = init::uniform_(scratch).to_vector<double>();
                  std::vector<char> outside(v.size());
                  for (size_t i = 0; i < v.size(); ++i)
                    outside[i] = std::log(level[i]) > log_density(v[i]);
                  return outside;
                }));
}

const Tensor& constant_(const Tensor& t, double value) {
  NoGrad guard;
  return t.fill_(value);
}

const Tensor& zeros_(const Tensor& t) { return constant_(t, 0); }
const Tensor& ones_(const Tensor& t) { return constant_(t, 1); }

const Tensor& eye_(const Tensor& t) {
  if (t.rank() != 2) fail<ShapeError>("eye_: a matrix is needed; what came: ", t.shape());
  const int64_t rows = t.shape()[0], cols = t.shape()[1];
  Values values(static_cast<size_t>(rows * cols), 0.0);
  for (int64_t i = 0; i < rows && i < cols; ++i) values[i * cols + i] = 1;
  return assign(t, values);
}

const Tensor& dirac_(const Tensor& t, int64_t groups) {
  if (t.rank() < 3 || t.rank() > 5) {
    fail<ShapeError>("dirac_: a weight [out, in, kernel...] of 1 to 3 kernel sizes is needed; ",
                     "what came: ", t.shape());
  }
  const Shape& s = t.shape();
  if (groups < 1 || s[0] % groups != 0)
    fail<ShapeError>("dirac_: groups divide the outputs; what came: ", groups, " of ", s[0]);
  const int64_t per_group = s[0] / groups;
  const int64_t kernel = numel(Shape(s.data() + 2, s.size() - 2));
  int64_t center = 0;
  for (int i = 2; i < s.size(); ++i) center = center * s[i] + s[i] / 2;
  Values values(static_cast<size_t>(t.numel()), 0.0);
  for (int64_t g = 0; g < groups && kernel > 0; ++g)
    for (int64_t d = 0; d < per_group && d < s[1]; ++d)
      values[((g * per_group + d) * s[1] + d) * kernel + center] = 1;
  return assign(t, values);
}

const Tensor& orthogonal_(const Tensor& t, double gain) {
  if (t.rank() < 2)
    fail<ShapeError>("orthogonal_: at least 2 axes are needed; what came: ", t.shape());
  if (t.numel() == 0) return t;
  const int64_t rows = t.shape()[0], cols = t.numel() / rows;
  Values values = init::normal_(Tensor::empty({rows, cols}, t.dtype())).to_vector<double>();
  if (rows < cols) {
    values = transposed(values, rows, cols);
    orthonormalize(values, cols, rows);
    values = transposed(values, cols, rows);
  } else {
    orthonormalize(values, rows, cols);
  }
  for (double& v : values) v *= gain;
  return assign(t, values);
}

double calculate_gain(Nonlinearity nonlinearity, double negative_slope) {
  switch (nonlinearity) {
    case Nonlinearity::kLinear:
    case Nonlinearity::kSigmoid:
      return 1;
    case Nonlinearity::kTanh:
      return 5.0 / 3;
    case Nonlinearity::kRelu:
      return std::sqrt(2.0);
    case Nonlinearity::kLeakyRelu:
      return std::sqrt(2 / (1 + negative_slope * negative_slope));
    case Nonlinearity::kSelu:
      return 0.75;
  }
  __builtin_unreachable();
}

Fans calculate_fans(const Tensor& t) {
  const Shape& s = t.shape();
  if (s.size() < 2) {
    fail<ShapeError>("init: a weight [out, in, ...] is needed to count inputs and outputs; ",
                     "what came: ", s);
  }
  const int64_t kernel = numel(Shape(s.data() + 2, s.size() - 2));
  return {s[1] * kernel, s[0] * kernel};
}

const Tensor& xavier_uniform_(const Tensor& t, double gain) {
  const Fans fans = calculate_fans(t);
  const double std = gain * std::sqrt(2.0 / static_cast<double>(fans.in + fans.out));
  const double bound = std::sqrt(3.0) * std;
  return init::uniform_(t, -bound, bound);
}

const Tensor& xavier_normal_(const Tensor& t, double gain) {
  const Fans fans = calculate_fans(t);
  return init::normal_(t, 0, gain * std::sqrt(2.0 / static_cast<double>(fans.in + fans.out)));
}

namespace {

double kaiming_std(const Tensor& t, const KaimingOptions& options) {
  const Fans fans = calculate_fans(t);
  const int64_t fan = options.mode == FanMode::kFanIn ? fans.in : fans.out;
  return calculate_gain(options.nonlinearity, options.a) / std::sqrt(static_cast<double>(fan));
}

}  // namespace

const Tensor& kaiming_uniform_(const Tensor& t, const KaimingOptions& options) {
  if (t.numel() == 0) return t;
  const double bound = std::sqrt(3.0) * kaiming_std(t, options);
  return init::uniform_(t, -bound, bound);
}

const Tensor& kaiming_normal_(const Tensor& t, const KaimingOptions& options) {
  if (t.numel() == 0) return t;
  return init::normal_(t, 0, kaiming_std(t, options));
}

void layer_default_(const Tensor& weight, const Tensor& bias) {
  kaiming_uniform_(weight, {.a = std::sqrt(5.0)});
  if (!bias.defined()) return;
  const int64_t fan_in = calculate_fans(weight).in;
  const double bound = fan_in > 0 ? 1 / std::sqrt(static_cast<double>(fan_in)) : 0;
  init::uniform_(bias, -bound, bound);
}

}  // namespace rush::nn::init
