// Fourier transforms: the record against the sum it stands for, the rest against PyTorch.
#include <cmath>
#include <numbers>

#include "rush/ops/binary.h"
#include "rush/ops/cases/formula.h"
#include "rush/ops/fft.h"
#include "rush/ops/movement.h"

namespace rush::testing {
namespace {

// sum over j of x[j] e^(-+ 2 pi i j k / n), along axis 0 of [n, m, 2].
Tensors naive_fft(const Tensor& x, bool inverse, double scale) {
  const int64_t n = x.size(0), m = x.size(1);
  const Tensor y = Tensor::empty(x.shape(), float64);
  const double* in = x.data<double>();
  for (int64_t k = 0; k < n; ++k) {
    for (int64_t l = 0; l < m; ++l) {
      double real = 0, imag = 0;
      for (int64_t j = 0; j < n; ++j) {
        const double angle = (inverse ? 2 : -2) * std::numbers::pi * double(j * k % n) / double(n);
        const double a = in[(j * m + l) * 2], b = in[(j * m + l) * 2 + 1];
        real += a * std::cos(angle) - b * std::sin(angle);
        imag += a * std::sin(angle) + b * std::cos(angle);
      }
      y.data<double>()[(k * m + l) * 2] = real * scale;
      y.data<double>()[(k * m + l) * 2 + 1] = imag * scale;
    }
  }
  return {y};
}

void add_transform(CaseList& list, const char* label, int64_t n, bool inverse) {
  OpCase row;
  row.op = "fft";
  row.label = label;
  row.in = {{{n, 2, 2}}};
  row.run = [inverse](const Tensors& x) -> Tensors {
    return {inverse ? fft::ifft(x[0], {.axis = 0}) : fft::fft(x[0], {.axis = 0})};
  };
  row.naive = [inverse, n](const Tensors& x) {
    return naive_fft(x[0], inverse, inverse ? 1 / double(n) : 1);
  };
  row.torch = std::string("torch.view_as_real(torch.fft.") + (inverse ? "ifft" : "fft") +
              "(torch.view_as_complex(x0), dim=0))";
  row.tolerance = 20;
  list.add(row);
}

const char kComplex[] = "torch.view_as_complex(x0)";
std::string pairs(const std::string& call) { return "torch.view_as_real(" + call + ")"; }

void add(CaseList& list, const char* call, const char* doc, const char* label, const Shape& shape,
         std::function<Tensor(const Tensor&)> f, const std::string& torch) {
  add_formulas(list, {{call,
                       doc,
                       label,
                       {{shape}},
                       one([f = std::move(f)](const Tensors& x) { return f(x[0]); }),
                       torch.c_str(),
                       true,
                       true,
                       20}});
}

const char kRfft[] = "fft::rfft(x; n, axis=-1, norm)";
const char kRfftDoc[] = "Half of the spectrum of a real signal.";
const char kIrfft[] = "fft::irfft(x; n, axis=-1, norm)";
const char kIrfftDoc[] = "The real signal with such a half spectrum.";

void add_real(CaseList& list) {
  const std::string c = kComplex;
  add(
      list, kRfft, kRfftDoc, "even", {2, 6}, [](const Tensor& x) { return fft::rfft(x); },
      pairs("torch.fft.rfft(x0)"));
  add(
      list, kRfft, kRfftDoc, "odd, cropped, ortho", {7, 2},
      [](const Tensor& x) { return fft::rfft(x, {.n = 5, .axis = 0, .norm = "ortho"}); },
      pairs("torch.fft.rfft(x0, n=5, dim=0, norm='ortho')"));
  add(
      list, kIrfft, kIrfftDoc, "", {2, 4, 2}, [](const Tensor& x) { return fft::irfft(x); },
      "torch.fft.irfft(" + c + ")");
  add(
      list, kIrfft, kIrfftDoc, "odd, filled, forward", {2, 4, 2},
      [](const Tensor& x) { return fft::irfft(x, {.n = 9, .norm = "forward"}); },
      "torch.fft.irfft(" + c + ", n=9, norm='forward')");
  add(
      list, "fft::hfft(x; n, axis=-1, norm)", "The real spectrum of half a symmetric signal.", "",
      {3, 4, 2}, [](const Tensor& x) { return fft::hfft(x, {.n = 5}); },
      "torch.fft.hfft(" + c + ", n=5)");
  add(
      list, "fft::ihfft(x; n, axis=-1, norm)", "The reverse of hfft.", "", {2, 5},
      [](const Tensor& x) { return fft::ihfft(x); }, pairs("torch.fft.ihfft(x0).resolve_conj()"));
}

void add_several(CaseList& list) {
  const std::string c = kComplex;
  add(
      list, "fft::fft(x; n, axis=-1, norm)", "The transform along an axis, cropped or filled.",
      "filled, forward", {3, 4, 2},
      [](const Tensor& x) { return fft::fft(x, {.n = 6, .norm = "forward"}); },
      pairs("torch.fft.fft(" + c + ", n=6, norm='forward')"));
  add(
      list, "fft::ifft(x; n, axis=-1, norm)", "The inverse of fft.", "cropped, ortho", {3, 5, 2},
      [](const Tensor& x) { return fft::ifft(x, {.n = 4, .norm = "ortho"}); },
      pairs("torch.fft.ifft(" + c + ", n=4, norm='ortho')"));
  add(
      list, "fft::fftn(x; n, axes, norm)", "fft along several axes.", "", {2, 3, 4, 2},
      [](const Tensor& x) { return fft::fftn(x); }, pairs("torch.fft.fftn(" + c + ")"));
  add(
      list, "fft::ifftn(x; n, axes, norm)", "ifft along several axes.", "sizes", {2, 3, 4, 2},
      [](const Tensor& x) {
        return fft::ifftn(x, {.n = {4, 3}, .axes = {0, -1}});
      },
      pairs("torch.fft.ifftn(" + c + ", s=(4, 3), dim=(0, -1))"));
  add(
      list, "fft::rfftn(x; n, axes, norm)", "rfft along the last axis, fft along the others.", "",
      {2, 3, 4}, [](const Tensor& x) { return fft::rfftn(x); }, pairs("torch.fft.rfftn(x0)"));
  add(
      list, "fft::irfftn(x; n, axes, norm)", "The reverse of rfftn.", "", {2, 3, 3, 2},
      [](const Tensor& x) {
        return fft::irfftn(x, {.n = {3, 5}});
      },
      "torch.fft.irfftn(" + c + ", s=(3, 5), dim=(-2, -1))");
  add(
      list, "fft::fft2(x; n, axes, norm)", "fftn of the last two axes.", "", {2, 3, 4, 2},
      [](const Tensor& x) { return fft::fft2(x, {.norm = "ortho"}); },
      pairs("torch.fft.fft2(" + c + ", norm='ortho')"));
  add(
      list, "fft::ifft2(x; n, axes, norm)", "ifftn of the last two axes.", "", {2, 3, 4, 2},
      [](const Tensor& x) { return fft::ifft2(x); }, pairs("torch.fft.ifft2(" + c + ")"));
  add(
      list, "fft::rfft2(x; n, axes, norm)", "rfftn of the last two axes.", "", {2, 3, 4},
      [](const Tensor& x) { return fft::rfft2(x); }, pairs("torch.fft.rfft2(x0)"));
  add(
      list, "fft::irfft2(x; n, axes, norm)", "irfftn of the last two axes.", "", {2, 3, 3, 2},
      [](const Tensor& x) { return fft::irfft2(x); }, "torch.fft.irfft2(" + c + ")");
}

void add_parts(CaseList& list) {
  const std::string c = kComplex;
  add(
      list, "fft::abs(x)", "The size of complex numbers.", "", {3, 4, 2},
      [](const Tensor& x) { return fft::abs(x); }, c + ".abs()");
  add(
      list, "fft::angle(x)", "The angle of complex numbers.", "", {3, 4, 2},
      [](const Tensor& x) { return fft::angle(x); }, c + ".angle()");
  add(
      list, "fft::conj(x)", "The conjugate of complex numbers.", "", {3, 2},
      [](const Tensor& x) { return fft::conj(x); }, pairs("torch.conj_physical(" + c + ")"));
  add(
      list, "fft::mul(x, y)", "The product of complex numbers.", "", {3, 2},
      [](const Tensor& x) { return fft::mul(x, x); }, pairs(c + " * " + c));
  add(
      list, "fft::fftshift(x, axes)", "The first frequency in the middle.", "", {3, 4},
      [](const Tensor& x) { return fft::fftshift(x); }, "torch.fft.fftshift(x0)");
  add(
      list, "fft::ifftshift(x, axes)", "The reverse of fftshift.", "", {3, 5},
      [](const Tensor& x) { return fft::ifftshift(x, {1}); }, "torch.fft.ifftshift(x0, dim=(1,))");
}

// Constants, tried by adding them to the input.
void add_constant(CaseList& list, const char* call, const char* doc, const char* label, int64_t n,
                  std::function<Tensor(DType)> f, const std::string& torch) {
  add(
      list, call, doc, label, {n}, [f = std::move(f)](const Tensor& x) { return x + f(x.dtype()); },
      "x0 + " + torch);
}

void add_constants(CaseList& list) {
  add_constant(
      list, "fft::fftfreq(n, d, dtype)", "The frequencies of a transform.", "", 5,
      [](DType t) { return fft::fftfreq(5, 0.5, t); }, "torch.fft.fftfreq(5, 0.5, dtype=x0.dtype)");
  add_constant(
      list, "fft::fftfreq(n, d, dtype)", "The frequencies of a transform.", "even", 4,
      [](DType t) { return fft::fftfreq(4, 1, t); }, "torch.fft.fftfreq(4, dtype=x0.dtype)");
  add_constant(
      list, "fft::rfftfreq(n, d, dtype)", "The frequencies of rfft.", "", 3,
      [](DType t) { return fft::rfftfreq(5, 2, t); }, "torch.fft.rfftfreq(5, 2, dtype=x0.dtype)");
  add_constant(
      list, "bartlett_window(n, periodic, dtype)", "A triangle.", "", 6,
      [](DType t) { return bartlett_window(6, true, t); },
      "torch.bartlett_window(6, dtype=x0.dtype)");
  add_constant(
      list, "hann_window(n, periodic, dtype)", "A cosine from 0 to 0.", "", 6,
      [](DType t) { return hann_window(6, true, t); }, "torch.hann_window(6, dtype=x0.dtype)");
  add_constant(
      list, "hamming_window(n, periodic, dtype)", "A cosine above a floor.", "symmetric", 5,
      [](DType t) { return hamming_window(5, false, t); },
      "torch.hamming_window(5, periodic=False, dtype=x0.dtype)");
  add_constant(
      list, "blackman_window(n, periodic, dtype)", "A sum of two cosines.", "", 7,
      [](DType t) { return blackman_window(7, true, t); },
      "torch.blackman_window(7, dtype=x0.dtype)");
  add_constant(
      list, "kaiser_window(n, periodic, beta, dtype)", "By a Bessel function.", "", 6,
      [](DType t) { return kaiser_window(6, true, 8, t); },
      "torch.kaiser_window(6, True, 8.0, dtype=x0.dtype)");
}

void add_frames(CaseList& list) {
  const char stft_call[] = "stft(x, n_fft; hop_length, win_length, window, center, pad_mode, ...)";
  const char stft_doc[] = "Spectra of overlapping frames.";
  add(
      list, stft_call, stft_doc, "", {2, 12},
      [](const Tensor& x) {
        return stft(x, 4, {.hop_length = 3, .window = hann_window(4, true, x.dtype())});
      },
      pairs("torch.stft(x0, 4, 3, window=torch.hann_window(4, dtype=x0.dtype), "
            "return_complex=True)"));
  add(
      list, stft_call, stft_doc, "short window, both sides, normalized", {11},
      [](const Tensor& x) {
        return stft(x, 6,
                    {.hop_length = 2,
                     .win_length = 3,
                     .center = false,
                     .normalized = true,
                     .onesided = false});
      },
      pairs("torch.stft(x0, 6, 2, win_length=3, window=torch.ones(3, dtype=x0.dtype), "
            "center=False, normalized=True, onesided=False, return_complex=True)"));
  add(
      list, "istft(x, n_fft; hop_length, ..., length)", "The signal with such spectra.", "",
      {3, 5, 2},
      [](const Tensor& x) {
        return istft(x, 4, {.hop_length = 2, .window = hamming_window(4, true, x.dtype())});
      },
      "torch.istft(torch.view_as_complex(x0), 4, 2, window=torch.hamming_window(4, "
      "dtype=x0.dtype))");
}

}  // namespace

void add_fft_cases(CaseList& list) {
  add_transform(list, "12", 12, false);
  add_transform(list, "inverse, 5", 5, true);
  add_transform(list, "a large prime", 37, false);
  add_transform(list, "1", 1, false);
}

void add_fft_formulas(CaseList& list) {
  add_real(list);
  add_several(list);
  add_parts(list);
  add_constants(list);
  add_frames(list);
}

}  // namespace rush::testing
