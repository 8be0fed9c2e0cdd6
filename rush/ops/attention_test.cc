// What rows of cases cannot say about attention: many blocks, memory, dropout, error texts.
#include "rush/ops/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "rush/autograd/autograd.h"
#include "rush/base/random.h"
#include "rush/base/testing/errors.h"
#include "rush/base/threads.h"
#include "rush/ops/binary.h"
#include "rush/ops/cases/compare.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/index.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"
#include "rush/tensor/allocator.h"

namespace rush {
namespace {

using testing::bit_difference;
using testing::difference;

struct Sizes {
  int64_t batch, heads, groups, queries, keys, size, v_size;
};
struct Inputs {
  Tensor q, k, v, dy;
};

// [batch, length, heads, size] seen as [batch, heads, length, size], as layers cut them.
Tensor by_head(int64_t batch, int64_t heads, int64_t length, int64_t size, DType t) {
  const Tensor x = cast(randn({batch, length, heads, size}), t);
  return transpose(x, 1, 2).detach().requires_grad_();
}
Inputs draw(const Sizes& s, DType t) {
  manual_seed(3);
  return {by_head(s.batch, s.heads, s.queries, s.size, t),
          by_head(s.batch, s.groups, s.keys, s.size, t),
          by_head(s.batch, s.groups, s.keys, s.v_size, t),
          cast(randn({s.batch, s.heads, s.queries, s.v_size}), t)};
}

// The output and the gradients of q, k and v.
std::vector<Tensor> all_of(const Inputs& in, const Tensor& y) {
  std::vector<Tensor> all = grad({y}, {in.q, in.k, in.v}, {in.dy});
  all.insert(all.begin(), y.detach());
  return all;
}

void expect_formula(const Sizes& s, const AttentionOptions& o, const std::string& what) {
  for (DType t : {float64, float32}) {
    const Inputs in = draw(s, t);
    AttentionOptions options = o;
    if (o.attn_mask.defined() && is_floating(o.attn_mask.dtype()))
      options.attn_mask = cast(o.attn_mask, t);
    manual_seed(5);
    const auto got = all_of(in, scaled_dot_product_attention(in.q, in.k, in.v, options));
    manual_seed(5);
    const auto want = all_of(in, attention_with_weights(in.q, in.k, in.v, options).output);
    const char* names[] = {"output", "dq", "dk", "dv"};
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_EQ(difference(got[i], want[i], t == float64 ? 1e-11 : 1e-5), "")
          << what << ", " << names[i] << " in " << name_of(t);
  }
}

TEST(Attention, AgreesWithTheFormulaOverManyBlocks) {
  const double infinity = std::numeric_limits<double>::infinity();
  expect_formula({1, 2, 2, 150, 300, 24, 40}, {}, "plain");
  expect_formula({1, 2, 2, 201, 201, 33, 33}, {.is_causal = true}, "causal");
  expect_formula({1, 1, 1, 90, 333, 16, 16}, {.is_causal = true}, "causal, more keys");
  expect_formula({1, 1, 1, 333, 90, 16, 16}, {.is_causal = true}, "causal, fewer keys");
  expect_formula({2, 6, 2, 70, 140, 8, 8}, {.scale = 0.1, .enable_gqa = true}, "groups");
  expect_formula({2, 2, 2, 130, 131, 8, 8}, {.attn_mask = gt(rand({2, 1, 1, 131}), Tensor(0.3))},
                 "bool mask");
  const Tensor window =
      triu(full({150, 150}, -infinity), 1) + tril(full({150, 150}, -infinity), -9);
  expect_formula({1, 2, 2, 150, 150, 8, 8}, {.attn_mask = window}, "window");
  expect_formula({1, 2, 2, 100, 150, 8, 8}, {.dropout_p = 0.3}, "dropout");
  expect_formula({2, 2, 2, 1, 300, 64, 64}, {}, "one query");
  expect_formula({1, 4, 2, 7, 300, 20, 9}, {.dropout_p = 0.2, .enable_gqa = true}, "few queries");
  expect_formula({1, 1, 1, 6, 9, 20, 9}, {.is_causal = true}, "few queries, causal");
}

// Whole tiles and vectors are read and written where they lie.
TEST(Attention, AgreesWithTheFormulaOnWholeTiles) {
  expect_formula({2, 2, 2, 64, 64, 32, 32}, {}, "plain");
  expect_formula({2, 2, 2, 64, 64, 32, 32}, {.is_causal = true}, "causal");
  expect_formula({1, 2, 2, 72, 328, 16, 48}, {.is_causal = true}, "causal, more keys");
  expect_formula({1, 2, 2, 136, 40, 48, 16}, {}, "fewer keys");
  expect_formula({1, 2, 2, 600, 600, 16, 16}, {.is_causal = true}, "far apart");
  expect_formula({1, 4, 2, 64, 72, 16, 16}, {.enable_gqa = true}, "groups");
  expect_formula({1, 2, 2, 64, 64, 32, 32}, {.dropout_p = 0.3, .is_causal = true}, "dropout");
  expect_formula({1, 2, 2, 64, 64, 32, 32}, {.is_causal = true, .scale = -0.3}, "negative scale");
  expect_formula({1, 2, 2, 64, 64, 32, 32}, {.is_causal = true, .scale = 0.0}, "no scale");
}

TEST(Attention, LargeScoresDoNotOverflow) {
  const Tensor q = full({1, 2, 4}, 300.0), k = full({1, 200, 4}, 300.0), v = ones({1, 200, 4});
  const Tensor y = scaled_dot_product_attention(q, k, v);
  for (double x : y.to_vector()) EXPECT_NEAR(x, 1, 1e-5);
}

TEST(Attention, NumbersThatAreNoneComeThrough) {
  const Tensor q = ones({1, 3, 4}), k = ones({1, 5, 4}), v = ones({1, 5, 4});
  q.data<float>()[4] = NAN;
  const auto y = scaled_dot_product_attention(q, k, v).to_vector();
  EXPECT_FLOAT_EQ(static_cast<float>(y[0]), 1);
  EXPECT_TRUE(std::isnan(y[4]));
  EXPECT_FLOAT_EQ(static_cast<float>(y[8]), 1);
}

TEST(Attention, AQueryThatSeesNoKeyGivesZeros) {
  const Sizes s{1, 2, 2, 4, 5, 8, 8};
  const Tensor mask = ones({4, 5}, bool_);
  select(mask, 0, 1).zero_();
  for (bool as_numbers : {false, true}) {
    const Inputs in = draw(s, float32);
    const Tensor m = as_numbers ? where(mask, 0.0, -std::numeric_limits<double>::infinity()) : mask;
    const auto all = all_of(
        in, scaled_dot_product_attention(
                in.q, in.k, in.v, {.attn_mask = cast(m, m.dtype() == bool_ ? bool_ : float32)}));
    for (int i : {0, 1})
      for (double x : select(all[i], 2, 1).contiguous().to_vector()) EXPECT_EQ(x, 0);
    for (const Tensor& t : all)
      for (double x : t.contiguous().to_vector()) EXPECT_TRUE(std::isfinite(x));
  }
  const Tensor none =
      scaled_dot_product_attention(ones({2, 3, 4}), ones({2, 0, 4}), ones({2, 0, 5}));
  EXPECT_EQ(none.shape(), (Shape{2, 3, 5}));
  for (double x : none.to_vector()) EXPECT_EQ(x, 0);
}

int64_t peak_of(int64_t length) {
  const Inputs in = draw({1, 2, 2, length, length, 32, 32}, float32);
  const int64_t before = memory_stats().allocated;
  reset_peak_memory();
  grad({scaled_dot_product_attention(in.q, in.k, in.v, {.is_causal = true})}, {in.q, in.k, in.v},
       {in.dy});
  return memory_stats().peak - before;
}

TEST(Attention, MemoryGrowsWithTheLengthAndNotWithItsSquare) {
  const int threads = num_threads();
  set_num_threads(1);
  peak_of(512);
  const int64_t once = peak_of(1024), twice = peak_of(2048);
  EXPECT_LT(twice, 2.2 * static_cast<double>(once));
  EXPECT_LT(twice, int64_t{2048} * 2048 * 4);  // one matrix of weights
  set_num_threads(threads);
}

TEST(Attention, OutputsLieInMemoryAsQueriesDo) {
  const Inputs in = draw({2, 3, 3, 5, 5, 8, 8}, float32);
  const Tensor y = scaled_dot_product_attention(in.q, in.k, in.v);
  EXPECT_TRUE(transpose(y, 1, 2).is_contiguous());
}

TEST(Attention, GivesTheSameBitsAtAnyNumberOfThreads) {
  const int before = num_threads();
  std::vector<Tensor> first;
  for (int threads : {1, 2, 4}) {
    set_num_threads(threads);
    const Inputs in = draw({1, 2, 2, 300, 600, 16, 16}, float32);
    manual_seed(9);
    const auto all = all_of(
        in, scaled_dot_product_attention(in.q, in.k, in.v, {.dropout_p = 0.5, .is_causal = true}));
    if (first.empty()) first = all;
    for (size_t i = 0; i < all.size(); ++i)
      EXPECT_EQ(bit_difference(all[i], first[i]), "") << threads << " threads, result " << i;
  }
  set_num_threads(before);
}

TEST(Attention, DropoutKeepsTheMeanAndDrawsAnew) {
  manual_seed(1);
  const Tensor q = zeros({1, 64, 4}), k = zeros({1, 500, 4}), v = ones({1, 500, 4});
  const AttentionOptions o{.dropout_p = 0.25};
  const Tensor a = scaled_dot_product_attention(q, k, v, o);
  const Tensor b = scaled_dot_product_attention(q, k, v, o);
  EXPECT_NEAR(mean(a).item(), 1, 0.02);
  EXPECT_NE(bit_difference(a, b), "");
  EXPECT_EQ(sum(abs(scaled_dot_product_attention(q, k, v, {.dropout_p = 1}))).item(), 0);
}

TEST(Attention, AnAddedMaskHasAGradient) {
  const Inputs in = draw({2, 2, 2, 3, 4, 8, 8}, float64);
  const Tensor mask = cast(randn({2, 1, 4}), float64).requires_grad_();
  const AttentionOptions o{.attn_mask = mask};
  const Tensor got = grad({scaled_dot_product_attention(in.q, in.k, in.v, o)}, {mask}, {in.dy})[0];
  const Tensor want =
      grad({attention_with_weights(in.q, in.k, in.v, o).output}, {mask}, {in.dy})[0];
  EXPECT_EQ(got.shape(), mask.shape());
  EXPECT_EQ(difference(got, want, 1e-12), "");
}

TEST(Attention, RefusesWhatDoesNotFit) {
  const Tensor x = ones({2, 4, 5, 8});
  const auto text = [&](const Tensor& k, const Tensor& v, const AttentionOptions& o) {
    return error_of([&] { scaled_dot_product_attention(x, k, v, o); });
  };
  const std::string op = "scaled_dot_product_attention: ";
  EXPECT_EQ(text(ones({2, 4, 5, 7}), x, {}),
            op + "q and k must agree in their last size; q is [2, 4, 5, 8], k is [2, 4, 5, 7]");
  EXPECT_EQ(text(x, ones({2, 4, 6, 8}), {}),
            op + "k and v must be of one length; k is [2, 4, 5, 8], v is [2, 4, 6, 8]");
  EXPECT_EQ(text(ones({2, 3, 5, 8}), ones({2, 3, 5, 8}), {.enable_gqa = true}),
            op + "with enable_gqa, k and v have as many heads, which divide q's; q has 4, k has 3, "
                 "v has 3");
  EXPECT_NE(text(ones({2, 2, 5, 8}), ones({2, 2, 5, 8}), {}).find(op), std::string::npos);
  EXPECT_EQ(text(x, x, {.attn_mask = ones({5, 5}, int64)}),
            op + "attn_mask must be bool or of q's dtype float32; got int64");
  EXPECT_NE(text(x, x, {.attn_mask = ones({4, 5}, bool_)}).find(op), std::string::npos);
  EXPECT_EQ(text(x, x, {.attn_mask = ones({3, 2, 4, 5, 5}, bool_)}),
            op + "attn_mask of shape [3, 2, 4, 5, 5] does not broadcast to [2, 4, 5, 5]");
  EXPECT_NE(text(x, x, {.attn_mask = ones({5, 5}, bool_), .is_causal = true}).find("not both"),
            std::string::npos);
  EXPECT_EQ(text(x, x, {.dropout_p = 1.5}), op + "dropout_p is a probability, in [0, 1]; got 1.5");
  EXPECT_EQ(text(ones({8}), x, {}),
            op + "wants [..., length, size]; q is [2, 4, 5, 8], k is [8], v is [2, 4, 5, 8]");
  EXPECT_EQ(text(x, cast(x, float64), {}), op + "v must be float32; got float64");
  EXPECT_NE(error_of<TypeError>([&] {
              const Tensor i = ones({2, 3, 4}, int64);
              scaled_dot_product_attention(i, i, i);
            }).find("floating"),
            std::string::npos);
}

}  // namespace
}  // namespace rush
