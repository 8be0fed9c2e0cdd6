// The discrete Fourier transform along one axis, by kissfft in double precision. Lengths with a
// large prime factor, which are slow there, go through Bluestein's formula.
#include "rush/kernels/attrs/fft.h"

#include <complex>
#include <kissfft/kissfft.hh>
#include <numbers>
#include <optional>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/cpu/families.h"

namespace rush::kernels {
namespace {

using Complex = std::complex<double>;
using Line = std::vector<Complex>;

constexpr int64_t kLargestPrime = 31;

int64_t largest_prime_factor(int64_t n) {
  int64_t largest = 1;
  for (int64_t p = 2; p * p <= n; ++p)
    for (; n % p == 0; n /= p) largest = p;
  return n > 1 ? n : largest;
}

// One length and direction; not for several threads at once.
class Transform {
 public:
  Transform(int64_t n, bool inverse) : n_(static_cast<size_t>(n)) {
    if (largest_prime_factor(n) <= kLargestPrime)
      plain_.emplace(n_, inverse);
    else
      prepare_chirp(inverse);
  }

  void run(const Line& in, Line& out) {
    if (plain_)
      plain_->transform(in.data(), out.data());
    else
      run_chirp(in, out);
  }

 private:
  // jk = (j^2 + k^2 - (k - j)^2) / 2 makes the sum over j a convolution with w[k] = e^(i pi k^2 /
  // n), which a longer transform, of a power of two, gives.
  void prepare_chirp(bool inverse) {
    size_t m = 1;
    while (m < 2 * n_ - 1) m *= 2;
    forward_.emplace(m, false);
    backward_.emplace(m, true);
    chirp_.resize(n_);
    Line kernel(m, 0);
    for (size_t k = 0; k < n_; ++k) {
      // k^2 modulo 2 n keeps the angle small.
      const auto square = static_cast<double>(k * k % (2 * n_));
      const double angle = std::numbers::pi * square / double(n_);
      chirp_[k] = std::polar(1.0, inverse ? angle : -angle);
      kernel[k] = kernel[(m - k) % m] = std::conj(chirp_[k]);
    }
    kernel_.resize(m);
    forward_->transform(kernel.data(), kernel_.data());
    a_.resize(m);
    b_.resize(m);
  }
  void run_chirp(const Line& in, Line& out) {
    const size_t m = a_.size();
    for (size_t k = 0; k < m; ++k) a_[k] = k < n_ ? in[k] * chirp_[k] : 0;
    forward_->transform(a_.data(), b_.data());
    for (size_t k = 0; k < m; ++k) b_[k] *= kernel_[k];
    backward_->transform(b_.data(), a_.data());
    for (size_t k = 0; k < n_; ++k) out[k] = a_[k] * chirp_[k] / double(m);
  }

  size_t n_;
  std::optional<kissfft<double>> plain_, forward_, backward_;
  Line chirp_, kernel_, a_, b_;
};

// Lines along an axis of a view whose last axis holds the two parts.
struct PairLines {
  const View& view;
  int axis;

  int64_t count() const {
    int64_t n = 1;
    for (int d = 0; d + 1 < view.shape.size(); ++d) n *= d == axis ? 1 : view.shape[d];
    return n;
  }
  int64_t offset(int64_t line) const {
    int64_t at = 0;
    for (int d = view.shape.size() - 2; d >= 0; --d) {
      if (d == axis) continue;
      at += line % view.shape[d] * view.strides[d];
      line /= view.shape[d];
    }
    return at;
  }
};

template <typename T>
void transform_lines(const Call& c) {
  const auto& attrs = c.attributes<FftAttrs>();
  const View &x = c.in[0], &y = c.out[0];
  const int rank = x.shape.size(), axis = static_cast<int>(attrs.axis);
  const int64_t n = x.shape[axis];
  const PairLines from{x, axis}, to{y, axis};
  const int64_t x_step = x.strides[axis], x_part = x.strides[rank - 1];
  const int64_t y_step = y.strides[axis], y_part = y.strides[rank - 1];
  constexpr int64_t kGrain = 16384;  // elements that are worth a thread
  parallel_for(from.count(), std::max<int64_t>(1, kGrain / n), [&](int64_t begin, int64_t end) {
    Transform transform(n, attrs.inverse);
    Line in(static_cast<size_t>(n)), out(static_cast<size_t>(n));
    for (int64_t line = begin; line < end; ++line) {
      const T* source = x.as<const T>() + from.offset(line);
      for (int64_t i = 0; i < n; ++i)
        in[size_t(i)] = {double(source[i * x_step]), double(source[i * x_step + x_part])};
      transform.run(in, out);
      T* target = y.as<T>() + to.offset(line);
      for (int64_t i = 0; i < n; ++i) {
        target[i * y_step] = static_cast<T>(out[size_t(i)].real() * attrs.scale);
        target[i * y_step + y_part] = static_cast<T>(out[size_t(i)].imag() * attrs.scale);
      }
    }
  });
}

void fft(const Call& c) {
  if (c.out[0].numel() == 0) return;
  if (c.in[0].dtype == DType::kFloat32)
    transform_lines<float>(c);
  else
    transform_lines<double>(c);
}

}  // namespace

void cpu::register_fft(Table& t) { t.add("fft").kernel = fft; }

}  // namespace rush::kernels
