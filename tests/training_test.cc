// Whole training runs: the same bits every time, and in deterministic mode at any thread count.
#include <gtest/gtest.h>

#include "rush/base/threads.h"
#include "rush/rush.h"
#include "rush/tensor/allocator.h"

namespace rush {
namespace {

struct Net {
  nn::Conv2d a{1, 8, 3}, b{8, 16, 3, {.padding = 1}};
  nn::BatchNorm2d norm{8};
  nn::Linear c{16 * 6 * 6, 64}, d{64, 10};
  nn::Dropout drop{0.3};
  Tensor operator()(const Tensor& x) {
    const Tensor features = max_pool2d(relu(b(relu(norm(a(x))))), 2);
    return d(drop(relu(c(features.flatten(1)))));
  }
};

// Trains for some steps from a fixed seed; all parameters in one row of numbers.
std::vector<float> trained_parameters() {
  manual_seed(3);
  Net net;
  optim::Adam opt(parameters(net), {.lr = 1e-3});
  const Tensor x = randn({64, 1, 14, 14}), y = randint(0, 10, {64});
  for (int step = 0; step < 10; ++step) opt.step(nn::cross_entropy(net(x), y));
  std::vector<float> all;
  for (const Tensor& p : parameters(net)) {
    const std::vector<float> values = p.to_vector<float>();
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

TEST(Training, GivesTheSameBitsTwice) { EXPECT_EQ(trained_parameters(), trained_parameters()); }

TEST(Training, GivesTheSameBitsAtAnyThreadCountWhenDeterministic) {
  const int before = num_threads();
  set_deterministic(true);
  set_num_threads(1);
  const std::vector<float> one = trained_parameters();
  for (const int threads : {2, 4}) {
    set_num_threads(threads);
    EXPECT_EQ(trained_parameters(), one) << threads << " threads";
  }
  set_num_threads(before);
  set_deterministic(false);
}

// One thread: with more, how many kernels' scratch blocks live at once is a matter of timing.
TEST(Training, SettlesIntoAskingTheSystemForNothing) {
  const int threads = num_threads();
  set_num_threads(1);
  manual_seed(3);
  Net net;
  optim::SGD opt(parameters(net), {.lr = 1e-3});
  const Tensor x = randn({64, 1, 14, 14}), y = randint(0, 10, {64});
  const auto step = [&] { opt.step(nn::cross_entropy(net(x), y)); };
  for (int i = 0; i < 3; ++i) step();
  const MemoryStats before = memory_stats();
  for (int i = 0; i < 5; ++i) step();
  const MemoryStats after = memory_stats();
  EXPECT_EQ(after.system_allocations, before.system_allocations);
  EXPECT_EQ(after.allocated, before.allocated);
  set_num_threads(threads);
}

TEST(Training, SurvivesAnAllocationThatCannotBeServed) {
  manual_seed(3);
  Net net;
  optim::SGD opt(parameters(net), {.lr = 1e-3});
  const Tensor y = randint(0, 10, {64}), x = randn({64, 1, 14, 14});
  empty_cache();
  set_memory_limit(static_cast<size_t>(memory_stats().allocated) + (size_t{1} << 18));
  EXPECT_THROW(opt.step(nn::cross_entropy(net(x), y)), Error);
  set_memory_limit(0);
  EXPECT_NO_THROW(opt.step(nn::cross_entropy(net(x), y)));
}

}  // namespace
}  // namespace rush
