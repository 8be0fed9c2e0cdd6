#include "rush/kernels/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "rush/base/threads.h"
#include "rush/kernels/attrs/create.h"
#include "rush/kernels/attrs/unary.h"
#include "rush/kernels/copy.h"
#include "rush/tensor/layout.h"

namespace rush::kernels {
namespace {

const Entry& entry(const char* op) { return *table(Device::kCpu).find(op); }

template <typename T>
View view(std::vector<T>& v, const Shape& shape, const Strides& strides, int64_t offset = 0) {
  return {v.data() + offset, dtype_of<T>, shape, strides};
}

std::vector<float> counting(size_t n) {
  std::vector<float> v(n);
  std::iota(v.begin(), v.end(), 1.0f);
  return v;
}

// Calls f(coordinates) for all elements.
template <typename F>
void for_each(const Shape& shape, F&& f) {
  Dims at = Dims::filled(shape.size(), 0);
  for (int64_t i = 0, n = numel(shape); i < n; ++i) {
    f(at);
    for (int d = shape.size() - 1; d >= 0 && ++at[d] == shape[d]; --d) at[d] = 0;
  }
}
template <typename T>
T& element(const View& v, const Dims& at) {
  int64_t offset = 0;
  for (int d = 0; d < at.size(); ++d) offset += at[d] * v.strides[d];
  return v.as<T>()[offset];
}

void expect_sum(const View& out, const View& a, const View& b) {
  const View in[] = {a, b};
  run_elementwise(entry("add"), DType::kFloat32, out, in, nullptr);
  for_each(out.shape, [&](const Dims& at) {
    ASSERT_EQ(element<float>(out, at), element<float>(a, at) + element<float>(b, at))
        << to_text(at);
  });
}

TEST(Elementwise, TakesAnyStrides) {
  const Shape shape = {3, 4, 5};
  auto a = counting(500), b = counting(500);
  std::vector<float> out(500);
  const Strides row_major = {20, 5, 1}, reversed = {1, 3, 12}, stepped = {120, 20, 3};
  for (const Strides& to : {row_major, reversed, stepped})
    for (const Strides& x : {row_major, reversed, stepped, Strides{0, 5, 1}, Strides{0, 0, 0}})
      for (const Strides& y : {row_major, Strides{5, 0, 1}, Strides{20, 5, 0}, Strides{0, 1, 0}})
        expect_sum(view(out, shape, to), view(a, shape, x), view(b, shape, y));
}

TEST(Elementwise, TakesNegativeStrides) {
  auto a = counting(40), b = counting(40);
  std::vector<float> out(40);
  expect_sum(view(out, {4, 10}, {10, 1}), view(a, {4, 10}, {-10, 1}, 30),
             view(b, {4, 10}, {10, -1}, 9));
  std::vector<float> wide(280);
  auto c = counting(280);
  expect_sum(view(wide, {4, 70}, {70, 1}), view(c, {4, 70}, {-70, 1}, 210),
             view(c, {4, 70}, {70, -1}, 69));
}

TEST(Elementwise, TakesShortInnerDimensions) {
  auto a = counting(3000), b = counting(1000);
  std::vector<float> out(3000);
  expect_sum(view(out, {1000, 3}, {3, 1}), view(a, {1000, 3}, {3, 1}), view(b, {1000, 3}, {1, 0}));
}

// Rows of a few elements are bundled; what is not dense is written out for a bundle.
TEST(Elementwise, TakesShortRowsWithValuesOfRowsOrColumns) {
  for (const int64_t rows : {4, 5, 127})
    for (const int64_t n : {2, 16, 17, 64, 65, 300}) {
      const Shape shape = {2, rows, n};
      const auto count = static_cast<size_t>(2 * rows * n);
      auto a = counting(count), b = counting(count);
      std::vector<float> out(count);
      const Strides dense = {rows * n, n, 1};
      const View to = view(out, shape, dense), x = view(a, shape, dense);
      expect_sum(to, x, view(b, shape, {0, 0, 1}));
      expect_sum(to, x, view(b, shape, {rows, 1, 0}));
      expect_sum(to, x, view(b, shape, {n, 0, 1}));
      expect_sum(to, x, view(b, shape, {0, 1, rows}));
    }
}

TEST(Elementwise, KeepsPermutedDenseLayoutsInOneRow) {
  auto a = counting(60), b = counting(60);
  std::vector<float> out(60);
  const Strides channels_last = {60, 1, 12, 3};
  expect_sum(view(out, {1, 3, 5, 4}, channels_last), view(a, {1, 3, 5, 4}, channels_last),
             view(b, {1, 3, 5, 4}, channels_last));
}

// What lies across a large output is turned first.
TEST(Elementwise, TakesLargeOperandsThatLieAcross) {
  const Shape shape = {2, 90, 110};
  auto a = counting(2 * 90 * 110), b = counting(2 * 90 * 110);
  std::vector<float> out(2 * 2 * 90 * 110);
  const Strides rows = {9900, 110, 1}, columns = {9900, 1, 90}, same = {0, 1, 90};
  for (const Strides& to : {rows, columns, Strides{19800, 220, 2}, Strides{19800, 220, 1}})
    for (const Strides& x : {rows, columns, Strides{1, 2, 180}, same})
      for (const Strides& y : {rows, columns, same, Strides{0, 0, 0}})
        expect_sum(view(out, shape, to), view(a, shape, x), view(b, shape, y));
}

TEST(Elementwise, DoesNothingToEmptyTensors) {
  std::vector<float> none;
  const View empty = view(none, {2, 0, 3}, {0, 3, 1});
  const View in[] = {empty, empty};
  run_elementwise(entry("add"), DType::kFloat32, empty, in, nullptr);
}

TEST(Elementwise, HandlesEverySizeAroundVectorsAndBlocks) {
  for (int64_t n = 1; n < 70; ++n) {
    for (int64_t length : {n, 256 + n}) {
      auto a = counting(static_cast<size_t>(2 * length)), b = a;
      std::vector<float> out(static_cast<size_t>(length) + 1, -1.0f);
      expect_sum(view(out, {length}, {1}), view(a, {length}, {2}), view(b, {length}, {1}));
      ASSERT_EQ(out.back(), -1.0f) << "wrote past the end of " << length;
    }
  }
}

TEST(Elementwise, WritesOverAnInput) {
  auto a = counting(1000), want = counting(1000);
  const View v = view(a, {1000}, {1});
  const View in[] = {v, v};
  run_elementwise(entry("mul"), DType::kFloat32, v, in, nullptr);
  for (size_t i = 0; i < a.size(); ++i) ASSERT_EQ(a[i], want[i] * want[i]);
}

TEST(Elementwise, GivesTheSameBitsWithAnyNumberOfThreads) {
  constexpr int64_t kN = 1 << 18;
  std::vector<float> x(kN), first(kN), second(kN);
  for (int64_t i = 0; i < kN; ++i) x[i] = std::sin(static_cast<float>(i)) * 5;
  const int before = num_threads();
  for (const char* op : {"tanh", "gelu_grad", "exp2"}) {
    for (const Strides& strides : {Strides{512, 1}, Strides{1, 512}}) {
      const Shape shape = {512, 512};
      const View in[] = {view(x, shape, strides), view(x, shape, {512, 1})};
      const GeluAttrs attrs;
      const auto run = [&](int threads, std::vector<float>& out) {
        set_num_threads(threads);
        run_elementwise(entry(op), DType::kFloat32, view(out, shape, {512, 1}),
                        std::span(in, std::string(op) == "gelu_grad" ? 2 : 1), &attrs);
      };
      run(1, first);
      run(2, second);
      EXPECT_EQ(first, second) << op;
    }
  }
  set_num_threads(before);
}

TEST(Elementwise, RefusesATypeWithoutARow) {
  std::vector<float> v(4);
  const View one = view(v, {4}, {1});
  EXPECT_THROW(run_elementwise(entry("bitwise_and"), DType::kFloat32, one, {}, nullptr), TypeError);
}

template <typename T>
void copy_between_layouts(int64_t rows, int64_t columns) {
  std::vector<T> from(static_cast<size_t>(2 * rows * columns)), to(from.size());
  for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<T>(i * 7 + 1);
  const Shape shape = {2, rows, columns};
  const Strides layouts[] = {{rows * columns, columns, 1},
                             {rows * columns, 1, rows},
                             {1, 2, 2 * rows},
                             {1, 2 * columns, 2}};
  for (const Strides& a : layouts) {
    for (const Strides& b : layouts) {
      const View out = view(to, shape, b), in = view(from, shape, a);
      copy_elements(out, in);
      for_each(shape, [&](const Dims& at) {
        ASSERT_EQ(element<T>(out, at), element<T>(in, at))
            << to_text(at) << to_text(a) << to_text(b);
      });
    }
  }
}

TEST(Copy, MovesBetweenAllLayouts) {
  for (const auto& [rows, columns] :
       {std::pair{3, 5}, {40, 70}, {64, 32}, {33, 100}, {70, 2}, {3, 90}}) {
    copy_between_layouts<uint8_t>(rows, columns);
    copy_between_layouts<int16_t>(rows, columns);
    copy_between_layouts<float>(rows, columns);
    copy_between_layouts<double>(rows, columns);
  }
}

TEST(Cast, IsDefinedForEveryNumber) {
  const double kInf = std::numeric_limits<double>::infinity();
  std::vector<double> from = {1.9, -1.9, 300, -1, 1e30, -1e30, kInf, -kInf, std::nan("")};
  const auto n = static_cast<int64_t>(from.size());
  const View in = view(from, {n}, {1});
  std::vector<uint8_t> bytes(from.size());
  View out = view(bytes, {n}, {1});
  CastAttrs attrs{DType::kUInt8};
  entry("cast").kernel({{&in, 1}, {&out, 1}, &attrs});
  EXPECT_EQ(bytes, (std::vector<uint8_t>{1, 255, 44, 255, 255, 0, 255, 0, 0}));
  std::vector<int64_t> wholes(from.size());
  out = view(wholes, {n}, {1});
  attrs.dtype = DType::kInt64;
  entry("cast").kernel({{&in, 1}, {&out, 1}, &attrs});
  EXPECT_EQ(wholes,
            (std::vector<int64_t>{1, -1, 300, -1, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN, 0}));
}

}  // namespace
}  // namespace rush::kernels
