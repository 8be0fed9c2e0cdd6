// One record, the complex transform along an axis; its adjoint is the other direction. The rest are
// formulas.
#include "rush/ops/fft.h"

#include <cmath>

#include "rush/core/apply.h"
#include "rush/kernels/attrs/fft.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush::fft {
namespace {

void check_complex(const char* op, const Shape& shape, DType t) {
  if (t != DType::kFloat32 && t != DType::kFloat64)
    fail<TypeError>(op, ": wants float32 or float64; got ", t);
  if (shape.size() < 2 || shape[shape.size() - 1] != 2)
    fail<ShapeError>(op,
                     ": wants a complex tensor [..., n, 2], whose last axis holds real and "
                     "imaginary parts; got ",
                     shape);
}

Tensor transform(const Tensor& x, int64_t axis, bool inverse, double scale);

const Op& kFft =
    Define("fft", "The discrete Fourier transform along an axis. x: [..., n, ..., 2].")
        .args({"x"})
        .attrs<FftAttrs>()
        .dtypes({float32, float64})
        .shape([](InferCall& c) {
          check_complex(c.op, c.shape(0), c.dtype(0));
          const int axis =
              normalize_axis(c.op, c.attributes<FftAttrs>().axis, c.shape(0).size() - 1);
          if (c.shape(0)[axis] == 0)
            fail<ShapeError>(c.op, ": axis ", axis, " is empty; x is ", c.shape(0));
          c.result(c.shape(0), c.dtype(0));
        })
        .grad([](Dy dy, const FftAttrs& a) { return transform(dy, a.axis, !a.inverse, a.scale); });

Tensor transform(const Tensor& x, int64_t axis, bool inverse, double scale) {
  return apply(kFft, {x}, FftAttrs{axis, inverse, scale});
}

double scale_of(const char* op, std::string_view norm, int64_t n, bool inverse) {
  if (norm == "ortho") return 1 / std::sqrt(double(n));
  if (norm != "backward" && norm != "forward")
    fail(op, ": norm must be backward, ortho or forward; got '", norm, "'");
  return (norm == "backward") == inverse ? 1 / double(n) : 1;
}

// Cropped or filled with zeros to n elements along an axis.
Tensor fitted(const char* op, const Tensor& x, int axis, int64_t n) {
  if (n < 1) fail<ShapeError>(op, ": n must be 1 or more; got ", n);
  const int64_t size = x.shape()[axis];
  if (size >= n) return size == n ? x : slice(x, axis, 0, n);
  Dims sizes;
  for (int d = x.rank() - 1; d > axis; --d) {
    sizes.push_back(0);
    sizes.push_back(0);
  }
  sizes.push_back(0);
  sizes.push_back(n - size);
  return pad(x, sizes);
}

Tensor complex_transform(const char* op, const Tensor& x, const Options& o, bool inverse) {
  check_complex(op, x.shape(), x.dtype());
  const int axis = normalize_axis(op, o.axis, x.rank() - 1);
  const int64_t n = o.n.value_or(x.shape()[axis]);
  const double scale = scale_of(op, o.norm, std::max<int64_t>(n, 1), inverse);
  return transform(fitted(op, x, axis, n), axis, inverse, scale);
}

// Real to half of a complex spectrum; `inverse`: with the other sign.
Tensor real_transform(const char* op, const Tensor& x, const Options& o, bool inverse) {
  if (x.rank() == 0) fail<ShapeError>(op, ": a 0-d tensor has no axis to transform");
  if (x.dtype() != DType::kFloat32 && x.dtype() != DType::kFloat64)
    fail<TypeError>(op, ": wants float32 or float64; got ", x.dtype());
  const int axis = normalize_axis(op, o.axis, x.rank());
  const int64_t n = o.n.value_or(x.shape()[axis]);
  const double scale = scale_of(op, o.norm, std::max<int64_t>(n, 1), inverse);
  const Tensor fit = fitted(op, x, axis, n);
  return slice(transform(complex(fit, zeros_like(fit)), axis, inverse, scale), axis, 0, n / 2 + 1);
}

// Half of a symmetric spectrum to a real signal: element n - k is the conjugate of element k. The
// imaginary parts of the first and, for even n, the middle element do not reach the real part.
Tensor symmetric_transform(const char* op, const Tensor& x, const Options& o, bool inverse) {
  check_complex(op, x.shape(), x.dtype());
  const int axis = normalize_axis(op, o.axis, x.rank() - 1);
  const int64_t n = o.n.value_or(2 * (x.shape()[axis] - 1));
  if (n < 1) fail<ShapeError>(op, ": n must be 1 or more; got ", n);
  const Tensor half = fitted(op, x, axis, n / 2 + 1);
  const Tensor mirrored = flip(conj(slice(half, axis, 1, (n + 1) / 2)), {axis});
  const double scale = scale_of(op, o.norm, n, inverse);
  return real(transform(cat({half, mirrored}, axis), axis, inverse, scale));
}

// Axes and their sizes, normalised, for a tensor of so many axes.
struct Plan {
  Dims axes, sizes;  // a size of -1: as it is
};
Plan plan_of(const char* op, int rank, const AxesOptions& o) {
  Plan p;
  const int count = !o.axes.empty() ? o.axes.size() : !o.n.empty() ? o.n.size() : rank;
  if (!o.n.empty() && o.n.size() != count)
    fail<ShapeError>(op, ": takes a size for each axis; got sizes ", o.n, " and axes ", o.axes);
  if (count > rank || count == 0)
    fail<ShapeError>(op, ": cannot transform ", count, " axes of a tensor that has ", rank);
  for (int i = 0; i < count; ++i) {
    const int64_t axis = o.axes.empty() ? rank - count + i : o.axes[i];
    p.axes.push_back(normalize_axis(op, axis, rank));
    p.sizes.push_back(o.n.empty() ? -1 : o.n[i]);
    for (int j = 0; j < i; ++j)
      if (p.axes[j] == p.axes[i]) fail<ShapeError>(op, ": axis ", axis, " is named twice");
  }
  return p;
}
Options one_axis(const Plan& p, int i, std::string_view norm) {
  Options o{.axis = p.axes[i], .norm = norm};
  if (p.sizes[i] >= 0) o.n = p.sizes[i];
  return o;
}

Tensor over_axes(const char* op, const Tensor& x, const AxesOptions& o, bool inverse) {
  check_complex(op, x.shape(), x.dtype());
  const Plan p = plan_of(op, x.rank() - 1, o);
  Tensor y = x;
  for (int i = 0; i < p.axes.size(); ++i)
    y = complex_transform(op, y, one_axis(p, i, o.norm), inverse);
  return y;
}

AxesOptions last_two(const AxesOptions& o) {
  AxesOptions two = o;
  if (two.axes.empty()) two.axes = {-2, -1};
  return two;
}

}  // namespace

