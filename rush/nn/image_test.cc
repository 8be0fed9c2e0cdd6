#include "rush/nn/image.h"

#include <gtest/gtest.h>

#include "rush/nn/conv.h"
#include "rush/nn/module.h"
#include "rush/nn/sequential.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace rush {
namespace {

TEST(Upsample, RepeatsPixelsOrDrawsLinesBetween) {
  const Tensor x = Tensor::from<double>({1, 3}, {1, 1, 2});
  const nn::Upsample twice({.scale_factor = {2}});
  EXPECT_EQ(twice(x).to_vector(), (std::vector<double>{1, 1, 3, 3}));
  const nn::Upsample line({.size = {3}, .mode = "linear", .align_corners = true});
  EXPECT_EQ(line(x).to_vector(), (std::vector<double>{1, 2, 3}));
  const nn::Sequential net(twice, line);  // options live as long as the layer
  EXPECT_EQ(net(x).numel(), 3);
}

TEST(Upsample, WantsOneOfSizeAndScale) {
  EXPECT_THROW(nn::Upsample({}), Error);
  EXPECT_THROW(nn::Upsample({.size = {2}, .scale_factor = {2}}), Error);
  EXPECT_THROW(nn::Upsample({.size = {2}, .mode = "cubist"})(zeros({1, 1, 2})), Error);
}

TEST(Unfold, GivesTheColumnsAConvolutionSees) {
  const nn::Conv2d conv(3, 4, 3, {.padding = 1, .bias = false});
  const Tensor x = randn({2, 3, 5, 6});
  const Tensor columns = nn::Unfold{3, {.padding = 1}}(x);
  const Tensor by_columns = matmul(conv.weight.reshape({4, 27}), columns).reshape({2, 4, 5, 6});
  EXPECT_LT(max(rush::abs(by_columns - conv(x))).item(), 1e-5);
}

TEST(Fold, AddsEachElementAsOftenAsItWasTaken) {
  const Tensor columns = nn::Unfold{2}(ones({1, 1, 3, 3}));
  const Tensor counts = nn::Fold{{3, 3}, 2}(columns);
  EXPECT_EQ(counts.to_vector(), (std::vector<double>{1, 2, 1, 2, 4, 2, 1, 2, 1}));
  EXPECT_THROW((nn::Fold{{4, 4}, 2}(columns)), ShapeError);
}

}  // namespace
}  // namespace rush
