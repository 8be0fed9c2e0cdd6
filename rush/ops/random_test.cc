#include "rush/ops/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "rush/autograd/autograd.h"
#include "rush/base/threads.h"
#include "rush/ops/binary.h"
#include "rush/ops/cast.h"
#include "rush/ops/create.h"
#include "rush/ops/movement.h"
#include "rush/ops/reduce.h"

namespace rush {
namespace {

Tensor channels_last() {
  return Tensor::empty_strided({1, 3, 2, 2}, channels_last_strides({1, 3, 2, 2}), float32);
}

// Printed by PyTorch 2.13 after torch.manual_seed(42), in this order.
TEST(Random, GivesPyTorchsNumbers) {
  manual_seed(42);
  const struct {
    const char* call;
    Tensor drawn;
    std::vector<double> torch;
  } cases[] = {
      {"rand({5})",
       rand({5}),
       {0.8822692632675171, 0.9150039553642273, 0.38286375999450684, 0.9593056440353394,
        0.3904482126235962}},
      {"rand({3}, float64)",
       rand({3}, float64),
       {0.8071630471508437, 0.3491307048886483, 0.065487459180128}},
      {"rand({4}, bfloat16)", rand({4}, bfloat16), {0.59375, 0.87109375, 0.56640625, 0.7421875}},
      {"randn({3})", randn({3}), {-1.2283966541290283, 0.5294110774993896, 1.2211014032363892}},
      {"randn({2})", randn({2}), {0.15109142661094666, -0.331889808177948}},
      {"randn({18})",
       randn({18}),
       {0.2414877861738205, -1.1109038591384888, 0.6871595978736877, -1.0891753435134888,
        -0.3552866280078888, -0.9138230085372925, -0.6581372618675232, 0.07802387326955795,
        0.5258087515830994, -0.48799172043800354, -0.43445441126823425, -1.386365532875061,
        -1.2862155437469482, -1.4032478332519531, 0.03600366786122322, -0.06347727030515671,
        0.6756148934364319, -0.0978068932890892}},
      {"randn({17}, float16)",
       randn({17}, float16),
       {0.1754150390625, -1.14453125, 0.33837890625, 1.69921875, 0.01087188720703125,
        -0.338623046875, -1.3408203125, -0.58544921875, 0.5361328125, 1.056640625, -1.46875,
        1.43359375, 0.744140625, -0.481689453125, -1.0498046875, 0.60400390625, -1.72265625}},
      {"randint(0, 10, {8})", randint(0, 10, {8}), {9, 1, 5, 1, 9, 1, 4, 0}},
      {"randint(-(int64_t{1} << 40), int64_t{1} << 40, {4})",
       randint(-(int64_t{1} << 40), int64_t{1} << 40, {4}),
       {626099428057, -910792916831, -232379947075, 977525537037}},
      {"randint(0, 100, {4}, int8)", randint(0, 100, {4}, int8), {38, 95, 34, 91}},
      {"randperm(10)", randperm(10), {1, 6, 5, 3, 2, 0, 4, 9, 8, 7}},
      {"bernoulli(full({10}, 0.3))",
       bernoulli(full({10}, 0.3)),
       {0.0, 1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0}},
      {"bernoulli_(empty({8}), 0.4)",
       bernoulli_(empty({8}), 0.4),
       {0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0}},
      {"random_(empty({4}, int32), -5, 5)", random_(empty({4}, int32), -5, 5), {3, 2, -3, -3}},
      {"uniform_(channels_last(), -1, 1)",
       uniform_(channels_last(), -1, 1),
       {-0.10958480834960938, -0.7339504957199097, 0.32495594024658203, 0.21975040435791016,
        -0.7484900951385498, 0.5344512462615967, -0.5406461954116821, 0.1286400556564331,
        0.9108586311340332, 0.35143959522247314, 0.9089515209197998, -0.8812547922134399}},
      {"normal_(channels_last(), 1, 2)",
       normal_(channels_last(), 1, 2),
       {0.04301100969314575, 5.234801292419434, 4.1637349128723145, 3.90051531791687,
        0.47854873538017273, -2.423603057861328, 1.896921992301941, -0.3871328830718994,
        -0.09302078187465668, 1.3302688598632812, 1.0660598278045654, 2.993330478668213}},
      {"uniform_(slice(empty({4, 6}), 1, 0, 6, 3))",
       uniform_(slice(empty({4, 6}), 1, 0, 6, 3)),
       {0.36759936809539795, 0.5534904599189758, 0.4116729497909546, 0.35099947452545166,
        0.819603443145752, 0.9296997785568237, 0.45050132274627686, 0.3880515694618225}},
  };
  for (const auto& c : cases) EXPECT_EQ(c.drawn.to_vector<double>(), c.torch) << c.call;
}

TEST(Random, SeedsRepeatAndDiffer) {
  manual_seed(1);
  const auto first = rand({20}).to_vector();
  const auto next = rand({20}).to_vector();
  manual_seed(1);
  EXPECT_EQ(rand({20}).to_vector(), first);
  EXPECT_NE(first, next);
  Generator own(1);
  EXPECT_EQ(uniform_(empty({20}), 0, 1, &own).to_vector(), first);
}

TEST(Random, DrawsFromAGivenGenerator) {
  Generator own(5);
  const auto default_before = default_generator().state().twister;
  EXPECT_EQ(randperm(10, int64, &own).to_vector<int64_t>(),
            (std::vector<int64_t>{1, 4, 9, 6, 3, 5, 0, 2, 8, 7}));
  EXPECT_EQ(random_(empty({2}, int64), 0, {}, &own).to_vector<int64_t>(),
            (std::vector<int64_t>{1656905631310495463, 7318498647880141211}));
  EXPECT_EQ(multinomial(full({4}, 0.25), 1, true, &own).to_vector<int64_t>().size(), 1u);
  EXPECT_EQ(bernoulli(ones({2}), &own).to_vector(), (std::vector<double>{1, 1}));
  auto before = default_before, after = default_generator().state().twister;
  EXPECT_EQ(before.next(), after.next());
}

// Numbers are made in blocks; one at a time gives the same, wherever in a round of 624 they start.
TEST(Random, ManyNumbersAreThoseDrawnOneByOne) {
  Generator many(9), one(9);
  const auto drawn = [](auto&& draw) {
    std::vector<double> v(1501);
    for (double& x : v) x = draw();
    return v;
  };
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(uniform_(empty({1501}), 0, 1, &many).to_vector<double>(),
              drawn([&] { return double{one.uniform_float()}; }));
    EXPECT_EQ(uniform_(empty({1501}, float64), 0, 1, &many).to_vector<double>(),
              drawn([&] { return one.uniform_double(); }));
    EXPECT_EQ(uniform_(empty({1501}, bfloat16), 0, 1, &many).to_vector<double>(), drawn([&] {
                const double v = static_cast<float>(BFloat16(one.uniform_float()));
                return v == 1 ? 0 : v;
              }));
    EXPECT_EQ(random_(empty({1501}, int32), -3, 1000, &many).to_vector<double>(),
              drawn([&] { return double(one.random() % 1003) - 3; }));
    EXPECT_EQ(random_(empty({1501}, int64), 0, int64_t{1} << 40, &many).to_vector<double>(),
              drawn([&] { return double(one.random64() % (uint64_t{1} << 40)); }));
    EXPECT_EQ(bernoulli_(empty({1501}), 0.3, &many).to_vector<double>(),
              drawn([&] { return one.uniform_double() < 0.3; }));
    const Tensor p = transpose(reshape(arange(1501 * 2) / 3002, {1501, 2}), 0, 1);
    const std::vector<float> q = p.to_vector<float>();
    EXPECT_EQ(bernoulli(select(p, 0, 1), &many).to_vector<double>(),
              drawn([&, i = size_t{1501}]() mutable { return one.uniform_float() < q[i++]; }));
    const Tensor strided = transpose(empty({79, 19}), 0, 1);
    EXPECT_EQ(bernoulli_(strided, 0.7, &many).to_vector<double>(),
              drawn([&] { return one.uniform_double() < 0.7; }));
  }
}

TEST(Random, StateCanBePutBack) {
  Generator g(5);
  normal_(empty({3}), 0, 1, &g);  // leaves one number of a pair behind
  const Generator::State state = g.state();
  const auto drawn = normal_(empty({4}), 0, 1, &g).to_vector();
  g.set_state(state);
  EXPECT_EQ(normal_(empty({4}), 0, 1, &g).to_vector(), drawn);
}

// From the test vectors that its authors publish: counter and key all zero, all ones.
TEST(Philox, MatchesThePublishedNumbers) {
  EXPECT_EQ(philox(0, 0),
            (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
}

TEST(Random, RefusesWhatMakesNoSense) {
  EXPECT_THROW(randint(5, 5, {2}), Error);
  EXPECT_THROW(randint(0, 300, {2}, int8), Error);
  EXPECT_THROW(rand({2}, int64), TypeError);
  EXPECT_THROW(rand({-1}), ShapeError);
  EXPECT_THROW(uniform_(empty({2}), 2, 1), Error);
  EXPECT_THROW(normal_(empty({2}), 0, -1), Error);
  EXPECT_THROW(bernoulli_(empty({2}), 1.5), Error);
  EXPECT_THROW(bernoulli(full({2}, 2.0)), Error);
  EXPECT_THROW(dropout(empty({2}), -0.1), Error);
  EXPECT_THROW(uniform_(expand(empty({1}), {3})), Error);
}

TEST(Dropout, KeepsTheRightShareAndScales) {
  manual_seed(3);
  const Tensor y = dropout(ones({100000}), 0.3);
  int64_t dropped = 0;
  for (double v : y.to_vector<double>()) {
    dropped += v == 0;
    if (v != 0) {
      ASSERT_FLOAT_EQ(static_cast<float>(v), 1 / 0.7f);
    }
  }
  EXPECT_NEAR(static_cast<double>(dropped) / 100000, 0.3, 0.005);  // 3.5 deviations
}

TEST(Dropout, DrawsAnewEachTime) {
  manual_seed(3);
  const Tensor x = ones({1000});
  const auto first = dropout(x).to_vector(), second = dropout(x).to_vector();
  EXPECT_NE(first, second);
  manual_seed(3);
  EXPECT_EQ(dropout(x).to_vector(), first);
}

TEST(Dropout, GradientUsesTheSameMask) {
  // In channels-last memory, with zeros in x, and the gradient arriving row-major.
  const Tensor x = channels_last();
  x.fill_(0);
  x.requires_grad_();
  manual_seed(8);
  const Tensor y = dropout(x, 0.5);
  const Tensor dx = grad(y, x, ones({1, 3, 2, 2}));
  manual_seed(8);
  EXPECT_EQ(dx.to_vector(), dropout(ones({1, 3, 2, 2}), 0.5).to_vector());
}

TEST(Dropout, GivesTheSameBitsWithAnyNumberOfThreads) {
  const int before = num_threads();
  const Tensor x = ones({300001});
  std::vector<double> drawn[2];
  for (int threads : {1, 2}) {
    set_num_threads(threads);
    manual_seed(4);
    drawn[threads - 1] = dropout(x, 0.4).to_vector();
  }
  set_num_threads(before);
  EXPECT_EQ(drawn[0], drawn[1]);
}

TEST(Dropout, DoesNothingWithoutTraining) {
  const Tensor x = ones({4});
  EXPECT_TRUE(dropout(x, 0.5, false).is_same(x));
  EXPECT_TRUE(dropout(x, 0).is_same(x));
  EXPECT_EQ(dropout(x, 1).to_vector(), std::vector<double>(4, 0.0));
}

}  // namespace
}  // namespace rush