Tensor fft(const Tensor& x, const Options& o) { return complex_transform("fft", x, o, false); }
Tensor ifft(const Tensor& x, const Options& o) { return complex_transform("ifft", x, o, true); }
Tensor rfft(const Tensor& x, const Options& o) { return real_transform("rfft", x, o, false); }
Tensor irfft(const Tensor& x, const Options& o) { return symmetric_transform("irfft", x, o, true); }
Tensor hfft(const Tensor& x, const Options& o) { return symmetric_transform("hfft", x, o, false); }
Tensor ihfft(const Tensor& x, const Options& o) { return real_transform("ihfft", x, o, true); }

Tensor fftn(const Tensor& x, const AxesOptions& o) { return over_axes("fftn", x, o, false); }
Tensor ifftn(const Tensor& x, const AxesOptions& o) { return over_axes("ifftn", x, o, true); }

Tensor rfftn(const Tensor& x, const AxesOptions& o) {
  const Plan p = plan_of("rfftn", x.rank(), o);
  const int last = p.axes.size() - 1;
  Tensor y = real_transform("rfftn", x, one_axis(p, last, o.norm), false);
  for (int i = 0; i < last; ++i) y = complex_transform("rfftn", y, one_axis(p, i, o.norm), false);
  return y;
}
Tensor irfftn(const Tensor& x, const AxesOptions& o) {
  check_complex("irfftn", x.shape(), x.dtype());
  const Plan p = plan_of("irfftn", x.rank() - 1, o);
  const int last = p.axes.size() - 1;
  Tensor y = x;
  for (int i = 0; i < last; ++i) y = complex_transform("irfftn", y, one_axis(p, i, o.norm), true);
  return symmetric_transform("irfftn", y, one_axis(p, last, o.norm), true);
}
Tensor fft2(const Tensor& x, const AxesOptions& o) { return fftn(x, last_two(o)); }
Tensor ifft2(const Tensor& x, const AxesOptions& o) { return ifftn(x, last_two(o)); }
Tensor rfft2(const Tensor& x, const AxesOptions& o) { return rfftn(x, last_two(o)); }
Tensor irfft2(const Tensor& x, const AxesOptions& o) { return irfftn(x, last_two(o)); }

Tensor complex(const Tensor& real, const Tensor& imag) { return stack({real, imag}, -1); }
Tensor real(const Tensor& x) {
  check_complex("real", x.shape(), x.dtype());
  return select(x, -1, 0);
}
Tensor imag(const Tensor& x) {
  check_complex("imag", x.shape(), x.dtype());
  return select(x, -1, 1);
}
Tensor conj(const Tensor& x) { return complex(real(x), neg(imag(x))); }
Tensor mul(const Tensor& x, const Tensor& y) {
  return complex(real(x) * real(y) - imag(x) * imag(y), real(x) * imag(y) + imag(x) * real(y));
}
Tensor abs(const Tensor& x) {
  check_complex("abs", x.shape(), x.dtype());
  return norm(x, 2, {-1});
}
Tensor angle(const Tensor& x) { return atan2(imag(x), real(x)); }

}  // namespace rush::fft
