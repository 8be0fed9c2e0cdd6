#include "rush/optim/clip.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rush/base/error.h"

namespace rush::optim {
namespace {

std::vector<Tensor> with_grads(const std::vector<std::vector<double>>& grads) {
  std::vector<Tensor> params;
  for (const auto& g : grads) {
    Tensor p = Tensor::from(std::vector<double>(g.size(), 0.0));
    p.requires_grad_();
    p.set_grad(Tensor::from(g));
    params.push_back(p);
  }
  Tensor without = Tensor::from(std::vector<double>{1});
  without.requires_grad_();
  params.push_back(without);
  return params;
}

TEST(ClipGradNorm, ScalesAllTogether) {
  const auto params = with_grads({{3, 0}, {0, 4}});
  EXPECT_DOUBLE_EQ(clip_grad_norm_(params, 1).item(), 5);
  EXPECT_NEAR(params[0].grad().to_vector<double>()[0], 0.6, 1e-6);
  EXPECT_NEAR(params[1].grad().to_vector<double>()[1], 0.8, 1e-6);
}

TEST(ClipGradNorm, LeavesSmallOnesAlone) {
  const auto params = with_grads({{3, 0}, {0, 4}});
  clip_grad_norm_(params, 10);
  EXPECT_EQ(params[0].grad().to_vector<double>(), (std::vector<double>{3, 0}));
}

TEST(ClipGradNorm, TakesOtherNorms) {
  EXPECT_DOUBLE_EQ(
      clip_grad_norm_(with_grads({{3, -7}, {0, 4}}), 1, {.norm_type = INFINITY}).item(), 7);
  EXPECT_DOUBLE_EQ(clip_grad_norm_(with_grads({{3, -7}, {0, 4}}), 1, {.norm_type = 1}).item(), 14);
}

TEST(ClipGradNorm, RaisesOnNaNWhenAsked) {
  EXPECT_THROW(clip_grad_norm_(with_grads({{NAN}}), 1, {.error_if_nonfinite = true}), Error);
}

TEST(ClipGradValue, CutsElements) {
  const auto params = with_grads({{3, -7, 0.5}});
  clip_grad_value_(params, 1);
  EXPECT_EQ(params[0].grad().to_vector<double>(), (std::vector<double>{1, -1, 0.5}));
}

}  // namespace
}  // namespace rush::optim
