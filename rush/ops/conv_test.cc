// Convolutions beyond the rows: error texts, memory layouts, determinism, and oneDNN's kernels
// against the portable ones.
#include "rush/ops/conv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "rush/autograd/autograd.h"
#include "rush/base/threads.h"
#include "rush/kernels/cpu/conv_geometry.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush {
namespace {

template <typename E = ShapeError, typename F>
std::string text_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "no error of that type";
}

Tensor values(const Shape& shape, DType dtype = float32, int salt = 0) {
  Tensor t = Tensor::empty(shape, float64);
  uint32_t state = 777u + static_cast<uint32_t>(salt);
  for (int64_t i = 0; i < t.numel(); ++i) {
    state = state * 1664525u + 1013904223u;
    t.data<double>()[i] = static_cast<double>(state >> 16) / 32768.0 - 1;
  }
  return t.to(dtype);
}

double largest_difference(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(x[i] - y[i]));
  return worst;
}

TEST(Conv2d, RejectsChannelMismatch) {
  EXPECT_EQ(
      text_of([] {
        conv2d(values({1, 3, 8, 8}), values({4, 2, 3, 3}));
      }),
      "conv2d: x has 3 channels, weight expects 2: x is [1, 3, 8, 8], weight is [4, 2, 3, 3]");
}

TEST(Conv2d, RejectsGroupsThatDoNotDivide) {
  EXPECT_EQ(text_of([] {
              conv2d(values({1, 3, 8, 8}), values({4, 1, 3, 3}), {}, {.groups = 2});
            }),
            "conv2d: groups must divide the channels of x: 3 channels, 2 groups");
  EXPECT_EQ(text_of([] {
              conv2d(values({1, 4, 8, 8}), values({3, 2, 3, 3}), {}, {.groups = 2});
            }),
            "conv2d: groups must divide the output channels: weight is [3, 2, 3, 3], 2 groups");
  EXPECT_EQ(text_of([] {
              conv2d(values({1, 4, 8, 8}), values({4, 4, 3, 3}), {}, {.groups = 0});
            }),
            "conv2d: groups must be 1 or more; got 0");
}

TEST(Conv2d, RejectsKernelsLargerThanTheInput) {
  EXPECT_EQ(text_of([] {
              conv2d(values({1, 1, 4, 4}), values({1, 1, 3, 5}));
            }),
            "conv2d: the kernel is larger than the padded input: x is [1, 1, 4, 4], weight is "
            "[1, 1, 3, 5], padding [0, 0], dilation [1, 1]");
  EXPECT_EQ(conv2d(values({1, 1, 4, 4}), values({1, 1, 3, 5}), {}, {.padding = {0, 1}}).shape(),
            (Shape{1, 1, 2, 2}));
}

TEST(Conv2d, RejectsOptionsOutOfRange) {
  const Tensor x = values({1, 1, 4, 4}), w = values({1, 1, 3, 3});
  EXPECT_EQ(text_of([&] {
              conv2d(x, w, {}, {.stride = {1, 0}});
            }),
            "conv2d: stride must be 1 or more; got [1, 0]");
  EXPECT_EQ(text_of([&] { conv2d(x, w, {}, {.padding = -1}); }),
            "conv2d: padding must be 0 or more; got [-1, -1]");
  EXPECT_EQ(text_of([&] { conv2d(x, w, {}, {.dilation = 0}); }),
            "conv2d: dilation must be 1 or more; got [0, 0]");
  EXPECT_EQ(text_of([&] {
              conv2d(x, w, {}, {.stride = {1, 1, 1}});
            }),
            "conv2d: stride takes 1 or 2 values; got [1, 1, 1]");
  EXPECT_EQ(text_of([&] { conv2d(x, w, values({2})); }),
            "conv2d: bias must be [1] for weight [1, 1, 3, 3]; got [2]");
}

TEST(Conv2d, RejectsRanksAndTypes) {
  const Tensor w = values({1, 1, 3, 3});
  EXPECT_EQ(text_of([&] {
              conv2d(values({4, 4}), w);
            }),
            "conv2d: x must have 4 dimensions, or 3 without a batch; got [4, 4]");
  EXPECT_EQ(text_of([&] {
              conv2d(values({1, 1, 4, 4}), values({1, 1, 3}));
            }),
            "conv2d: weight must have 4 dimensions; got [1, 1, 3]");
  EXPECT_EQ(text_of<TypeError>([&] {
              conv2d(values({1, 1, 4, 4}, int32), w.to(int32));
            }),
            "conv2d: wants floating-point tensors; got int32");
  EXPECT_EQ(text_of<TypeError>([&] {
              conv2d(values({1, 1, 4, 4}, float64), w);
            }),
            "conv2d: operands must have one dtype; got float64 and float32");
}

TEST(ConvTranspose2d, SaysWhatIsWrong) {
  const Tensor x = values({1, 2, 3, 3}), w = values({2, 3, 3, 3});
  EXPECT_EQ(text_of([&] {
              conv_transpose2d(values({1, 3, 3, 3}), w);
            }),
            "conv_transpose2d: x has 3 channels, weight expects 2: x is [1, 3, 3, 3], weight is "
            "[2, 3, 3, 3]");
  EXPECT_EQ(text_of([&] { conv_transpose2d(x, w, {}, {.stride = 2, .output_padding = 2}); }),
            "conv_transpose2d: output_padding must be smaller than stride or dilation; got [2, 2], "
            "stride [2, 2], dilation [1, 1]");
  EXPECT_EQ(text_of([&] { conv_transpose2d(x, w, {}, {.padding = 3}); }),
            "conv_transpose2d: the result would be empty: x is [1, 2, 3, 3], weight is "
            "[2, 3, 3, 3], padding [3, 3]");
}

