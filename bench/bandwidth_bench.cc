// Element-wise ops on 16 M floats against the machine's copy bandwidth: bytes read and written a
// second, as a ratio to a memcpy spread over the same threads. Rounds alternate; medians.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "rush/base/threads.h"
#include "rush/core/apply.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/random.h"
#include "rush/ops/reduce.h"
#include "rush/ops/unary.h"

namespace {

using namespace rush;

constexpr int64_t kCount = int64_t{1} << 24;

double seconds(const std::function<void()>& f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<int64_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

struct Case {
  const char* name;
  double arrays;  // read or written, of kCount floats each
  std::function<void()> run;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) set_num_threads(std::atoi(argv[1]));
  const NoGrad no_grad;
  const Tensor x = randn({kCount}), y = randn({kCount}), target = zeros({kCount});
  const auto copy = [&] {
    parallel_for(kCount, int64_t{1} << 18, [&](int64_t begin, int64_t end) {
      std::memcpy(target.data<float>() + begin, x.data<float>() + begin,
                  static_cast<size_t>(end - begin) * sizeof(float));
    });
  };
  const Case cases[] = {{"relu(x)", 2, [&] { relu(x); }}, {"x + y", 3, [&] { add(x, y); }},
                        {"x * 2", 2, [&] { mul(x, 2); }}, {"x += y", 3, [&] { target += y; }},
                        {"tanh(x)", 2, [&] { tanh(x); }}, {"exp(x)", 2, [&] { exp(x); }},
                        {"sum(x)", 1, [&] { sum(x); }}};
  std::printf("%d threads, 16 M floats\n%-10s %8s %8s %8s\n", num_threads(), "", "GB/s", "copy",
              "ratio");
  for (const Case& c : cases) {
    constexpr int kRounds = 15;
    std::vector<double> ours, peer;
    c.run();
    for (int r = 0; r < kRounds; ++r) {
      peer.push_back(2 * 4e-9 * kCount / seconds(copy));
      ours.push_back(c.arrays * 4e-9 * kCount / seconds(c.run));
    }
    std::printf("%-10s %8.1f %8.1f %8.2f\n", c.name, median(ours), median(peer),
                median(ours) / median(peer));
  }
}
