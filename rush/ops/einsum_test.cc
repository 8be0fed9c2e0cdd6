// einsum against loops over all labels, and its error texts.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>

#include "rush/autograd/gradcheck.h"
#include "rush/ops/matmul.h"

namespace rush {
namespace {

Tensor values(const Shape& shape, int salt) {
  Tensor t = Tensor::empty(shape, float64);
  uint32_t state = 99u + static_cast<uint32_t>(salt);
  for (int64_t i = 0; i < t.numel(); ++i) {
    state = state * 1664525u + 1013904223u;
    t.data<double>()[i] = static_cast<double>(state >> 16) / 32768.0 - 1;
  }
  return t;
}

std::string error_of(std::string_view equation, std::initializer_list<Tensor> operands) {
  try {
    einsum(equation, operands);
  } catch (const ShapeError& e) {
    return e.what();
  }
  return "no ShapeError";
}

// Explicit equations of single letters: the definition, by counting through all labels.
Tensor naive(const std::string& equation, const std::vector<Tensor>& operands) {
  const size_t arrow = equation.find("->");
  const std::string out = equation.substr(arrow + 2);
  std::vector<std::string> terms(1);
  for (char c : equation.substr(0, arrow)) {
    if (c == ',')
      terms.emplace_back();
    else
      terms.back() += c;
  }
  std::map<char, int64_t> sizes, at;
  for (size_t t = 0; t < terms.size(); ++t)
    for (size_t i = 0; i < terms[t].size(); ++i)
      sizes[terms[t][i]] = operands[t].shape()[static_cast<int>(i)];
  const auto offset = [&](const std::string& labels) {
    int64_t o = 0;
    for (char c : labels) o = o * sizes[c] + at[c];
    return o;
  };
  Shape shape;
  int64_t total = 1;
  for (char c : out) shape.push_back(sizes[c]);
  for (const auto& [c, n] : sizes) total *= n;
  Tensor y = Tensor::empty(shape, float64);
  for (int64_t i = 0; i < y.numel(); ++i) y.data<double>()[i] = 0;
  for (int64_t i = 0; i < total; ++i) {
    int64_t rest = i;
    for (const auto& [c, n] : sizes) {
      at[c] = rest % n;
      rest /= n;
    }
    double v = 1;
    for (size_t t = 0; t < terms.size(); ++t) v *= operands[t].data<double>()[offset(terms[t])];
    y.data<double>()[offset(out)] += v;
  }
  return y;
}

TEST(Einsum, IsTheSumOverAllLabels) {
  const std::map<char, int64_t> sizes = {{'i', 2}, {'j', 3}, {'k', 4}, {'l', 2}, {'m', 3}};
  for (const std::string equation :
       {"ij->ji",      "ij->",          "ij->i",       "ii->i",        "ii->",
        "iij->ji",     "i,i->",         "i,j->ij",     "ij,jk->ik",    "ijk,ikl->ijl",
        "ijk,lk->lij", "ij,ij->ij",     "ij,ij->j",    "ij,jk,kl->il", "ij,jk,ki->",
        "i,j,k->kji",  "ijk,jm,km->im", "ij,kl->ikjl", "iji,j->j",     "ijkl->lkji"}) {
    std::vector<Tensor> operands;
    Shape shape;
    for (char c : equation.substr(0, equation.find("->")) + ",") {
      if (c != ',') {
        shape.push_back(sizes.at(c));
        continue;
      }
      operands.push_back(values(shape, static_cast<int>(operands.size())));
      shape.clear();
    }
    const Tensor got = einsum(equation, operands), want = naive(equation, operands);
    ASSERT_EQ(got.shape(), want.shape()) << equation;
    const auto x = got.to_vector(), y = want.to_vector();
    for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], y[i], 1e-13) << equation;
  }
}

TEST(Einsum, WithoutArrowKeepsLettersThatOccurOnceInOrder) {
  const Tensor a = values({2, 3}, 0), b = values({3, 4}, 1);
  EXPECT_EQ(einsum("ba", {a}).shape(), (Shape{3, 2}));
  EXPECT_EQ(einsum("ij,jk", {a, b}).to_vector(), einsum("ij,jk->ik", {a, b}).to_vector());
  EXPECT_EQ(einsum(" i j , j k -> i k ", {a, b}).shape(), (Shape{2, 4}));
}

TEST(Einsum, EllipsisBroadcasts) {
  const Tensor a = values({5, 1, 2, 3}, 0), b = values({4, 3, 2}, 1);
  EXPECT_EQ(einsum("...ij,...jk->...ik", {a, b}).to_vector(), matmul(a, b).to_vector());
  EXPECT_EQ(einsum("...ij,...jk", {a, b}).shape(), (Shape{5, 4, 2, 2}));
  EXPECT_EQ(einsum("...i->i...", {a}).shape(), (Shape{3, 5, 1, 2}));
}

TEST(Einsum, SizeOneBroadcasts) {
  const Tensor a = values({2, 1}, 0), b = values({3, 4}, 1);
  EXPECT_EQ(einsum("ij,jk->ik", {a, b}).shape(), (Shape{2, 4}));
  EXPECT_EQ(einsum("ij,jk->ijk", {a, b}).shape(), (Shape{2, 3, 4}));
}

TEST(Einsum, HasGradientsOfAnyOrder) {
  Tensor a = values({2, 3, 3}, 0), b = values({3, 2}, 1);
  a.requires_grad_();
  b.requires_grad_();
  const auto f = [](const Tensors& x) { return Tensors{einsum("ijj,jk->ki", {x[0], x[1]})}; };
  gradcheck(f, {a, b});
  gradgradcheck(f, {a, b});
}

TEST(Einsum, SaysWhatIsWrong) {
  const Tensor a = values({2, 3}, 0), b = values({4, 5}, 1);
  EXPECT_EQ(error_of("ij,jk->ik", {a, b}),
            "einsum: 'j' has size 3 and size 4; the equation is 'ij,jk->ik'");
  EXPECT_EQ(error_of("ij->ij", {a, b}),
            "einsum: names 1 operands, got 2; the equation is 'ij->ij'");
  EXPECT_EQ(error_of("ijk->ij", {a}),
            "einsum: operand 0 has 3 subscripts but shape [2, 3]; the equation is 'ijk->ij'");
  EXPECT_EQ(error_of("ij->ik", {a}),
            "einsum: 'k' of the result is in no operand; the equation is 'ij->ik'");
  EXPECT_EQ(error_of("ij->ii", {a}),
            "einsum: 'i' occurs twice in the result; the equation is 'ij->ii'");
  EXPECT_EQ(error_of("ii->i", {a}),
            "einsum: 'i' names axes of different sizes of one operand [2, 3]; the equation is "
            "'ii->i'");
  EXPECT_EQ(error_of("i1->i", {a}),
            "einsum: only letters, '...', ',' and '->' are allowed, not '1'; the equation is "
            "'i1->i'");
}

}  // namespace
}  // namespace rush
