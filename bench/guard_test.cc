// Guards against becoming slow, on any machine and a busy one: what is counted - kernels,
// allocations, instructions of a plan - is held to numbers; what is timed, to another time of the
// same run. All on one thread, by the processor's time, and each time is the least of many tries
// taken in turn.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <list>
#include <numeric>
#include <string>

#include "bench/onednn_calls.h"
#include "bench/workloads.h"
#include "rush/autograd/autograd.h"
#include "rush/base/threads.h"
#include "rush/graph/compile.h"
#include "rush/graph/testing/kernel_counter.h"
#include "rush/ops/binary.h"
#include "rush/ops/conv.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"
#include "rush/ops/random.h"
#include "rush/tensor/allocator.h"

namespace rush::bench {
namespace {

using Work = std::function<void()>;

class OneThread {
 public:
  OneThread() : before_(num_threads()) { set_num_threads(1); }
  ~OneThread() { set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

double seconds(const Work& work) {
  const auto now = [] {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  };
  const double begin = now();
  work();
  return now() - begin;
}

// Whether a takes less than `limit` times the time of b; a bad moment gets further chances.
testing::AssertionResult is_within(double limit, const Work& a, const Work& b, int tries = 25) {
  constexpr int kChances = 4;
  double ratio = 0;
  for (int chance = 0; chance < kChances; ++chance) {
    a();
    b();
    double of_a = 1e9, of_b = 1e9;
    for (int i = 0; i < tries; ++i) {
      of_a = std::min(of_a, seconds(a));
      of_b = std::min(of_b, seconds(b));
    }
    ratio = of_a / of_b;
    if (ratio < limit) return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "it takes " << ratio << " times as long";
}

Work times(int count, const Work& work) {
  return [=] {
    for (int i = 0; i < count; ++i) work();
  };
}

// ---------------------------------------------------------------------------- what is counted

// Of a training step of two examples, as it was measured.
struct StepCosts {
  const char* workload;
  int64_t kernels, allocations;  // of the eager step
  int64_t instructions;          // of its plan
};

void PrintTo(const StepCosts& costs, std::ostream* out) { *out << costs.workload; }

constexpr StepCosts kCosts[] = {{"mlp_micro", 18, 62, 16},    {"mlp_mnist", 24, 98, 22},
                                {"convnet", 35, 160, 31},     {"resnet20", 190, 1395, 168},
                                {"gru_mnist", 15, 99, 13},    {"char_lstm", 31, 218, 29},
                                {"gpt_baby", 138, 1583, 122}, {"conv_vae", 97, 336, 39}};

// A tenth more is no alarm.
int64_t at_most(int64_t measured) { return measured + measured / 10 + 1; }

class Step : public testing::TestWithParam<StepCosts> {
 protected:
  static constexpr int kWarmUp = 5;
  OneThread one_thread_{};
  Workload workload_ = make_workload(GetParam().workload, {.batch = 2});
  void run(const bench::Step& step) const { step(workload_.x, workload_.y); }
  void run() const { run(workload_.step); }
};

TEST_P(Step, RunsNoMoreKernelsThanItDid) {
  times(kWarmUp, [&] { run(); })();
  const KernelCounter counted;
  run();
  EXPECT_LE(counted.total(), at_most(GetParam().kernels));
  EXPECT_GT(counted.total(), 0);
}

TEST_P(Step, AllocatesNoMoreThanItDid) {
  times(kWarmUp, [&] { run(); })();
  const MemoryStats before = memory_stats();
  run();
  const MemoryStats after = memory_stats();
  EXPECT_LE(after.allocations - before.allocations, at_most(GetParam().allocations));
  EXPECT_EQ(after.system_allocations, before.system_allocations);
}

TEST_P(Step, HasNoLongerPlanThanItHad) {
  const auto compiled = compile(workload_.step);
  times(kWarmUp, [&] { run(compiled); })();
  const std::string plan = compiled.explain();
  const size_t last_line = plan.rfind('\n', plan.find(" instructions, "));
  ASSERT_NE(last_line, std::string::npos) << plan;
  EXPECT_LE(std::atol(plan.c_str() + last_line + 1), at_most(GetParam().instructions));
}

INSTANTIATE_TEST_SUITE_P(Workloads, Step, testing::ValuesIn(kCosts),
                         [](const auto& info) { return std::string(info.param.workload); });

// ------------------------------------------------------------------------------ what is timed

// A thousand lists of four nodes: calls, small blocks from the heap, and what depends on them.
void thousand_lists() {
  for (int i = 0; i < 1000; ++i) {
    std::list<int> list{i, i + 1, i + 2, i + 3};
    volatile int sum = std::accumulate(list.begin(), list.end(), 0);
    static_cast<void>(sum);
  }
}

TEST(EagerOps, CostNoMoreThanAFewSmallLists) {
  const OneThread one_thread;
  const Tensor a = ones({1}), b = ones({1}), x = ones({1}).requires_grad_();
  constexpr int kTries = 1000;  // a busy moment is longer than a hundred
  EXPECT_TRUE(is_within(2, times(1000, [&] { add(a, b); }), thousand_lists, kTries));
  EXPECT_TRUE(is_within(3.3, times(1000, [&] { add(x, b); }), thousand_lists, kTries));
  const Work chain = [&] {
    Tensor y = x;
    for (int i = 0; i < 100; ++i) y = add(y, b);
    y.backward();
  };
  EXPECT_TRUE(is_within(5.7, times(10, chain), thousand_lists, kTries));
}

class CompiledStep : public testing::TestWithParam<const char*> {};

TEST_P(CompiledStep, IsNoSlowerThanEager) {
  const OneThread one_thread;
  const Workload w = make_workload(GetParam(), {.batch = 4});
  const auto compiled = compile(w.step);
  times(3, [&] { compiled(w.x, w.y); })();
  const int tries = 12;
  EXPECT_TRUE(is_within(
      1.15, [&] { compiled(w.x, w.y); }, [&] { w.step(w.x, w.y); }, tries));
}

INSTANTIATE_TEST_SUITE_P(Workloads, CompiledStep,
                         testing::Values("mlp_micro", "mlp_mnist", "convnet", "resnet20",
                                         "gru_mnist", "gpt_baby", "conv_vae"),
                         [](const auto& info) { return std::string(info.param); });

class DeterministicStep : public testing::TestWithParam<const char*> {};

TEST_P(DeterministicStep, CostsLittleMore) {
  const OneThread one_thread;
  const Workload w = make_workload(GetParam(), {.batch = 4});
  const auto plain = [&] { w.step(w.x, w.y); };
  const auto deterministic = [&] {
    set_deterministic(true);
    w.step(w.x, w.y);
    set_deterministic(false);
  };
  const int tries = 8;
  EXPECT_TRUE(is_within(1.4, deterministic, plain, tries));
}

INSTANTIATE_TEST_SUITE_P(Workloads, DeterministicStep,
                         testing::Values("mlp_micro", "convnet", "gpt_baby"),
                         [](const auto& info) { return std::string(info.param); });

TEST(ElementwiseOps, MoveMemoryAsFastAsACopy) {
  const OneThread one_thread;
  const NoGrad no_grad;
  constexpr int64_t kCount = 1 << 22;
  const Tensor x = randn({kCount}), y = randn({kCount}), target = zeros({kCount});
  const Work copy = [&] { std::copy_n(x.data<float>(), kCount, target.data<float>()); };
  EXPECT_TRUE(is_within(
      2, [&] { target += y; }, copy, 15));
}

#if RUSH_BENCH_ONEDNN
// How much longer than oneDNN ours may take.
constexpr double kLimit = 1.4;

TEST(Products, AreAsFastAsOneDnnsOwnCall) {
  const OneThread one_thread;
  const NoGrad no_grad;
  for (const int64_t n : {16, 64, 256, 512}) {
    const Tensor a = randn({n, n}), b = randn({n, n});
    const int repeats = static_cast<int>(std::max<int64_t>(1, 2'000'000 / (n * n * n)));
    EXPECT_TRUE(is_within(kLimit, times(repeats, [&] { matmul(a, b); }),
                          times(repeats, onednn_matmul(1, n, n, n, Tag::abc))))
        << n << " x " << n;
  }
}

TEST(Convolutions, AreAsFastAsOneDnnsOwnCall) {
  const OneThread one_thread;
  const NoGrad no_grad;
  for (const ConvShape& s :
       {ConvShape{"3 x 3", 4, 32, 26, 64, 3, 1, 0}, ConvShape{"4 x 4 / 2", 8, 32, 14, 64, 4, 2, 1},
        ConvShape{"1 x 1", 8, 64, 16, 64, 1, 1, 0}}) {
    const Tensor x = permute(randn({s.n, s.size, s.size, s.c}), {0, 3, 1, 2});
    const Tensor w = randn({s.o, s.c, s.kernel, s.kernel});
    const ConvAttrs attrs{{s.stride, s.stride}, {s.padding, s.padding}, {1, 1}, s.groups, {}};
    EXPECT_TRUE(is_within(
        kLimit, [&] { conv(x, w, {}, attrs); }, onednn_conv(s, kForward)))
        << s.name;
  }
}
#endif

}  // namespace
}  // namespace rush::bench
