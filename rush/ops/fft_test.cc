// What the rows of Fourier transforms cannot show: long lines, the way back, and the error texts.
#include "rush/ops/fft.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rush/base/testing/errors.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/special.h"

namespace rush {
namespace {

TEST(Fft, ComesBackForAnyLength) {
  manual_seed(1);
  for (const int64_t n : {1, 2, 3, 64, 97, 100, 127, 128, 1009, 2 * 1013, 4096}) {
    const Tensor x = randn({2, n}, float64);
    EXPECT_TRUE(allclose(fft::irfft(fft::rfft(x), {.n = n}), x, 1e-12, 1e-12)) << n;
    const Tensor z = randn({n, 2}, float64);
    EXPECT_TRUE(allclose(fft::ifft(fft::fft(z)), z, 1e-12, 1e-12)) << n;
  }
}

TEST(Fft, KeepsTheSumOfSquares) {
  manual_seed(2);
  const Tensor z = randn({1021, 2}, float64);  // a prime
  const double before = sum(square(z)).item();
  EXPECT_NEAR(sum(square(fft::fft(z, {.norm = "ortho"}))).item() / before, 1, 1e-12);
}

TEST(Fft, RefusesWhatIsNotComplex) {
  EXPECT_EQ(error_of<ShapeError>([] {
              fft::fft(zeros({4, 3}));
            }),
            "fft: wants a complex tensor [..., n, 2], whose last axis holds real and imaginary "
            "parts; got [4, 3]");
  EXPECT_EQ(error_of<TypeError>([] { fft::rfft(zeros({4}, int64)); }),
            "rfft: wants float32 or float64; got int64");
  EXPECT_EQ(error_of([] { fft::rfft(zeros({4}), {.norm = "half"}); }),
            "rfft: norm must be backward, ortho or forward; got 'half'");
}

TEST(Fft, RefusesSizesAndAxesThatDoNotFit) {
  EXPECT_NE(error_of<ShapeError>([] { fft::rfft(zeros({0})); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { fft::rfft(zeros({4}), {.n = 0}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { fft::irfft(zeros({1, 2})); }), "no error");
  EXPECT_NE(error_of<IndexError>([] { fft::fft(zeros({4, 2}), {.axis = 1}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] {
              fft::fftn(zeros({4, 4, 2}), {.axes = {0, 0}});
            }),
            "no error");
  EXPECT_NE(error_of<ShapeError>([] { fft::fft2(zeros({4, 2})); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { fft::rfft(Tensor::scalar(1, float32)); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { fft::fftfreq(0); }), "no error");
  EXPECT_EQ(fft::rfft(zeros({0, 4})).shape(), (Shape{0, 3, 2}));
}

TEST(Stft, ComesBack) {
  manual_seed(3);
  const Tensor x = randn({2, 100}, float64);
  const StftOptions o{.hop_length = 4, .window = hann_window(16, true, float64)};
  EXPECT_TRUE(allclose(istft(stft(x, 16, o), 16, o, 100), x, 1e-10, 1e-10));
}

TEST(Stft, RefusesWhatDoesNotFit) {
  EXPECT_NE(error_of<ShapeError>([] { stft(zeros({2, 2, 2}), 2); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { stft(zeros({4}), 8, {.center = false}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { stft(zeros({9}), 4, {.hop_length = 0}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { stft(zeros({9}), 4, {.window = ones({3})}); }), "no error");
  EXPECT_NE(error_of<ShapeError>([] { istft(zeros({4, 3, 2}), 4); }), "no error");
  EXPECT_EQ(error_of([] {
              istft(zeros({3, 4, 2}), 4, {.window = zeros({4})});
            }),
            "istft: the windows leave a gap: their squares sum to 0 somewhere");
  EXPECT_NE(error_of<ShapeError>([] { hann_window(-1); }), "no error");
  EXPECT_EQ(hann_window(0).shape(), Shape{0});
}

}  // namespace
}  // namespace rush
