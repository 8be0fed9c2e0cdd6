// Five chained element-wise ops: one by one, as a fused chain, and as a loop written by hand. In
// turns; medians. And what a fused call costs on few elements.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "rush/base/threads.h"
#include "rush/core/apply.h"
#include "rush/kernels/fused.h"
#include "rush/ops/binary.h"
#include "rush/ops/create.h"
#include "rush/ops/random.h"
#include "rush/ops/unary.h"

namespace {

using namespace rush;

double seconds(const std::function<void()>& f) {
  const auto begin = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<int64_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

// relu((x + y) * x - y) * 0.5
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))
#endif
void by_hand(const float* __restrict x, const float* __restrict y, float* __restrict out,
             int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const float v = (x[i] + y[i]) * x[i] - y[i];
    out[i] = (v > 0 ? v : 0) * 0.5f;
  }
}

kernels::FusedChain five_steps() {
  kernels::FusedChain chain;
  chain.inputs = {float32, float32, float32};
  const auto step = [&](const char* op, std::vector<int> in) {
    const kernels::Entry* entry = kernels::table(Device::kCpu).find(op);
    kernels::FusedStep s;
    s.run = entry->rows[static_cast<int>(float32)];
    s.cost = entry->cost;
    s.in = std::move(in);
    s.name = op;
    chain.steps.push_back(s);
  };
  step("add", {0, 1});
  step("mul", {3, 0});
  step("sub", {4, 1});
  step("relu", {5});
  step("mul", {6, 2});
  chain.outputs = {{7}};
  return chain;
}

void compare(int64_t n, int repeats) {
  constexpr int kRounds = 15;
  const Tensor x = randn({n}), y = randn({n}), half = Tensor::scalar(0.5f, float32);
  const Tensor out = zeros({n}), target = zeros({n});
  const kernels::View spread{half.view_of().data, float32, {n}, {0}};
  const kernels::View in[] = {x.view_of(), y.view_of(), spread}, to[] = {out.view_of()};
  kernels::FusedPlan plan(five_steps(), in, to);
  void* const in_data[] = {in[0].data, in[1].data, in[2].data};
  void* const out_data[] = {to[0].data};
  const auto eager = [&] { relu((x + y) * x - y) * half; };
  const auto fused = [&] { plan.run(in_data, out_data); };
  const auto hand = [&] {
    parallel_for(n, std::max<int64_t>(8192, n / 64), [&](int64_t begin, int64_t end) {
      by_hand(x.data<float>() + begin, y.data<float>() + begin, target.data<float>() + begin,
              end - begin);
    });
  };
  const auto many = [&](auto& f) {
    return seconds([&] {
             for (int i = 0; i < repeats; ++i) f();
           }) /
           repeats;
  };
  std::vector<double> times[3];
  for (int r = 0; r <= kRounds; ++r) {
    const double now[] = {many(eager), many(fused), many(hand)};
    for (int k = 0; k < 3 && r > 0; ++k) times[k].push_back(now[k]);
  }
  const double e = median(times[0]), f = median(times[1]), h = median(times[2]);
  std::printf("%10ld %12.3f %12.3f %12.3f %12.2f %12.2f\n", static_cast<long>(n), e * 1e6, f * 1e6,
              h * 1e6, e / f, f / h);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) set_num_threads(std::atoi(argv[1]));
  const NoGrad no_grad;
  std::printf(
      "%d threads, relu((x + y) * x - y) * 0.5, microseconds\n%10s %12s %12s %12s %12s %12s\n",
      num_threads(), "elements", "one by one", "fused", "by hand", "gain", "of by hand");
  for (const auto& [n, repeats] : std::vector<std::pair<int64_t, int>>{
           {64, 20000}, {1024, 5000}, {16384, 500}, {1 << 20, 5}, {1 << 24, 1}})
    compare(n, repeats);
}
