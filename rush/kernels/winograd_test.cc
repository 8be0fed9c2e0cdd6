// Winograd's convolution and its gradients against the plain ones in double.
#include "rush/kernels/cpu/winograd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "rush/base/threads.h"

namespace rush::kernels::cpu {
namespace {

struct Sizes {
  int64_t n, c, o, h, w, pad_h, pad_w;
};

ConvGeometry geometry(const Sizes& s) {
  const auto out = [](int64_t in, int64_t pad) { return in + 2 * pad - 2; };
  return {2,
          s.n,
          s.c,
          s.o,
          1,
          {1, s.h, s.w},
          {1, out(s.h, s.pad_h), out(s.w, s.pad_w)},
          {1, 3, 3},
          {1, 1, 1},
          {0, s.pad_h, s.pad_w},
          {1, 1, 1}};
}

std::vector<float> numbers(int64_t count, uint32_t state) {
  std::vector<float> v(static_cast<size_t>(count));
  for (float& x : v) {
    state = state * 1664525u + 1013904223u;
    x = static_cast<float>(state >> 8) / 8388608.0f - 1;
  }
  return v;
}
std::vector<double> exact(const std::vector<float>& v) { return {v.begin(), v.end()}; }

// The largest difference, as a part of the root of the mean square.
double error(const std::vector<float>& got, const std::vector<double>& want) {
  double worst = 0, square = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    worst = std::max(worst, std::abs(got[i] - want[i]));
    square += want[i] * want[i];
  }
  return worst / std::sqrt(square / static_cast<double>(want.size()));
}

struct Operands {
  explicit Operands(const Sizes& s)
      : g(geometry(s)),
        x(numbers(g.n * g.in_size() * g.c, 1)),
        w(numbers(g.o * g.c * 9, 2)),
        dy(numbers(g.n * g.out_size() * g.o, 3)) {}
  ConvGeometry g;
  std::vector<float> x, w, dy;
};

class Winograd : public testing::TestWithParam<Sizes> {};

TEST_P(Winograd, AgreesWithThePlainForward) {
  const Operands a(GetParam());
  const auto bias = numbers(a.g.o, 4);
  std::vector<float> y(a.dy.size(), NAN);
  std::vector<double> want(a.dy.size());
  conv_winograd(a.g, a.x.data(), a.w.data(), bias.data(), y.data());
  conv_portable(a.g, exact(a.x).data(), exact(a.w).data(), exact(bias).data(), want.data());
  EXPECT_LT(error(y, want), 3e-5);
}

TEST_P(Winograd, AgreesWithThePlainDataGradient) {
  const Operands a(GetParam());
  std::vector<float> dx(a.x.size(), NAN);
  std::vector<double> want(a.x.size());
  conv_dx_winograd(a.g, a.dy.data(), a.w.data(), dx.data());
  conv_dx_portable(a.g, exact(a.dy).data(), exact(a.w).data(), want.data());
  EXPECT_LT(error(dx, want), 3e-5);
}

TEST_P(Winograd, AgreesWithThePlainWeightGradient) {
  const Operands a(GetParam());
  std::vector<float> dw(a.w.size(), NAN);
  std::vector<double> want(a.w.size());
  conv_dw_winograd(a.g, a.dy.data(), a.x.data(), dw.data());
  conv_dw_portable(a.g, exact(a.dy).data(), exact(a.x).data(), want.data());
  EXPECT_LT(error(dw, want), 3e-5);
}

TEST_P(Winograd, GivesTheSameBitsOnAnyThreads) {
  const Operands a(GetParam());
  const auto all = [&](int threads) {
    const int before = num_threads();
    set_num_threads(threads);
    std::vector<float> result(a.dy.size() + a.x.size() + a.w.size());
    conv_winograd(a.g, a.x.data(), a.w.data(), nullptr, result.data());
    conv_dx_winograd(a.g, a.dy.data(), a.w.data(), result.data() + a.dy.size());
    conv_dw_winograd(a.g, a.dy.data(), a.x.data(), result.data() + a.dy.size() + a.x.size());
    set_num_threads(before);
    return result;
  };
  EXPECT_EQ(all(1), all(3));
}

// Channels that fill no vector, panels of one and two vectors, tiles cut off below and at the
// right, padding that no window fills, several blocks.
INSTANTIATE_TEST_SUITE_P(Sizes, Winograd,
                         testing::Values(Sizes{1, 1, 1, 3, 3, 0, 0}, Sizes{2, 3, 5, 7, 9, 1, 1},
                                         Sizes{3, 16, 16, 8, 8, 1, 1},
                                         Sizes{2, 17, 40, 10, 6, 1, 0},
                                         Sizes{4, 32, 64, 13, 11, 0, 0},
                                         Sizes{1, 8, 12, 5, 5, 3, 4}, Sizes{20, 48, 33, 9, 9, 1, 1},
                                         Sizes{1, 130, 70, 12, 12, 2, 2}));

TEST(WinogradPays, OnlyForTheConvolutionsItCanDo) {
  const ConvGeometry fits = geometry({8, 32, 32, 16, 16, 1, 1});
  EXPECT_TRUE(winograd_pays(fits, false));
  EXPECT_TRUE(winograd_pays(fits, true));
  const auto refuses = [&](auto&& change) {
    ConvGeometry g = fits;
    change(g);
    return !winograd_pays(g, false);
  };
  EXPECT_TRUE(refuses([](ConvGeometry& g) { g.stride[2] = 2; }));
  EXPECT_TRUE(refuses([](ConvGeometry& g) { g.dilation[1] = 2; }));
  EXPECT_TRUE(refuses([](ConvGeometry& g) { g.kernel[1] = 5; }));
  EXPECT_TRUE(refuses([](ConvGeometry& g) { g.kernel[0] = 3; }));
  EXPECT_TRUE(refuses([](ConvGeometry& g) { g.groups = 2; }));
  EXPECT_TRUE(refuses([](ConvGeometry& g) { g.c = 3; }));
  EXPECT_TRUE(refuses([](ConvGeometry& g) { g.o = 1024; }));
  EXPECT_TRUE(refuses([](ConvGeometry& g) { g.n = 1; }));
}

}  // namespace
}  // namespace rush::kernels::cpu
