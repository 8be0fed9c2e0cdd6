// Products beyond the rows: error texts, what is composed of matmul, and the kernels against each
// other at sizes that take each of their ways.
#include "rush/ops/matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "rush/autograd/autograd.h"
#include "rush/base/threads.h"
#include "rush/kernels/cpu/gemm.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush {
namespace {

template <typename E, typename F>
std::string text_of(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "no error of that type";
}

// Values in [-1, 1] that need no generator: small, different, exact in float32.
Tensor values(const Shape& shape, DType dtype = float32, int salt = 0) {
  Tensor t = Tensor::empty(shape, float64);
  uint32_t state = 12345u + static_cast<uint32_t>(salt);
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

TEST(Matmul, NamesBothShapesWhenInnerSizesDiffer) {
  EXPECT_EQ(text_of<ShapeError>([] {
              matmul(values({64, 784}), values({800, 10}));
            }),
            "matmul: inner sizes differ: a is [64, 784], b is [800, 10]");
  EXPECT_EQ(text_of<ShapeError>([] {
              matmul(values({3}), values({4, 5}));
            }),
            "matmul: inner sizes differ: a is [3], b is [4, 5]");
}

TEST(Matmul, RejectsScalarsMixedTypesAndBool) {
  EXPECT_EQ(text_of<ShapeError>([] { matmul(values({}), values({2})); }),
            "matmul: wants at least 1 dimension; a is [], b is [2]");
  EXPECT_EQ(text_of<TypeError>([] {
              matmul(values({2, 2}), values({2, 2}, float64));
            }),
            "matmul: operands must have one dtype; a is float32, b is float64");
  EXPECT_EQ(text_of<TypeError>([] {
              matmul(values({2, 2}, bool_), values({2, 2}, bool_));
            }),
            "matmul: wants numbers; a is bool (cast it first)");
  EXPECT_EQ(text_of<ShapeError>([] {
              matmul(values({2, 3, 4}), values({3, 4, 5}));
            }).substr(0, 7),
            "matmul:");
}

TEST(Linear, NamesWhatDoesNotFit) {
  EXPECT_EQ(text_of<ShapeError>([] {
              linear(values({2, 3}), values({5, 4}));
            }),
            "linear: x has 3 features, weight expects 4: x is [2, 3], weight is [5, 4]");
  EXPECT_EQ(text_of<ShapeError>([] {
              linear(values({2, 4}), values({5, 4}), values({4}));
            }),
            "linear: bias must be [5] for weight [5, 4]; got [4]");
  EXPECT_EQ(text_of<ShapeError>([] {
              linear(values({2, 4}), values({4}));
            }),
            "linear: weight must be [out, in]; got [4]");
}

// Large enough for oneDNN and for the blocked kernel, odd enough for all edges.
TEST(Matmul, LargeProductsAgreeWithDouble) {
  for (const auto& [m, n, k] : {std::array{65, 130, 301}, {300, 37, 70}, {1, 515, 333}}) {
    const Tensor a = values({m, k}), b = values({k, n}, float32, 1);
    const Tensor want = matmul(a.to(float64), b.to(float64));
    EXPECT_LT(largest_difference(matmul(a, b).to(float64), want), 1e-4);
    const Tensor at = values({k, m}).t(), bt = values({n, k}, float32, 1).t();
    EXPECT_LT(
        largest_difference(matmul(at, bt).to(float64), matmul(at.to(float64), bt.to(float64))),
        1e-4);
    // Operands no BLAS can read as they lie.
    const Tensor wide = values({1, k}).expand({m, k});
    EXPECT_LT(
        largest_difference(matmul(wide, b).to(float64), matmul(wide.to(float64), b.to(float64))),
        1e-4);
  }
}

TEST(Matmul, OwnKernelAgreesWithTheChosenOne) {
  for (int64_t n : {1, 31, 64, 257}) {
    const int64_t m = 143, k = 259;
    const Tensor a = values({m, k}), b = values({n, k}), bias = values({n}, float32, 2);
    const Tensor own = Tensor::empty({m, n}, float32), chosen = Tensor::empty({m, n}, float32);
    kernels::cpu::Gemm<float> g{m,
                                n,
                                k,
                                a.data<float>(),
                                k,
                                1,
                                b.data<float>(),
                                1,
                                k,
                                own.data<float>(),
                                n,
                                bias.data<float>()};
    kernels::cpu::gemm_portable(g);
    g.c = chosen.data<float>();
    kernels::cpu::gemm(g);
    EXPECT_LT(largest_difference(own, chosen), 1e-4) << n;
  }
}

TEST(Matmul, DeterministicBitsDoNotDependOnThreads) {
  const int before = num_threads();
  set_deterministic(true);
  const Tensor x = values({96, 300}), w = values({260, 300}, float32, 1);
  const Tensor batch = values({6, 64, 65}), other = values({6, 65, 70});
  std::vector<float> first, first_batch;
  for (int threads : {1, 2, 4}) {
    set_num_threads(threads);
    const auto y = linear(x, w).to_vector<float>(), z = matmul(batch, other).to_vector<float>();
    if (first.empty()) first = y, first_batch = z;
    EXPECT_EQ(y, first) << threads;
    EXPECT_EQ(z, first_batch) << threads;
  }
  set_deterministic(false);
  set_num_threads(before);
}

TEST(Products, CheckRanks) {
  EXPECT_EQ(text_of<ShapeError>([] {
              mm(values({2, 3, 4}), values({4, 2}));
            }),
            "mm: a must have 2 dimensions; got [2, 3, 4]");
  EXPECT_EQ(text_of<ShapeError>([] {
              bmm(values({2, 3, 4}), values({3, 4, 2}));
            }),
            "bmm: batch sizes differ: a is [2, 3, 4], b is [3, 4, 2]");
  EXPECT_EQ(text_of<ShapeError>([] {
              dot(values({2, 3}), values({3}));
            }),
            "dot: x must have 1 dimensions; got [2, 3]");
}

TEST(Products, AreWhatTheirFormulasSay) {
  const Tensor a = values({3, 4}, float64), b = values({4, 5}, float64, 1);
  const Tensor c = values({5}, float64, 2);
  EXPECT_EQ(largest_difference(mm(a, b), matmul(a, b)), 0);
  EXPECT_LT(largest_difference(addmm(c, a, b, {.beta = 2, .alpha = 3}), c * 2 + matmul(a, b) * 3),
            1e-14);
  EXPECT_LT(largest_difference(outer(c, c), unsqueeze(c, 1) * c), 1e-14);
  EXPECT_LT(std::abs(dot(c, c).item() - sum(c * c).item()), 1e-14);
  EXPECT_LT(largest_difference(mv(b, c), sum(b * c, {1})), 1e-14);
  const Tensor nan = full({3, 5}, std::nan(""), float64);
  EXPECT_EQ(largest_difference(addmm(nan, a, b, {.beta = 0}), matmul(a, b)), 0);
}

TEST(Tensordot, SumsOverPairsOfAxes) {
  const Tensor a = values({2, 3, 4}, float64), b = values({4, 5, 3}, float64, 1);
  const Tensor want = einsum("ijk,klj->il", {a, b});
  EXPECT_LT(largest_difference(tensordot(a, b, {1, 2}, {2, 0}), want), 1e-14);
  EXPECT_LT(largest_difference(tensordot(a, b, 1), einsum("ijk,klm->ijlm", {a, b})), 1e-14);
  EXPECT_EQ(text_of<ShapeError>([&] { tensordot(a, b, Dims{0}, Dims{0}); }),
            "tensordot: axis 0 of a and axis 0 of b differ: a is [2, 3, 4], b is [4, 5, 3]");
}

}  // namespace
}  // namespace rush