TEST(Conv2d, GivesChannelsLast) {
  const Tensor y = conv2d(values({2, 3, 6, 5}), values({4, 3, 3, 3}));
  EXPECT_TRUE(is_channels_last(y.shape(), y.strides()));
  EXPECT_EQ(y.strides(), (Strides{4 * 4 * 3, 1, 3 * 4, 4}));
}

TEST(Conv2d, TakesAnyLayoutOfItsOperands) {
  const Tensor x = values({2, 3, 6, 5}), w = values({4, 3, 3, 3}, float32, 1);
  const Tensor want = conv2d(x, w);
  const Tensor last = permute(permute(x, {0, 2, 3, 1}).contiguous(), {0, 3, 1, 2});
  ASSERT_TRUE(is_channels_last(last.shape(), last.strides()));
  EXPECT_EQ(conv2d(last, w).to_vector<float>(), want.to_vector<float>());
  const Tensor turned = permute(permute(w, {3, 2, 1, 0}).contiguous(), {3, 2, 1, 0});
  EXPECT_EQ(conv2d(x, turned).to_vector<float>(), want.to_vector<float>());
}

// All the forms at sizes where oneDNN's vector kernels run, against double precision, which always
// takes the portable way.
TEST(Conv2d, FloatAgreesWithDouble) {
  struct Case {
    Shape x, w;
    ConvOptions options;
  };
  const Case cases[] = {
      {{2, 3, 17, 15}, {16, 3, 3, 3}, {.stride = 1, .padding = 1}},
      {{2, 16, 13, 12}, {32, 16, 3, 3}, {.stride = 2, .padding = 1}},
      {{2, 32, 9, 9}, {16, 32, 1, 1}, {.stride = 2}},
      {{1, 32, 10, 11}, {32, 1, 3, 3}, {.padding = 1, .groups = 32}},
      {{2, 16, 12, 12}, {32, 8, 3, 3}, {.padding = 2, .dilation = 2, .groups = 2}},
      {{2, 1, 14, 14}, {8, 1, 5, 5}, {}},
  };
  for (const Case& c : cases) {
    Tensor x = values(c.x), w = values(c.w, float32, 1), b = values({c.w[0]}, float32, 2);
    Tensor xd = x.to(float64), wd = w.to(float64), bd = b.to(float64);
    for (const Tensor& t : {x, w, b, xd, wd, bd}) t.requires_grad_();
    const Tensor y = conv2d(x, w, b, c.options), yd = conv2d(xd, wd, bd, c.options);
    EXPECT_LT(largest_difference(y, yd), 1e-4) << to_text(c.w);
    const Tensor dy = values(y.shape(), float32, 3);
    y.backward(dy);
    yd.backward(dy.to(float64));
    EXPECT_LT(largest_difference(x.grad(), xd.grad()), 1e-4) << to_text(c.w);
    EXPECT_LT(largest_difference(w.grad(), wd.grad()), 1e-3) << to_text(c.w);
    EXPECT_LT(largest_difference(b.grad(), bd.grad()), 1e-3) << to_text(c.w);
  }
}

TEST(Conv2d, PortableKernelsServeFloatToo) {
  using namespace kernels;
  const ConvAttrs attrs{{2, 1}, {1, 1}, {1, 2}, 2, {}};
  const Tensor x = values({2, 4, 9, 8}), w = values({6, 2, 3, 3}, float32, 1);
  const Tensor want = conv(x, w, {}, attrs);
  const Tensor last = permute(x, {0, 2, 3, 1}).contiguous();
  const Tensor y = Tensor::empty_strided(want.shape(), want.strides(), float32);
  const auto g = cpu::ConvGeometry::of(x.view_of(), w.view_of(), want.view_of(), attrs);
  cpu::conv_portable<float>(g, last.data<float>(), w.data<float>(), nullptr, y.data<float>());
  EXPECT_LT(largest_difference(y, want), 1e-5);
}

TEST(Conv2d, DeterministicBitsDoNotDependOnThreads) {
  const int before = num_threads();
  set_deterministic(true);
  Tensor x = values({10, 8, 16, 16}), w = values({16, 8, 3, 3}, float32, 1);
  x.requires_grad_();
  w.requires_grad_();
  std::vector<float> first[3];
  for (int threads : {1, 2, 4}) {
    set_num_threads(threads);
    const Tensor y = conv2d(x, w, {}, {.padding = 1});
    const auto g = grad({y}, {x, w}, {values(y.shape(), float32, 2)});
    const std::vector<float> now[3] = {y.to_vector<float>(), g[0].to_vector<float>(),
                                       g[1].to_vector<float>()};
    for (int i = 0; i < 3; ++i) {
      if (first[i].empty()) first[i] = now[i];
      EXPECT_EQ(now[i], first[i]) << threads << " threads, result " << i;
    }
  }
  set_deterministic(false);
  set_num_threads(before);
}

}  // namespace
}  // namespace rush
