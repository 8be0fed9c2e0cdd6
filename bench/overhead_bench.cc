// What an eager op costs: an add of one-element tensors without the tape, with it, and with its
// share of a backward pass; and small matrix products. Prints nanoseconds, median of several
// rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "rush/autograd/autograd.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/matmul.h"

namespace {

using rush::Tensor;

// The median over rounds of the time f() takes, divided by `count`, in nanoseconds.
template <typename F>
double nanoseconds(int count, F&& f) {
  constexpr int kRounds = 31;
  std::vector<double> times;
  f();
  for (int r = 0; r < kRounds; ++r) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    times.push_back(took.count() / count);
  }
  std::nth_element(times.begin(), times.begin() + kRounds / 2, times.end());
  return times[kRounds / 2];
}

void report(const char* what, double ns, double target) {
  std::printf("%-44s %8.1f ns   (target %.0f)\n", what, ns, target);
}

}  // namespace

int main() {
  constexpr int kOps = 10'000;
  const Tensor a = rush::ones({1}), b = rush::ones({1});
  report("add, no tape",
         nanoseconds(kOps,
                     [&] {
                       for (int i = 0; i < kOps; ++i) rush::add(a, b);
                     }),
         100);
  const Tensor x = rush::ones({1}).requires_grad_();
  report("add, with tape",
         nanoseconds(kOps,
                     [&] {
                       for (int i = 0; i < kOps; ++i) rush::add(x, b);
                     }),
         200);
  constexpr int kChain = 100;
  report("add, with its share of backward",
         nanoseconds(kOps,
                     [&] {
                       for (int r = 0; r < kOps / kChain; ++r) {
                         Tensor y = x;
                         for (int i = 0; i < kChain; ++i) y = rush::add(y, b);
                         y.backward();
                       }
                     }),
         400);
  for (const int n : {2, 4, 8, 16, 32}) {
    const Tensor m = rush::ones({n, n});
    char label[64];
    std::snprintf(label, sizeof label, "matmul %d x %d", n, n);
    report(label,
           nanoseconds(kOps,
                       [&] {
                         for (int i = 0; i < kOps; ++i) rush::matmul(m, m);
                       }),
           100 + 2.0 * n * n * n / 20);
  }
}
