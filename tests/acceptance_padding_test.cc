// Check 19: TensorFlow's padding over a grid of shapes - convolution, its transpose, maximum and
// average pools - against plain loops, exactly, on whole numbers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "rush/autograd/autograd.h"
#include "rush/ops/binary.h"
#include "rush/ops/conv.h"
#include "rush/ops/pool.h"
#include "rush/ops/reduce.h"

namespace rush {
namespace {

using Values = std::vector<double>;

struct Combination {
  int64_t batch, height, width, kernel_h, kernel_w, in, out, stride;
  bool same;
};

// np-auto-diff's grid: kernels that do not fit into the input are left out.
std::vector<Combination> grid() {
  std::vector<Combination> all;
  const std::pair<int64_t, int64_t> sizes[] = {{1, 1}, {5, 4}, {9, 12}, {16, 25}},
                                    kernels[] = {{1, 1}, {2, 2}, {3, 3}, {3, 6}};
  for (int64_t batch : {1, 2})
    for (const auto& [h, w] : sizes)
      for (const auto& [kh, kw] : kernels)
        for (int64_t in : {1, 2})
          for (int64_t out : {1, 3})
            for (int64_t stride : {1, 2})
              for (bool same : {true, false})
                if (kh <= h && kw <= w) all.push_back({batch, h, w, kh, kw, in, out, stride, same});
  return all;
}

// Windows along one axis: how many, and how far the first begins before the input.
struct Axis {
  int64_t size, kernel, stride, windows, before;
  Axis(int64_t size, int64_t kernel, int64_t stride, bool same)
      : size(size), kernel(kernel), stride(stride) {
    windows = same ? (size + stride - 1) / stride : (size - kernel) / stride + 1;
    before = same ? std::max<int64_t>((windows - 1) * stride + kernel - size, 0) / 2 : 0;
  }
};

// Calls f(window, kernel element, input element) for all that lie inside, in order.
template <typename F>
void for_each_tap(const Axis& rows, const Axis& cols, F f) {
  for (int64_t y = 0; y < rows.windows; ++y)
    for (int64_t x = 0; x < cols.windows; ++x)
      for (int64_t i = 0; i < rows.kernel; ++i)
        for (int64_t j = 0; j < cols.kernel; ++j) {
          const int64_t r = y * rows.stride - rows.before + i;
          const int64_t c = x * cols.stride - cols.before + j;
          if (r < 0 || r >= rows.size || c < 0 || c >= cols.size) continue;
          f(y * cols.windows + x, i * cols.kernel + j, r * cols.size + c);
        }
}

Values whole_numbers(int64_t count, int64_t seed) {
  Values values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<double>((i * 7 + seed * 5 + i * i) % 9 - 4));
  return values;
}

Tensor leaf(const Values& values, const Shape& shape) {
  return Tensor::from(values, shape).requires_grad_();
}

// All of y = conv(x, w) by loops: pairs of planes, tap by tap.
struct Convolved {
  Values y, dx, dw;
};
Convolved convolve(const Combination& c, const Axis& rows, const Axis& cols, const Values& x,
                   const Values& w, const Values& dy) {
  const int64_t out = rows.windows * cols.windows, in = rows.size * cols.size;
  const int64_t k = rows.kernel * cols.kernel;
  Convolved r{Values(static_cast<size_t>(c.batch * c.out * out)), Values(x.size()),
              Values(w.size())};
  for (int64_t n = 0; n < c.batch; ++n)
    for (int64_t o = 0; o < c.out; ++o)
      for (int64_t i = 0; i < c.in; ++i) {
        const int64_t y0 = (n * c.out + o) * out, x0 = (n * c.in + i) * in, w0 = (o * c.in + i) * k;
        for_each_tap(rows, cols, [&](int64_t window, int64_t tap, int64_t element) {
          const auto yi = static_cast<size_t>(y0 + window), xi = static_cast<size_t>(x0 + element),
                     wi = static_cast<size_t>(w0 + tap);
          r.y[yi] += x[xi] * w[wi];
          r.dx[xi] += dy[yi] * w[wi];
          r.dw[wi] += dy[yi] * x[xi];
        });
      }
  return r;
}

std::string text(const Combination& c) {
  return concat({"batch ", c.batch, ", ", c.height, "x", c.width, ", kernel ", c.kernel_h, "x",
                 c.kernel_w, ", ", c.in, " to ", c.out, ", stride ", c.stride,
                 c.same ? ", SAME" : ", VALID"});
}

TEST(Acceptance, Check19ConvolutionOverTheGrid) {
  EXPECT_EQ(grid().size(), 384u);
  for (const Combination& c : grid()) {
    const Axis rows(c.height, c.kernel_h, c.stride, c.same),
        cols(c.width, c.kernel_w, c.stride, c.same);
    const Shape xs{c.batch, c.in, c.height, c.width}, ws{c.out, c.in, c.kernel_h, c.kernel_w},
        ys{c.batch, c.out, rows.windows, cols.windows};
    const Values xv = whole_numbers(numel(xs), 1), wv = whole_numbers(numel(ws), 2),
                 dy = whole_numbers(numel(ys), 3);
    const Convolved expected = convolve(c, rows, cols, xv, wv, dy);
    const Tensor x = leaf(xv, xs), w = leaf(wv, ws);
    const Tensor y = conv2d(x, w, {}, {.stride = c.stride, .same = c.same});
    ASSERT_EQ(y.shape(), ys) << text(c);
    y.backward(Tensor::from(dy, ys));
    ASSERT_EQ(y.to_vector<double>(), expected.y) << text(c);
    ASSERT_EQ(x.grad().to_vector<double>(), expected.dx) << text(c);
    ASSERT_EQ(w.grad().to_vector<double>(), expected.dw) << text(c);
  }
}

// The transpose takes a convolution's result back: what is x here is dy there.
TEST(Acceptance, Check19TransposedConvolutionOverTheGrid) {
  for (const Combination& c : grid()) {
    const auto larger = [&](int64_t size, int64_t kernel) {
      return size * c.stride + (c.same ? 0 : std::max<int64_t>(kernel - c.stride, 0));
    };
    const Axis rows(larger(c.height, c.kernel_h), c.kernel_h, c.stride, c.same),
        cols(larger(c.width, c.kernel_w), c.kernel_w, c.stride, c.same);
    ASSERT_EQ(rows.windows, c.height) << text(c);
    const Shape xs{c.batch, c.out, c.height, c.width}, ws{c.out, c.in, c.kernel_h, c.kernel_w},
        ys{c.batch, c.in, rows.size, cols.size};
    const Values xv = whole_numbers(numel(xs), 1), wv = whole_numbers(numel(ws), 2),
                 dy = whole_numbers(numel(ys), 3);
    const Convolved expected = convolve(c, rows, cols, dy, wv, xv);
    const Tensor x = leaf(xv, xs), w = leaf(wv, ws);
    const int64_t gap_h = std::max<int64_t>(c.stride - c.kernel_h, 0);
    const int64_t gap_w = std::max<int64_t>(c.stride - c.kernel_w, 0);
    ConvTransposeOptions options{.stride = c.stride, .same = c.same};
    if (!c.same) options.output_padding = {gap_h, gap_w};
    const Tensor y = conv_transpose2d(x, w, {}, options);
    ASSERT_EQ(y.shape(), ys) << text(c);
    y.backward(Tensor::from(dy, ys));
    ASSERT_EQ(y.to_vector<double>(), expected.dx) << text(c);
    ASSERT_EQ(x.grad().to_vector<double>(), expected.y) << text(c);
    ASSERT_EQ(w.grad().to_vector<double>(), expected.dw) << text(c);
  }
}

struct PooledPlane {
  Values y, dx;
};
enum class Kind { kFirst, kShared, kAverage };

PooledPlane pool(const Axis& rows, const Axis& cols, Kind kind, const double* x, const double* dy) {
  const auto windows = static_cast<size_t>(rows.windows * cols.windows);
  std::vector<std::vector<size_t>> inside(windows);
  for_each_tap(rows, cols, [&](int64_t window, int64_t, int64_t element) {
    inside[static_cast<size_t>(window)].push_back(static_cast<size_t>(element));
  });
  PooledPlane r{Values(windows), Values(static_cast<size_t>(rows.size * cols.size))};
  for (size_t i = 0; i < windows; ++i) {
    const auto& elements = inside[i];
    std::vector<size_t> winners = elements;
    if (kind != Kind::kAverage) {
      double most = -HUGE_VAL;
      for (size_t e : elements) most = std::max(most, x[e]);
      std::erase_if(winners, [&](size_t e) { return x[e] != most; });
      if (kind == Kind::kFirst) winners.resize(1);
      r.y[i] = most;
    } else {
      for (size_t e : elements) r.y[i] += x[e];
      r.y[i] /= static_cast<double>(elements.size());
    }
    for (size_t e : winners) r.dx[e] += dy[i] / static_cast<double>(winners.size());
  }
  return r;
}

void expect_pools(Kind kind, const std::function<Tensor(const Tensor&, const Combination&)>& run) {
  for (const Combination& c : grid()) {
    const Axis rows(c.height, c.kernel_h, c.stride, c.same),
        cols(c.width, c.kernel_w, c.stride, c.same);
    const int64_t in = c.height * c.width, out = rows.windows * cols.windows;
    const Shape xs{c.batch, c.in, c.height, c.width}, ys{c.batch, c.in, rows.windows, cols.windows};
    const Values xv = whole_numbers(numel(xs), c.out), dy = whole_numbers(numel(ys), 3);
    const Tensor x = leaf(xv, xs);
    const Tensor y = run(x, c);
    ASSERT_EQ(y.shape(), ys) << text(c);
    y.backward(Tensor::from(dy, ys));
    const Values values = y.to_vector<double>(), gradient = x.grad().to_vector<double>();
    for (int64_t plane = 0; plane < c.batch * c.in; ++plane) {
      const PooledPlane expected =
          pool(rows, cols, kind, xv.data() + plane * in, dy.data() + plane * out);
      for (int64_t i = 0; i < out; ++i)
        ASSERT_DOUBLE_EQ(values[static_cast<size_t>(plane * out + i)],
                         expected.y[static_cast<size_t>(i)])
            << text(c);
      for (int64_t i = 0; i < in; ++i)
        ASSERT_NEAR(gradient[static_cast<size_t>(plane * in + i)],
                    expected.dx[static_cast<size_t>(i)], 1e-12)
            << text(c);
    }
  }
}

TEST(Acceptance, Check19MaximumPoolsOverTheGrid) {
  const auto with = [](bool share) {
    return [share](const Tensor& x, const Combination& c) {
      return max_pool2d(x, {c.kernel_h, c.kernel_w},
                        {.stride = c.stride, .same = c.same, .share_ties = share});
    };
  };
  expect_pools(Kind::kFirst, with(false));
  expect_pools(Kind::kShared, with(true));
}

TEST(Acceptance, Check19AveragePoolsOverTheGrid) {
  expect_pools(Kind::kAverage, [](const Tensor& x, const Combination& c) {
    return avg_pool2d(x, {c.kernel_h, c.kernel_w}, {.stride = c.stride, .same = c.same});
  });
}

}  // namespace
}  // namespace rush
