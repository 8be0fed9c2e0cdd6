// torch.fft, windows and short-time transforms. There is no complex dtype: a complex tensor is a
// floating one with a last axis (real, imaginary), as torch.view_as_real gives it, and dim is
// counted without that axis.
#include "function.h"
#include "rows.h"
#include "rush/ops/fft.h"

namespace rush::python {
namespace {

using Norm = std::optional<std::string>;
using Type = std::optional<DType>;
using OneAxis = Tensor (*)(const Tensor&, const fft::Options&);
using ManyAxes = Tensor (*)(const Tensor&, const fft::AxesOptions&);

std::string name_of(const Norm& norm) { return norm.value_or("backward"); }

// The direction's scale for a transform made of the other one.
std::string other_norm(const Norm& norm) {
  const std::string name = name_of(norm);
  return name == "backward" ? "forward" : name == "forward" ? "backward" : name;
}

// The transform over several axes of a half symmetric signal, and its inverse.
Tensor hfftn(const Tensor& x, const fft::AxesOptions& o) { return fft::irfftn(fft::conj(x), o); }
Tensor ihfftn(const Tensor& x, const fft::AxesOptions& o) { return fft::conj(fft::rfftn(x, o)); }

template <OneAxis f>
void add_one(const Rows& rows, const std::string& name, const char* doc) {
  rows.add((name + "(input, n=None, dim=-1, norm=None)").c_str(),
           [](const Tensor& x, std::optional<int64_t> n, int64_t axis, const Norm& norm) {
             return f(x, {.n = n, .axis = axis, .norm = name_of(norm)});
           },
           kFullPrecision, doc);
}

// `turned`: the function is made of the transform in the other direction.
template <ManyAxes f, bool turned = false>
void add_many(const Rows& rows, const std::string& name, const char* axes, const char* doc) {
  rows.add((name + "(input, s=None, dim=" + axes + ", norm=None)").c_str(),
           [](const Tensor& x, const Axes& n, const Axes& dims, const Norm& norm) {
             const std::string scale = turned ? other_norm(norm) : name_of(norm);
             return f(x, {.n = n, .axes = dims, .norm = scale});
           },
           kFullPrecision, doc);
}

void add_transforms(const Rows& rows) {
  add_one<fft::fft>(rows, "fft", "The Fourier transform of a complex tensor [.., N, 2].");
  add_one<fft::ifft>(rows, "ifft", "The inverse Fourier transform of a complex tensor [.., N, 2].");
  add_one<fft::rfft>(rows, "rfft", "The transform of a real tensor: complex [.., N / 2 + 1, 2].");
  add_one<fft::irfft>(rows, "irfft", "The real tensor of which a complex one is rfft.");
  add_one<fft::hfft>(rows, "hfft", "The real transform of a half symmetric complex signal.");
  add_one<fft::ihfft>(rows, "ihfft", "The inverse of hfft.");
  constexpr const char* kAll = "None";
  constexpr const char* kTwo = "(-2, -1)";
  add_many<fft::fftn>(rows, "fftn", kAll, "fft over several axes.");
  add_many<fft::ifftn>(rows, "ifftn", kAll, "ifft over several axes.");
  add_many<fft::rfftn>(rows, "rfftn", kAll, "rfft over the last axis, fft over others.");
  add_many<fft::irfftn>(rows, "irfftn", kAll, "The inverse of rfftn.");
  add_many<fft::fft2>(rows, "fft2", kTwo, "fft over two axes.");
  add_many<fft::ifft2>(rows, "ifft2", kTwo, "ifft over two axes.");
  add_many<fft::rfft2>(rows, "rfft2", kTwo, "rfft over the last of two axes, fft over the other.");
  add_many<fft::irfft2>(rows, "irfft2", kTwo, "The inverse of rfft2.");
  add_many<hfftn, true>(rows, "hfftn", kAll, "hfft over the last axis, fft over others.");
  add_many<ihfftn, true>(rows, "ihfftn", kAll, "The inverse of hfftn.");
  add_many<hfftn, true>(rows, "hfft2", kTwo, "hfft over the last of two axes, fft over the other.");
  add_many<ihfftn, true>(rows, "ihfft2", kTwo, "The inverse of hfft2.");
}

void add_frequencies(const Rows& rows) {
  rows.add(
      "fftfreq(n, d=1.0, *, dtype=None)",
      [](int64_t n, double d, Type t) { return fft::fftfreq(n, d, t); }, kFactory,
      "The frequencies of the elements of fft.");
  rows.add(
      "rfftfreq(n, d=1.0, *, dtype=None)",
      [](int64_t n, double d, Type t) { return fft::rfftfreq(n, d, t); }, kFactory,
      "The frequencies of the elements of rfft.");
  rows.add(
      "fftshift(input, dim=None)",
      [](const Tensor& x, const Axes& axes) { return fft::fftshift(x, axes); }, 0,
      "Frequency zero in the middle. dim: of the tensor as it is.");
  rows.add(
      "ifftshift(input, dim=None)",
      [](const Tensor& x, const Axes& axes) { return fft::ifftshift(x, axes); }, 0,
      "The reverse of fftshift.");
}

using Window = Tensor (*)(int64_t, bool, std::optional<DType>);

template <Window f>
void add_window(const Rows& torch, const std::string& name, const char* doc) {
  torch.add((name + "(window_length, periodic=True, *, dtype=None)").c_str(),
            [](int64_t n, bool periodic, Type t) { return f(n, periodic, t); }, kFactory, doc);
}

void add_windows(const Rows& torch) {
  add_window<bartlett_window>(torch, "bartlett_window", "A triangle: 1 - |2 k / (n - 1) - 1|.");
  add_window<hann_window>(torch, "hann_window", "sin^2(pi k / (n - 1)).");
  add_window<hamming_window>(torch, "hamming_window", "0.54 - 0.46 cos(2 pi k / (n - 1)).");
  add_window<blackman_window>(torch, "blackman_window",
                              "0.42 - 0.5 cos(2 pi k / (n - 1)) + 0.08 cos(4 pi k / (n - 1)).");
  torch.add(
      "kaiser_window(window_length, periodic=True, beta=12.0, *, dtype=None)",
      [](int64_t n, bool periodic, double beta, Type t) {
        return kaiser_window(n, periodic, beta, t);
      },
      kFactory, "The window of Bessel functions that keeps most in the main lobe.");
}

void add_short_time(const Rows& torch) {
  torch.add(
      "stft(input, n_fft, hop_length=None, win_length=None, window=None, center=True, "
      "pad_mode='reflect', normalized=False, onesided=None, return_complex=None)",
      [](const Tensor& x, int64_t n_fft, std::optional<int64_t> hop, std::optional<int64_t> length,
         const Maybe& window, bool center, const std::string& pad_mode, bool normalized,
         std::optional<bool> onesided, std::optional<bool>) {
        return stft(x, n_fft,
                    {.hop_length = hop,
                     .win_length = length,
                     .window = window,
                     .center = center,
                     .pad_mode = pad_mode,
                     .normalized = normalized,
                     .onesided = onesided.value_or(true)});
      },
      kFullPrecision,
      "Spectra of overlapping frames: complex [.., frequencies, frames, 2], whatever "
      "return_complex says.");
  torch.add(
      "istft(input, n_fft, hop_length=None, win_length=None, window=None, center=True, "
      "normalized=False, onesided=None, length=None, return_complex=False)",
      [](const Tensor& x, int64_t n_fft, std::optional<int64_t> hop,
         std::optional<int64_t> win_length, const Maybe& window, bool center, bool normalized,
         std::optional<bool> onesided, std::optional<int64_t> length, bool) {
        return istft(x, n_fft,
                     {.hop_length = hop,
                      .win_length = win_length,
                      .window = window,
                      .center = center,
                      .normalized = normalized,
                      .onesided = onesided.value_or(true)},
                     length);
      },
      kFullPrecision, "The signal that has such spectra.");
}

}  // namespace

void add_fft_rows() {
  const Rows rows("fft"), torch("torch");
  add_transforms(rows);
  add_frequencies(rows);
  add_windows(torch);
  add_short_time(torch);
}

}  // namespace rush::python
