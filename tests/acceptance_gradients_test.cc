// What the engines before ours got wrong about gradients: broadcasting, repeated operands, a second
// backward. Small integers, so that everything is exact.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "rush/rush.h"

namespace rush {
namespace {

using Values = std::vector<double>;

Tensor leaf(const Values& values) { return Tensor::from<double>(values).requires_grad_(); }

// 18 shapes from a number to four dimensions, most of which broadcast with most others.
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {
      {},        {1},       {2},          {3},          {1, 1},       {1, 3},
      {2, 1},    {2, 3},    {1, 1, 3},    {4, 1, 1},    {1, 2, 3},    {4, 2, 1},
      {4, 1, 3}, {4, 2, 3}, {1, 1, 2, 1}, {5, 1, 1, 3}, {5, 4, 1, 1}, {5, 4, 2, 3}};
  return all;
}

// Whole numbers or, as divisors, powers of two: every result is exact.
Tensor operand(const Shape& shape, int64_t seed, bool is_divisor) {
  int64_t count = 1;
  for (int i = 0; i < shape.size(); ++i) count *= shape[i];
  Values values;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t v = (i * 7 + seed) % 5 - 2;
    values.push_back(is_divisor ? std::ldexp(v % 2 == 0 ? 1.0 : -1.0, static_cast<int>(v))
                                : static_cast<double>(v));
  }
  return Tensor::from<double>(values).reshape(shape).requires_grad_();
}

// Where element `at` of a tensor of shape `out` finds its operand in one of shape `in`.
int64_t source(const Shape& in, const Shape& out, int64_t at) {
  int64_t offset = 0, stride = 1;
  for (int d = 1; d <= out.size(); ++d) {
    const int64_t index = at % out[out.size() - d];
    at /= out[out.size() - d];
    if (d > in.size()) continue;
    if (in[in.size() - d] != 1) offset += index * stride;
    stride *= in[in.size() - d];
  }
  return offset;
}

struct Binary {
  const char* name;
  std::function<Tensor(const Tensor&, const Tensor&)> run;
  std::function<double(double, double)> value, da, db;
};

const std::vector<Binary>& binaries() {
  static const std::vector<Binary> all = {
      {"+", [](const Tensor& a, const Tensor& b) { return a + b; },
       [](double a, double b) { return a + b; }, [](double, double) { return 1.0; },
       [](double, double) { return 1.0; }},
      {"-", [](const Tensor& a, const Tensor& b) { return a - b; },
       [](double a, double b) { return a - b; }, [](double, double) { return 1.0; },
       [](double, double) { return -1.0; }},
      {"*", [](const Tensor& a, const Tensor& b) { return a * b; },
       [](double a, double b) { return a * b; }, [](double, double b) { return b; },
       [](double a, double) { return a; }},
      {"/", [](const Tensor& a, const Tensor& b) { return a / b; },
       [](double a, double b) { return a / b; }, [](double, double b) { return 1 / b; },
       [](double a, double b) { return -a / (b * b); }}};
  return all;
}

// Compares the value and both gradients, weighted by 1, 2, 3, 1, 2, ..., with a loop over elements.
void expect_exact(const Binary& op, const Tensor& a, const Tensor& b, const Shape& shape) {
  const Tensor y = op.run(a, b);
  ASSERT_EQ(y.shape(), shape);
  const Values va = a.to_vector(), vb = b.to_vector();
  Values value, weights, da(va.size()), db(vb.size());
  for (int64_t i = 0; i < y.numel(); ++i) {
    const int64_t at_a = source(a.shape(), shape, i), at_b = source(b.shape(), shape, i);
    const double p = va[at_a], q = vb[at_b];
    weights.push_back(static_cast<double>(i % 3 + 1));
    value.push_back(op.value(p, q));
    da[at_a] += weights.back() * op.da(p, q);
    db[at_b] += weights.back() * op.db(p, q);
  }
  y.backward(Tensor::from<double>(weights).reshape(shape));
  EXPECT_EQ(y.to_vector(), value);
  EXPECT_EQ(a.grad().to_vector(), da);
  EXPECT_EQ(b.grad().to_vector(), db);
}

