// The engine's own products against plain sums, at the edges of tiles, panels and blocks.
#include "rush/kernels/cpu/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "rush/base/threads.h"

namespace rush::kernels::cpu {
namespace {

template <typename T>
std::vector<T> numbers(int64_t count, int64_t seed) {
  std::vector<T> v(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) v[static_cast<size_t>(i)] = T((i * 37 + seed) % 101) / 50 - 1;
  return v;
}

// Strides of an operand [rows, cols].
struct Strides {
  int64_t row, col;
  int64_t extent(int64_t rows, int64_t cols) const {
    return (rows - 1) * row + (cols - 1) * col + 1;
  }
};

template <typename T>
void expect_product(int64_t m, int64_t n, int64_t k, Strides a, Strides b, bool accumulate) {
  // Exactly as much memory as the operands have: a sanitizer sees what is read beyond.
  const auto av = numbers<T>(a.extent(m, k), 1), bv = numbers<T>(b.extent(k, n), 2);
  const auto bias = numbers<T>(n, 3);
  const int64_t c_row = n + 3;
  auto c = numbers<T>(m * c_row, 4);
  const auto before = c;
  Gemm<T> g{m, n, k, av.data(), a.row, a.col, bv.data(), b.row, b.col, c.data(), c_row};
  g.accumulate = accumulate;
  if (!accumulate) g.bias = bias.data();
  gemm_portable(g);
  const double bound = (std::is_same_v<T, float> ? 1e-6 : 1e-14) * static_cast<double>(k + 1);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < c_row; ++j) {
      const size_t at = static_cast<size_t>(i * c_row + j);
      if (j >= n) {
        ASSERT_EQ(c[at], before[at]) << "written beyond row " << i;
        continue;
      }
      double sum = static_cast<double>(accumulate ? before[at] : bias[static_cast<size_t>(j)]);
      for (int64_t p = 0; p < k; ++p)
        sum += static_cast<double>(av[static_cast<size_t>(i * a.row + p * a.col)]) *
               static_cast<double>(bv[static_cast<size_t>(p * b.row + j * b.col)]);
      ASSERT_NEAR(static_cast<double>(c[at]), sum, bound) << i << ", " << j;
    }
}

template <typename T>
void expect_products(int64_t m, int64_t n, int64_t k) {
  SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k);
  const Strides a_rows{k, 1}, a_columns{1, m}, a_apart{2 * k + 1, 2}, a_same{0, 1};
  const Strides b_rows{n, 1}, b_columns{1, k}, b_apart{3 * n, 3};
  for (const Strides& a : {a_rows, a_columns, a_apart, a_same})
    for (const Strides& b : {b_rows, b_columns, b_apart})
      for (bool accumulate : {false, true}) expect_product<T>(m, n, k, a, b, accumulate);
}

TEST(Gemm, IsThePlainSumAtEveryEdge) {
  for (int64_t m : {1, 5, 13, 14, 15, 29})
    for (int64_t n : {1, 16, 31, 33, 65}) {
      expect_products<float>(m, n, 7);
      expect_products<double>(m, n, 7);
    }
  for (int64_t k : {1, 4, 5, 383, 385}) {
    expect_products<float>(30, 47, k);
    expect_products<double>(30, 47, k);
  }
  expect_products<float>(57, 401, 47);
  expect_products<double>(57, 401, 47);
}

// Few and many rows, k beyond a packed row: a row depends on nothing but its row of a.
TEST(PackedMatrix, RowsDoNotDependOnTheirNumber) {
  const int64_t k = 801, n = 70, most = 130;
  const auto a = numbers<float>(most * k, 1), b = numbers<float>(k * n, 2),
             add = numbers<float>(most * n, 3);
  const PackedMatrix<float> packed(k, n, b.data(), n, 1);
  std::vector<float> all(static_cast<size_t>(most * n)), one(static_cast<size_t>(n));
  packed.multiply(most, a.data(), k, all.data(), n, add.data(), n);
  for (int64_t i : {int64_t{0}, int64_t{13}, int64_t{112}, most - 1}) {
    packed.multiply(1, a.data() + i * k, k, one.data(), n, add.data() + i * n, n);
    for (int64_t j = 0; j < n; ++j) {
      const size_t at = static_cast<size_t>(i * n + j);
      ASSERT_EQ(all[at], one[static_cast<size_t>(j)]) << i << ", " << j;
      double sum = static_cast<double>(add[at]);
      for (int64_t p = 0; p < k; ++p)
        sum += static_cast<double>(a[static_cast<size_t>(i * k + p)]) *
               static_cast<double>(b[static_cast<size_t>(p * n + j)]);
      ASSERT_NEAR(static_cast<double>(all[at]), sum, 1e-3);
    }
  }
}

TEST(PackedMatrix, WithoutAnInnerDimensionIsWhatIsAdded) {
  const std::vector<float> add = numbers<float>(6, 3);
  const PackedMatrix<float> packed(0, 3, nullptr, 3, 1);
  std::vector<float> c(6);
  packed.multiply(2, nullptr, 0, c.data(), 3, add.data(), 3);
  EXPECT_EQ(c, add);
}

TEST(Gemm, BitsDoNotDependOnTheNumberOfThreads) {
  const int64_t m = 230, n = 500, k = 410;
  const auto a = numbers<float>(m * k, 1), b = numbers<float>(k * n, 2);
  const int before = num_threads();
  std::vector<float> first;
  for (int threads : {1, 2, 3, 5}) {
    set_num_threads(threads);
    std::vector<float> c(static_cast<size_t>(m * n));
    gemm_portable(Gemm<float>{m, n, k, a.data(), 1, m, b.data(), n, 1, c.data(), n});
    if (first.empty()) first = c;
    EXPECT_EQ(c, first) << threads;
  }
  set_num_threads(before);
}

}  // namespace
}  // namespace rush::kernels::cpu
