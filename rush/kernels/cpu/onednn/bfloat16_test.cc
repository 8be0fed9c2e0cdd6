// bfloat16 products and convolutions, which only some processors have in hardware (oneDNN emulates
// them on others): called directly, so that they are tested wherever oneDNN has them.
#if RUSH_WITH_ONEDNN
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "rush/kernels/cpu/conv_geometry.h"
#include "rush/kernels/cpu/onednn/conv.h"
#include "rush/kernels/cpu/onednn/matmul.h"

namespace rush::kernels::cpu {
namespace {

std::vector<BFloat16> values(int64_t n, uint32_t state) {
  std::vector<BFloat16> v;
  for (int64_t i = 0; i < n; ++i) {
    state = state * 1664525u + 1013904223u;
    v.emplace_back(static_cast<float>(state >> 16) / 32768.0f - 1);
  }
  return v;
}
std::vector<float> wide(const std::vector<BFloat16>& v) { return {v.begin(), v.end()}; }

void expect_near(const std::vector<BFloat16>& got, const std::vector<float>& want, float scale) {
  ASSERT_EQ(got.size(), want.size());
  constexpr float kHalfUnit = 1.0f / 128;
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], kHalfUnit * scale) << i;
}

TEST(OnednnBFloat16, MatmulAgreesWithFloat) {
  constexpr int64_t kBatch = 2, kM = 9, kN = 17, kK = 20;
  const auto a = values(kBatch * kM * kK, 1), b = values(kBatch * kK * kN, 2), bias = values(kN, 3);
  std::vector<BFloat16> c(kBatch * kM * kN);
  const bool can = onednn::matmul({kBatch, kM, kN, kK, kM * kK, kK, 1, kK * kN, 1, kK, kM * kN, kN},
                                  DType::kBFloat16, a.data(), b.data(), bias.data(), c.data());
  if (!can) GTEST_SKIP() << "oneDNN has no bfloat16 product for this processor";
  std::vector<float> want;
  for (int64_t s = 0; s < kBatch; ++s)
    for (int64_t i = 0; i < kM; ++i)
      for (int64_t j = 0; j < kN; ++j) {
        float sum = bias[j];
        for (int64_t k = 0; k < kK; ++k) sum += a[(s * kM + i) * kK + k] * b[(s * kN + j) * kK + k];
        want.push_back(sum);
      }
  expect_near(c, want, 8);
}

TEST(OnednnBFloat16, ConvolutionAgreesWithFloat) {
  ConvGeometry g{2, 2, 8, 16, 1, {1, 7, 6}, {1, 7, 6}, {1, 3, 3}, {1, 1, 1}, {0, 1, 1}, {1, 1, 1}};
  const auto x = values(g.n * g.c * g.in_size(), 1), w = values(g.weight_count(), 2);
  const auto dy = values(g.n * g.o * g.out_size(), 3);
  const auto xf = wide(x), wf = wide(w), dyf = wide(dy);
  const auto run = [&](onednn::Pass pass, const void* xp, const void* wp, const void* yp) {
    return onednn::conv(pass, g,
                        {const_cast<void*>(xp), const_cast<void*>(wp), nullptr,
                         const_cast<void*>(yp), DType::kBFloat16});
  };
  std::vector<BFloat16> y(dy.size()), dx(x.size()), dw(w.size());
  if (!run(onednn::Pass::kForward, x.data(), w.data(), y.data()))
    GTEST_SKIP() << "oneDNN has no bfloat16 convolution for this processor";
  std::vector<float> want(y.size());
  conv_portable<float>(g, xf.data(), wf.data(), nullptr, want.data());
  expect_near(y, want, 16);
  if (run(onednn::Pass::kDataGradient, dx.data(), w.data(), dy.data())) {
    want.resize(dx.size());
    conv_dx_portable<float>(g, dyf.data(), wf.data(), want.data());
    expect_near(dx, want, 16);
  }
  if (run(onednn::Pass::kWeightGradient, x.data(), dw.data(), dy.data())) {
    want.resize(dw.size());
    conv_dw_portable<float>(g, dyf.data(), xf.data(), want.data());
    expect_near(dw, want, 32);
  }
}

}  // namespace
}  // namespace rush::kernels::cpu
#endif
