// Fourier transforms, as torch.fft has them. There is no complex dtype: a complex tensor is a
// floating one whose last axis, of size 2, holds real and imaginary parts, as torch.view_as_real
// gives it. Axes are counted without that one: axis -1 of a complex [N, M, 2] is M.
//
// Each transform crops its input to n elements along the axis, or adds zeros. norm: "backward"
// (the inverse is divided by n), "ortho" (both by its root), "forward" (the forward one by n).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "rush/tensor/tensor.h"

namespace rush::fft {

struct Options {
  std::optional<int64_t> n{};  // not given: the size of the axis; irfft: 2 (size - 1)
  int64_t axis = -1;
  std::string_view norm = "backward";
};
Tensor fft(const Tensor& x, const Options& options = {});    // complex -> complex
Tensor ifft(const Tensor& x, const Options& options = {});   // complex -> complex
Tensor rfft(const Tensor& x, const Options& options = {});   // real -> complex [.., n / 2 + 1, 2]
Tensor irfft(const Tensor& x, const Options& options = {});  // the first half of a symmetric one
Tensor hfft(const Tensor& x, const Options& options = {});   // of a half symmetric signal: real
Tensor ihfft(const Tensor& x, const Options& options = {});

struct AxesOptions {
  Dims n{};     // sizes of the axes; none: as they are
  Dims axes{};  // none: the last ones that n names, or all
  std::string_view norm = "backward";
};
Tensor fftn(const Tensor& x, const AxesOptions& options = {});
Tensor ifftn(const Tensor& x, const AxesOptions& options = {});
Tensor rfftn(const Tensor& x, const AxesOptions& options = {});  // real; the last axis is halved
Tensor irfftn(const Tensor& x, const AxesOptions& options = {});
// The same over two axes, the last ones unless given.
Tensor fft2(const Tensor& x, const AxesOptions& options = {});
Tensor ifft2(const Tensor& x, const AxesOptions& options = {});
Tensor rfft2(const Tensor& x, const AxesOptions& options = {});
Tensor irfft2(const Tensor& x, const AxesOptions& options = {});

// The frequencies of the elements of a transform, and the order with zero in the middle.
Tensor fftfreq(int64_t n, double d = 1, std::optional<DType> dtype = {});
Tensor rfftfreq(int64_t n, double d = 1, std::optional<DType> dtype = {});
Tensor fftshift(const Tensor& x, const Dims& axes = {});  // axes of the tensor as it is
Tensor ifftshift(const Tensor& x, const Dims& axes = {});

// Complex tensors: made and taken apart.
Tensor complex(const Tensor& real, const Tensor& imag);
Tensor real(const Tensor& x);
Tensor imag(const Tensor& x);
Tensor conj(const Tensor& x);
Tensor mul(const Tensor& x, const Tensor& y);
Tensor abs(const Tensor& x);
Tensor angle(const Tensor& x);

}  // namespace rush::fft

namespace rush {

// Windows of n elements; periodic: the first n of n + 1 symmetric ones.
Tensor bartlett_window(int64_t n, bool periodic = true, std::optional<DType> dtype = {});
Tensor hann_window(int64_t n, bool periodic = true, std::optional<DType> dtype = {});
Tensor hamming_window(int64_t n, bool periodic = true, std::optional<DType> dtype = {});
Tensor blackman_window(int64_t n, bool periodic = true, std::optional<DType> dtype = {});
Tensor kaiser_window(int64_t n, bool periodic = true, double beta = 12,
                     std::optional<DType> dtype = {});

struct StftOptions {
  std::optional<int64_t> hop_length{};  // n_fft / 4
  std::optional<int64_t> win_length{};  // n_fft
  Tensor window{};                      // [win_length]; ones
  bool center = true;                   // frames are centred: x is padded on both sides
  std::string_view pad_mode = "reflect";
  bool normalized = false;
  bool onesided = true;
};
// Spectra of overlapping frames. x: [T] or [B, T] -> complex [.., frequencies, frames, 2]
Tensor stft(const Tensor& x, int64_t n_fft, const StftOptions& options = {});
// The signal with such spectra, of `length` elements where given.
Tensor istft(const Tensor& x, int64_t n_fft, const StftOptions& options = {},
             std::optional<int64_t> length = {});

}  // namespace rush
