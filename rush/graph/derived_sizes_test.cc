// Sizes that ops make of unknown ones, used as numbers and as shapes.
#include <gtest/gtest.h>

#include "rush/base/testing/errors.h"
#include "rush/base/unknown.h"
#include "rush/graph/session.h"
#include "rush/nn/nn.h"
#include "rush/ops/binary.h"
#include "rush/ops/conv.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/pool.h"
#include "rush/ops/reduce.h"

namespace rush {
namespace {

struct DerivedSizes : testing::Test {
  // Runs f on a placeholder with unknown height and width, and at once, for odd and even sizes.
  template <typename F>
  void expect_same_as_eager(F&& f) {
    const Tensor out = f(x);
    Session s(graph);
    s.initialize();
    for (const Shape& size : {Shape{7, 9}, Shape{8, 8}, Shape{9, 12}}) {
      const Tensor image = arange(2 * size[0] * size[1], float32).reshape({2, 1, size[0], size[1]});
      const Tensor want = f(image);
      for (int run = 0; run < 3; ++run) {
        const Tensor got = s.run(out, {{x, image}});
        EXPECT_EQ(to_text(got.shape()), to_text(want.shape()));
        EXPECT_EQ(got.to_vector(), want.to_vector());
      }
    }
  }

  Graph graph{"g"};
  GraphScope scope{graph};
  Tensor x = placeholder(float32, {"n", 1, kUnknown, kUnknown}, "x");
  Tensor w = Tensor::from({1, 2, 3, 4, 5, 6, 7, 8, 9}).reshape({1, 1, 3, 3});
};

TEST_F(DerivedSizes, OfStridedConvolutionsGoThroughTransposedOnes) {
  expect_same_as_eager([&](const Tensor& t) {
    const Tensor h = conv2d(t, w, {}, {.stride = 2, .padding = 1});
    return conv_transpose2d(h, w, {}, {.stride = 2, .padding = 1});
  });
}

TEST_F(DerivedSizes, DivideAndReshape) {
  expect_same_as_eager([&](const Tensor& t) {
    const Tensor h = max_pool2d(t, 2);
    return sum(h) / h.size(2) + h.size(3);
  });
  expect_same_as_eager([&](const Tensor& t) {
    const Tensor h = max_pool2d(conv2d(t, w, {}, {.stride = 2, .padding = 1}), 2);
    return h.reshape({h.size(0), h.size(2) * h.size(3)}).flatten();
  });
  expect_same_as_eager([&](const Tensor& t) {
    const Tensor h = avg_pool2d(t, 3, {.stride = 2});
    return ones({1, 1}).expand({h.size(2), h.size(3)}) * h;
  });
}

TEST_F(DerivedSizes, AreKnownWhereOnlyTheNumberIsUsed) {
  expect_same_as_eager([&](const Tensor& t) { return t * max_pool2d(t, 2).size(2); });
  expect_same_as_eager(
      [&](const Tensor& t) { return zeros({max_pool2d(t, 2).size(3)}) + t.sum(); });
}

TEST_F(DerivedSizes, AgreeWhereTheyAreTheSame) {
  expect_same_as_eager([&](const Tensor& t) {
    const Tensor wide = conv2d(t, w, {}, {.stride = 2, .padding = 1});
    const Tensor narrow = conv2d(t, ones({1, 1, 1, 1}), {}, {.stride = 2});
    EXPECT_EQ(wide.shape(), narrow.shape());
    return wide + narrow;
  });
}

// Halves rounded up and down: they are equal for even sizes only, which is found when they meet.
TEST_F(DerivedSizes, ThatDifferAreToldApart) {
  const Tensor up = max_pool2d(x, 2, {.ceil_mode = true}), down = max_pool2d(x, 2);
  const Tensor both = up + down;
  Session s(graph);
  EXPECT_EQ(s.run(both, {{x, ones({1, 1, 4, 6})}}).numel(), 6);
  EXPECT_NE(error_of([&] { s.run(both, {{x, ones({1, 1, 5, 6})}}); }), "no error");
}

TEST_F(DerivedSizes, LargeNumbersAreNotTakenForThem) {
  const int64_t size = unknown_size("n");
  expect_error<ShapeError>([&] { placeholder(float32, {size + 3}); }, {"placeholder", "n+3"});
  expect_error<ShapeError>([&] { variable(Shape{size}, nn::init::zeros_, "v"); }, {"stands for"});
  const Tensor large = Tensor::empty({size}, DType::kInt8);
  expect_error<ShapeError>([&] { large + x; }, {"graph", "stands for"});
  Session s(graph);
  for (const int64_t number : {400'000, 500'000, 786'432, 1'000'000, 3'000'000, 1 << 20})
    EXPECT_EQ(s.run(x * 0 + Tensor(number), {{x, ones({1, 1, 1, 1})}}).item<int64_t>(), number);
}

}  // namespace
}  // namespace rush
