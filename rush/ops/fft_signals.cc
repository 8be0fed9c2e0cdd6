// Frequencies, shifts, windows, and spectra of frames.
#include <cmath>
#include <numbers>

#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/fft.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/special.h"
#include "rush/ops/unary.h"
#include "rush/tensor/observer.h"

namespace rush::fft {
namespace {

void check_frequencies(const char* op, int64_t n, double d) {
  if (n < 1) fail<ShapeError>(op, ": n must be 1 or more; got ", n);
  if (d == 0) fail(op, ": d must not be 0");
}

Tensor shifted(const char* op, const Tensor& x, const Dims& axes, bool back) {
  Dims all = normalize_axes(op, axes, x.rank()), shifts;
  for (int64_t axis : all) {
    const int64_t size = x.shape()[static_cast<int>(axis)];
    shifts.push_back(back ? (size + 1) / 2 : size / 2);
  }
  return all.empty() ? x : roll(x, shifts, all);
}

}  // namespace

Tensor fftfreq(int64_t n, double d, std::optional<DType> dtype) {
  check_frequencies("fftfreq", n, d);
  const DType t = dtype.value_or(default_dtype());
  const Tensor k = cat({arange((n + 1) / 2), arange(-(n / 2), 0)});
  return cast(k, t) / (double(n) * d);
}
Tensor rfftfreq(int64_t n, double d, std::optional<DType> dtype) {
  check_frequencies("rfftfreq", n, d);
  return cast(arange(n / 2 + 1), dtype.value_or(default_dtype())) / (double(n) * d);
}
Tensor fftshift(const Tensor& x, const Dims& axes) { return shifted("fftshift", x, axes, false); }
Tensor ifftshift(const Tensor& x, const Dims& axes) { return shifted("ifftshift", x, axes, true); }

}  // namespace rush::fft

namespace rush {
namespace {

// f of 0, 1, ... over the last place of a window, in double.
template <typename F>
Tensor window(const char* op, int64_t n, bool periodic, std::optional<DType> dtype, F f) {
  const DType t = dtype.value_or(default_dtype());
  if (n < 0) fail<ShapeError>(op, ": n must not be negative; got ", n);
  if (!is_floating(t)) fail<TypeError>(op, ": wants a floating dtype; got ", t);
  std::vector<double> values;
  const double last = double(periodic ? n : n - 1);
  for (int64_t i = 0; i < n; ++i) values.push_back(n == 1 ? 1 : f(double(i) / last));
  return cast(Tensor::from(values), t);
}
double cosine(double share, double times) { return std::cos(2 * std::numbers::pi * times * share); }

// What stft and istft agree on, checked.
struct Frames {
  int64_t n_fft, hop;
  Tensor window;  // [n_fft], the given one with zeros around it