TEST(Acceptance, Check16EveryPairOfShapesBroadcastsExactly) {
  int pairs = 0;
  for (const Binary& op : binaries())
    for (const Shape& sa : shapes())
      for (const Shape& sb : shapes()) {
        SCOPED_TRACE(op.name);
        const Tensor a = operand(sa, 1, false), b = operand(sb, 3, op.name[0] == '/');
        Shape shape;
        try {
          shape = broadcast_shapes("check", sa, sb);
        } catch (const ShapeError&) {
          EXPECT_THROW(op.run(a, b), ShapeError);
          continue;
        }
        expect_exact(op, a, b, shape);
        ++pairs;
      }
  EXPECT_GT(pairs, 4 * 220);
}

TEST(Acceptance, Check16NumbersOnEitherSide) {
  const std::vector<std::pair<std::function<Tensor(const Tensor&)>, std::pair<Values, Values>>>
      forms = {
          {[](const Tensor& a) { return 1 - a; }, {{-1, 3}, {-1, -1}}},
          {[](const Tensor& a) { return -a; }, {{-2, 2}, {-1, -1}}},
          {[](const Tensor& a) { return a / 2; }, {{1, -1}, {0.5, 0.5}}},
          {[](const Tensor& a) { return 2 / a; }, {{1, -1}, {-0.5, -0.5}}},
          {[](const Tensor& a) { return 3 + a; }, {{5, 1}, {1, 1}}},
          {[](const Tensor& a) { return 3 * a; }, {{6, -6}, {3, 3}}},
      };
  for (const auto& [run, expected] : forms) {
    const Tensor a = leaf({2, -2});
    const Tensor y = run(a);
    y.sum().backward();
    EXPECT_EQ(y.to_vector(), expected.first);
    EXPECT_EQ(a.grad().to_vector(), expected.second);
  }
}

TEST(Acceptance, Check17RepeatedOperandsCountOncePerUse) {
  const auto gradient = [](const std::function<Tensor(const Tensor&)>& run, const Tensor& x) {
    x.set_grad({});
    run(x).sum().backward();
    return x.grad().to_vector();
  };
  const Tensor a = leaf({3, -1});
  EXPECT_EQ(gradient([](const Tensor& x) { return (x + x) * 5; }, a), (Values{10, 10}));
  EXPECT_EQ(gradient([](const Tensor& x) { return x - x; }, a), (Values{0, 0}));
  EXPECT_EQ(gradient([](const Tensor& x) { return x * x; }, a), (Values{6, -2}));
  EXPECT_EQ(gradient([](const Tensor& x) { return x / x; }, a), (Values{0, 0}));
  EXPECT_EQ(gradient(
                [](const Tensor& x) {
                  return cat({x, x}, 0) * Tensor::from<double>({1, 2, 3, 4});
                },
                a),
            (Values{4, 6}));
  const Tensor twice = Tensor::from<int64_t>({0, 0, 1});
  EXPECT_EQ(gradient(
                [&](const Tensor& x) {
                  return index_select(x, 0, twice) * Tensor::from<double>({1, 2, 4});
                },
                a),
            (Values{3, 4}));
  const Tensor m = leaf({1, 2, 3, 4}).detach().reshape({2, 2}).requires_grad_();
  EXPECT_EQ(gradient([](const Tensor& x) { return matmul(x, x); }, m), (Values{7, 11, 9, 13}));
}

TEST(Acceptance, Check18ASecondBackwardAddsAndAThirdIsRefused) {
  const Tensor x = leaf({2});
  const Tensor y = x * x;
  y.sum().backward({}, /*retain_graph=*/true);
  EXPECT_EQ(x.grad().item(), 4);
  const Tensor again = x * x;
  again.sum().backward();
  EXPECT_EQ(x.grad().item(), 8);
  try {
    again.sum().backward();
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("retain_graph"), std::string::npos) << e.what();
  }

  const Tensor trunk = leaf({3});
  const Tensor shared = trunk * 2;
  (shared * shared).sum().backward({}, /*retain_graph=*/true);
  (shared * 5).sum().backward();
  EXPECT_EQ(trunk.grad().item(), 8 * 3 + 10);

  const NoGrad off;
  const Tensor unrecorded = x * x;
  EXPECT_FALSE(unrecorded.requires_grad());
  EXPECT_EQ(unrecorded.body().edge.node(), nullptr);
}

}  // namespace
}  // namespace rush
