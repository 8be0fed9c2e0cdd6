#include "rush/base/threads.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>

#include "rush/base/work_step.h"

namespace rush {
namespace {

struct Stopped : std::exception {};

TEST(ParallelFor, AsksBetweenBlocksWhetherToStop) {
  static int asked;
  asked = 0;
  detail::t_work_step = [] {
    if (++asked == 3) throw Stopped();
  };
  std::atomic<int> blocks{0};
  EXPECT_THROW(parallel_for(1000, 1, [&](int64_t, int64_t) { ++blocks; }), Stopped);
  EXPECT_EQ(asked, 3);
  EXPECT_LT(blocks, 1000);
  detail::t_work_step = nullptr;
  blocks = 0;
  parallel_for(1000, 1, [&](int64_t, int64_t) { ++blocks; });
  EXPECT_EQ(blocks, 1000);
}

TEST(ParallelFor, LeavesLaterBlocksOutAfterAnError) {
  std::atomic<int> blocks{0};
  const auto fail_at_once = [&](int64_t, int64_t) {
    ++blocks;
    throw std::runtime_error("no");
  };
  EXPECT_THROW(parallel_for(1000, 1, fail_at_once), std::runtime_error);
  EXPECT_LE(blocks, num_threads());
}

#if RUSH_WITH_OPENMP && !defined(__SANITIZE_THREAD__)
TEST(ParallelFor, WorksInAForkedChild) {
  std::atomic<int> sum{0};
  parallel_for(100, 1, [&](int64_t, int64_t) { ++sum; });  // the parent has threads now
  const pid_t child = fork();
  if (child == 0) {
    sum = 0;
    set_num_threads(4);
    parallel_for(100, 1, [&](int64_t, int64_t) { ++sum; });
    _exit(sum == 100 && num_threads() == 1 ? 0 : 1);
  }
  int status = -1;
  for (int tenths = 0; tenths < 300 && waitpid(child, &status, WNOHANG) == 0; ++tenths)
    usleep(100000);
  EXPECT_EQ(status, 0) << "the child hangs or computes wrongly";
}
#endif

}  // namespace
}  // namespace rush
