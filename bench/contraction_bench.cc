// What our products and convolutions lose against oneDNN's own primitives (made beforehand, weights
// already in its blocked format, memory allocated), for the shapes of common small networks.
// Both sides run by turns; the ratio of their medians is oneDNN's time over ours: 1 is as fast.
//
//   contraction_bench [threads] [part of a name]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "bench/onednn_calls.h"
#include "rush/base/threads.h"
#include "rush/core/apply.h"
#include "rush/ops/conv.h"
#include "rush/ops/matmul.h"
#include "rush/ops/movement.h"

#if RUSH_BENCH_ONEDNN

namespace {

using namespace rush;
using namespace rush::bench;

constexpr auto kF32 = dnnl::memory::data_type::f32;

Tensor filled(const Shape& shape) {
  Tensor t = Tensor::empty(shape, float32);
  for (int64_t i = 0; i < t.numel(); ++i)
    t.data<float>()[i] = static_cast<float>(i * 7919 % 1009) / 1009.0f - 0.5f;
  return t;
}

// With one thread the processor's time, which a busy machine disturbs less.
double now() {
  if (num_threads() == 1) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  const auto t = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(t).count();
}

double seconds_per_call(const Work& work) {
  constexpr double kLeast = 4e-3;
  const double start = now();
  double elapsed = 0;
  int calls = 0;
  for (int batch = 1; elapsed < kLeast; batch = std::min(2 * batch, 1000)) {
    for (int i = 0; i < batch; ++i) work();
    calls += batch;
    elapsed = now() - start;
  }
  return elapsed / calls;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

void compare(const std::string& name, double multiply_adds, const Work& ours, const Work& theirs) {
  constexpr int kRounds = 11;
  std::vector<double> a, b;
  ours();
  theirs();
  for (int i = 0; i < kRounds; ++i) {
    a.push_back(seconds_per_call(ours));
    b.push_back(seconds_per_call(theirs));
  }
  const double mine = median(a), other = median(b);
  std::printf("%-30s ours %10.2f us %7.1f GFLOP/s   oneDNN %10.2f us   ratio %.2f\n", name.c_str(),
              mine * 1e6, 2e-9 * multiply_adds / mine, other * 1e6, other / mine);
}

void bench_conv(const ConvShape& s) {
  const double work = s.multiply_adds();
  const auto last = [](const Shape& shape) {
    return permute(filled({shape[0], shape[2], shape[3], shape[1]}), {0, 3, 1, 2});
  };
  const Tensor x = last({s.n, s.c, s.size, s.size}), dy = last({s.n, s.o, s.out(), s.out()});
  const Tensor w = filled({s.o, s.c / s.groups, s.kernel, s.kernel});
  ConvAttrs a{{s.stride, s.stride}, {s.padding, s.padding}, {1, 1}, s.groups, {}};
  const std::string name = std::string("conv ") + s.name;
  compare(
      name, work, [&] { conv(x, w, {}, a); }, onednn_conv(s, kForward));
  a.size = {s.size, s.size};
  if (s.c > 3)
    compare(
        name + " dx", work, [&] { conv_dx(dy, w, a); }, onednn_conv(s, kData));
  a.size = {s.kernel, s.kernel};
  compare(
      name + " dw", work, [&] { conv_dw(dy, x, a); }, onednn_conv(s, kWeights));
}

// y = x wT and its two gradients.
void bench_linear(const char* name, int64_t m, int64_t in, int64_t out) {
  const Tensor x = filled({m, in}), w = filled({out, in}), dy = filled({m, out});
  const double work = static_cast<double>(m * in * out);
  const std::string title = std::string("linear ") + name;
  compare(
      title, work, [&] { linear(x, w); }, onednn_matmul(1, m, out, in, Tag::acb));
  compare(
      title + " dx", work, [&] { matmul(dy, w); }, onednn_matmul(1, m, in, out, Tag::abc));
  const Tensor dyt = dy.t();
  using dnnl::memory;
  compare(
      title + " dw", work, [&] { matmul(dyt, x); },
      onednn_product(memory::desc({out, m}, kF32, Tag::ba), memory::desc({m, in}, kF32, Tag::ab),
                     memory::desc({out, in}, kF32, Tag::ab)));
}

void bench_batch(const char* name, int64_t batch, int64_t m, int64_t n, int64_t k,
                 bool transposed) {
  const Tensor a = filled({batch, m, k});
  const Tensor b = transposed ? filled({batch, n, k}).transpose(1, 2) : filled({batch, k, n});
  compare(
      std::string("bmm ") + name, static_cast<double>(batch * m * n * k), [&] { matmul(a, b); },
      onednn_matmul(batch, m, n, k, transposed ? Tag::acb : Tag::abc));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) set_num_threads(std::atoi(argv[1]));
  const std::string wanted = argc > 2 ? argv[2] : "";
  const auto has = [&](const char* name) {
    return std::string(name).find(wanted) != std::string::npos;
  };
  const NoGrad off;
  std::printf("%d threads\n", num_threads());
  struct Linear {
    const char* name;
    int64_t m, in, out;
  };
  for (const Linear& l : {Linear{"micro 2-16", 100, 2, 16},
                          {"micro 16-16", 100, 16, 16},
                          {"micro 16-1", 100, 16, 1},
                          {"mnist 784-800", 64, 784, 800},
                          {"mnist 800-800", 64, 800, 800},
                          {"mnist 800-10", 64, 800, 10},
                          {"convnet 9216-128", 64, 9216, 128},
                          {"gpt_baby qkv", 768, 128, 384},
                          {"gpt_baby ffn", 768, 128, 512},
                          {"gpt_mid qkv", 2048, 384, 1152},
                          {"gpt_mid ffn", 2048, 1536, 384}})
    if (has(l.name)) bench_linear(l.name, l.m, l.in, l.out);
  if (has("gpt_baby")) {
    bench_batch("gpt_baby q kT", 48, 64, 64, 32, true);
    bench_batch("gpt_baby p v", 48, 64, 32, 64, false);
  }
  for (const ConvShape& s : {ConvShape{"convnet 1-32", 64, 1, 28, 32, 3, 1, 0},
                             {"convnet 32-64", 64, 32, 26, 64, 3, 1, 0},
                             {"resnet20 3-16", 64, 3, 32, 16, 3, 1, 1},
                             {"resnet20 16-16", 64, 16, 32, 16, 3, 1, 1},
                             {"resnet20 16-32 /2", 64, 16, 32, 32, 3, 2, 1},
                             {"resnet20 32-32", 64, 32, 16, 32, 3, 1, 1},
                             {"resnet20 64-64", 64, 64, 8, 64, 3, 1, 1},
                             {"resnet20 1x1 /2", 64, 16, 32, 32, 1, 2, 0},
                             {"vae 32-64", 64, 32, 14, 64, 4, 2, 1},
                             {"depthwise 64", 16, 64, 28, 64, 3, 1, 1, 64}})
    if (has(s.name)) bench_conv(s);
  return 0;
}
#else
int main() { std::puts("contraction_bench: built without oneDNN, nothing to compare with"); }
#endif