  Frames(const char* op, int64_t n, const StftOptions& o, DType t)
      : n_fft(n), hop(o.hop_length.value_or(std::max<int64_t>(n / 4, 1))) {
    const int64_t length = o.win_length.value_or(n);
    if (n < 1 || hop < 1 || length < 1 || length > n)
      fail<ShapeError>(op,
                       ": wants n_fft and hop_length of 1 or more, and win_length of 1 to n_fft; "
                       "got ",
                       n, ", ", hop, " and ", length);
    window = o.window.defined() ? o.window : ones({length}, t);
    if (window.shape() != Shape{length})
      fail<ShapeError>(op, ": window must have shape [", length, "]; got ", window.shape());
    if (window.dtype() != t) fail<TypeError>(op, ": window must be ", t, "; got ", window.dtype());
    const int64_t before = (n - length) / 2;
    window = pad(window, {before, n - length - before});
  }
};

}  // namespace

Tensor bartlett_window(int64_t n, bool periodic, std::optional<DType> dtype) {
  return window("bartlett_window", n, periodic, dtype,
                [](double s) { return 1 - std::abs(2 * s - 1); });
}
Tensor hann_window(int64_t n, bool periodic, std::optional<DType> dtype) {
  return window("hann_window", n, periodic, dtype,
                [](double s) { return 0.5 - 0.5 * cosine(s, 1); });
}
Tensor hamming_window(int64_t n, bool periodic, std::optional<DType> dtype) {
  return window("hamming_window", n, periodic, dtype,
                [](double s) { return 0.54 - 0.46 * cosine(s, 1); });
}
Tensor blackman_window(int64_t n, bool periodic, std::optional<DType> dtype) {
  return window("blackman_window", n, periodic, dtype,
                [](double s) { return 0.42 - 0.5 * cosine(s, 1) + 0.08 * cosine(s, 2); });
}
Tensor kaiser_window(int64_t n, bool periodic, double beta, std::optional<DType> dtype) {
  const Tensor place = window("kaiser_window", n, periodic, DType::kFloat64, [](double s) {
    return std::sqrt(std::max(0.0, 1 - (2 * s - 1) * (2 * s - 1)));
  });
  const Tensor scale = i0(Tensor::scalar(beta, DType::kFloat64));
  return cast(i0(place * beta) / scale, dtype.value_or(default_dtype()));
}

Tensor stft(const Tensor& x, int64_t n_fft, const StftOptions& o) {
  if (x.rank() != 1 && x.rank() != 2)
    fail<ShapeError>("stft: x must be [T] or [B, T]; got ", x.shape());
  const Frames f("stft", n_fft, o, x.dtype());
  const int64_t around = o.center ? n_fft / 2 : 0;
  const Tensor padded = around > 0 ? pad(x, {around, around}, o.pad_mode) : x;
  if (padded.size(-1) < n_fft)
    fail<ShapeError>("stft: n_fft ", n_fft, " is larger than the signal; x is ", x.shape());
  const Tensor frames = unfold(padded, -1, n_fft, f.hop) * f.window;
  const fft::Options way{.norm = o.normalized ? "ortho" : "backward"};
  const Tensor y =
      o.onesided ? fft::rfft(frames, way) : fft::fft(fft::complex(frames, zeros_like(frames)), way);
  return transpose(y, -3, -2);
}

// Frames are added where they came from, and the sum is divided by that of the squared windows.
Tensor istft(const Tensor& x, int64_t n_fft, const StftOptions& o, std::optional<int64_t> length) {
  const int64_t wanted = o.onesided ? n_fft / 2 + 1 : n_fft;
  if ((x.rank() != 3 && x.rank() != 4) || x.size(-1) != 2 || x.size(-3) != wanted || x.size(-2) < 1)
    fail<ShapeError>("istft: wants complex x: [.., ", wanted, ", frames, 2] for n_fft ", n_fft,
                     "; got ", x.shape());
  const Frames f("istft", n_fft, o, x.dtype());
  const fft::Options way{.n = n_fft, .norm = o.normalized ? "ortho" : "backward"};
  const Tensor spectra = transpose(x, -3, -2);
  const Tensor frames =
      (o.onesided ? fft::irfft(spectra, way) : fft::real(fft::ifft(spectra, way))) * f.window;
  const int64_t count = frames.size(-2), total = n_fft + f.hop * (count - 1);
  Shape shape = frames.shape();
  shape.pop_back();
  shape[shape.size() - 1] = total;
  const Tensor added = unfold_grad(frames, shape, shape.size() - 1, n_fft, f.hop);
  const Tensor squares = expand(square(f.window), {count, n_fft});
  const Tensor envelope = unfold_grad(squares, {total}, 0, n_fft, f.hop);
  const int64_t from = o.center ? n_fft / 2 : 0;
  const int64_t until = length ? from + *length : total - from;
  if (length && *length < 0) fail<ShapeError>("istft: length must not be negative; got ", *length);
  const Tensor part = slice(envelope, 0, from, until);
  constexpr double kLeast = 1e-11;  // as PyTorch has it
  {
    const Unobserved off;  // only a check: a trace need not repeat it
    if (part.has_data() && part.numel() > 0 && min(abs(part.detach())).item() < kLeast)
      fail("istft: the windows leave a gap: their squares sum to 0 somewhere");
  }
  const Tensor y = slice(added, -1, from, until) / part;
  const int64_t missing = length ? *length - y.size(-1) : 0;
  return missing > 0 ? pad(y, {0, missing}) : y;
}

}  // namespace rush
